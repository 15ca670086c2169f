"""Steps of the pipeline that MMPose does not have."""

from .augmentation import CropAroundPoint, RandomMirror, RandomRotation, RandomShift
from .detected_jitter import DetectedBoxJitter
from .hrnet import RandomScaleRotation, TrimAnnotatedBox
from .input_size import ResizeInput, TopdownStretch
from .occlusion import ErasedPatches, PastedGarments
from .packing import PackGarmentInputs
from .parsing import AppendParsing, LoadParsing

__all__ = [
    'AppendParsing',
    'CropAroundPoint',
    'DetectedBoxJitter',
    'ErasedPatches',
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
