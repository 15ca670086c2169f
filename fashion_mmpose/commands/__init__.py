"""The commands that need the plugin, and what is behind them."""
