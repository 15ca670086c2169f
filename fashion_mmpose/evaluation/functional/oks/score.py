"""The official landmark score of DeepFashion2: average precision over OKS.

The numbers are those of COCO's key point evaluation, ``pycocotools.COCOeval``, with the
official sigmas of the 294 landmarks: detections are matched with ground truth inside
(image, category), at most 20 of them, and the precisions of all categories count alike.
Only a category's own landmarks are annotated, so only these are compared.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.coco.columns import (
    GarmentColumns,
    labelled_counts,
    read_columns,
)
from fashion_mmpose.formats.coco.results import check_pictures
from fashion_mmpose.formats.deepfashion2.results import Results, read_results

from .doubts import doubts
from .matching import Groups, match, similarities
from .truth import is_ignored, visible_only

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
MAX_DETECTIONS = 20  # per image and category
# Square pixels; small garments have no number of their own.
AREAS = {'all': (0, 1e10), 'medium': (32**2, 96**2), 'large': (96**2, 1e10)}
NUMBERS = (
    *('AP', 'AP.5', 'AP.75', 'AP(M)', 'AP(L)'),
    *('AR', 'AR.5', 'AR.75', 'AR(M)', 'AR(L)'),
)


@dataclass(frozen=True)
class OKSResult:
    """The ten numbers, and those of every category; -1 where there is nothing to find.

    Attributes:
        numbers: :data:`NUMBERS` and their values.
        per_category: The same by category, in the table's order.
        num_garments: Labelled garments by category.
        notes: Lines about contradictions in the truth, and why numbers are 0 or -1.
    """

    numbers: dict[str, float]
    per_category: dict[str, dict[str, float]]
    num_garments: dict[str, int]
    notes: tuple[str, ...] = ()


def evaluate_oks(
    truth: GarmentColumns,
    detections: Results,
    benchmark: garments.Named = 'deepfashion2',
    categories: Sequence[str] | None = None,
) -> OKSResult:
    """Score detections.

    Ground truth without labelled landmarks (``num_keypoints`` 0) and crowds are
    ignored: they are not missed, and what matches them is not wrong.

    Args:
        truth: Images and annotated garments, points in float64.
        detections: Detections in these images.
        benchmark: Whose sigmas count. Defaults to ``'deepfashion2'``.
        categories: The categories that are scored; None for all. Defaults to None.

    Returns:
        OKSResult: Averages over the categories that have ground truth.

    Raises:
        ValueError: If a detection is of an image that ``truth`` does not have.
    """
    known = garments.benchmark(benchmark).garments
    chosen = [known[name] for name in (known if categories is None else categories)]
    slot_sigmas = garments.layout_sigmas(benchmark)
    image_rows = image_ranks(truth, detections)
    precisions, recalls, counts = [], [], {}
    for garment in sorted(chosen, key=lambda garment: garment.category_id):
        groups = category_groups(truth, detections, garment, image_rows)
        precision, recall = _score_category(
            truth, detections, garment, groups, slot_sigmas
        )
        precisions.append(precision)
        recalls.append(recall)
        labelled = ~is_ignored(truth)[groups.truth_rows]
        counts[garment.name] = int(labelled.sum())
    precision = np.stack(precisions)  # (C, areas, thresholds, recalls)
    recall = np.stack(recalls)  # (C, areas, thresholds)
    numbers = _summary(precision, recall)
    category_ids = np.array([garment.category_id for garment in chosen])
    return OKSResult(
        numbers=numbers,
        per_category={
            name: _summary(precision[i : i + 1], recall[i : i + 1])
            for i, name in enumerate(counts)
        },
        num_garments=counts,
        notes=doubts(truth, detections, category_ids, numbers),
    )


def score_files(
    truth_file: str | os.PathLike,
    result_file: str | os.PathLike,
    without_occluded: bool = False,
) -> OKSResult:
    """Score a file of official results.

    Args:
        truth_file: Ground truth, a COCO JSON of DeepFashion2.
        result_file: Results, as any tool writes them.
        without_occluded: Whether occluded landmarks count as not labelled. Defaults to
            False.

    Returns:
        OKSResult: Its notes name the files.

    Raises:
        FileNotFoundError: If there is no such file.
        FormatError: If a file is not what it should be, or results are of images that
            the ground truth does not list.
    """
    truth = read_columns(
        truth_file, 'deepfashion2', points_dtype=np.float64, image_root=os.sep
    )
    if without_occluded:
        truth = visible_only(truth)
    unlabelled = labelled_counts(truth.points, truth.starts) == 0
    whole = zip(
        truth.image_ids[unlabelled].tolist(), truth.category_ids[unlabelled].tolist()
    )
    results = read_results(result_file, set(whole))
    strangers = np.flatnonzero(truth.images.rows(results.image_ids) < 0)
    if len(strangers):
        first = strangers[0]
        raise FormatError(
            f'{result_file}: {len(strangers)} of {len(results)} entries are of images '
            f'that {truth_file} does not list: entry {first} is of image '
            f'{results.image_ids[first]}; give the annotations that these results are '
            'for'
        )
    listed = zip(truth.images.ids.tolist(), truth.images.file_names)
    check_pictures(result_file, results.pictures, truth_file, listed)
    score = evaluate_oks(truth, results)
    notes = (f'{os.fspath(truth_file)}: {note}' for note in score.notes)
    return replace(score, notes=(*truth.notes, *notes))


def image_ranks(
    truth: GarmentColumns, detections: Results
) -> tuple[np.ndarray, np.ndarray]:
    """Place of every item's and detection's image in the order of image ids."""
    ids = np.unique(truth.images.ids)
    strangers = np.flatnonzero(~np.isin(detections.image_ids, ids))
    if len(strangers):
        raise ValueError(
            f'{len(strangers)} of {len(detections)} detections are of images that the '
            f'ground truth does not list, such as image '
            f'{detections.image_ids[strangers[0]]}'
        )
    return (
        np.searchsorted(ids, truth.image_ids),
        np.searchsorted(ids, detections.image_ids),
    )


def category_groups(
    truth: GarmentColumns,
    detections: Results,
    garment: garments.Garment,
    ranks: tuple[np.ndarray, np.ndarray],
) -> Groups:
    """The category's items and best detections, image by image.

    Args:
        truth: The items.
        detections: The detections.
        garment: The category.
        ranks: See :func:`image_ranks`.
    """
    truth_images, detection_images = ranks
    rows = np.flatnonzero(detections.category_ids == garment.category_id)
    # Equal scores stay in the order in which they came.
    order = np.lexsort((-detections.scores[rows], detection_images[rows]))
    rows = rows[order]
    images = detection_images[rows]
    first = np.searchsorted(images, images, side='left')
    rows = rows[np.arange(len(rows)) - first < MAX_DETECTIONS]
    truth_rows = np.flatnonzero(truth.category_ids == garment.category_id)
    truth_rows = truth_rows[np.argsort(truth_images[truth_rows], kind='stable')]
    return Groups(
        truth_rows=truth_rows,
        truth_images=truth_images[truth_rows],
        detection_rows=rows,
        detection_images=detection_images[rows],
    )


def _score_category(
    truth: GarmentColumns,
    detections: Results,
    garment: garments.Garment,
    groups: Groups,
    slot_sigmas: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Precision (areas, thresholds, recalls) and recall (areas, thresholds)."""
    pairs = similarities(truth, detections, garment, groups, slot_sigmas)
    ignored = is_ignored(truth)[groups.truth_rows]
    crowd = truth.iscrowd[groups.truth_rows]
    areas = truth.areas[groups.truth_rows]
    detected_areas = detections.areas[groups.detection_rows]
    order = np.argsort(-detections.scores[groups.detection_rows], kind='stable')
    precisions, recalls = [], []
    for low, high in AREAS.values():
        outside = ignored | (areas < low) | (areas > high)
        matched, forgiven = match(groups, pairs, outside, crowd, THRESHOLDS)
        out_of_range = (detected_areas < low) | (detected_areas > high)
        forgiven |= ~matched & out_of_range[:, None]
        precision, recall = curves(
            matched[order].T, forgiven[order].T, int((~outside).sum())
        )
        precisions.append(precision)
        recalls.append(recall)
    return np.stack(precisions), np.stack(recalls)


