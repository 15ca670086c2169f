"""Losses on heatmaps that see labelled channels only."""

from .base import HeatmapTargets, LabelledLoss, PointTargets
from .expectation import ExpectationLoss, LabelledLossSum
from .labelled_mse import LabelledMSELoss
from .profile_kl import ProfileKLLoss
from .visibility_l1 import VisibilityL1Loss

__all__ = [
    'ExpectationLoss',
    'HeatmapTargets',
    'LabelledLoss',
    'LabelledLossSum',
    'LabelledMSELoss',
    'PointTargets',
    'ProfileKLLoss',
    'VisibilityL1Loss',
]
