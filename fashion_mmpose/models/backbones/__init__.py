"""Backbones: pictures to feature maps."""

from .cpm_vgg import CPMVGG
from .movenet import MoveNetFeatures
from .timm_features import TimmFeatures
from .with_joints import FeaturesWithJoints

__all__ = ['CPMVGG', 'FeaturesWithJoints', 'MoveNetFeatures', 'TimmFeatures']
