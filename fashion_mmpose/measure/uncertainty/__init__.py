"""How sure points and lengths are."""
