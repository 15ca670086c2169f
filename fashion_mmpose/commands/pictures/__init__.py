"""Random predictions of a test set in pictures."""
