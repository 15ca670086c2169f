"""The training loop by epochs, which can stop and go on in the middle of one."""

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from mmengine.device import get_device
from mmengine.hooks import EMAHook
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import nn

from fashion_mmpose import interrupts
from fashion_mmpose.config.parts import kind_of
from fashion_mmpose.stack.process import keep_memory

from .hooks.checkpoints import ValidatedCheckpointHook
from .resuming import parts_of_a_step

# What train_cfg says beside the arguments of a loop.
LOOP_MARKS = ('by_epoch', 'type', '_scope_')


class InterruptibleTrainLoop(EpochBasedTrainLoop):
    """MMEngine's loop, which a signal leaves between two iterations.

    :class:`.checkpoints.ValidatedCheckpointHook` saves what is done then. The run that
    goes on reads the batches of before once more, so that the loader's processes draw
    the next ones as they would have, and takes up the random numbers where they were.

    Arguments are those of :class:`mmengine.runner.EpochBasedTrainLoop`.

    Attributes:
        position: How far the epoch is: ``iterations`` of it are done, of ``batches``,
            and ``random`` are the states of the generators. None while that is not to
            be saved, such as between the parts of an accumulated gradient.
    """

    position: dict | None = None

    def run(self) -> nn.Module:
        """Train; saves also if it is stopped between two epochs, or in a validation."""
        hooks = self.runner.hooks
        swaps = [_Swaps(hook) for hook in hooks if isinstance(hook, EMAHook)]
        try:
            return super().run()
        except KeyboardInterrupt:
            for each in swaps:
                each.undo()
            batches = len(self.dataloader)
            is_between = self._epoch > 0 and self._iter == self._epoch * batches
            if is_between and parts_of_a_step(self.runner.optim_wrapper) == 1:
                # An epoch begins with random numbers of its own.
                self.position = dict(iterations=0, batches=batches, random=None)
                self._save()
            raise

    def run_epoch(self) -> None:
        """Iterate one epoch, or the rest of one."""
        done = self.position['iterations'] if self.position else 0
        states = self.position and self.position['random']
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        self.position = None
        batches = enumerate(self.dataloader)
        if done:
            self.runner.logger.info(
                f'epoch {self.epoch + 1} goes on: its first {done} of '
                f'{len(self.dataloader)} batches are read once more'
            )
        for _ in range(done):
            next(batches)
        if states:
            set_random_states(states)
        try:
            for idx, batch in batches:
                with interrupts.deferred():
                    self.position = None
                    self.run_iter(idx, batch)
                    self.position = self._position(idx + 1)
            with interrupts.deferred():
                self.runner.call_hook('after_train_epoch')
                self._epoch += 1
                self.position = None
        except KeyboardInterrupt:
            self._save()
            raise

    def _position(self, done: int) -> dict | None:
        if parts_of_a_step(self.runner.optim_wrapper) > 1:
            return None  # gradients that are being accumulated are in no checkpoint
        total = len(self.dataloader)
        return dict(iterations=done, batches=total, random=random_states())

    def _save(self) -> None:
        if self.position is None:
            return
        for hook in self.runner.hooks:
            if isinstance(hook, ValidatedCheckpointHook):
                hook.save_interrupted(self.runner, self.position)


class PatientRunner(Runner):
    """MMEngine's runner, in which a signal waits for what follows a validation.

    Hooks step schedules, count and save there. Stopped in between, a run that goes on
    would validate again, and do twice what was done, or miss the best checkpoint.

    On a CPU it keeps memory that layers free, see
    :func:`fashion_mmpose.stack.process.keep_memory`.
    """

    def load_or_resume(self) -> None:
        """Load weights; see :meth:`mmengine.runner.Runner.load_or_resume`."""
        super().load_or_resume()
        # The data sets have been read by now, and the computing begins.
        if get_device() == 'cpu':
            keep_memory()

    def call_hook(self, fn_name: str, **kwargs) -> None:
        """Call a method of all hooks; see :meth:`mmengine.runner.Runner.call_hook`."""
        if fn_name != 'after_val_epoch':
            super().call_hook(fn_name, **kwargs)
            return
        with interrupts.deferred():
            super().call_hook(fn_name, **kwargs)


class _Swaps:
    """Swaps of the network's weights with their average, each made as a whole.

    MMEngine's hook validates the average in the place of the weights. What is saved in
    a validation that is stopped would have the one for the other.

    Args:
        hook: The hook, which swaps in this way from now on.
    """

    def __init__(self, hook: EMAHook) -> None:
        self._swap = hook._swap_ema_parameters
        self._is_swapped = False
        hook._swap_ema_parameters = self

    def __call__(self) -> None:
        with interrupts.deferred():
            self._swap()
            self._is_swapped = not self._is_swapped

    def undo(self) -> None:
        """Give the network its own weights back, if it has the average."""
        if self._is_swapped:
            self()


def counts_epochs(settings: Mapping) -> bool:
    """Whether a config asks for MMEngine's loop of epochs, in one way or the other.

    Args:
        settings: ``train_cfg``, with ``by_epoch`` or the loop's ``type``.
    """
    if settings.get('type') is None:
        return bool(settings.get('by_epoch'))
    return kind_of(settings) == EpochBasedTrainLoop.__name__


def random_states() -> dict[str, Any]:
    """States of Python's, numpy's and PyTorch's generators in this process."""
    states = dict(
        python=random.getstate(),
        numpy=np.random.get_state(),
        torch=torch.get_rng_state(),
    )
    if torch.cuda.is_initialized():
        states['cuda'] = torch.cuda.get_rng_state()
    return states


def set_random_states(states: dict[str, Any]) -> None:
    """Take up the generators where they were, see :func:`random_states`."""
    random.setstate(states['python'])
    np.random.set_state(states['numpy'])
    # A checkpoint may have been loaded to a GPU.
    torch.set_rng_state(states['torch'].cpu())
    if 'cuda' in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states['cuda'].cpu())
