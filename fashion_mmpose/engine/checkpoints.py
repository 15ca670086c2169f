"""Checkpoints that a run can always be resumed from."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from mmengine.fileio import LocalBackend, register_backend
from mmengine.fileio.backends import BaseStorageBackend
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from fashion_mmpose.files.outputs import OutputFiles


@register_backend('whole_files')
class WholeFilesBackend(LocalBackend):
    """MMEngine's local files, written completely or not at all.

    MMEngine writes in place: a run that is killed meanwhile leaves a file that
    cannot be read, under the name of the checkpoint.
    """

    def put(self, obj: bytes, filepath: str | os.PathLike) -> None:
        """Write bytes under a temporary name, then give the file its own."""
        with OutputFiles() as outputs:
            outputs.open_binary(filepath).write(obj)


@HOOKS.register_module()
class ValidatedCheckpointHook(CheckpointHook):
    """Checkpoints that know their own validation, and that a kill does not lose.

    MMEngine saves before it validates, so what validation changes (the state of
    ``ReduceOnPlateauLR`` and the learning rate) is lost to a run that resumes
    from that file. This hook writes the file again after validation.

    MMEngine also removes the checkpoint that is out of date before it has written
    the one in its place. This hook removes it afterwards, and local files appear
    complete or not at all.

    Arguments are those of :class:`mmengine.hooks.CheckpointHook`.
    """

    def before_train(self, runner: Runner) -> None:
        """Choose how files are written; see the class."""
        is_local = '://' not in str(self.out_dir or runner.work_dir)
        if is_local and self.backend_args is None and self.file_client_args is None:
            self.backend_args = dict(backend='whole_files')
        super().before_train(runner)

    def after_val_epoch(self, runner: Runner, metrics: dict) -> None:
        """Save the best checkpoint as usual, then renew this epoch's."""
        super().after_val_epoch(runner, metrics)
        name = self.filename_tmpl.format(runner.epoch)
        if self.by_epoch and self.last_ckpt and self.last_ckpt.endswith(name):
            meta = dict(epoch=runner.epoch, iter=runner.iter)
            self._save_checkpoint_with_step(runner, runner.epoch, meta)

    def _save_checkpoint(self, runner: Runner) -> None:
        with self._removals_last():
            super()._save_checkpoint(runner)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        with self._removals_last():
            super()._save_best_checkpoint(runner, metrics)

    @contextmanager
    def _removals_last(self) -> Iterator[None]:
        """Keep what is to be removed until all within is written."""
        backend = self.file_backend
        self.file_backend = deferred = _DeferredRemovals(backend)
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


class _DeferredRemovals:
    """A file backend that only notes what it is asked to remove."""

    def __init__(self, backend: BaseStorageBackend) -> None:
        self._backend = backend
        self.files: set[str] = set()
        self.folders: set[str] = set()

    def remove(self, path: str) -> None:
        self.files.add(path)

    def rmtree(self, path: str) -> None:
        self.folders.add(path)

    def __getattr__(self, name: str):
        return getattr(self._backend, name)
