"""What a resumed run makes up for: a validation, the best and the scalars of before."""

import math
import os
import re
from collections.abc import Collection, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import BaseLoop, EpochBasedTrainLoop, Runner
from mmengine.visualization import LocalVisBackend

from fashion_mmpose.datasets.garment_dataset import GarmentDataset
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.weights.read import WeightsError, read_file

# MMEngine's hooks, which forget what they know when a run is interrupted.
_KEPT_STATES = {
    'CheckpointHook': 'ValidatedCheckpointHook',
    'EarlyStoppingHook': 'PersistentEarlyStoppingHook',
}
EARLY_STOPPING = 'early_stopping/'  # begins the entries of early stops in messages
_BEST_CKPT, _BEST_SCORE = 'best_ckpt', 'best_score'


class PendingValidationHook(Hook):
    """Validate the epoch whose validation was interrupted, before training goes on.

    A checkpoint is written before its epoch is validated, and again afterwards. One
    that was written only once says ``validated=False`` among its meta data. The run
    that goes on from it does what the interrupted one would have done next: it
    validates, with all hooks, where a run with this config validates that epoch.

    :class:`~fashion_mmpose.engine.ValidatedCheckpointHook` registers this hook, as the
    last one, so that the others are ready for the validation.

    Scores of other validation data than the checkpoint's are none to compare its scores
    with: what is best among them is forgotten.

    Attributes:
        meta: The meta data of the checkpoint that was loaded.
        has_forgotten: Whether the run validates on other data than the checkpoint has.
    """

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.meta: dict = {}
        self.has_forgotten = False
        self._info: dict = {}

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Note what the checkpoint says of its epoch."""
        if not runner._resume:
            return
        self.meta = checkpoint.get('meta', {})
        info = checkpoint.get('message_hub', {}).get('runtime_info', {})
        self._info = {key: info[key] for key in ('epoch', 'iter') if key in info}
        before, now = self.meta.get('validated_on'), validated_on(runner)
        self.has_forgotten = None not in (before, now) and before != now
        if self.has_forgotten:
            forget_scores(checkpoint)
            runner.logger.warning(
                'the validation data are others than those of the checkpoint: which '
                'scores were the best so far is forgotten, for save_best, early stops '
                'and schedules'
            )

    def is_pending(self, runner: Runner) -> bool:
        """Whether the run has to validate before it goes on."""
        if self.meta.get('validated', True) or runner.val_loop is None:
            return False
        loop = runner.train_loop
        if not isinstance(loop, EpochBasedTrainLoop):
            return False
        # Intervals that change with the epochs are known by the loop alone.
        loop._decide_current_val_interval()
        return loop.epoch >= loop.val_begin and (
            loop.epoch % loop.val_interval == 0 or loop.epoch == loop.max_epochs
        )

    def before_train(self, runner: Runner) -> None:
        """Validate, if that is pending."""
        if not self.is_pending(runner):
            return
        runner.logger.info(
            f'epoch {runner.epoch} is validated first: its validation was interrupted'
        )
        # MMEngine has set them to the epoch and the iteration that are to come.
        runner.message_hub.update_info_dict(self._info)
        runner.val_loop.run()


def limits_of_resuming(runner: Runner, loop: BaseLoop) -> list[str]:
    """Why a run that is resumed would not equal an uninterrupted one bit for bit.

    Args:
        runner: The run, which has built its network and its hooks.
        loop: Its training.

    Returns:
        list[str]: The reasons, each with the setting that it comes from; empty where
        nothing of what a config says is against it.
    """
    limits = []
    if not isinstance(loop, EpochBasedTrainLoop):
        limits.append('it counts by iterations (train_cfg.by_epoch=False)')
    if getattr(loop.dataloader, 'persistent_workers', False):
        limits.append('train_dataloader.persistent_workers=True')
    if len(loop.dataloader) % parts_of_a_step(runner.optim_wrapper):
        limits.append(
            'optim_wrapper.accumulative_counts does not divide the batches of an epoch'
        )
    kinds = {type(hook).__name__ for hook in runner.hooks}
    if 'EpochSeedHook' not in kinds:
        limits.append('custom_hooks has no EpochSeedHook')
    for stock, ours in _KEPT_STATES.items():
        if stock in kinds:
            limits.append(f'{stock} is in place of {ours}')
    on_gpu = any(weight.is_cuda for weight in runner.model.parameters())
    if on_gpu and not runner.deterministic:
        limits.append('a GPU may round otherwise (randomness.deterministic=False)')
    return limits


def parts_of_a_step(wrapper: OptimWrapper | Mapping) -> int:
    """Of how many batches a step's gradient is; those that wait are in no checkpoint.

    Args:
        wrapper: Of the optimizer, or its settings before it is built. Of several
            optimizers it is after how many batches none of them waits.
    """
    if isinstance(wrapper, Mapping) and 'accumulative_counts' in wrapper:
        return wrapper['accumulative_counts']
    held = wrapper if isinstance(wrapper, Mapping) else dict(named_wrappers(wrapper))
    parts = (getattr(each, '_accumulative_counts', 1) for each in held.values())
    return math.lcm(*parts)


def named_wrappers(wrapper: OptimWrapper) -> list[tuple[str, OptimWrapper]]:
    """The wrappers of single optimizers, with their names; '' for one alone."""
    if isinstance(wrapper, OptimWrapperDict):
        return [*wrapper.items()]
    return [('', wrapper)]


def groups_of(wrapper: OptimWrapper) -> list[dict]:
    """The groups of parameters of a wrapper, or of several, in their order."""
    return [group for _, each in named_wrappers(wrapper) for group in each.param_groups]


def told_best(info: Mapping, form: re.Pattern) -> tuple[str | None, float | None]:
    """The best checkpoint by a score, and the score, as a run has noted them.

    Args:
        info: The ``runtime_info`` of its messages. MMEngine calls the entries of a
            single score, whichever that is, ``best_ckpt`` and ``best_score``; of
            several, each has its name behind.
        form: The names of the best checkpoints by that score.
    """
    for name, path in info.items():
        if name.startswith(_BEST_CKPT) and form.fullmatch(os.path.basename(path or '')):
            return path, info.get(_BEST_SCORE + name.removeprefix(_BEST_CKPT))
    return None, None


def stored_score(path: str, form: re.Pattern) -> float | None:
    """The score of a best checkpoint; None if it cannot be read.

    Args:
        path: The file.
        form: See :func:`told_best`.
    """
    try:
        return told_best(read_file(path)['message_hub']['runtime_info'], form)[1]
    except (WeightsError, KeyError):
        return None


def forget_best(info: MutableMapping, but: Collection[str]) -> None:
    """Take what is noted of best checkpoints out of a run's messages, in place.

    Args:
        info: See :func:`told_best`.
        but: What stands behind the names of entries that stay.
    """
    for name in [*info]:
        for entry in (_BEST_CKPT, _BEST_SCORE):
            if name.startswith(entry) and name.removeprefix(entry) not in but:
                del info[name]


def forget_scores(checkpoint: Mapping) -> None:
    """Take what is noted of scores out of a checkpoint, in place."""
    hub = checkpoint.get('message_hub', {})
    # MMEngine misses what is resumed and not there.
    for info in (hub.get('runtime_info', {}), hub.get('resumed_keys', {})):
        forget_best(info, ())
        for name in [*info]:
            if name.startswith(EARLY_STOPPING):
                del info[name]
    schedules = checkpoint.get('param_schedulers') or []
    if isinstance(schedules, Mapping):
        schedules = [each for some in schedules.values() for each in some]
    for state in schedules:
        if 'rule_worse' in state:  # of ReduceOnPlateau
            state.update(best=state['rule_worse'], num_bad_epochs=0)


def validated_on(runner: Runner) -> str | None:
    """Tells the data of a run's validation from others; None without one."""
    loop = runner.val_loop
    return None if loop is None else _data_digest(loop.dataloader.dataset)


