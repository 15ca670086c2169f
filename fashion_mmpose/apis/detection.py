"""Garments in pictures, found by a detector of MMDetection."""

import copy
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from mmengine.config import Config, ConfigDict
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import DefaultScope
from torch import nn

from fashion_mmpose import garments
from fashion_mmpose.config.loading import read_config
from fashion_mmpose.config.parts import kind_of
from fashion_mmpose.inference.boxes.suppression import (
    check_limits,
    select_boxes,
    wanted_labels,
)
from fashion_mmpose.inference.detections import Detections, picture_batches
from fashion_mmpose.stack import compat
from fashion_mmpose.weights.folders import of_folder
from fashion_mmpose.weights.read import (
    load_weights,
    read_checkpoint,
    without_preprocessor,
)
from fashion_mmpose.weights.trained_for import trained_classes

from .device import run_on

_THINNEST = 100  # How many times as long as wide pictures may be.


class GarmentDetector:
    """A trained detector of MMDetection.

    Pictures go through the config's own test pipeline and data preprocessor.

    Args:
        config: Path of a config, the bare name of one that the package carries, or a
            loaded config; or a folder of networks, or its id on a model hub.
        weights: Path of a checkpoint; None for a folder.
        device: ``'auto'`` (a GPU if there is one), or a device of PyTorch. Defaults to
            ``'auto'``.
        score_thr: Boxes of lower scores are left out. Defaults to 0.05.
        max_per_image: Only so many boxes of a picture, the best. Defaults to 100.
        max_overlap: Of boxes that overlap by more than that (intersection over union),
            whatever their categories, only the best stays; a shirt below a coat may be
            lost. None for the config's own suppression, which works inside each
            category, so that one garment may be found as two. Defaults to None.

    Attributes:
        classes: Names of the categories that it tells apart.
        config: The loaded config.
        definition: The benchmark of the config's test set; None for another dataset.
        file_pipeline: Turns ``dict(img_path=...)`` into a sample for
            :meth:`detect_samples`; it may run in other processes.

    Raises:
        ImportError: If MMDetection is missing.
        FileNotFoundError: If there is no such config or checkpoint.
        ValueError: If the config is not that of a detector, the weights do not fit it,
            the two name different classes, or a limit is out of its range.
    """

    def __init__(
        self,
        config: str | os.PathLike | Config,
        weights: str | os.PathLike | None = None,
        device: str = 'auto',
        score_thr: float = 0.05,
        max_per_image: int = 100,
        max_overlap: float | None = None,
    ) -> None:
        check_limits(score_thr, max_per_image, max_overlap)
        compat.require_mmdet()
        from mmdet.registry import MODELS
        from mmdet.utils import register_all_modules

        register_all_modules(init_default_scope=False)
        config, weights = of_folder(config, weights, is_detector=True)
        if isinstance(config, Config):
            name, cfg = 'the loaded config', config
        else:
            name, cfg = os.fspath(config), read_config(config)
        self.config = cfg
        pipeline = _inference_pipeline(cfg, name)
        if weights is None:
            raise ValueError(f'{name} is the config of a detector, which needs weights')
        checkpoint = read_checkpoint(weights)
        self.score_thr = score_thr
        self.max_per_image = max_per_image
        self.max_overlap = max_overlap
        self.definition = _definition(cfg, checkpoint.meta)
        self.classes = _classes(cfg, checkpoint.meta, self.definition, name, weights)
        with _mmdet_scope():
            self.model = MODELS.build(cfg.model)
            self.file_pipeline = Compose(pipeline)
            self._array_pipeline = Compose(
                [dict(type='mmdet.LoadImageFromNDArray'), *pipeline[1:]]
            )
        tensors = without_preprocessor(checkpoint.tensors, self.model)
        load_weights(self.model, tensors, name, weights)
        run_on(self.model, device)

    def detect(
        self,
        images: Sequence[np.ndarray],
        batch_size: int = 8,
        categories: Sequence[str | None] | None = None,
    ) -> list[Detections]:
        """Find the garments in pictures.

        Args:
            images: Pictures in BGR order, shape (H, W, 3), uint8.
            batch_size: So many pictures go through the network at once. Defaults to 8.
            categories: Of each picture, the category whose boxes alone count; None for
                all. Defaults to None, all of all.

        Returns:
            list[Detections]: One per picture.

        Raises:
            ValueError: If a picture is of another shape or type.
        """
        found = []
        labels = iter(wanted_labels(self.classes, categories, len(images)))
        for batch in picture_batches(images, batch_size):
            samples = [self._array_pipeline(dict(img=_resizable(i))) for i in batch]
            shapes = [image.shape[:2] for image in batch]
            found += self._detect(samples, shapes, [next(labels) for _ in batch])
        return found

    def detect_samples(self, samples: Sequence[dict]) -> list[Detections]:
        """Find the garments in one batch of samples of the pipeline."""
        shapes = [sample['data_samples'].ori_shape[:2] for sample in samples]
        return self._detect(samples, shapes, [None] * len(samples))

    def _detect(
        self,
        samples: Sequence[dict],
        shapes: Sequence[tuple[int, ...]],
        labels: Sequence[int | None],
    ) -> list[Detections]:
        """Find the garments in samples of pictures of such heights and widths."""
        if not samples:
            return []
        wanted = _wanted_scores(self.model, self.score_thr)
        with torch.inference_mode(), _mmdet_scope(), wanted:
            results = self.model.test_step(pseudo_collate(samples))
        return [self._detections(*each) for each in zip(results, shapes, labels)]

    def _detections(
        self, result, shape: tuple[int, ...], label: int | None
    ) -> Detections:
        instances = result.pred_instances.detach().cpu().numpy()
        height, width = shape
        bboxes, scores, labels = select_boxes(
            instances.bboxes,
            instances.scores,
            instances.labels,
            (width, height),
            self.score_thr,
            self.max_per_image,
            self.max_overlap,
            label,
        )
        return Detections(bboxes, scores, tuple(self.classes[i] for i in labels))


