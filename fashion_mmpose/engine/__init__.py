"""What MMEngine's training loop does not have."""

from .hooks import (
    ChannelsLastHook,
    EpochSeedHook,
    StopAtLRHook,
    ValidatedCheckpointHook,
    keep_worker_seed,
)
from .progress import ProgressBarHook

__all__ = [
    'ChannelsLastHook',
    'EpochSeedHook',
    'ProgressBarHook',
    'StopAtLRHook',
    'ValidatedCheckpointHook',
    'keep_worker_seed',
]
