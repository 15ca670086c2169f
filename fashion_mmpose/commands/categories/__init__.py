"""Five networks in turn: one for each FashionAI category."""