def _resizable(image: np.ndarray) -> np.ndarray:
    """A picture of which MMDetection's ``Resize`` leaves a pixel, however thin it is.

    It refuses one whose shorter side would vanish. Its last row or column is repeated,
    beyond the picture's border, where no box may end.
    """
    least = -(-max(image.shape[:2]) // _THINNEST)
    missing = [max(0, least - side) for side in image.shape[:2]]
    if not any(missing):
        return image
    return np.pad(image, [*((0, each) for each in missing), (0, 0)], 'edge')


@contextmanager
def _wanted_scores(model: nn.Module, score_thr: float) -> Iterator[None]:
    """Let a detector suppress no boxes of scores that are left out afterwards.

    They stand in no better one's way, and on a CPU thousands of them take longer than
    the network does.
    """
    heads = (getattr(model, name, None) for name in ('bbox_head', 'roi_head'))
    told = {
        head: head.test_cfg
        for head in heads
        if 'score_thr' in (getattr(head, 'test_cfg', None) or {})
    }
    # MMDetection takes scores above its threshold, which has single precision.
    least = float(np.nextafter(np.float32(score_thr), np.float32(-1)))
    try:
        for head, cfg in told.items():
            head.test_cfg = ConfigDict(cfg, score_thr=max(cfg['score_thr'], least))
        yield
    finally:
        for head, cfg in told.items():
            head.test_cfg = cfg


def _mmdet_scope():
    # Pose networks are built and run beside it: the scope of the process must stay.
    return DefaultScope.overwrite_default_scope('mmdet')


def _inference_pipeline(cfg: Config, name: str) -> list[dict]:
    """The test pipeline without annotations."""
    dataset = (cfg.get('test_dataloader') or {}).get('dataset', {})
    if 'pipeline' not in dataset or 'model' not in cfg:
        raise ValueError(f'{name} has no model and test_dataloader.dataset.pipeline')
    steps = [
        copy.deepcopy(dict(step))
        for step in dataset.pipeline
        if not step['type'].endswith('LoadAnnotations')
    ]
    types = [*map(kind_of, steps)]
    if types[:1] != ['LoadImageFromFile'] or types[-1:] != ['PackDetInputs']:
        raise ValueError(
            f'{name} is not the config of a detector: its test pipeline must go from '
            f'LoadImageFromFile to PackDetInputs, but is {types}'
        )
    return steps


def _definition(cfg: Config, meta: Mapping) -> garments.Benchmark | None:
    """The benchmark that the config's test dataset names.

    Where the file of its description is not there, that of the checkpoint.
    """
    benchmark = cfg.test_dataloader.dataset.get('benchmark')
    if benchmark is None:
        return None
    try:
        return garments.benchmark(benchmark)
    except FileNotFoundError:
        carried = (meta.get('dataset_meta') or {}).get('benchmark')
        if carried is None:
            raise
        return garments.benchmark(carried)


def _classes(
    cfg: Config,
    meta: Mapping,
    definition: garments.Benchmark | None,
    name: str,
    weights: str | os.PathLike,
) -> tuple[str, ...]:
    """Names of the classes, on which config and checkpoint must agree."""
    metainfo = cfg.test_dataloader.dataset.get('metainfo') or {}
    stated = tuple(metainfo.get('classes') or ())
    if not stated and definition is not None:
        stated = garments.categories(definition)
    trained = trained_classes(meta, stated, name, weights)
    if not stated and not trained:
        raise ValueError(
            f'neither {weights} nor {name} names the classes; give the config '
            'test_dataloader.dataset.metainfo=dict(classes=...)'
        )
    return trained or stated
