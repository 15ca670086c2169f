"""From pictures to garments with landmarks."""

from .inferencer import GarmentInferencer, PicturePrediction, SkippedPicture
from .prediction import GarmentPrediction, draw_predictions

__all__ = [
    'GarmentInferencer',
    'GarmentPrediction',
    'PicturePrediction',
    'SkippedPicture',
    'draw_predictions',
]
