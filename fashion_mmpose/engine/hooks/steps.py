"""Hooks of the training loop that MMEngine does not have."""

import math
import random
from collections.abc import Mapping

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.registry import FUNCTIONS
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from fashion_mmpose.engine.faults import loss_fault
from fashion_mmpose.engine.resuming import groups_of
from fashion_mmpose.errors import TrainingError


@FUNCTIONS.register_module()
def keep_worker_seed(worker_id: int) -> None:
    """Leave a loader's worker with the seed that PyTorch gave it.

    MMEngine's own ``worker_init_fn`` seeds the workers alike in every epoch, so
    every epoch draws the same augmentation. PyTorch's seed comes from the main
    process, where :class:`EpochSeedHook` sets it epoch by epoch.

    Args:
        worker_id (int): Number of the worker.
    """


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Seed every epoch from (seed, epoch, rank), and every validation likewise.

    What an epoch draws does then not depend on the epochs before it, and a
    resumed run goes on bit for bit like one that was never interrupted. The
    loaders' workers follow if the training dataloader has
    ``worker_init_fn=dict(type='keep_worker_seed')`` and no persistent workers.
    """

    priority = 'VERY_HIGH'

    def before_train_epoch(self, runner: Runner) -> None:
        """Seed Python, numpy and PyTorch in this process."""
        self._seed(runner.seed, runner.epoch, get_rank())

    def before_val_epoch(self, runner: Runner) -> None:
        """Seed too, so that a resumed run may begin with a validation."""
        self._seed(runner.seed, runner.iter, get_rank(), 1)

    def _seed(self, *numbers: int) -> None:
        sequence = np.random.SeedSequence(numbers)
        seed = int(sequence.generate_state(1)[0])
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """End a training at the first loss that is not finite.

    The step of that batch has spoilt the weights, so nothing is saved any more. The
    error names the step, the pictures of the batch, and the last checkpoint whose
    weights are finite.
    """

    priority = 'VERY_HIGH'  # before the hooks that save

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Mapping | None = None,
        outputs: Mapping | None = None,
    ) -> None:
        """Look at the loss, of which MMEngine's logs need the number as well.

        Raises:
            TrainingError: If it is not finite.
        """
        loss = (outputs or {}).get('loss')
        if loss is not None and not torch.as_tensor(loss).isfinite().all():
            raise TrainingError(loss_fault(runner, batch_idx, data_batch, outputs))


@HOOKS.register_module()
class StopAtLRHook(Hook):
    """Stop training once the learning rate has fallen below a share of its start.

    The early stop of the FashionAI CPN system, together with
    ``ReduceOnPlateauLR``. The learning rate and its log are part of every checkpoint,
    so a resumed run stops where an uninterrupted one does, which
    ``EarlyStoppingHook``, that keeps its count in memory, cannot promise. A warm-up
    may begin below the share: the rate has fallen only after it was above.

    Args:
        ratio (float): Share of the initial learning rate, e.g. 1e-2.
    """

    priority = 'LOWEST'  # after the schedulers' step

    def __init__(self, ratio: float) -> None:
        self.ratio = ratio

    def before_train(self, runner: Runner) -> None:
        """Do not go on with a run that had stopped."""
        self._check(runner)

    def after_val_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """Stop if every parameter group is below its limit."""
        self._check(runner)

    def after_train_epoch(self, runner: Runner) -> None:
        """The same where nothing is validated."""
        if runner.val_loop is None:
            self._check(runner)

    def _check(self, runner: Runner) -> None:
        groups = groups_of(runner.optim_wrapper)
        # The tolerance keeps rounding in lr * 0.1 * 0.1 from counting as below.
        limits = [
            self.ratio * group.get('initial_lr', 0) * (1 - 1e-6) for group in groups
        ]
        below = all(group['lr'] < limit for group, limit in zip(groups, limits))
        if below and _highest_rate(runner) >= limits[0]:
            runner.logger.info(
                f'stop: the learning rate is below {self.ratio} of its start'
            )
            runner.train_loop.stop_training = True


def _highest_rate(runner: Runner) -> float:
    """The first parameter group's highest learning rate so far, also before a resume.

    MMEngine logs every iteration's rate, and its checkpoints hold the log.
    """
    log = runner.message_hub.log_scalars.get('train/lr')
    rates = [] if log is None else log.data[0]
    if len(rates):
        return float(max(rates))
    # A run that logs nothing has no known warm-up, but its first step is still to come.
    return math.inf if runner.iter else 0.0


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Keep weights and activations in PyTorch's channels-last order.

    Convolutions on a CPU, and in half precision on a GPU, are then up to twice as
    fast; results differ by rounding only.
    """

    def before_run(self, runner: Runner) -> None:
        """Convert the weights; activations follow the weights."""
        model = runner.model
        if not is_model_wrapper(model):
            model.to(memory_format=torch.channels_last)
            return
        # DistributedDataParallel remembers the order of the weights that it was given:
        # its first step would take gradients in another one for theirs.
        network = model.module.to(memory_format=torch.channels_last)
        runner.model = runner.wrap_model(runner.cfg.get('model_wrapper_cfg'), network)
