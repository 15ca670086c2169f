"""Backbones: pictures to feature maps."""

from .cpm_vgg import CPMVGG
from .timm_features import TimmFeatures

__all__ = ['CPMVGG', 'TimmFeatures']
