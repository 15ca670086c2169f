"""What a landmark score should not be read without.

Files that contradict themselves are scored as COCO's own evaluation scores them, which
gives numbers that look like a network's fault: 0 where the area of the truth is 0, and
-1 where the truth says that it has no key points.
"""

from collections.abc import Mapping

import numpy as np

from fashion_mmpose.formats.coco.columns import GarmentColumns, labelled_counts
from fashion_mmpose.formats.deepfashion2.results import Results

from .truth import is_ignored

_MEDIUM = 32**2  # square pixels; COCO has no number for smaller garments


def doubts(
    truth: GarmentColumns,
    detections: Results,
    category_ids: np.ndarray,
    numbers: Mapping[str, float],
) -> tuple[str, ...]:
    """Lines for a log: contradictions in the truth, and why numbers are 0 or -1.

    Args:
        truth: Images and annotated garments.
        detections: What was scored.
        category_ids: The categories that count, shape (C, ).
        numbers: The score.
    """
    scored = np.isin(truth.category_ids, category_ids)
    ignored = is_ignored(truth)[scored]
    labelled = labelled_counts(truth.points, truth.starts)[scored]
    notes = _contradictions(truth, scored, labelled, ignored)
    if ignored.all():
        notes.append(_nothing_to_find(truth, scored, ignored))
    elif (truth.areas[scored][~ignored] < _MEDIUM).all():
        notes.append(
            f'all garments are smaller than {_MEDIUM} square pixels, so there is no '
            'number for medium and large ones'
        )
    if not ignored.all() and numbers['AP.5'] == 0:
        notes += _nothing_found(truth, detections, scored)
    return tuple(notes)


def _contradictions(
    truth: GarmentColumns, scored: np.ndarray, labelled: np.ndarray, ignored: np.ndarray
) -> list[str]:
    counted = truth.num_keypoints[scored]
    boxes, areas = truth.boxes[scored], truth.areas[scored]
    hidden = (counted == 0) & (labelled > 0)
    others = (counted != labelled) & ~hidden
    flat = (areas <= 0) & (boxes[:, 2:] > 0).all(axis=1) & ~ignored
    kinds = (
        (
            hidden,
            'num_keypoints 0 beside labelled key points: they are ignored, as '
            "COCO's evaluation does; to count them: correct num_keypoints",
        ),
        (others, 'another num_keypoints than labelled key points'),
        (
            flat,
            'area 0 beside a box that has one: only exact key points match them, as '
            "in COCO's evaluation; to score them: write the box's area",
        ),
    )
    return [
        f'{int(mask.sum())} of {len(mask)} garments have {what}'
        for mask, what in kinds
        if mask.any()
    ]


def _nothing_to_find(
    truth: GarmentColumns, scored: np.ndarray, ignored: np.ndarray
) -> str:
    crowds = int(truth.iscrowd[scored].sum())
    why = (
        f'of {len(ignored)} garments {len(ignored) - crowds} have no key points by '
        f'their num_keypoints, and {crowds} are crowds'
        if len(ignored)
        else 'the ground truth has no garment'
    )
    return f'the score is -1, since there is nothing to find: {why}'


def _nothing_found(
    truth: GarmentColumns, detections: Results, scored: np.ndarray
) -> list[str]:
    if not len(detections):
        return ['the score is 0, since there are no predictions']
    wanted = set(zip(truth.image_ids[scored].tolist(), truth.category_ids[scored]))
    found = set(zip(detections.image_ids.tolist(), detections.category_ids))
    if wanted & found:
        return []
    return [
        'the score is 0, since no prediction is of an image and a category that a '
        'garment of the ground truth has'
    ]
