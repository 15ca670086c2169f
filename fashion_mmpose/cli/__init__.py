"""The command line: one shell for all commands, and those that need no PyTorch."""
