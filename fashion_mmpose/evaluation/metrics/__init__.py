"""Metrics of MMPose's runner."""

from fashion_mmpose.stack import compat

compat.setup()


from .garment_oks import GarmentOKS
from .normalized_error import NormalizedError
from .picture_files import PictureFiles
from .prediction_file import PredictionFile
from .state_accuracy import StateAccuracy

__all__ = [
    'GarmentOKS',
    'NormalizedError',
    'PictureFiles',
    'PredictionFile',
    'StateAccuracy',
]
