"""Pose estimators that MMPose does not have."""

from .ensemble import HeatmapEnsemble
from .padded_flip import PaddedFlipEstimator

__all__ = ['HeatmapEnsemble', 'PaddedFlipEstimator']
