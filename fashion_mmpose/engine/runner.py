"""MMEngine's runner, with weights that are checked and a config that is whole."""

import os

from mmengine.dist import master_only
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import nn

from fashion_mmpose.config import config_name
from fashion_mmpose.files.outputs import OutputFiles
from fashion_mmpose.weights.read import (
    WeightsError,
    load_weights,
    load_what_fits,
    read_checkpoint,
    without_preprocessor,
)
from fashion_mmpose.weights.trained_for import check_trained_for

from .changed_settings import Settings


class TrainingRunner(Runner):
    """Runs a training.

    MMEngine's own loads whatever fits and prints what does not. Here ``load_from``
    must fit somewhere, the log says what was left out, and a run is resumed only from
    a checkpoint of the same network, and with its settings, unless ``override`` is set.

    Attributes:
        override: Whether a resumed run obeys its config where the checkpoint has other
            settings, instead of stopping.
    """

    override = False
    _settings: Settings | None = None

    def resume(self, filename: str, *args, **kwargs) -> None:
        """Go on from a checkpoint.

        Args:
            filename: The file.
            *args: As :meth:`mmengine.runner.Runner.resume`.
            **kwargs: As ``args``.

        Raises:
            ValueError: If settings would have no effect, and ``override`` is not set.
            WeightsError: If the file cannot be read, or is of another network.
        """
        self._settings = settings = Settings(self)
        super().resume(filename, *args, **kwargs)
        if self.override:
            settings.enforce(self)
        for loader in (self.train_dataloader, self.val_dataloader):
            # Where the config has no seed, the samplers have drawn one of their own.
            if hasattr(getattr(loader, 'sampler', None), 'seed'):
                loader.sampler.seed = self.seed

    def load_checkpoint(self, filename: str, *args, **kwargs) -> dict:
        """Load weights to begin with, or a checkpoint to go on from.

        Args:
            filename: The file, or an address that MMEngine downloads from.
            *args: As :meth:`mmengine.runner.Runner.load_checkpoint`, when it resumes.
            **kwargs: As ``args``.

        Returns:
            dict: The checkpoint, with ``state_dict`` and ``meta``.

        Raises:
            FileNotFoundError: If there is no such file.
            WeightsError: If the file cannot be read, or does not fit.
        """
        if self._resume:
            return self._load_to_resume(filename, *args, **kwargs)
        checkpoint = self._read(filename)
        left_out = load_what_fits(
            self._network, checkpoint['state_dict'], config_name(self.cfg), filename
        )
        for line in left_out:
            self.logger.warning(f'{filename}: {line}')
        self.logger.info(f'weights loaded from {filename}')
        return checkpoint

    def _load_to_resume(self, filename: str, *args, **kwargs) -> dict:
        try:
            kwargs['strict'] = True
            checkpoint = super().load_checkpoint(filename, *args, **kwargs)
        except RuntimeError as error:
            raise WeightsError(
                f'{filename} cannot be resumed with {config_name(self.cfg)}: {error}'
            ) from error
        if self._settings is not None:
            self._check_settings(self._settings.overruled(self, checkpoint), filename)
        return checkpoint

    def _check_settings(self, changes: list[str], filename: str) -> None:
        if not changes:
            return
        listed = '\n  '.join(changes)
        if not self.override:
            raise ValueError(
                f'{filename} was trained with other settings, and --resume would go on '
                f'with those:\n  {listed}\nto fix it: give the old settings, or '
                '--override, which takes the new ones from here on'
            )
        self.logger.warning(f'from here on, other than in {filename}:\n  {listed}')

    def _read(self, filename: str) -> dict:
        """A checkpoint with ``state_dict`` and ``meta``, as the hooks leave it."""
        stored = read_checkpoint(filename)
        tensors = stored.tensors
        if self.cfg.get('default_scope') == 'mmdet':
            tensors = without_preprocessor(tensors, self._network)
        checkpoint = dict(state_dict=tensors, meta=stored.meta)
        # By that, moving averages get the weights too.
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        return checkpoint

    @property
    def _network(self) -> nn.Module:
        return self.model.module if is_model_wrapper(self.model) else self.model

    @master_only
    def dump_config(self) -> None:
        """Write the config to the work folder, complete or not at all."""
        path = os.path.join(self.work_dir, self._config_file)
        with OutputFiles() as outputs:
            outputs.open(path).write(self.cfg.dump())

    @property
    def _config_file(self) -> str:
        """Name of the config's copy in the work folder."""
        return os.path.basename(self.cfg.filename or f'{self.timestamp}.py')


class ScoringRunner(TrainingRunner):
    """Runs a test, with weights that are just those of the network."""

    def load_checkpoint(self, filename: str, *args, **kwargs) -> dict:
        """Load the weights to test.

        Args:
            filename: The file, or an address that MMEngine downloads from.
            *args: Not used; MMEngine's choice of strictness and device.
            **kwargs: As ``args``.

        Returns:
            dict: The checkpoint, with ``state_dict`` and ``meta``.

        Raises:
            FileNotFoundError: If there is no such file.
            WeightsError: If the file cannot be read, does not fit in every name and
                shape, or was trained for other garments than the test set's.
        """
        name = config_name(self.cfg)
        checkpoint = self._read(filename)
        metainfo = getattr(self.test_dataloader.dataset, 'metainfo', {})
        check_trained_for(checkpoint['meta'], metainfo, name, filename)
        load_weights(self._network, checkpoint['state_dict'], name, filename)
        self.logger.info(f'weights loaded from {filename}')
        return checkpoint

    @property
    def _config_file(self) -> str:
        # The user may give a test the work folder of the training.
        return f'tested_{super()._config_file}'
