"""Checks the OpenMMLab stack and registers everything in MMPose's registries.

Configs name this module in ``custom_imports``, so MMPose's own tools and
``MMPoseInferencer`` register the package by reading a config. A Python program that
builds parts by hand imports it::

    import fashion_mmpose.plugin
"""

from .stack import process

process.wait_asleep()  # which PyTorch asks about when it is imported

with process.importing():
    from .stack import compat

    compat.setup()

    from . import codecs, datasets, engine, models
    from .config import find_config
    from .evaluation import metrics
    from .stack import metainfo

compat.serve_configs(find_config)
metainfo.serve_metainfo(datasets.GarmentDataset)

__all__ = ['codecs', 'datasets', 'engine', 'metrics', 'models']
