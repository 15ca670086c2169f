"""Networks from Python: what they say about pictures."""

from .detection import Detections, GarmentDetector
from .inferencer import GarmentInferencer, PicturePrediction, SkippedPicture
from .pictures import PictureError, find_sources
from .pose import PoseNetwork
from .prediction import GarmentPrediction, draw_predictions

__all__ = [
    'Detections',
    'GarmentDetector',
    'GarmentInferencer',
    'GarmentPrediction',
    'PictureError',
    'PicturePrediction',
    'PoseNetwork',
    'SkippedPicture',
    'draw_predictions',
    'find_sources',
]
