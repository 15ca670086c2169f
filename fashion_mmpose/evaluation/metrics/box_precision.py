"""COCO's average precision of the boxes of predicted garments."""

from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
from xtcocotools.coco import COCO
from xtcocotools.cocoeval import COCOeval

from fashion_mmpose import garments
from fashion_mmpose.formats.coco.columns import GarmentColumns

BOX_NUMBERS = ('box_AP', 'box_AP.5', 'box_AP.75')
_PLACES = (slice(None), 0, 5)  # of their thresholds, 0.50, 0.55 to 0.95


def box_precision(
    truth: GarmentColumns,
    entries: Sequence[dict],
    categories: Sequence[garments.Garment],
) -> dict[str, float]:
    """Score boxes as detectors are scored, by COCO's own code.

    Every annotated garment is to be found, also those without labelled landmarks.

    Args:
        truth: Images and annotated garments.
        entries: Predicted garments: ``image_id``, ``category_id``, ``score`` and
            ``bbox``, x1, y1, x2, y2 in pixels of the image.
        categories: The categories that are scored.

    Returns:
        dict: Average precision over ten thresholds of the intersection over union, at
        0.50 and at 0.75, means over the categories that are annotated; -1 where nothing
        is, or crowds alone are.
    """
    annotations = [
        dict(
            id=number,
            image_id=image,
            category_id=category,
            bbox=box,
            area=area,
            iscrowd=int(is_crowd),
        )
        for number, image, category, box, area, is_crowd in zip(
            range(1, len(truth.ids) + 1),  # COCO's code takes the id 0 for no match
            truth.image_ids.tolist(),
            truth.category_ids.tolist(),
            truth.boxes.tolist(),
            truth.areas.tolist(),
            truth.iscrowd.tolist(),
        )
    ]
    held = [garment.category_id for garment in categories]
    results = [
        {**entry, 'bbox': _xywh(entry['bbox'])}
        for entry in entries
        if entry['category_id'] in held
    ]
    if not results or not annotations:
        to_find = np.isin(truth.category_ids, held) & ~truth.iscrowd
        return dict.fromkeys(BOX_NUMBERS, 0.0 if to_find.any() else -1.0)
    with redirect_stdout(StringIO()):  # COCO's code tells what it does
        known = COCO()
        known.dataset = dict(
            images=[dict(id=each) for each in truth.images.ids.tolist()],
            annotations=annotations,
            categories=[dict(id=each) for each in held],
        )
        known.createIndex()
        scored = COCOeval(known, known.loadRes(results), 'bbox')
        scored.evaluate()
        scored.accumulate()
    # Thresholds, recalls, categories; of all sizes, of the 100 best boxes.
    precision = scored.eval['precision'][:, :, :, 0, -1]
    return {name: _mean(precision[place]) for name, place in zip(BOX_NUMBERS, _PLACES)}


def _xywh(box: Sequence[float]) -> list[float]:
    x1, y1, x2, y2 = np.asarray(box, float).tolist()
    return [x1, y1, x2 - x1, y2 - y1]


def _mean(values: np.ndarray) -> float:
    values = values[values > -1]
    return float(values.mean()) if values.size else -1.0
