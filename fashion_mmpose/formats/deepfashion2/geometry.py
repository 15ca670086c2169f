"""DeepFashion2's raw boxes against their pictures and their landmarks."""

from pathlib import Path

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.coco.geometry import FAR, NEAR, beyond_edges

from .raw import BENCHMARK, RawImage, RawItem

_FRACTION = 1.5  # beyond this a number is no fraction of a picture's side


def check_against_picture(
    path: Path, raw: RawImage, image_file: Path, size: tuple[int, int]
) -> list[str]:
    """A note for each garment that leads out of the picture.

    Args:
        path: The annotation, for errors.
        raw: What it holds.
        image_file: The picture, for errors.
        size: Its width and height in pixels.

    Raises:
        FormatError: If a garment is so far outside that the picture cannot be the one
            that was annotated, as after its size was changed, or its box holds
            fractions.
    """
    notes = []
    for item in raw.items:
        spans = np.concatenate([[item.bounding_box], np.tile(_labelled(item), 2)])
        beyond = beyond_edges(spans, np.tile(size, (len(spans), 1))).max()
        x1, y1, x2, y2 = item.bounding_box
        bare = min(x2, size[0]) - max(x1, 0) <= 0 or min(y2, size[1]) - max(y1, 0) <= 0
        if max(map(abs, item.bounding_box)) <= _FRACTION < min(size):
            raise FormatError(
                f'{path}: the bounding_box {list(item.bounding_box)} holds fractions '
                'of the picture; to fix it: write pixels'
            )
        if beyond <= NEAR and not bare:
            continue
        what = (
            f'{path}: the {_name(item)} with the bounding_box '
            f'{list(item.bounding_box)} leads out of {image_file}, which has '
            f'{size[0]} x {size[1]} px'
        )
        if beyond > FAR or bare:
            raise FormatError(
                f'{what}; to fix it: give the pictures that were annotated, in their '
                'own size, or leave such pictures out with --skip-bad'
            )
        notes.append(what)
    return notes


def misplaced(path: Path, raw: RawImage) -> list[str]:
    """A line for each garment whose landmarks are far outside of its box."""
    return [
        f'{path}: the {_name(item)} has landmarks far outside of its bounding_box '
        f'{list(item.bounding_box)}'
        for item in raw.items
        if _is_off(item)
    ]


def _name(item: RawItem) -> str:
    return garments.category_of_id(BENCHMARK, item.category_id).name


def _labelled(item: RawItem) -> np.ndarray:
    """x, y of the labelled landmarks, shape (n, 2)."""
    points = np.array(item.landmarks, float).reshape(-1, 3)
    return points[points[:, 2] > 0, :2]


def _is_off(item: RawItem) -> bool:
    """Whether landmarks lead out of the box by more than half of it.

    No landmark of the published annotations that we have seen leads out at all.
    """
    points = _labelled(item)
    if not len(points):
        return False
    corners = np.array(item.bounding_box, float)
    excess = np.concatenate([corners[:2] - points, points - corners[2:]]).max()
    return excess > (corners[2:] - corners[:2]).max() / 2
