"""Bodies, and the garments that are cut for them."""
