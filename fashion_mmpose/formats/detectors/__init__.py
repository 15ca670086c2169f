"""Boxes of detectors, in the forms that other programs write."""
