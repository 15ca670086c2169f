"""A pose network with all that it needs besides pictures and boxes."""

import os
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import DefaultScope
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import DATASETS, MODELS

from fashion_mmpose import garments
from fashion_mmpose.config.checks import check_codecs, check_members
from fashion_mmpose.config.loading import load_config, with_members
from fashion_mmpose.config.parts import is_detector, is_ensemble, kind_of
from fashion_mmpose.datasets.garment_dataset import SAMPLE_METAINFO, GarmentDataset
from fashion_mmpose.datasets.records import layout_channels
from fashion_mmpose.evaluation.functional.samples import predicted_garment
from fashion_mmpose.measure.uncertainty.calibration import (
    Calibration,
    beside,
    read_calibration,
)
from fashion_mmpose.weights.folders import of_folder
from fashion_mmpose.weights.read import load_weights, read_checkpoint
from fashion_mmpose.weights.trained_for import shared_categories, trained_boxes

from .device import run_on

ConfigLike = str | os.PathLike | Config
WeightsLike = str | os.PathLike | None


class PoseNetwork:
    """A pose network of this package, as ``tools/test.py`` runs it.

    Crops go through the config's own test pipeline, so the results are those of a test
    run in the same boxes, taken for a detector's: ``TrimAnnotatedBox`` leaves them.
    What the network is for is read from the config's test dataset: weights need not
    tell. If the dataset names the file of a description that is not there, the
    description in the checkpoint stands in for it.

    Args:
        config: Path of a config, the bare name of one that the package carries, or a
            loaded config; or a folder of networks with a single pose network, or its id
            on a model hub.
        weights: Path of a checkpoint; None for an ensemble whose members name theirs,
            and for a folder.
        device: A device of PyTorch. Defaults to ``'cpu'``.

    Attributes:
        model: The network, with ``cfg`` and ``dataset_meta`` as MMPose's
            ``init_model`` leaves them.
        benchmark: Name of the benchmark whose key points it finds.
        definition: The benchmark.
        category: The only category in whose layout it is; None for the full layout.
        categories: Names of the categories that it was made and trained for.
        bbox_source: What it was trained on, as far as the checkpoint or the config
            tells: ``'annotation'``, garments in their boxes, or ``'image'``, whole
            pictures; else None.
        calibration: What makes covariances of the spread of its heatmaps, and
            probabilities of its scores: from the file beside the weights that
            ``fashion-mmpose calibrate`` has written, or from the checkpoint's ``meta``;
            None where there is none.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        ValueError: If the config is not that of a pose network of this package, or the
            weights are missing, do not fit it or are for other garments.
    """

    def __init__(
        self,
        config: ConfigLike,
        weights: WeightsLike = None,
        device: str | torch.device = 'cpu',
    ) -> None:
        config, weights = of_folder(config, weights, is_detector=False)
        name, config = _read(config)
        dataset = _check_config(config, name)
        self.definition = _definition(dataset, name, weights)
        self.benchmark = self.definition.name
        self.category = dataset.get('category')
        self.categories = _held(self.definition, dataset)
        self._layout = parse_pose_metainfo(
            garments.metainfo(self.definition, self.category)
        )
        self._channels = layout_channels(self.definition, self.category)
        self._of_samples = {
            key: self._layout[key] for key in SAMPLE_METAINFO if key in self._layout
        }
        # MMEngine copies it several times a sample, lists number by number.
        self._of_samples['flip_indices'] = np.array(self._layout['flip_indices'])
        if weights is None and not is_ensemble(config):
            raise ValueError(
                f'{name} needs weights: only an ensemble names the checkpoints of its '
                'members'
            )
        checkpoint = None if weights is None else read_checkpoint(weights)
        if checkpoint is not None:
            self.categories = shared_categories(
                checkpoint.meta, self._metainfo, name, weights
            )
        self.calibration = calibration_of(
            weights, {} if checkpoint is None else checkpoint.meta
        )
        self.bbox_source = trained_boxes(
            {} if checkpoint is None else checkpoint.meta, config
        )
        with DefaultScope.overwrite_default_scope('mmpose'):
            self.model = MODELS.build(config.model)
            self._pipeline = Compose(dataset.pipeline)
        if checkpoint is not None:
            load_weights(self.model, checkpoint.tensors, name, weights)
        # What measures garments asks how sure their points are.
        self.model.test_cfg = dict(self.model.test_cfg or {}, output_covariances=True)
        self.model.cfg = config
        self.model.dataset_meta = self._metainfo
        if _is_channels_last(config):
            self.model.to(memory_format=torch.channels_last)
        run_on(self.model, device)

    @property
    def flip_indices(self) -> np.ndarray:
        """The mirror image of each key point of its layout, int64, shape (K, )."""
        return self._of_samples['flip_indices']

    @property
    def _metainfo(self) -> dict:
        """As the dataset has it."""
        return dict(
            self._layout,
            benchmark=garments.benchmark_entry(self.definition),
            category=self.category,
            categories=self.categories,
        )

    @property
    def is_on_cpu(self) -> bool:
        """Whether the network computes where the crops are made."""
        return next(self.model.parameters()).device.type == 'cpu'

    def sample(
        self,
        pixels: np.ndarray,
        category: str,
        bbox: np.ndarray,
        bbox_score: float = 1.0,
        image: str | int = '',
        image_id: int = 0,
    ) -> dict:
        """Cut a garment out of its picture: what the network takes.

        Args:
            pixels: BGR, uint8, shape (H, W, 3); it is not changed.
            category: One of :attr:`categories`.
            bbox: x1, y1, x2, y2 in pixels of the picture, shape (4, ).
            bbox_score: Score that the detector gives. Defaults to 1.
            image: The picture's name, for errors of the pipeline.
            image_id: The picture's number. Defaults to 0.

        Returns:
            dict: ``inputs`` and ``data_samples``.
        """
        category_id = garments.garment(self.definition, category).category_id
        sample = dict(
            self._of_samples,
            img=pixels,
            img_path=str(image),
            img_id=image_id,
            id=0,
            category_id=category_id,
            bbox=np.asarray(bbox, np.float32).reshape(1, 4),
            bbox_score=np.array([bbox_score], np.float32),
        )
        if self.category is None:
            sample['own_channels'] = self._channels[category_id]
        return self._pipeline(sample)

    def predict(self, samples: Sequence[dict]) -> list[garments.GarmentPrediction]:
        """Find the key points in one batch of samples.

        Args:
            samples: See :meth:`sample`.

        Returns:
            list[GarmentPrediction]: One per sample.
        """
        if not samples:
            return []
        with torch.inference_mode():
            results = self.model.test_step(pseudo_collate(samples))
        found = [
            predicted_garment(result.to_dict(), self.definition) for result in results
        ]
        if self.calibration is None:
            return found
        return [self.calibration.applied(each) for each in found]