def curves(
    matched: np.ndarray,
    forgiven: np.ndarray,
    num_truth: int,
    weights: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Precision at :data:`RECALLS`, and the highest recall; -1 without ground truth.

    Args:
        matched: (thresholds, detections by falling score), bool.
        forgiven: Detections, in the same shape, that count neither as right nor wrong.
        num_truth: How many there are to find.
        weights: How often each detection counts, shape (detections, ); once by default.
    """
    num_thresholds, num = matched.shape
    if num_truth == 0:
        shape = (num_thresholds, len(RECALLS))
        return np.full(shape, -1.0), np.full(num_thresholds, -1.0)
    rights, wrongs = matched & ~forgiven, ~matched & ~forgiven
    if weights is not None:
        rights, wrongs = rights * weights, wrongs * weights
    right = np.cumsum(rights, axis=1).astype(float)
    wrong = np.cumsum(wrongs, axis=1).astype(float)
    recall = right / num_truth
    precision = right / (right + wrong + np.spacing(1))
    # From the right, no point is lower than what follows it.
    precision = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    curve = np.zeros((num_thresholds, len(RECALLS)))
    for row in range(num_thresholds):
        places = np.searchsorted(recall[row], RECALLS, side='left')
        reached = places < num
        curve[row, reached] = precision[row, places[reached]]
    highest = recall[:, -1] if num else np.zeros(num_thresholds)
    return curve, highest


def _summary(precision: np.ndarray, recall: np.ndarray) -> dict[str, float]:
    """The ten numbers of (C, areas, thresholds, ...) arrays."""
    half, three_quarters = 0, 5  # places of 0.5 and 0.75 in THRESHOLDS
    values = []
    for numbers in (precision, recall):
        values += [
            _mean(numbers[:, 0]),
            _mean(numbers[:, 0, half]),
            _mean(numbers[:, 0, three_quarters]),
            _mean(numbers[:, 1]),
            _mean(numbers[:, 2]),
        ]
    return dict(zip(NUMBERS, values))


def _mean(values: np.ndarray) -> float:
    values = values[values > -1]
    return float(values.mean()) if values.size else -1.0
