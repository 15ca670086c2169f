"""Networks: what MMPose does not have."""

from .heads import CPNHead, PointHeatmapHead
from .losses import LabelledMSELoss, VisibilityL1Loss

__all__ = ['CPNHead', 'LabelledMSELoss', 'PointHeatmapHead', 'VisibilityL1Loss']
