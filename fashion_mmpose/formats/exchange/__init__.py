"""The same garments in the forms of other tools, out and back."""
