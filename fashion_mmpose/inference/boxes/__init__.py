"""Boxes of garments: what callers give, which are kept, and crops of them."""
