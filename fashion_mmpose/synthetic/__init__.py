"""Drawn garments with exact landmarks, in the benchmarks' own raw formats."""

from .deepfashion2 import DrawnItem, DrawnPicture, draw_deepfashion2
from .deepfashion2_files import write_deepfashion2
from .fashionai import Drawing, draw_fashionai, write_fashionai
from .flat.camera import TableCamera, sample_camera
from .flat.boards import draw_board
from .flat.files import FlatSet, write_laid_flat
from .flat.garments import LaidFlat, draw_laid_flat
from .moving import MovingFrame, MovingGarment, draw_moving
from .painting.parsing import Parsing

__all__ = [
    'DrawnItem',
    'DrawnPicture',
    'Drawing',
    'FlatSet',
    'LaidFlat',
    'MovingFrame',
    'MovingGarment',
    'Parsing',
    'TableCamera',
    'draw_board',
    'draw_deepfashion2',
    'draw_fashionai',
    'draw_laid_flat',
    'draw_moving',
    'sample_camera',
    'write_deepfashion2',
    'write_fashionai',
    'write_laid_flat',
]
