"""Networks: what MMPose does not have."""

from .backbones import CPMVGG
from .heads import CPMRefineHead, CPNHead, PointHeatmapHead
from .losses import LabelledMSELoss, VisibilityL1Loss

__all__ = [
    'CPMRefineHead',
    'CPMVGG',
    'CPNHead',
    'LabelledMSELoss',
    'PointHeatmapHead',
    'VisibilityL1Loss',
]
