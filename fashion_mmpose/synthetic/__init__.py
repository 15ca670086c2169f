"""Drawn garments with exact landmarks, in the benchmarks' own raw formats."""

from .deepfashion2 import DrawnItem, DrawnPicture, draw_deepfashion2
from .deepfashion2_files import write_deepfashion2
from .fashionai import Drawing, draw_fashionai, write_fashionai

__all__ = [
    'DrawnItem',
    'DrawnPicture',
    'Drawing',
    'draw_deepfashion2',
    'draw_fashionai',
    'write_deepfashion2',
    'write_fashionai',
]
