"""Scores: pure functions in ``functional``, MMPose's metrics in ``metrics``."""
