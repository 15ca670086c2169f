"""Networks: what MMPose does not have."""

from fashion_mmpose.stack import compat

compat.setup()


from .backbones import (
    CPMVGG,
    FeaturesWithJoints,
    FeaturesWithParsing,
    MoveNetFeatures,
    SelfieParsing,
    TimmFeatures,
)
from .data_preprocessors import ParsingPreprocessor
from .estimators.crops import MultiCropEstimator
from .estimators.ensemble import HeatmapEnsemble
from .estimators.padded_flip import PaddedFlipEstimator
from .estimators.two_pass import TwoPassEstimator
from .heads import (
    CPMRefineHead,
    CPNHead,
    LateralHeatmapHead,
    PointHeatmapHead,
    PointSimCCHead,
)
from .losses import (
    ExpectationLoss,
    LabelledLossSum,
    LabelledMSELoss,
    ProfileKLLoss,
    VisibilityL1Loss,
)
from .necks import SimplePyramid

__all__ = [
    'CPMRefineHead',
    'CPMVGG',
    'CPNHead',
    'ExpectationLoss',
    'FeaturesWithJoints',
    'FeaturesWithParsing',
    'HeatmapEnsemble',
    'LabelledLossSum',
    'LabelledMSELoss',
    'LateralHeatmapHead',
    'MoveNetFeatures',
    'MultiCropEstimator',
    'PaddedFlipEstimator',
    'ParsingPreprocessor',
    'PointHeatmapHead',
    'PointSimCCHead',
    'ProfileKLLoss',
    'SelfieParsing',
    'SimplePyramid',
    'TimmFeatures',
    'TwoPassEstimator',
    'VisibilityL1Loss',
]
