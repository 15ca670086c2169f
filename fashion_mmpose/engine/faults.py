"""What ends a training that nobody stopped, or keeps it from beginning."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from mmengine.dataset import InfiniteSampler
from mmengine.hooks import CheckpointHook
from mmengine.runner import BaseLoop, EpochBasedTrainLoop, Runner, ValLoop
from torch.utils.data import IterableDataset

from fashion_mmpose.errors import TrainingError
from fashion_mmpose.weights.read import WeightsError, read_checkpoint

from .work_folder import last_checkpoint

# What PyTorch says of a loader's process that has ended by itself.
_DEAD_WORKER = re.compile(
    r'DataLoader worker \(pid(?:\(s\))? ([\d, ]+)\) '
    r'(?:is killed by signal: ([\w ]+)|exited unexpectedly)'
)


@contextmanager
def dead_workers_named(way_out: Callable[[], str]) -> Iterator[None]:
    """Say in one line that a process that loads data has ended, and what helps.

    Args:
        way_out: Says how to go on afterwards.

    Raises:
        TrainingError: In place of PyTorch's error.
    """
    try:
        yield
    except RuntimeError as error:
        # The cause, where there is one, knows the signal.
        texts = map(str, (error.__cause__, error))
        found = next(filter(None, map(_DEAD_WORKER.search, texts)), None)
        if found is None:
            raise
        how = f'was ended by the system ({found[2]})' if found[2] else 'has ended'
        raise TrainingError(
            f'a process that loads data (pid {found[1]}) {how}; mostly memory was '
            'full, or the shared memory in /dev/shm (of Docker: --shm-size); to fix '
            'it: free some, or let fewer processes load with --cfg-options '
            f'LOADER.num_workers=N; {way_out()}'
        ) from None


def check_batches(loop: BaseLoop) -> None:
    """Refuse to train with, or to validate on, nothing or without an end.

    Args:
        loop: A training or its validation.

    Raises:
        ValueError: If an epoch of its loader has no batch, or has no end where the loop
            does not count iterations.
    """
    loader = loop.dataloader
    goes_to_its_end = isinstance(loop, EpochBasedTrainLoop | ValLoop)
    if goes_to_its_end and isinstance(loader.sampler, InfiniteSampler):
        raise ValueError(
            'InfiniteSampler goes on for ever, so that the first epoch has no end; to '
            'fix it: another sampler, such as DefaultSampler, or, to train, '
            'train_cfg=dict(by_epoch=False, max_iters=...)'
        )
    dataset = loader.dataset
    if isinstance(dataset, IterableDataset) or len(loader):
        return
    name = getattr(dataset, 'ann_file', None) or type(dataset).__name__
    if not len(dataset):
        raise ValueError(
            f'{name}: the data set has no sample; to fix it: look at its file, its '
            'category and its categories'
            + (', or train with --no-validate' if isinstance(loop, ValLoop) else '')
        )
    raise ValueError(
        f'{name}: the data set has fewer samples ({len(dataset)}) than a batch, and '
        'drop_last leaves them out; to fix it: a smaller batch_size, or drop_last=False'
    )


def way_to_resume(runner: Runner) -> str:
    """How to go on with a training that has ended."""
    try:
        path = last_checkpoint(checkpoint_folder(runner))
    except ValueError:  # nothing is whole
        path = None
    if path is None:
        return 'there is no checkpoint yet: the same command begins anew'
    return f'the same command with --resume goes on from {_shown(path)}'


def run_again() -> str:
    """How to go on with a test that has ended."""
    return 'then run the same command again'


def last_good_checkpoint(runner: Runner) -> Path | None:
    """The newest checkpoint of a run, or the one that it began with, whose weights are
    finite.

    A step may spoil the weights at the end of an epoch, before a loss tells it.
    """
    folder = checkpoint_folder(runner)
    paths = [path for path in folder.glob('*.pth') if path.is_file()]
    paths.sort(key=os.path.getmtime, reverse=True)
    if runner._load_from and os.path.isfile(runner._load_from):
        paths.append(Path(runner._load_from))
    return next((path for path in paths if _is_finite(path)), None)


def checkpoint_folder(runner: Runner) -> Path:
    """Where a run's checkpoints are, if they are files of this machine."""
    for hook in runner.hooks:
        if isinstance(hook, CheckpointHook) and hook.out_dir:
            return Path(hook.out_dir)
    return Path(runner.work_dir)


def loss_fault(
    runner: Runner, batch_idx: int, data_batch: Mapping, outputs: Mapping
) -> str:
    """What to say of a batch whose loss is not finite.

    Args:
        runner: The run.
        batch_idx: Number of the batch in the epoch, if the run has epochs, from 0.
        data_batch: What the loader gave.
        outputs: The losses by name.
    """
    losses = ', '.join(
        f'{name}: {torch.as_tensor(value).item():.6g}'
        for name, value in outputs.items()
        if name.startswith('loss')
    )
    samples = data_batch.get('data_samples') if isinstance(data_batch, Mapping) else ()
    pictures = [getattr(sample, 'img_path', None) for sample in samples or ()]
    pictures = ', '.join(dict.fromkeys(filter(None, pictures))) or 'not known'
    good = last_good_checkpoint(runner)
    way_out = 'train again with a lower rate (--cfg-options optim_wrapper.optimizer.lr='
    if good is not None:
        way_out = (
            f'go on with --resume {_shown(good)} and a lower rate (--override '
            '--cfg-options optim_wrapper.optimizer.lr='
        )
    step = f'iteration {runner.iter + 1}'
    if isinstance(runner.train_loop, EpochBasedTrainLoop):
        batches = len(runner.train_dataloader)
        step += f', batch {batch_idx + 1} of {batches} in epoch {runner.epoch + 1}'
    return (
        f'the loss is not finite ({losses}) at {step}, and training has ended\n'
        f'  pictures of the batch: {pictures}\n'
        f'  last good checkpoint: {_shown(good) if good else "none yet"}\n'
        'to fix it: look for broken data with `fashion-mmpose check-data CONFIG`, or '
        f'{way_out}R) or limited gradients (optim_wrapper.clip_grad.max_norm=1)'
    )


def _is_finite(path: Path) -> bool:
    try:
        tensors = read_checkpoint(str(path)).tensors
    except (OSError, WeightsError):
        return False
    return all(
        bool(torch.isfinite(tensor).all())
        for tensor in tensors.values()
        if tensor.is_floating_point()
    )


def _shown(path: Path) -> str:
    """The path that a user would type."""
    return min(os.path.relpath(path), str(path), key=len)
