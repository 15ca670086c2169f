"""Checkpoints of other systems as this package's, with an account of every weight."""
