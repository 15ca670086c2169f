"""An MMPose plugin for the landmarks of garments.

Importing the package checks and adapts the OpenMMLab stack and registers
everything in MMPose's registries, so that one line of a config is enough::

    custom_imports = dict(imports=['fashion_mmpose'], allow_failed_imports=False)
"""

from . import compat

compat.setup()

from . import codecs, datasets, engine, evaluation, models
from .version import __version__

__all__ = ['__version__', 'codecs', 'datasets', 'engine', 'evaluation', 'models']
