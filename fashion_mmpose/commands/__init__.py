"""The commands: what the scripts in tools/ do."""
