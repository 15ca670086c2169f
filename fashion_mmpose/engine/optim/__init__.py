"""How weights are changed, and in which precision."""
