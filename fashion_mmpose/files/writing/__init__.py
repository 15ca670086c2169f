"""Outputs that appear complete or not at all, one run at a time."""
