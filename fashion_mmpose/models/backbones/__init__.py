"""Backbones: pictures to feature maps."""

from .cpm_vgg import CPMVGG
from .people import MoveNetFeatures, SelfieParsing
from .timm_features import TimmFeatures
from .with_joints import FeaturesWithJoints
from .with_parsing import FeaturesWithParsing

__all__ = [
    'CPMVGG',
    'FeaturesWithJoints',
    'FeaturesWithParsing',
    'MoveNetFeatures',
    'SelfieParsing',
    'TimmFeatures',
]
