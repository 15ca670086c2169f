"""Datasets of garments, a sampler, and steps of the pipeline that MMPose has not."""

from fashion_mmpose.stack import compat

compat.setup()


from .deepfashion2 import DeepFashion2GarmentDataset
from .fashionai import FashionAIDataset
from .garment_dataset import GarmentDataset
from .samplers import CategoryBalancedSampler
from .transforms import (
    AppendParsing,
    CropAroundPoint,
    DetectedBoxJitter,
    ErasedPatches,
    LoadParsing,
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
    'AppendParsing',
    'CategoryBalancedSampler',
    'CropAroundPoint',
    'DeepFashion2GarmentDataset',
    'DetectedBoxJitter',
    'ErasedPatches',
    'FashionAIDataset',
    'GarmentDataset',
    'LoadParsing',
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
