"""Datasets of garments, a sampler, and steps of the pipeline that MMPose has not."""

from fashion_mmpose.stack import compat

compat.setup()


from .deepfashion2 import DeepFashion2GarmentDataset
from .fashionai import FashionAIDataset
from .garment_dataset import GarmentDataset
from .samplers import CategoryBalancedSampler
from .transforms import (
    CropAroundPoint,
    DetectedBoxJitter,
    ErasedPatches,
    PackGarmentInputs,
    PastedGarments,
    RandomMirror,
    RandomRotation,
    RandomScaleRotation,
    RandomShift,
    ResizeInput,
    TopdownStretch,
    TrimAnnotatedBox,
)

__all__ = [
    'CategoryBalancedSampler',
    'CropAroundPoint',
    'DeepFashion2GarmentDataset',
    'DetectedBoxJitter',
    'ErasedPatches',
    'FashionAIDataset',
    'GarmentDataset',
    'PackGarmentInputs',
    'PastedGarments',
    'RandomMirror',
    'RandomRotation',
    'RandomScaleRotation',
    'RandomShift',
    'ResizeInput',
    'TopdownStretch',
    'TrimAnnotatedBox',
]
