"""What MMEngine's training loop does not have."""

from fashion_mmpose.stack import compat

compat.setup()


from .hooks.box_pictures import BoxPicturesHook
from .hooks.checkpoints import ValidatedCheckpointHook
from .hooks.early_stopping import PersistentEarlyStoppingHook
from .hooks.metrics_file import MetricsFileHook
from .hooks.progress import ProgressBarHook
from .hooks.stage_pictures import StagePictureHook
from .hooks.steps import (
    ChannelsLastHook,
    EpochSeedHook,
    FiniteLossHook,
    StopAtLRHook,
    keep_worker_seed,
)
from .optim.layer_decay import LayerDecayConstructor
from .optim.mixed_precision import CpuAmpOptimWrapper

__all__ = [
    'BoxPicturesHook',
    'ChannelsLastHook',
    'CpuAmpOptimWrapper',
    'EpochSeedHook',
    'FiniteLossHook',
    'LayerDecayConstructor',
    'MetricsFileHook',
    'PersistentEarlyStoppingHook',
    'ProgressBarHook',
    'StagePictureHook',
    'StopAtLRHook',
    'ValidatedCheckpointHook',
    'keep_worker_seed',
]
