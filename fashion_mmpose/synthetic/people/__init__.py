"""Dressed people, and what stands in front of them."""
