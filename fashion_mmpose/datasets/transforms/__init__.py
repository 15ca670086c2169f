"""Steps of the pipeline that MMPose does not have."""

from .augmentation import RandomMirror, RandomRotation, RandomShift
from .detected_jitter import DetectedBoxJitter
from .hrnet import RandomScaleRotation, TrimAnnotatedBox
from .input_size import ResizeInput, TopdownStretch
from .packing import PackGarmentInputs

__all__ = [
    'DetectedBoxJitter',
    'PackGarmentInputs',
    'RandomMirror',
    'RandomRotation',
    'RandomScaleRotation',
    'RandomShift',
    'ResizeInput',
    'TopdownStretch',
    'TrimAnnotatedBox',
]
