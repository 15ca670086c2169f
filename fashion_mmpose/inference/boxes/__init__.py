"""Garments as boxes: what callers ask for, what detectors find, and crops of them."""
