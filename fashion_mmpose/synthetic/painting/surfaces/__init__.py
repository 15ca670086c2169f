"""Colours, cloth with its creases, and backgrounds."""
