"""Pose networks as graphs that say all about themselves, compared with PyTorch."""
