"""Boxes of a detector: finding them, and what they cost a pose network."""
