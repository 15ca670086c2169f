"""Losses on heatmaps that see labelled channels only."""

from .base import HeatmapTargets, LabelledLoss, PointTargets
from .labelled_mse import LabelledMSELoss
from .profile_kl import ProfileKLLoss
from .visibility_l1 import VisibilityL1Loss

__all__ = [
    'HeatmapTargets',
    'LabelledLoss',
    'LabelledMSELoss',
    'PointTargets',
    'ProfileKLLoss',
    'VisibilityL1Loss',
]
