"""An MMPose plugin for the landmarks of garments.

Importing the package is cheap and registers nothing. A config registers everything by
naming the plugin, a Python program by importing it::

    custom_imports = dict(
        imports=['fashion_mmpose.plugin'], allow_failed_imports=False)

The names below come with what they need when they are first used.
"""

import importlib

from .version import __version__

_PLACES = {
    'GarmentDetector': 'fashion_mmpose.apis',
    'GarmentInferencer': 'fashion_mmpose.inference',
    'GarmentPrediction': 'fashion_mmpose.inference',
    'PicturePrediction': 'fashion_mmpose.inference',
    'PoseNetwork': 'fashion_mmpose.apis',
    'build_networks': 'fashion_mmpose.apis',
    'draw_predictions': 'fashion_mmpose.visualization',
    'export_built': 'fashion_mmpose.export',
    'network_digest': 'fashion_mmpose.apis',
    'pose_by_category': 'fashion_mmpose.apis',
    'stored_parts': 'fashion_mmpose.apis',
}

__all__ = [
    'GarmentDetector',
    'GarmentInferencer',
    'GarmentPrediction',
    'PicturePrediction',
    'PoseNetwork',
    '__version__',
    'draw_predictions',
]


def __getattr__(name: str):
    if name not in _PLACES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    value = getattr(importlib.import_module(_PLACES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
