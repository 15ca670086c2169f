"""Pictures of what a detector finds in a test."""

import os
from collections.abc import Sequence
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from fashion_mmpose.datasets.pictures.reading import pictures_of
from fashion_mmpose.files.folders import relative_names


@HOOKS.register_module()
class BoxPicturesHook(Hook):
    """MMDetection's drawings of a test, in the folders of the pictures.

    ``DetVisualizationHook`` draws pictures of the same name in different folders into
    one file, of which the last is left. Here the files are named as those of
    :class:`fashion_mmpose.evaluation.metrics.PictureFiles`.

    Args:
        test_out_dir (str): Folder for the pictures.
        **kwargs: Arguments of :class:`mmdet.engine.hooks.DetVisualizationHook`.
    """

    def __init__(self, test_out_dir: str, **kwargs) -> None:
        # MMDetection's would put a relative folder below the work directory.
        self.out_dir = os.path.abspath(test_out_dir)
        self._drawing = HOOKS.build(dict(kwargs, type='mmdet.DetVisualizationHook'))
        self._names: dict[str, str] = {}

    def before_test_epoch(self, runner: Runner) -> None:
        """Name the drawings; pictures that the data set does not tell lose folders."""
        pictures = pictures_of(runner.test_dataloader.dataset) or {}
        self._names = relative_names(list(pictures))

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence | None = None,
    ) -> None:
        """Draw a batch, each picture into its folder."""
        for sample in outputs or ():
            folder = os.path.dirname(self._names.get(sample.img_path, ''))
            self._drawing.test_out_dir = os.path.join(self.out_dir, folder)
            self._drawing.after_test_iter(runner, batch_idx, data_batch, [sample])
