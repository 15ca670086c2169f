"""The errors of a network on an annotated set, and what it says of each point."""

from dataclasses import dataclass

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope
from mmpose.registry import DATASETS
from tqdm import tqdm

from fashion_mmpose import garments
from fashion_mmpose.apis import PoseNetwork
from fashion_mmpose.evaluation.functional.errors import measure_of
from fashion_mmpose.evaluation.functional.oks.truth import (
    annotation_columns,
    compact_annotation,
)
from fashion_mmpose.evaluation.functional.samples import (
    annotated_garment,
    predicted_garment,
)
from fashion_mmpose.measure.uncertainty.calibration import Calibration, calibrated
from fashion_mmpose.measure.uncertainty.student import radius

BATCH_SIZE = 16
_LEAST_DETERMINANT = 1e-12


@dataclass(frozen=True, eq=False)
class PointErrors:
    """Points whose truth is known; n points.

    Attributes:
        offsets: From the truth to what was predicted, in pixels, shape (n, 2).
        spreads: Of the heatmaps, in square pixels, shape (n, 2, 2).
        scores: Shape (n, ).
        sizes: Square roots of the areas of their garments' boxes, shape (n, ).
        units: Pixels that count as 1 in the benchmark's score, NaN where it skips the
            garment, shape (n, ); see
            :mod:`fashion_mmpose.evaluation.functional.errors.measures`.
        names: Names of the key points, shape (n, ).
        owners: Numbers of the garments, int, shape (n, ).
    """

    offsets: np.ndarray
    spreads: np.ndarray
    scores: np.ndarray
    sizes: np.ndarray
    units: np.ndarray
    names: np.ndarray
    owners: np.ndarray

    def __len__(self) -> int:
        return len(self.offsets)

    def chosen(self, rows: np.ndarray) -> 'PointErrors':
        """Some of the points, by a mask or by indices."""
        return PointErrors(
            *(getattr(self, name)[rows] for name in self.__annotations__)
        )


def gather_errors(network: PoseNetwork, cfg: Config, part: str) -> PointErrors:
    """Predict a config's validation or test set.

    Args:
        network: The network.
        cfg: Its config.
        part: ``'val'`` or ``'test'``.

    Raises:
        ValueError: If the config has no such set, or nothing in it is annotated, or the
            network does not tell the spread of its points.
    """
    loader = cfg.get(f'{part}_dataloader')
    if loader is None:
        raise ValueError(f'the config has no {part}_dataloader to take pictures from')
    with DefaultScope.overwrite_default_scope('mmpose'):
        dataset = DATASETS.build(loader.dataset)
    columns = [[] for _ in PointErrors.__annotations__]
    starts = range(0, len(dataset), BATCH_SIZE)
    for start in tqdm(starts, desc='predict', unit='batch', disable=None):
        stop = min(start + BATCH_SIZE, len(dataset))
        samples = [dataset[i] for i in range(start, stop)]
        with torch.inference_mode():
            results = network.model.test_step(pseudo_collate(samples))
        for owner, result in enumerate(results, start):
            for column, values in zip(columns, _of_garment(result, network, owner)):
                column.append(values)
    if not columns[0] or not sum(map(len, columns[0])):
        raise ValueError(
            f'the {part} set has no annotated point to calibrate with; to fix it: name '
            'another with --part, or its file with --cfg-options '
            f'{part}_dataloader.dataset.ann_file=FILE'
        )
    return PointErrors(*map(np.concatenate, columns))