def build_networks(
    pose: ConfigLike | Mapping[str, ConfigLike | tuple[ConfigLike, WeightsLike]],
    weights: WeightsLike,
    device: str | torch.device,
) -> dict[str, PoseNetwork]:
    """The pose network of every category, each built once.

    Args:
        pose: One for all categories; or for each category its own, a config or a pair
            of config and weights.
        weights: Those of the one for all.
        device: A device of PyTorch.

    Raises:
        ValueError: See :class:`PoseNetwork`; or a network is not for its category.
    """
    if not isinstance(pose, Mapping):
        network = PoseNetwork(pose, weights, device)
        return dict.fromkeys(network.categories, network)
    if weights is not None:
        raise ValueError(
            'pose2d names the weights of each category: give no pose2d_weights'
        )
    if not pose:
        raise ValueError('pose2d is empty: it names no category')
    networks, built = {}, []
    for category, entry in pose.items():
        is_pair = isinstance(entry, tuple | list)
        config, own_weights = entry if is_pair else (entry, None)
        # Two loaded configs are the same if they are one object.
        files = (
            config if isinstance(config, Config) else os.fspath(config),
            None if own_weights is None else os.fspath(own_weights),
        )
        network = next((each for known, each in built if known == files), None)
        if network is None:
            network = PoseNetwork(config, own_weights, device)
            built.append((files, network))
        if category not in network.categories:
            raise ValueError(
                f'the pose network of {category!r} is one for '
                f'{list(network.categories)}'
            )
        networks[category] = network
    return networks


