"""Networks: what MMPose does not have."""

from .backbones import CPMVGG, TimmFeatures
from .ensemble import HeatmapEnsemble
from .heads import CPMRefineHead, CPNHead, PointHeatmapHead
from .losses import LabelledMSELoss, VisibilityL1Loss
from .padded_flip import PaddedFlipEstimator

__all__ = [
    'CPMRefineHead',
    'CPMVGG',
    'CPNHead',
    'HeatmapEnsemble',
    'LabelledMSELoss',
    'PaddedFlipEstimator',
    'PointHeatmapHead',
    'TimmFeatures',
    'VisibilityL1Loss',
]
