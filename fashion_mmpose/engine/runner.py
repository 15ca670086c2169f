"""MMEngine's runner, with weights that are checked and a config that is whole."""

import os

from mmengine.dist import master_only
from mmengine.logging import MessageHub, MMLogger
from mmengine.model import is_model_wrapper
from mmengine.runner import BaseLoop
from mmengine.utils import ManagerMixin
from mmengine.visualization import Visualizer
from torch import nn
from torch.utils.data import DataLoader

from fashion_mmpose.config.loading import config_name
from fashion_mmpose.config.parts import is_detector, trained_category
from fashion_mmpose.datasets.pictures.sieve import PictureSieve
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.writing.faults import errors_of
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.pretrained import names_folder
from fashion_mmpose.weights.downloads import downloads_of, fetch
from fashion_mmpose.weights.folders import weights_file
from fashion_mmpose.weights.read import (
    WeightsError,
    load_weights,
    load_what_fits,
    read_checkpoint,
    tensors_taken_over,
    widened,
    without_preprocessor,
)
from fashion_mmpose.weights.torch_file import check_torch_file
from fashion_mmpose.weights.trained_for import check_trained_for

from .changed_settings import Settings
from .faults import check_batches, dead_workers_named, run_again, way_to_resume
from .monitors import check_monitored, inform_metrics
from .optim.batch_size import fit_rates
from .optim.compiling import compile_losses
from .optim.groups_in_log import tensors_in_short, told_in_short
from .resuming import limits_of_resuming
from .run_files import (
    OnceFormattedConfig,
    WholeFilesLoggerHook,
    end_when_the_log_is_full,
    with_whole_files,
)
from .train_loop import LOOP_MARKS, InterruptibleTrainLoop, PatientRunner, counts_epochs
from .work_folder import tidy_starts


