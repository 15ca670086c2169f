"""From key points to gradients: targets, the head's last layer, loss and backward.

The backbone, which is the same for both sides, is left out: its features are given, and
the step ends with their gradient. MMPose draws dense targets in the loader and computes
all 294 channels; ours computes those that are labelled.
"""

from collections.abc import Callable

import torch

from benchmarks.fashionai.train_step import packed
from benchmarks.fresh_process import measure
from benchmarks.report import Figures
from benchmarks.timing import alternate, peak_memory_mb

from . import parts

BATCH_SIZE = 32


def targets(rounds: int, batch_size: int = BATCH_SIZE) -> Figures:
    """Time and memory of a batch.

    Args:
        rounds: Turns of each side; memory, which does not vary, is measured once.
        batch_size: Samples of a batch. Defaults to 32.

    Returns:
        Figures: ``encode_ms``, targets of the batch; ``step_ms``, the head's forward
        pass, loss and backward pass; ``both_ms``; ``step_mb``, memory that the step
        holds at most besides the features and the targets of the samples. Of a batch.
    """
    turns = {}
    for side in parts.SIDES:
        step = _Step(side, batch_size)
        samples = step.encode()
        turns[side, 'encode_ms'] = _once(step.encode)
        turns[side, 'step_ms'] = _once(step.run, samples)
    times = alternate(turns, rounds)
    figures = {}
    for side in parts.SIDES:
        known = {name: times[side, name] for name in ('encode_ms', 'step_ms')}
        known['both_ms'] = sum(known.values())
        work = (side, batch_size, torch.get_num_threads())
        known['step_mb'] = measure(_memory_work, *work)['step_mb']
        figures[side] = known
    return figures


class _Step:
    """The work of one side."""

    def __init__(self, side: str, batch_size: int) -> None:
        self.codec = parts.build_codec(side)
        self.head = parts.build_head(side, parts.codec_config(side))
        self.items = parts.items(batch_size)
        self.features = parts.features(batch_size).requires_grad_()

    def encode(self) -> list:
        """What the loader does for a batch."""
        return [packed(self.codec.encode(*item)) for item in self.items]

    def run(self, samples: list) -> None:
        """What the training step does with it."""
        self.features.grad = None
        self.head.zero_grad()
        losses = self.head.loss((self.features,), samples)
        losses['loss_kpt'].backward()


def _once(function: Callable, *args) -> Callable[[], int]:
    def work() -> int:
        function(*args)
        return 1

    return work


def _memory_work(side: str, batch_size: int, threads: int) -> Callable[[], dict]:
    """What the fresh process does."""
    torch.set_num_threads(threads)
    # What is loaded or kept for good at the first step is not the step's.
    warm = _Step(side, batch_size=1)
    warm.run(warm.encode())
    step = _Step(side, batch_size)
    samples = step.encode()
    return lambda: dict(step_mb=peak_memory_mb(lambda: step.run(samples)))
