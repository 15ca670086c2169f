"""Drawn garments with exact landmarks, in the benchmarks' own raw formats."""

from .fashionai import Drawing, draw_fashionai, write_fashionai

__all__ = ['Drawing', 'draw_fashionai', 'write_fashionai']