class TrainingRunner(PatientRunner):
    """Runs a training.

    MMEngine's own loads whatever fits and prints what does not. Here ``load_from``
    must fit somewhere, the log says what was left out, and a run is resumed only from
    a checkpoint of the same network, and with its settings, unless ``override`` is set.

    MMEngine keeps the logger, the messages, the scope and the visualizer of a run by
    name, in the whole process. Here another run of the process has others, in whatever
    order runs are built and started.

    Attributes:
        override: Whether a resumed run obeys its config where the checkpoint has other
            settings, instead of stopping.
        sieve: Leaves pictures that cannot be read out of the data sets; None to stop
            at the first of them.
    """

    override = False
    sieve: PictureSieve | None = None
    _settings: Settings | None = None

    def setup_env(self, env_cfg: dict) -> None:
        """Prepare the process, and give the run a time stamp of its own in it."""
        super().setup_env(env_cfg)
        self.cfg = OnceFormattedConfig.of(self.cfg)
        # MMEngine counts seconds: a second run of the same second would get the logger
        # and the messages of the first, whose names end with the time stamp.
        number, stamp = 1, self._timestamp
        while any(name.endswith(self._timestamp) for name in _kept(MessageHub)):
            number += 1
            self._timestamp = f'{stamp}_{number:03}'  # in the order of names

    def train(self) -> nn.Module:
        """Train; see :meth:`mmengine.runner.Runner.train`.

        Raises:
            TrainingError: If it cannot go on.
        """
        self._become_current()
        with dead_workers_named(lambda: way_to_resume(self)):
            return super().train()

    def val(self) -> dict:
        """Validate; see :meth:`mmengine.runner.Runner.val`."""
        self._become_current()
        with dead_workers_named(run_again):
            return super().val()

    def test(self) -> dict:
        """Test; see :meth:`mmengine.runner.Runner.test`."""
        self._become_current()
        with dead_workers_named(run_again):
            metrics = super().test()
        if self.sieve is not None and self.sieve.num_left_out:
            self.logger.warning(
                f'{self.sieve.num_left_out} pictures that cannot be read are left out '
                'of the test and of its scores; they are listed above'
            )
        return metrics

    def build_dataloader(self, dataloader, *args, **kwargs) -> DataLoader:
        """MMEngine's loader; of what can be read, if there is a sieve."""
        if self.sieve is not None and isinstance(dataloader, dict):
            settings = self.sieve.sifted(dataloader['dataset'])
            dataloader = dict(dataloader, dataset=settings)
        return super().build_dataloader(dataloader, *args, **kwargs)

    def build_train_loop(self, loop: BaseLoop | dict) -> BaseLoop:
        """MMEngine's loop; one that counts epochs can go on in the middle of one.

        The log says if a run cannot be resumed bit for bit.

        Raises:
            ValueError: See :func:`.faults.check_batches`.
        """
        if isinstance(loop, dict) and counts_epochs(loop):
            settings = {key: loop[key] for key in loop if key not in LOOP_MARKS}
            loop = InterruptibleTrainLoop(self, self._train_dataloader, **settings)
        else:
            loop = super().build_train_loop(loop)
        check_batches(loop)
        if limits := limits_of_resuming(self, loop):
            self.logger.warning(
                'if this run is interrupted and resumed, it will not equal an '
                f'uninterrupted one bit for bit: {"; ".join(limits)}'
            )
        return loop

    def build_val_loop(self, loop) -> BaseLoop:
        """MMEngine's loop, whose metrics know which pictures are tested.

        Raises:
            ValueError: See :func:`.faults.check_batches`,
                :func:`.monitors.check_monitored` and :func:`.monitors.inform_metrics`.
        """
        loop = super().build_val_loop(loop)
        inform_metrics(loop, self.sieve)
        if isinstance(self._train_loop, BaseLoop):
            check_batches(loop)
            check_monitored(self, loop.evaluator, loop.dataloader.dataset)
        return loop

    def build_test_loop(self, loop) -> BaseLoop:
        """MMEngine's loop, whose metrics know which pictures are tested.

        Raises:
            ValueError: See :func:`.monitors.inform_metrics`.
        """
        loop = super().build_test_loop(loop)
        inform_metrics(loop, self.sieve)
        return loop

    def _init_model_weights(self) -> None:
        """Let the network initialise itself, with weights that are there.

        Raises:
            ConnectionError: If weights that the config names cannot be downloaded.
        """
        begins_with = None if self._resume else self._load_from
        fetch(downloads_of(self.cfg.get('model'), begins_with))
        # MMEngine lists the weights in the log's file itself.
        with errors_of(os.path.join(self.log_dir, f'{self.timestamp}.log')):
            super()._init_model_weights()

    def _maybe_compile(self, target: str) -> None:
        """Let PyTorch compile what it can of the step, if the config says so."""
        if options := self.cfg.get('compile'):
            compile_losses(self.model, **({} if options is True else options))
            self.logger.info('the way to the losses is compiled; first steps take long')

    def build_optim_wrapper(self, optim_wrapper):
        """MMEngine's wrapper, of whose tensors a line tells; DEBUG lists them."""
        with tensors_in_short(self.logger) as notes:
            built = super().build_optim_wrapper(optim_wrapper)
        if notes.num:
            self.logger.info(told_in_short(built, self._network))
        return built

    def scale_lr(self, optim_wrapper, auto_scale_lr: dict | None = None) -> None:
        """Scale the rates to the real batch size, if the config says so.

        Raises:
            ValueError: See :func:`.optim.batch_size.fit_rates`.
        """
        fit_rates(self, optim_wrapper, auto_scale_lr or {})

    def _become_current(self) -> None:
        """Let parts that ask for the current logger and the like get this run's."""
        own = (self.logger, self.message_hub, self.visualizer, self.default_scope)
        for instance in own:
            for kind in type(instance).__mro__:
                kept = vars(kind).get('_instance_dict', {})
                if instance in kept.values():
                    kept.move_to_end(instance.instance_name)

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
        if self.iter >= self.max_iters:
            self.logger.warning(f'{filename} has all {self.max_iters} iterations')
        loops = (self.train_loop, self.val_loop)  # without a validation, None
        for sampler in (loop.dataloader.sampler for loop in loops if loop is not None):
            # Where the config has no seed, the samplers have drawn one of their own.
            if hasattr(sampler, 'seed'):
                sampler.seed = self.seed

    def load_checkpoint(self, filename: str, *args, **kwargs) -> dict:
        """Load weights to begin with, or a checkpoint to go on from.

        Args:
            filename: The file, an address that MMEngine downloads from, or a folder of
                networks or its id on a model hub, with weights for PyTorch.
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
        tensors = widened(self._network, checkpoint['state_dict'])
        left_out = load_what_fits(
            self._network, tensors, config_name(self.cfg), filename
        )
        for line in left_out:
            self.logger.warning(f'{filename}: {line}')
        trained = (checkpoint['meta'].get('dataset_meta') or {}).get('dataset_name')
        own = getattr(self.train_dataloader.dataset, 'metainfo', {}).get('dataset_name')
        if None not in (trained, own) and trained != own:
            self.logger.warning(
                f'{filename} was trained for {trained}, this run is for {own}: its '
                'weights are a start, and layers for key points learn anew'
            )
        taken = tensors_taken_over(self._network, tensors)
        self.logger.info(f'weights loaded from {filename}: tensors taken over: {taken}')
        return checkpoint

    def _load_to_resume(self, filename: str, *args, **kwargs) -> dict:
        if os.path.isfile(filename):
            try:
                check_torch_file(filename)
            except FormatError as error:
                raise WeightsError(
                    f'{filename} cannot be resumed: {error}; to fix it: resume from '
                    'the checkpoint before'
                ) from None
        try:
            kwargs['strict'] = True
            checkpoint = super().load_checkpoint(filename, *args, **kwargs)
        except RuntimeError as error:
            raise WeightsError(
                f'{filename} cannot be resumed with {config_name(self.cfg)}: {error}'
            ) from error
        meta = checkpoint.get('meta') or {}
        if 'optimizer' not in checkpoint or 'epoch' not in meta:
            raise WeightsError(
                f'{filename} holds weights only, and no training to go on with; to fix '
                f'it: begin one with them, --cfg-options load_from={filename}'
            )
        if self._settings is not None:
            self._settings.check(self, checkpoint, filename)
        if isinstance(self.train_loop, InterruptibleTrainLoop):
            self.train_loop.position = checkpoint['meta'].get('position')
        return checkpoint

    def _read(self, filename: str) -> dict:
        """A checkpoint with ``state_dict`` and ``meta``, as the hooks leave it."""
        if names_folder(filename):
            filename = weights_file(
                filename, is_detector(self.cfg), trained_category(self.cfg)
            )
        stored = read_checkpoint(filename)
        tensors = stored.tensors
        if self.cfg.get('default_scope') == 'mmdet':
            tensors = without_preprocessor(tensors, self._network)
        checkpoint = dict(state_dict=tensors, meta=stored.meta)
        # By that, moving averages get the weights too.
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        return checkpoint

    def build_logger(self, *args, **kwargs) -> MMLogger:
        """MMEngine's logger, which ends the run when its file cannot be written."""
        logger = super().build_logger(*args, **kwargs)
        end_when_the_log_is_full(logger)
        return logger

    def build_visualizer(self, visualizer: Visualizer | dict | None = None):
        """The run's own visualizer, whose local files are written as a whole."""
        if visualizer is None:  # MMEngine's own choice
            local = [dict(type='LocalVisBackend')]
            visualizer = dict(type='Visualizer', vis_backends=local)
        if isinstance(visualizer, dict):
            visualizer = with_whole_files(visualizer)
            if visualizer.get('name') in _kept(Visualizer):  # another run's
                name = f'{visualizer["name"]}_{self._experiment_name}'
                visualizer = dict(visualizer, name=name)
        return super().build_visualizer(visualizer)

    def register_default_hooks(self, hooks: dict | None = None) -> None:
        """MMEngine's hooks; a test's JSON is written as a whole."""
        hooks = dict(hooks or {})
        logger = hooks.get('logger', dict(type='LoggerHook'))
        if isinstance(logger, dict) and logger.get('type') == 'LoggerHook':
            hooks['logger'] = dict(logger, type=WholeFilesLoggerHook)
        super().register_default_hooks(hooks)

    @property
    def _network(self) -> nn.Module:
        return self.model.module if is_model_wrapper(self.model) else self.model

    @master_only
    def dump_config(self) -> None:
        """Write the config to the work folder, complete or not at all.

        The remains of killed starts in that folder are removed.
        """
        tidy_starts(self.work_dir)
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
        told = (checkpoint['meta'].get('dataset_meta') or {}).get('bbox_source')
        if (told, metainfo.get('bbox_source')) == ('annotation', 'image'):
            self.logger.warning(
                f'{filename} was trained on garments cut out at their annotated boxes, '
                'and is tested on whole pictures (bbox_source=image)'
            )
        self.logger.info(f'weights loaded from {filename}')
        return checkpoint

    @property
    def _config_file(self) -> str:
        # The user may give a test the work folder of the training.
        return f'tested_{super()._config_file}'


def _kept(kind: type[ManagerMixin]) -> dict:
    """What MMEngine keeps of a kind in this process, by name."""
    return kind._instance_dict
