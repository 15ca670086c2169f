"""From pictures to garments with landmarks."""

from fashion_mmpose.garments import GarmentPrediction

from .inferencer import GarmentInferencer, PicturePrediction

__all__ = [
    'GarmentInferencer',
    'GarmentPrediction',
    'PicturePrediction',
]
