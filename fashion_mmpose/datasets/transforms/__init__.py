"""Steps of the pipeline that MMPose does not have."""

from .augmentation import CropAroundPoint, RandomMirror, RandomRotation, RandomShift
from .detected_jitter import DetectedBoxJitter
from .hrnet import RandomScaleRotation, TrimAnnotatedBox
from .input_size import ResizeInput, TopdownStretch
from .occlusion import ErasedPatches, PastedGarments
from .packing import PackGarmentInputs

__all__ = [
    'CropAroundPoint',
    'DetectedBoxJitter',
    'ErasedPatches',
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
