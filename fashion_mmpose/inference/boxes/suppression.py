"""Which of a detector's boxes are kept, in numpy.

n: boxes, x1, y1, x2, y2 in pixels.
"""

from collections.abc import Sequence

import numpy as np


def check_limits(
    score_thr: float, max_per_image: int, max_overlap: float | None
) -> None:
    """Make sure that a detector's limits can be meant; see :func:`select_boxes`.

    Raises:
        ValueError: If a share is not between 0 and 1, or no box may stay.
    """
    for name, share in dict(score_thr=score_thr, max_overlap=max_overlap).items():
        if share is not None and not 0 <= share <= 1:
            raise ValueError(f'{name} must be between 0 and 1, got {share}')
    if max_per_image < 1:
        raise ValueError(f'max_per_image must be at least 1, got {max_per_image}')


def suppress(
    bboxes: np.ndarray, scores: np.ndarray, iou_thr: float, most: int | None = None
) -> np.ndarray:
    """Greedy suppression of overlapping boxes, as torchvision's ``nms``.

    Args:
        bboxes: Shape (n, 4), float32.
        scores: Shape (n, ).
        iou_thr: A box whose intersection over union with a better one that stays is
            larger is left out.
        most: Only so many are asked for, the best. Defaults to None, all.

    Returns:
        np.ndarray: Indices of the boxes that stay, best first, int64.
    """
    order = np.argsort(-scores, kind='stable')
    bboxes = bboxes[order]
    areas = (bboxes[:, 2] - bboxes[:, 0]) * (bboxes[:, 3] - bboxes[:, 1])
    is_left = np.ones(len(order), bool)
    kept = []
    for i in range(len(order)):
        if not is_left[i]:
            continue
        kept.append(i)
        if len(kept) == most:
            break
        later = i + 1 + np.flatnonzero(is_left[i + 1 :])
        near = np.maximum(bboxes[i, :2], bboxes[later, :2])
        far = np.minimum(bboxes[i, 2:], bboxes[later, 2:])
        sides = np.maximum(far - near, 0)
        shared = sides[:, 0] * sides[:, 1]
        # Two boxes of no area have no overlap.
        union = np.maximum(areas[i] + areas[later] - shared, np.finfo(np.float32).tiny)
        is_left[later[shared / union > np.float32(iou_thr)]] = False
    return order[np.array(kept, np.int64)]


def suppress_by_label(
    bboxes: np.ndarray,
    scores: np.ndarray,
    labels: np.ndarray,
    iou_thr: float,
    most: int | None = None,
) -> np.ndarray:
    """:func:`suppress` among boxes of one label, as MMDetection does it.

    Args:
        bboxes: Shape (n, 4), float32.
        scores: Shape (n, ).
        labels: Shape (n, ).
        iou_thr: See :func:`suppress`.
        most: See :func:`suppress`.

    Returns:
        np.ndarray: Indices of the boxes that stay, best first, int64.
    """
    if not len(bboxes):
        return np.zeros(0, np.int64)
    # Boxes of different labels are moved apart, with the rounding that this has.
    offsets = labels.astype(np.float32) * (bboxes.max() + np.float32(1))
    return suppress(bboxes + offsets[:, None], scores, iou_thr, most)


def wanted_labels(
    classes: Sequence[str], categories: Sequence[str | None] | None, count: int
) -> list[int | None]:
    """The label that is wanted of each picture; None for all.

    Args:
        classes: What the labels mean.
        categories: What is wanted of each picture, None for all; None for all of all.
        count: So many pictures there are.

    Returns:
        list: A category that is none of the classes has the label -1.
    """
    labels = {name: label for label, name in enumerate(classes)}
    return [
        None if name is None else labels.get(name, -1)
        for name in categories or [None] * count
    ]


def select_boxes(
    bboxes: np.ndarray,
    scores: np.ndarray,
    labels: np.ndarray,
    size_wh: tuple[int, int],
    score_thr: float,
    max_num: int,
    max_overlap: float | None = None,
    label: int | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The best boxes of a picture, clipped to it.

    MMDetection clips boxes to the padded input, which may be larger than the picture.

    Args:
        bboxes: x1, y1, x2, y2 in pixels of the picture, shape (n, 4).
        scores: Shape (n, ).
        labels: Shape (n, ).
        size_wh: Width and height of the picture.
        score_thr: Boxes of lower scores are left out.
        max_num: Only so many boxes are kept.
        max_overlap: Boxes whose intersection over union with a better one is larger are
            left out, whatever their labels. Defaults to None, all stay.
        label: Boxes of other labels do not count. Defaults to None, all do.

    Returns:
        tuple: Boxes (float32), scores (float32) and labels of those that are kept,
        best first. Boxes of no area are left out.
    """
    bboxes = np.clip(bboxes, 0, [*size_wh, *size_wh]).astype(np.float32)
    has_area = (bboxes[:, 2:] > bboxes[:, :2]).all(axis=1)
    is_wanted = True if label is None else labels == label
    kept = np.flatnonzero(has_area & is_wanted & (scores >= score_thr))
    kept = kept[np.argsort(-scores[kept], kind='stable')]
    if max_overlap is not None:
        kept = kept[suppress(bboxes[kept], scores[kept], max_overlap)]
    kept = kept[:max_num]
    return bboxes[kept], scores[kept].astype(np.float32), labels[kept]