def _data_digest(dataset: Any) -> str:
    if isinstance(dataset, GarmentDataset):
        dataset.full_init()
        return dataset.data_list.digest()
    wrapped = getattr(dataset, 'dataset', None)
    held = getattr(dataset, 'datasets', [] if wrapped is None else [wrapped])
    return ' '.join([str(len(dataset)), *map(_data_digest, held)])


def scalars_so_far(runner: Runner) -> dict:
    """Where the run's scalars are, for the meta data of a checkpoint.

    Returns:
        dict: ``file``, relative to the work folder, and ``size`` in bytes; empty if
        the run keeps none.
    """
    path = _scalars_file(runner)
    if path is None or not path.is_file():
        return {}
    file = os.path.relpath(path, os.path.realpath(runner.work_dir))
    return dict(file=file, size=path.stat().st_size)


def continue_scalars(runner: Runner, scalars: dict, folder: Path) -> None:
    """Begin the run's scalars with those of before its checkpoint.

    MMEngine gives every start a folder of its own. The newest ``scalars.json`` is then
    that of the whole training, without gaps and repeated lines.

    Args:
        runner: The run that goes on.
        scalars: What :func:`scalars_so_far` told the checkpoint.
        folder: The work folder that the checkpoint is in.
    """
    path = _scalars_file(runner)
    if path is None or not scalars:
        return
    before = folder / scalars['file']
    try:
        content = before.read_bytes()[: scalars['size']]
    except FileNotFoundError:
        runner.logger.warning(f'{path} begins here: {before} is missing')
        return
    with OutputFiles() as outputs:
        outputs.open_binary(path).write(content)


def _scalars_file(runner: Runner) -> Path | None:
    for backend in runner.visualizer._vis_backends.values():
        if isinstance(backend, LocalVisBackend):
            return Path(backend.experiment._scalar_save_file).resolve()
    return None
