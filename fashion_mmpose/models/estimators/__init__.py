"""Pose estimators that MMPose does not have."""

from .crops import MultiCropEstimator
from .ensemble import HeatmapEnsemble
from .padded_flip import PaddedFlipEstimator
from .two_pass import TwoPassEstimator

__all__ = [
    'HeatmapEnsemble',
    'MultiCropEstimator',
    'PaddedFlipEstimator',
    'TwoPassEstimator',
]
