"""Networks: what MMPose does not have."""

from .backbones import CPMVGG, TimmFeatures
from .heads import CPMRefineHead, CPNHead, PointHeatmapHead
from .losses import LabelledMSELoss, VisibilityL1Loss

__all__ = [
    'CPMRefineHead',
    'CPMVGG',
    'CPNHead',
    'LabelledMSELoss',
    'PointHeatmapHead',
    'TimmFeatures',
    'VisibilityL1Loss',
]
