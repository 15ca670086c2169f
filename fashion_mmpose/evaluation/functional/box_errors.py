"""How the boxes of a detector differ from annotated ones."""

from collections import defaultdict

import numpy as np

from fashion_mmpose.formats.coco.columns import GarmentColumns
from fashion_mmpose.formats.coco.geometry import corners_of
from fashion_mmpose.formats.detectors.box_columns import BoxColumns

from .errors.pairing import assign, pair_iou


def box_errors(
    truth: GarmentColumns, boxes: BoxColumns, iou_thr: float = 0.5
) -> dict[int, np.ndarray]:
    """Errors of the boxes that are of annotated garments.

    A box is of the garment of its category and picture with which it has the largest
    intersection over union; each garment has one box at most, and the pairs that fit
    best are taken first.

    Args:
        truth: Annotated garments; crowds are left out.
        boxes: A detector's boxes in the same pictures.
        iou_thr: The least intersection over union of a pair. Defaults to 0.5.

    Returns:
        dict: Of each category id with any, an array (n, 4): shift of the centre in x
        and y, as shares of the annotated width and height, and the logarithms of the
        ratios of the widths and of the heights.
    """
    items = _by_garment(truth.image_ids, truth.category_ids, ~truth.iscrowd)
    found = _by_garment(boxes.image_ids, boxes.category_ids, np.ones(len(boxes), bool))
    errors = defaultdict(list)
    for key in items.keys() & found.keys():
        pairs = np.array([(i, j) for i in items[key] for j in found[key]])
        wanted, given = truth.boxes[pairs[:, 0]], boxes.boxes[pairs[:, 1]]
        iou = pair_iou(corners_of(wanted), corners_of(given))
        order = np.argsort(-iou, kind='stable')
        order = order[iou[order] >= iou_thr]
        chosen = assign(pairs[:, 0], pairs[:, 1], order)
        if len(chosen):
            errors[key[1]].append(_differences(wanted[chosen], given[chosen]))
    return {category: np.concatenate(each) for category, each in errors.items()}


def apply_error(box: np.ndarray, error: np.ndarray) -> np.ndarray:
    """A box as a detector with that error would have given it.

    Args:
        box: x1, y1, x2, y2 in pixels, shape (4, ).
        error: A row of :func:`box_errors`, shape (4, ).

    Returns:
        np.ndarray: x1, y1, x2, y2 in pixels, shape (4, ).
    """
    size = box[2:] - box[:2]
    centre = (box[:2] + box[2:]) / 2 + error[:2] * size
    half = size * np.exp(error[2:]) / 2
    return np.concatenate((centre - half, centre + half))


def _by_garment(
    image_ids: np.ndarray, category_ids: np.ndarray, counted: np.ndarray
) -> dict[tuple[int, int], list[int]]:
    """Places of what belongs to each picture and category."""
    places = defaultdict(list)
    for index in np.flatnonzero(counted).tolist():
        places[int(image_ids[index]), int(category_ids[index])].append(index)
    return places


def _differences(wanted: np.ndarray, given: np.ndarray) -> np.ndarray:
    sizes = wanted[:, 2:]
    shift = given[:, :2] + given[:, 2:] / 2 - wanted[:, :2] - sizes / 2
    return np.concatenate((shift / sizes, np.log(given[:, 2:] / sizes)), axis=1)
