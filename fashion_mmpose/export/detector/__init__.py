"""Detectors as graphs that say all about themselves, compared with PyTorch."""
