"""Datasets of garments, and steps of the pipeline that MMPose does not have."""

from .fashionai import FashionAIDataset
from .garment_dataset import GarmentDataset
from .transforms import (
    PackGarmentInputs,
    RandomMirror,
    RandomRotation,
    RandomShift,
    ResizeInput,
    TopdownStretch,
)

__all__ = [
    'FashionAIDataset',
    'GarmentDataset',
    'PackGarmentInputs',
    'RandomMirror',
    'RandomRotation',
    'RandomShift',
    'ResizeInput',
    'TopdownStretch',
]
