"""Backbones: pictures to feature maps."""

from .cpm_vgg import CPMVGG

__all__ = ['CPMVGG']
