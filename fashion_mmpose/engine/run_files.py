"""The files of a run beside its checkpoints: complete, or with an error that names one.

MMEngine writes them in place, and a full disk gives a traceback for every line of the
log.
"""

import logging
import os
import sys

import numpy as np
from mmengine.config import Config
from mmengine.fileio import dump
from mmengine.hooks import LoggerHook
from mmengine.runner import Runner
from mmengine.visualization import LocalVisBackend
from mmengine.visualization.vis_backend import force_init_env

from fashion_mmpose.files.pictures.pixels import write_picture
from fashion_mmpose.files.writing.faults import errors_of
from fashion_mmpose.files.writing.outputs import OutputFiles

_BACKEND = 'LocalVisBackend'


class OnceFormattedConfig(Config):
    """MMEngine's config, whose text is formatted anew only when it has changed.

    A run asks for it a few times as it starts, and with every checkpoint; formatting
    takes up to a second.
    """

    @classmethod
    def of(cls, cfg: Config) -> 'OnceFormattedConfig':
        """A config with the same content, which is shared."""
        config = cls.__new__(cls)
        config.__setstate__(cfg.__getstate__())
        return config

    @property
    def pretty_text(self) -> str:
        """The config as Python code."""
        content = repr(self.to_dict())
        known = vars(self).get('_known')
        if known is None or known[0] != content:
            known = content, super().pretty_text
            vars(self)['_known'] = known  # An attribute would be an entry.
        return known[1]


class WholeFilesVisBackend(LocalVisBackend):
    """MMEngine's local backend, whose config and pictures appear complete.

    Arguments are those of :class:`mmengine.visualization.LocalVisBackend`.
    """

    @force_init_env
    def add_config(self, config: Config, **kwargs) -> None:
        """Write the config.

        Raises:
            OSError: If that fails.
        """
        with OutputFiles() as outputs:
            outputs.open(self._config_save_file).write(config.pretty_text)

    @force_init_env
    def add_image(self, name: str, image: np.ndarray, step: int = 0, **kwargs) -> None:
        """Write a picture: RGB, uint8, shape (H, W, 3).

        Raises:
            OSError: If that fails.
        """
        path = os.path.join(self._img_save_dir, f'{name}_{step}.png')
        write_picture(path, np.ascontiguousarray(image[..., ::-1]))

    def _dump(self, value_dict: dict, file_path: str, file_format: str) -> None:
        with errors_of(file_path):
            super()._dump(value_dict, file_path, file_format)


class WholeFilesLoggerHook(LoggerHook):
    """MMEngine's hook, whose JSON of a test appears complete or not at all.

    Arguments are those of :class:`mmengine.hooks.LoggerHook`.
    """

    def after_test_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Log the metrics, and write them."""
        tag, line = runner.log_processor.get_log_after_epoch(
            runner, len(runner.test_dataloader), 'test', with_non_scalar=True
        )
        runner.logger.info(line)
        with OutputFiles() as outputs:
            file = outputs.open(os.path.join(runner.log_dir, self.json_log_path))
            dump(self._process_tags(tag), file, file_format='json')


def with_whole_files(visualizer: dict) -> dict:
    """A visualizer's settings with the backend of this file in place of MMEngine's."""
    backends = [
        dict(backend, type=WholeFilesVisBackend, name=backend.get('name', _BACKEND))
        if isinstance(backend, dict) and backend.get('type') == _BACKEND
        else backend
        for backend in visualizer.get('vis_backends') or ()
    ]
    return dict(visualizer, vis_backends=backends) if backends else visualizer


def end_when_the_log_is_full(logger: logging.Logger) -> None:
    """Let a run end with the error of its log file, which logging would only print."""
    for handler in logger.handlers:
        if isinstance(handler, logging.FileHandler):
            handler.handleError = _raiser(handler)


def _raiser(handler: logging.FileHandler):
    def handle(record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            logging.Handler.handleError(handler, record)
            return
        # A later record, or the end of Python, would try the same line again.
        handler.setLevel(logging.CRITICAL + 1)
        with errors_of(handler.baseFilename):
            raise error

    return handle
