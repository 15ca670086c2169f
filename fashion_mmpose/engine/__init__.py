"""What MMEngine's training loop does not have."""

from fashion_mmpose import compat

compat.setup()


from .checkpoints import ValidatedCheckpointHook
from .early_stopping import PersistentEarlyStoppingHook
from .hooks import (
    ChannelsLastHook,
    EpochSeedHook,
    FiniteLossHook,
    StopAtLRHook,
    keep_worker_seed,
)
from .layer_decay import LayerDecayConstructor
from .metrics_file import MetricsFileHook
from .mixed_precision import CpuAmpOptimWrapper
from .progress import ProgressBarHook
from .stage_pictures import StagePictureHook

__all__ = [
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
