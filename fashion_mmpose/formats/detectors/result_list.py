"""Detectors' boxes as COCO's result list, checked against the pictures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.coco.geometry import MAX_PX, Boxes, check_boxes
from fashion_mmpose.formats.coco.images import ImageList

from .entries import numbers_of


@dataclass(frozen=True)
class ResultList:
    """What became of a detector's boxes.

    Attributes:
        results: ``image_id``, ``category_id``, ``bbox`` (xywh, to a thousandth of a
            pixel) and ``score`` (to a millionth), in the order of the images.
        num_empty: Boxes that were left out: without an area, or outside of the picture.
        notes: Lines about boxes that do not fit their pictures.
    """

    results: list[dict]
    num_empty: int
    notes: list[str]


def to_coco(
    path,
    boxes: Iterable[Mapping],
    images: ImageList,
    score_thr: float | None = None,
    skip_empty: bool = False,
) -> ResultList:
    """COCO's result list, in the order of the images.

    Args:
        path: Where the boxes are from, for errors.
        boxes: ``where``, ``image_id``, ``category_id``, ``corners`` (x1, y1, x2, y2, in
            pixels) and ``score``.
        images: The images that are known, and whose categories.
        score_thr: Boxes with a lower score are left out.
        skip_empty: Whether boxes without an area, or outside of their picture, are left
            out and counted.

    Raises:
        FormatError: If a box is of an unknown image, has no area or lies outside of its
            picture, a number is not finite, a score is not between 0 and 1, or the
            boxes as a whole do not fit the pictures.
    """
    places = {image_id: place for place, image_id in enumerate(images.ids)}
    kept, wheres, strangers = [], [], {}
    for box in boxes:
        where = box['where']
        numbers = numbers_of(path, where, [*box['corners'], box['score']], 5)
        if max(map(abs, numbers)) > MAX_PX:
            raise FormatError(f'{path}: {where}: {numbers[:4]} are no pixels')
        if not 0 <= numbers[4] <= 1:
            raise FormatError(
                f'{path}: {where}: the score {numbers[4]:g} is not between 0 and 1'
            )
        if score_thr is not None and numbers[4] < score_thr:
            continue
        if box['image_id'] not in places:
            strangers.setdefault(box['image_id'], f'{path}: {where}')
            continue
        kept.append((box['image_id'], box['category_id'], *numbers))
        wheres.append(where)
    if strangers:
        image_id, where = next(iter(strangers.items()))
        raise FormatError(
            f'{where} is of image {image_id}, which the annotation file does not list '
            f'({len(strangers)} such images); give the file that was detected on'
        )
    sizes = np.array([images.sizes[places[entry[0]]] for entry in kept], int)
    usable, notes = _usable(path, kept, wheres, sizes.reshape(-1, 2), skip_empty)
    results = [_result(*kept[i]) for i in usable]
    results.sort(key=lambda result: places[result['image_id']])
    return ResultList(results, len(kept) - len(usable), notes)


def _result(image_id, category_id, x1, y1, x2, y2, score) -> dict:
    return dict(
        image_id=image_id,
        category_id=category_id,
        bbox=[round(value, 3) for value in (x1, y1, x2 - x1, y2 - y1)],
        score=round(score, 6),
    )


def _usable(
    path, kept: list[tuple], wheres: list[str], sizes_wh: np.ndarray, skip_empty: bool
) -> tuple[list[int], list[str]]:
    """The places of the boxes that have an area in their picture, and notes."""
    corners = np.array([entry[2:6] for entry in kept], float).reshape(-1, 4)
    xywh = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    empty = (np.round(xywh[:, 2:], 3) <= 0).any(axis=1)
    known = (sizes_wh > 0).all(axis=1)
    outside = (corners[:, 2:] <= 0) | (corners[:, :2] >= sizes_wh)
    outside = outside.any(axis=1) & known & ~empty
    bad = empty | outside
    full = np.flatnonzero(~empty)

    def name(index: int) -> str:
        return wheres[full[index]]

    # What is wrong with all of them is told before what is wrong with one.
    check_boxes(Boxes(path, name, xywh[full], sizes_wh[full]))
    if bad.any() and not skip_empty:
        first = int(np.flatnonzero(bad)[0])
        width, height = sizes_wh[first]
        what = 'is empty' if empty[first] else f'lies outside of {width} x {height} px'
        raise FormatError(
            f'{path}: {wheres[first]}: the box {corners[first].tolist()} (xyxy) {what};'
            ' --skip-empty leaves such boxes out'
        )
    full = np.flatnonzero(~bad)
    notes = check_boxes(Boxes(path, name, xywh[full], sizes_wh[full]))
    return full.tolist(), notes
