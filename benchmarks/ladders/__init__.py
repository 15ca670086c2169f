"""Ladders of recipes: their rows, how these are trained, and the table of them."""
