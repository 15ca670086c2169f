"""Predictions in pictures: those of the user, and random ones of a test set."""
