"""Checkpoints that a run can always be resumed from."""

import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mmengine.dist import broadcast_object_list, get_world_size, is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from fashion_mmpose import interrupts
from fashion_mmpose.engine.resuming import (
    PendingValidationHook,
    continue_scalars,
    forget_best,
    scalars_so_far,
    stored_score,
    told_best,
    validated_on,
)
from fashion_mmpose.engine.work_folder import (
    INTERRUPTED,
    POINTER,
    last_checkpoint,
    move_aside,
    named_checkpoint,
    set_aside,
)
from fashion_mmpose.evaluation.functional.directions import rule_of_score
from fashion_mmpose.files.writing.outputs import OutputFiles

from .file_backends import DeferredRemovals

SECONDS_TO_SAVE = 10.0  # what orchestrators grant at the least before they kill


@HOOKS.register_module()
class ValidatedCheckpointHook(CheckpointHook):
    """Checkpoints that know their own validation, and that a kill does not lose.

    MMEngine saves before it validates, so what validation changes (the state of
    ``ReduceOnPlateauLR`` and the learning rate) is lost to a run that resumes
    from that file. This hook writes the file again after validation. A file that a
    kill left unvalidated says so, and the run that goes on from it validates first.
    The same file knows how far the scalars had come, and the resumed run begins its
    own ``scalars.json`` with those lines.

    MMEngine also removes the checkpoint that is out of date before it has written
    the one in its place. This hook removes it afterwards, and local files appear
    complete or not at all. What it removes is in the run's own folder, whatever folder
    the run was resumed from; exactly one best checkpoint remains there for each score.
    What an earlier training has left there is moved into a folder of its own, see
    :func:`.work_folder.set_aside`. A run that is to go on from its last checkpoint
    finds it by :func:`.work_folder.last_checkpoint`.

    A run that goes on with other validation data begins anew to look for the best; the
    best of before is moved into such a folder, too.

    Runs that count by iterations (``by_epoch=False``) save and resume as MMEngine has
    it, without a second writing.

    A run that a signal stops in the middle of an epoch, by Ctrl-C or SIGTERM, saves
    ``interrupted.pth``, and goes on from there, to the same weights; see
    :class:`.train_loop.InterruptibleTrainLoop`. The next checkpoint removes it.

    The ``rule`` of this package's scores need not be given: of errors less is better.

    Args:
        save_stopped (bool, optional): Whether to save then. Defaults to None: where
            saving the last checkpoint took less than 10 s.
        **kwargs: Arguments of :class:`mmengine.hooks.CheckpointHook`.
    """

    def __init__(self, *args, save_stopped: bool | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.save_stopped = save_stopped
        self._seconds = 0.0  # the last saving took
        self._validated_epoch = -1

    def _init_rule(
        self, rules: Sequence[str | None], key_indicators: Sequence[str]
    ) -> None:
        """As MMEngine, which cannot tell the rules of this package's scores."""
        if len(rules) == 1:  # is that of all
            rules = [*rules] * len(key_indicators)
        known = [
            rule or rule_of_score(name) for rule, name in zip(rules, key_indicators)
        ]
        super()._init_rule(known, key_indicators)

    def before_train(self, runner: Runner) -> None:
        """Choose how files are written; see the class."""
        is_local = '://' not in str(self.out_dir or runner.work_dir)
        if is_local and self.backend_args is None and self.file_client_args is None:
            self.backend_args = dict(backend='whole_files')
        super().before_train(runner)
        self._validated_on = validated_on(runner)
        if not is_local:
            return
        goes_on = runner._resume and runner._load_from
        if is_main_process() and not (goes_on and self._is_own(runner)):
            self._make_way(runner)
        if goes_on:
            self._take_up(runner)

    def before_run(self, runner: Runner) -> None:
        """Find the last checkpoint, if the run is to go on from it.

        Raises:
            ValueError: See :func:`last_checkpoint`.
        """
        self._pending = PendingValidationHook()
        runner.register_hook(self._pending)
        self._is_chosen = runner._load_from is not None
        # MMEngine looks for it right after this; it knows no relative pointer.
        if runner._resume and runner._load_from is None:
            path = last_checkpoint(runner.work_dir, runner.logger.warning)
            runner._load_from = path and str(path)

    def after_val_epoch(self, runner: Runner, metrics: dict) -> None:
        """Save the best checkpoint as usual, then renew this epoch's."""
        self._is_validated, self._validated_epoch = True, runner.epoch
        super().after_val_epoch(runner, metrics)
        name = self.filename_tmpl.format(runner.epoch)
        if self.by_epoch and self.last_ckpt and self.last_ckpt.endswith(name):
            meta = dict(epoch=runner.epoch, iter=runner.iter)
            self._save_checkpoint_with_step(runner, runner.epoch, meta)

    def _save_checkpoint(self, runner: Runner) -> None:
        self._is_validated = False
        with self._removals_last():
            super()._save_checkpoint(runner)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        with self._removals_last():
            super()._save_best_checkpoint(runner, metrics)

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        outdated = []
        if self.max_keep_ckpts > 0 and step not in self.keep_ckpt_ids:
            if len(self.keep_ckpt_ids) == self.max_keep_ckpts:
                outdated.append(self.keep_ckpt_ids.popleft())
            self.keep_ckpt_ids.append(step)
            runner.message_hub.update_info('keep_ckpt_ids', list(self.keep_ckpt_ids))
        name = self.filename_tmpl.format(step)
        self.last_ckpt = self._path(name)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        if self.by_epoch:
            meta['validated'] = self._is_validated
        meta['outdated'] = outdated
        self._write(runner, name, meta)
        if is_main_process():
            self._remove(outdated)
            self._remove_interrupted()

    def save_interrupted(self, runner: Runner, position: dict) -> None:
        """Save in the middle of an epoch, if the run is to be saved when it is stopped.

        Args:
            runner: The run.
            position: How far the epoch is, see :class:`.InterruptibleTrainLoop`.
        """
        is_wanted = self.save_stopped
        if is_wanted is None:
            is_wanted = self._seconds < SECONDS_TO_SAVE
        # Of several processes each would have to tell its own random numbers.
        if not is_wanted or not self.by_epoch or get_world_size() > 1:
            return
        if '://' in str(self.out_dir):
            return
        meta = dict(epoch=runner.epoch, iter=runner.iter, position=position)
        if not position['iterations']:
            name = self.filename_tmpl.format(runner.epoch)
            if self.last_ckpt and self.last_ckpt.endswith(name):
                return  # it is of just this moment
            meta['validated'] = self._validated_epoch == runner.epoch
        # A second signal is no longer made to wait.
        with interrupts.deferred():
            self._write(runner, INTERRUPTED, meta)
        runner.logger.info(
            f'{INTERRUPTED} is saved: epoch {runner.epoch + 1}, '
            f'{position["iterations"]} of {position["batches"]} iterations'
        )

    def _write(self, runner: Runner, name: str, meta: dict) -> None:
        """Save a checkpoint, and let ``last_checkpoint`` name it."""
        if is_main_process():
            meta['scalars'] = scalars_so_far(runner)
            meta['validated_on'] = self._validated_on
        begin = time.monotonic()
        runner.save_checkpoint(
            self.out_dir,
            name,
            self.file_client_args,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
            backend_args=self.backend_args,
            **self.args,
        )
        self._seconds = time.monotonic() - begin
        if not is_main_process():
            return
        target = self._path(name)
        if '://' not in target:
            target = os.path.relpath(target, runner.work_dir)
        with OutputFiles() as outputs:
            outputs.open(os.path.join(runner.work_dir, POINTER)).write(target)

    def _remove_interrupted(self) -> None:
        path = self._path(INTERRUPTED)
        if self.file_backend.isfile(path):
            self.file_backend.remove(path)

    def _remove(self, numbers: list[int]) -> None:
        for number in numbers:
            path = self._path(self.filename_tmpl.format(number))
            if self.file_backend.isfile(path):
                self.file_backend.remove(path)
            elif self.file_backend.isdir(path):  # of DeepSpeed
                self.file_backend.rmtree(path)

    def _path(self, name: str) -> str:
        return self.file_backend.join_path(self.out_dir, name)

    def _is_own(self, runner: Runner) -> bool:
        """Whether the checkpoint that the run goes on from is in its own folder."""
        source = Path(runner._load_from)
        return source.resolve().parent == Path(self.out_dir).resolve()

    def _make_way(self, runner: Runner) -> None:
        """Keep the checkpoints of an earlier training apart from those of this one."""
        folder = Path(self.out_dir)
        moved = set_aside(folder, runner.log_dir) if folder.is_dir() else None
        if moved:
            runner.logger.warning(
                f'the checkpoints of an earlier training in {folder} are in {moved} '
                f'from now on; to go on with that one: --work-dir {moved} --resume'
            )

    def _take_up(self, runner: Runner) -> None:
        """Bring the folder and this hook to the state of the checkpoint."""
        source = Path(runner._load_from)
        is_own = self._is_own(runner)
        is_pending = self._pending.is_pending(runner)
        if source.name == INTERRUPTED:
            # Where there was none, MMEngine saves none beside a new best one either.
            last = runner.message_hub.runtime_info.get('last_ckpt')
            self.last_ckpt = last and self._path(os.path.basename(last))
        elif is_own or is_pending:
            self.last_ckpt = self._path(source.name)
        if is_main_process():
            scalars = self._pending.meta.get('scalars', {})
            continue_scalars(runner, scalars, source.parent)
            if is_own:  # a kill may have come before they were removed
                self._remove(self._pending.meta.get('outdated', []))
                if named_checkpoint(runner.work_dir) != INTERRUPTED:
                    self._remove_interrupted()
                if self._is_chosen:
                    self._leave_branch(runner)
                if self._pending.has_forgotten:
                    self._leave_best(runner)
        if self.save_best:
            self._adopt_best(runner, source.resolve().parent, is_own, is_pending)

    def _leave_branch(self, runner: Runner) -> None:
        """Keep the later epochs of the training of before apart from this run's."""
        if not self.by_epoch:
            return
        form = self._numbered('(?:best_.*_)?')
        epoch = self._pending.meta['epoch']
        later = [
            name
            for name in os.listdir(self.out_dir)
            if (found := form.fullmatch(name)) and int(found[1]) > epoch
        ]
        if later:
            moved = move_aside(self.out_dir, later)
            runner.logger.warning(
                f'this run goes on from epoch {epoch}: {", ".join(sorted(later))} of '
                f'the training of before are in {moved} from now on'
            )

    def _leave_best(self, runner: Runner) -> None:
        """Keep what was the best on other validation data apart from this run's."""
        form = self._numbered('best_.*_')
        best = sorted(filter(form.fullmatch, os.listdir(self.out_dir)))
        if best:
            moved = move_aside(self.out_dir, best)
            runner.logger.warning(
                f'the best on the validation data of before, {", ".join(best)}, is in '
                f'{moved} from now on'
            )

    def _adopt_best(
        self, runner: Runner, source: Path, is_own: bool, is_pending: bool
    ) -> None:
        """Make one best checkpoint in the folder that of the resumed run.

        A run that was killed between writing the best and removing the one before
        leaves two. One that is resumed from another folder has none here yet.
        """
        single = len(self.key_indicators) == 1
        suffixes = {key: '' if single else f'_{key}' for key in self.key_indicators}
        info = runner.message_hub.runtime_info
        told = {key: told_best(info, self._best_form(key)) for key in suffixes}
        if 'auto' not in told:
            # What is best by other scores is nothing to compare these with.
            forget_best(info, {suffixes[key] for key in told if told[key][0]})
        for key, (path, score) in told.items():
            own = None
            if is_own and key != 'auto':
                kept = [None]
                if is_main_process():
                    kept = [self._tidy_best(runner, key, told[key], is_pending)]
                broadcast_object_list(kept)
                if kept[0] is not None:
                    own, score = kept[0]
            elif not is_own:
                runner.logger.info(
                    f'the best checkpoint of before stays in {source}; one that is '
                    f'better will be in {self.out_dir}'
                )
            if own or path:
                info[f'best_score{suffixes[key]}'] = score
                info[f'best_ckpt{suffixes[key]}'] = own or path
            if single:
                self.best_ckpt_path = own
            else:
                self.best_ckpt_path_dict[key] = own

    def _best_form(self, key: str) -> re.Pattern:
        """The names of the best checkpoints by a score."""
        prefix = f'best_{key}_'.replace('/', '_')
        return self._numbered(re.escape(prefix))

    def _numbered(self, prefix: str) -> re.Pattern:
        """Names of checkpoints behind a prefix, whose group is their number."""
        number = re.escape(self.filename_tmpl).replace(re.escape('{}'), r'(\d+)')
        return re.compile(prefix + number)

    def _tidy_best(
        self, runner: Runner, key: str, told: tuple, is_pending: bool
    ) -> tuple[str, float | None] | None:
        """Keep the best of a score's checkpoints in the folder; its path and score."""
        form = self._best_form(key)
        found = sorted(filter(form.fullmatch, os.listdir(self.out_dir)))
        known = os.path.basename(told[0] or '')
        if is_pending and not known:
            return None  # what there is, the validation makes again
        kept, score = (known, told[1]) if known in found else (None, None)
        # Where the known one is there, another one is of the epoch that was
        # interrupted, which makes it again.
        for name in [] if kept else found:
            other = stored_score(self._path(name), form)
            if other is not None and (
                score is None or self.is_better_than[key](other, score)
            ):
                kept, score = name, other
        if kept is None:
            return None
        for name in found:
            if name != kept:
                self.file_backend.remove(self._path(name))
                runner.logger.info(f'{name} is removed: {kept} is the best so far')
        return self._path(kept), score

    @contextmanager
    def _removals_last(self) -> Iterator[None]:
        """Keep what is to be removed until all within is written."""
        backend = self.file_backend
        self.file_backend = deferred = DeferredRemovals(backend)
        try:
            yield
        finally:
            self.file_backend = backend
        # A run that repeats epochs may just have written what it asked to remove.
        kept = {self.last_ckpt, getattr(self, 'best_ckpt_path', None)}
        kept.update(getattr(self, 'best_ckpt_path_dict', {}).values())
        for path in deferred.files - kept:
            backend.remove(path)
        for path in deferred.folders - kept:
            backend.rmtree(path)
