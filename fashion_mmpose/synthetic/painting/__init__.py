"""Colours, cloth, strokes and the canvas that they are painted on."""
