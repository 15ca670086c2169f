"""FashionAI's normalized error (NE), as functions of arrays.

NE is the mean distance of predicted to annotated key points as a fraction of
the garment's width: the sum over the counted points of ``|pred - gt| / s``,
divided by the number of counted points of the whole set. A point counts when
it is annotated as visible. ``s`` is the distance of the two armpits (blouse,
outwear, dress) or of the two ends of the waistband (skirt, trousers), whether
these are visible or occluded. An image without a prediction costs 1.0 for each
of its visible points.

The challenge (https://tianchi.aliyun.com/competition/entrance/231648) leaves
open what happens when ``s`` cannot be measured, and public evaluators disagree,
which is why a number needs the name of its rule (:data:`RULES`):

- ``skip_short``: the image is skipped where ``s`` is below 10 px. ``s`` comes
  from the raw cells, in which an absent point is at (-1, -1): two absent ends
  give 0, one absent end gives a long, wrong ``s`` that is used all the same.
  The evaluator that looks like the organiser's; the default.
- ``skip_unlabelled``: the image is skipped where one of the ends is absent.
- ``fallback_256``: nothing is skipped; ``s`` is 256 px where the distance of
  the raw cells is exactly 0. The offline script of the CPN system.
- ``image_mean``: skips as ``skip_unlabelled`` does, then averages the means of
  the images instead of the points. The validation of the CPN system.

Any benchmark whose categories have a normaliser is measured alike.

N: images, C: the key points of the full layout, 24 of FashionAI. All coordinates are
pixels of the original image.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fashion_mmpose.garments import (
    Benchmark,
    Named,
    benchmark,
    category_of_id,
)

RULES = ('skip_short', 'skip_unlabelled', 'fallback_256', 'image_mean')

MIN_NORM_PX = 10.0
FALLBACK_NORM_PX = 256.0
MISSING_ERROR = 1.0
RAW_ABSENT = -1.0  # x and y of an absent point in the challenge's cells


@dataclass(frozen=True)
class NormalizedErrorResult:
    """A normalized error and what it was counted over.

    Errors are fractions of the garment's width; NaN where nothing was counted.

    Attributes:
        rule: The rule, one of :data:`RULES`.
        ne: The error over everything.
        num_points: Number of counted points.
        num_images: Number of images with ground truth.
        num_skipped_images: How many of them the rule skipped.
        num_missing_images: How many of them have no prediction, skipped or not.
        per_category: Category to its ``ne``, ``num_points``, ``num_images``,
            ``num_skipped_images`` and ``num_missing_images``, for the categories
            that occur.
        per_keypoint: Key point to its ``ne`` and ``num_points``, for the key
            points of the categories that occur.
    """

    rule: str
    ne: float
    num_points: int
    num_images: int
    num_skipped_images: int
    num_missing_images: int
    per_category: dict[str, dict[str, float | int]]
    per_keypoint: dict[str, dict[str, float | int]]

    def to_dict(self) -> dict:
        """The attributes in plain types; NaN, which JSON lacks, becomes None."""
        return _without_nan(asdict(self))


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value


def check_rule(rule: str) -> str:
    """Return the rule.

    Raises:
        ValueError: If it is none of :data:`RULES`.
    """
    if rule not in RULES:
        raise ValueError(f'unknown rule {rule!r}; choose from {list(RULES)}')
    return rule


def normalized_error(
    pred_xy: np.ndarray,
    gt: np.ndarray,
    category_ids: np.ndarray,
    answered: np.ndarray | None = None,
    rule: str = 'skip_short',
    dataset: Named = 'fashionai',
) -> NormalizedErrorResult:
    """FashionAI's normalized error of N images.

    Args:
        pred_xy: Predicted points, shape (N, C, 2). Only the points that the
            ground truth counts are read, whatever the prediction says of them.
        gt: Ground truth, shape (N, C, 3): x, y and COCO's visibility, 2 (visible),
            1 (occluded) or 0 (absent, wherever x and y are).
        category_ids: Annotated category of each image, shape (N, ), as in
            :mod:`fashion_mmpose.garments`.
        answered: False where an image has no prediction, shape (N, ). Defaults
            to True everywhere.
        rule: One of :data:`RULES`. Defaults to ``'skip_short'``.
        dataset: The benchmark, or the name of a built-in one. Defaults to FashionAI.

    Returns:
        NormalizedErrorResult: The error overall, per category and per key point.

    Raises:
        ValueError: If a shape, a visibility, a category id or the rule is wrong, if
            the prediction of a counted point is not finite, or if a category has no
            normaliser.
    """
    check_rule(rule)
    whole = benchmark(dataset)
    names = whole.keypoints
    pred_xy = np.asarray(pred_xy, dtype=np.float64)
    gt = np.asarray(gt, dtype=np.float64)
    category_ids = np.asarray(category_ids)
    num_images = len(category_ids)
    if answered is None:
        answered = np.ones(num_images, dtype=bool)
    answered = np.asarray(answered, dtype=bool)
    for name, array, expected in (
        ('category_ids', category_ids, (num_images,)),
        ('pred_xy', pred_xy, (num_images, len(names), 2)),
        ('gt', gt, (num_images, len(names), 3)),
        ('answered', answered, (num_images,)),
    ):
        if array.shape != expected:
            raise ValueError(f'{name} has shape {array.shape}, expected {expected}')
    _check_visibility(gt, names)

    norm_px, skipped = normalizers(gt, category_ids, rule, whole)
    counted = (gt[..., 2] == 2) & ~skipped[:, None]  # (N, C)
    _check_finite(pred_xy, counted & answered[:, None], names)
    distances = np.linalg.norm(pred_xy - gt[..., :2], axis=-1)  # (N, C)
    errors = np.where(answered[:, None], distances / norm_px[:, None], MISSING_ERROR)

    def score(images: np.ndarray) -> dict[str, Any]:
        return dict(
            ne=_mean_error(errors[images], counted[images], rule),
            num_points=int(counted[images].sum()),
            num_images=int(images.sum()),
            num_skipped_images=int(skipped[images].sum()),
            num_missing_images=int((~answered)[images].sum()),
        )

    present = [
        item
        for item in whole.garments.values()
        if (category_ids == item.category_id).any()
    ]
    channels = {channel for item in present for channel in item.channels}
    channels.update(np.flatnonzero(counted.any(axis=0)).tolist())
    return NormalizedErrorResult(
        rule=rule,
        **score(np.ones(num_images, dtype=bool)),
        per_category={
            item.name: score(category_ids == item.category_id) for item in present
        },
        # An image has a key point once, so all rules average it the same way.
        per_keypoint={
            names[k]: dict(
                ne=_mean(errors[counted[:, k], k]), num_points=int(counted[:, k].sum())
            )
            for k in sorted(channels)
        },
    )


def _check_visibility(gt: np.ndarray, names: Sequence[str]) -> None:
    wrong = np.argwhere(~np.isin(gt[..., 2], (0, 1, 2)))
    if len(wrong):
        image, channel = wrong[0]
        raise ValueError(
            f'gt: image {image}, {names[channel]}: visibility '
            f'{gt[image, channel, 2]:g}; expected 2 (visible), 1 (occluded) or '
            '0 (absent), which is COCO visibility'
        )


def _check_finite(
    pred_xy: np.ndarray, scored: np.ndarray, names: Sequence[str]
) -> None:
    wrong = np.argwhere(scored & ~np.isfinite(pred_xy).all(axis=-1))
    if len(wrong):
        image, channel = wrong[0]
        raise ValueError(
            f'pred_xy: image {image}, {names[channel]}: '
            f'{pred_xy[image, channel].tolist()} is not a position; mark images '
            'without a prediction in `answered`'
        )


def normalizers(
    gt: np.ndarray, category_ids: np.ndarray, rule: str, whole: Benchmark
) -> tuple[np.ndarray, np.ndarray]:
    """The width by which the errors of N images are divided.

    Args:
        gt: Ground truth, see :func:`normalized_error`, shape (N, C, 3).
        category_ids: Annotated categories, shape (N, ).
        rule: One of :data:`RULES`.
        whole: The benchmark.

    Returns:
        tuple: The normaliser s in px, 1.0 where the image is skipped, and whether it
        is; both of shape (N, ).

    Raises:
        ValueError: If a category has no normaliser.
    """
    ends = np.zeros((len(gt), 2), dtype=int)
    for category_id in np.unique(category_ids).tolist():
        item = category_of_id(whole, category_id)
        if item.normalizer is None:
            raise ValueError(
                f'{item.name} of {whole.name} has no normaliser, which the normalized '
                'error needs; to fix it: name its two ends under normalizer in the '
                'description of the benchmark, or score with GarmentOKS'
            )
        ends[category_ids == category_id] = [item.channels[i] for i in item.normalizer]
    chosen = np.take_along_axis(gt, ends[..., None], axis=1)  # (N, 2, 3)
    is_absent = chosen[..., 2] == 0
    # Where the raw cells, which the rules speak of, have an absent end.
    xy = np.where(is_absent[..., None], RAW_ABSENT, chosen[..., :2])
    norm_px = np.linalg.norm(xy[:, 0] - xy[:, 1], axis=-1)
    if rule == 'skip_short':
        skipped = norm_px < MIN_NORM_PX
    elif rule == 'fallback_256':
        skipped = np.zeros(len(gt), dtype=bool)
        norm_px = np.where(norm_px == 0, FALLBACK_NORM_PX, norm_px)
    else:
        # Two labelled ends on one pixel do not measure a width either.
        skipped = is_absent.any(axis=1) | (norm_px == 0)
    return np.where(skipped, 1.0, norm_px), skipped


def _mean(errors: np.ndarray) -> float:
    return float(errors.mean()) if errors.size else math.nan


def _mean_error(errors: np.ndarray, counted: np.ndarray, rule: str) -> float:
    """Mean of the counted errors, both (N, C), over points or over images."""
    if rule != 'image_mean':
        return _mean(errors[counted])
    num_points = counted.sum(axis=1)
    has_points = num_points > 0
    sums = np.where(counted, errors, 0.0).sum(axis=1)
    return _mean(sums[has_points] / num_points[has_points])


@dataclass(frozen=True)
class MatchedPredictions:
    """Predictions in the order of the ground truth.

    Attributes:
        xy: Predicted points, shape (N, C, 2); 0 where there is no prediction.
        answered: False where an image has no prediction, shape (N, ).
        num_unknown_rows: Prediction rows whose image has no ground truth.
        num_other_category_rows: Prediction rows of another category than the
            one that their image is annotated with.
    """

    xy: np.ndarray
    answered: np.ndarray
    num_unknown_rows: int
    num_other_category_rows: int

    @property
    def num_ignored_rows(self) -> int:
        """Prediction rows that answer no image."""
        return self.num_unknown_rows + self.num_other_category_rows


def match_predictions(
    gt_ids: Sequence[str],
    gt_categories: Sequence[str],
    pred_ids: Sequence[str],
    pred_categories: Sequence[str],
    pred_xy: np.ndarray,
) -> MatchedPredictions:
    """Bring M predictions into the order of N images with ground truth.

    A prediction for another category than the annotated one answers nothing, as
    a detector's box of another category does: the image has no prediction.

    Args:
        gt_ids: Image ids of the ground truth, N.
        gt_categories: Category names of the ground truth, N.
        pred_ids: Image ids of the predictions, M, in any order.
        pred_categories: Category names of the predictions, M.
        pred_xy: Predicted points, shape (M, 24, 2).

    Raises:
        ValueError: If an image id occurs twice on one side.
    """
    rows = _rows_by_id(gt_ids, 'ground truth')
    _rows_by_id(pred_ids, 'prediction')
    pred_xy = np.asarray(pred_xy, dtype=np.float64)
    targets = np.array([rows.get(image_id, -1) for image_id in pred_ids], dtype=int)
    known = targets >= 0
    same = np.array(
        [
            target >= 0 and gt_categories[target] == category
            for target, category in zip(targets, pred_categories)
        ],
        dtype=bool,
    )
    xy = np.zeros((len(gt_ids), *pred_xy.shape[1:]))
    xy[targets[same]] = pred_xy[same]
    answered = np.zeros(len(gt_ids), dtype=bool)
    answered[targets[same]] = True
    return MatchedPredictions(
        xy=xy,
        answered=answered,
        num_unknown_rows=int((~known).sum()),
        num_other_category_rows=int((known & ~same).sum()),
    )


def _rows_by_id(image_ids: Sequence[str], what: str) -> dict[str, int]:
    rows = {}
    for row, image_id in enumerate(image_ids):
        if rows.setdefault(image_id, row) != row:
            raise ValueError(
                f'{what}: image {image_id!r} occurs twice, in rows '
                f'{rows[image_id]} and {row} (from 0); keep one'
            )
    return rows
