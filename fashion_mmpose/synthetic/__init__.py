"""Drawn garments with exact landmarks, in the benchmarks' own raw formats."""

from .deepfashion2 import DrawnItem, DrawnPicture, draw_deepfashion2
from .deepfashion2_files import write_deepfashion2
from .fashionai import Drawing, draw_fashionai, write_fashionai
from .laid_flat import LaidFlat, draw_laid_flat
from .moving import MovingFrame, MovingGarment, draw_moving

__all__ = [
    'DrawnItem',
    'DrawnPicture',
    'Drawing',
    'LaidFlat',
    'MovingFrame',
    'MovingGarment',
    'draw_deepfashion2',
    'draw_fashionai',
    'draw_laid_flat',
    'draw_moving',
    'write_deepfashion2',
    'write_fashionai',
]