def _of_garment(result, network: PoseNetwork, owner: int) -> tuple[np.ndarray, ...]:
    sample = result.to_dict()
    found = predicted_garment(sample, network.definition)
    if found.covariances is None:
        raise ValueError(
            'the network does not tell the spread of its points, of which a '
            'calibration is made; to fix it: give it a head of this package, such as '
            "PointHeatmapHead, in the place of MMPose's"
        )
    annotation = sample.get('raw_ann_info')
    rows = np.zeros(len(found.names), bool)
    truth = found.keypoints
    units = np.full(len(rows), np.nan)
    if annotation:
        _, labelled = annotated_garment(annotation, network.definition, 'the truth')
        rows = labelled[:, 2] > 0
        truth = labelled[:, :2]
        units = _units(annotation, network)
    rows &= np.isfinite(found.covariances).all(axis=(1, 2))
    count = int(rows.sum())
    x1, y1, x2, y2 = found.bbox.astype(np.float64)
    return (
        (found.keypoints - truth)[rows].astype(np.float64),
        found.covariances[rows].astype(np.float64),
        found.scores[rows].astype(np.float64),
        np.full(count, np.sqrt(max((x2 - x1) * (y2 - y1), 1.0))),
        units[rows],
        np.array(found.names, object)[rows],
        np.full(count, owner),
    )


def _units(annotation: dict, network: PoseNetwork) -> np.ndarray:
    """Pixels that count as 1 of each key point of an annotated garment, (K, )."""
    scored = compact_annotation(annotation, network.definition)
    truth = annotation_columns([scored], [scored['image_id']])
    kind = garments.category_of_id(network.definition, scored['category_id'])
    return measure_of(network.definition).units(truth, np.array([0]), kind)[0]


def squared_distances(
    offsets: np.ndarray, covariances: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How far points are off in their scales, also where a scale has no width.

    Args:
        offsets: In pixels, shape (n, 2).
        covariances: In square pixels, shape (n, 2, 2). What is fitted to very few
            points may be lines.

    Returns:
        tuple: Squares of Mahalanobis' distances, and the covariances' determinants,
        which are taken to be 1e-12 at least; both of shape (n, ).
    """
    xx, xy, yy = covariances[:, 0, 0], covariances[:, 0, 1], covariances[:, 1, 1]
    determinants = np.maximum(xx * yy - xy * xy, _LEAST_DETERMINANT)
    x, y = offsets.T
    return (yy * x * x - 2 * xy * x * y + xx * y * y) / determinants, determinants


def distances(errors: PointErrors, covariances: np.ndarray) -> np.ndarray:
    """How many of their scales points are off (Mahalanobis' distance), shape (n, )."""
    squares, _ = squared_distances(errors.offsets, covariances)
    return np.sqrt(np.maximum(squares, 0))


def covariances_of(errors: PointErrors, calibration: Calibration | None) -> np.ndarray:
    """Covariances of points, shape (n, 2, 2): their spread, or calibrated."""
    if calibration is None:
        return errors.spreads
    scales = np.array([calibration.scales[name] for name in errors.names])
    floors = np.array([calibration.floors[name] for name in errors.names])
    return calibrated(
        errors.spreads, errors.scores, errors.sizes, scales, floors, calibration.power
    )


def coverage(
    errors: PointErrors, calibration: Calibration | None, levels: np.ndarray
) -> np.ndarray:
    """Shares of points inside of the ellipses of these levels, as the levels.

    Args:
        errors: Points whose truth is known.
        calibration: None for the spread of the heatmaps, taken for a Gaussian's.
        levels: Probabilities, shape (m, ).
    """
    dof = np.inf if calibration is None else calibration.dof
    off = distances(errors, covariances_of(errors, calibration))
    return np.array([(off <= radius(level, dof)).mean() for level in levels])


def landmark_groups(network: PoseNetwork) -> dict[str, str]:
    """The group of every key point by its name: those that are one place, mirrored.

    Left and right are one group, and of DeepFashion2 the landmarks that categories
    share.
    """
    whole = network.definition
    places: dict[str, object] = {name: name for name in whole.keypoints}
    if whole.name == 'deepfashion2':
        places = dict(zip(whole.keypoints, garments.shared.shared_places()))
    first: dict[object, str] = {}
    groups = {}
    for kind in whole.garments.values():
        for i, name in enumerate(kind.keypoints):
            mirror = kind.keypoints[kind.flip[i]]
            known = first.get(places[name], first.get(places[mirror], name))
            first.setdefault(places[name], known)
            first.setdefault(places[mirror], known)
            groups[name] = known
    return groups