def pose_by_category(
    entries: Sequence[tuple[ConfigLike, WeightsLike]],
) -> dict[str, tuple[Config, WeightsLike]]:
    """Several pose networks as a dict of categories, which their configs tell.

    Args:
        entries: Config and weights of each.

    Raises:
        ValueError: If two are for the same category.
    """
    pose, names = {}, {}
    for config, weights in entries:
        name, config = _read(config)
        dataset = _check_config(config, name)
        for category in _held(_definition(dataset, name, weights), dataset):
            if category in pose:
                raise ValueError(
                    f'{names[category]} and {name} are both for {category!r}; give one '
                    'pose network for each category'
                )
            pose[category] = (config, weights)
            names[category] = name
    return pose


def _read(config: ConfigLike) -> tuple[str, Config]:
    """What a config is called, and the config."""
    if isinstance(config, Config):
        return 'the loaded config', with_members(config)
    return os.fspath(config), load_config(os.fspath(config))


def _check_config(config: Config, name: str) -> Mapping:
    """The settings of the test dataset of a pose network's config."""
    if is_detector(config):
        raise ValueError(f'{name} is the config of a detector, not of a pose network')
    dataset = (config.get('test_dataloader') or {}).get('dataset') or {}
    if 'model' not in config or not dataset.get('pipeline'):
        raise ValueError(f'{name} has no model and test_dataloader.dataset.pipeline')
    first = dataset.pipeline[0]
    # MMPose's step takes pictures that are loaded, whatever else it is told.
    # Pictures come upright and in colour, whether or not the step would turn them.
    colours = ('color', 'color_ignore_orientation')
    if (
        kind_of(first) != 'LoadImage'
        or set(first) - {'type', 'backend_args', 'to_float32', 'color_type'}
        or first.get('color_type', 'color') not in colours
    ):
        raise ValueError(
            f"{name}: its test pipeline must begin with dict(type='LoadImage'), which "
            f'reads pictures in colour; it begins with {dict(first)}'
        )
    check_codecs(config, ('test',))
    check_members(config)
    return dataset


def _dataset_class(dataset: Mapping, name: str) -> type[GarmentDataset]:
    with DefaultScope.overwrite_default_scope('mmpose'):
        kind = DATASETS.get(dataset['type'])
    if not (isinstance(kind, type) and issubclass(kind, GarmentDataset)):
        raise ValueError(
            f'{name} is tested on a {dataset["type"]}, which says nothing of garments; '
            'test_dataloader.dataset must be a GarmentDataset, a FashionAIDataset or a '
            'DeepFashion2GarmentDataset'
        )
    return kind


def _definition(
    dataset: Mapping, name: str, weights: WeightsLike
) -> garments.Benchmark:
    """The benchmark of a test dataset's settings, or else of the checkpoint."""
    kind = _dataset_class(dataset, name)
    try:
        return kind.described(dataset.get('benchmark'))
    except FileNotFoundError:
        meta = {} if weights is None else read_checkpoint(weights).meta
        carried = (meta.get('dataset_meta') or {}).get('benchmark')
        if carried is None:
            raise
        return kind.described(carried)


def calibration_of(weights: WeightsLike, meta: Mapping) -> Calibration | None:
    """What has been fitted to a checkpoint's network; None where nobody has.

    Args:
        weights: The checkpoint, beside which the calibration may lie; or None.
        meta: What the checkpoint says of itself, which may hold one.

    Raises:
        FormatError: If it is none.
    """
    if weights is not None and beside(weights).is_file():
        return read_calibration(beside(weights))
    if 'calibration' in meta:
        return Calibration.from_dict(
            meta['calibration'], f"{weights}: its 'calibration'"
        )
    return None


def _held(benchmark: garments.Benchmark, dataset: Mapping) -> tuple[str, ...]:
    """The categories that a dataset's settings name, in the order of the table."""
    wanted = dataset.get('categories') or garments.categories(benchmark)
    if dataset.get('category') is not None:
        wanted = [dataset['category']]
    return garments.in_order(benchmark, wanted)


def _is_channels_last(config: Config) -> bool:
    hooks = config.get('custom_hooks') or ()
    return 'ChannelsLastHook' in map(kind_of, hooks)
