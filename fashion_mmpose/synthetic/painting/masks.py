"""What a painted picture shows of each garment: masks, boxes and polygons."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .canvas import Painted

_LEAST_AREA = 16  # pixels; a smaller patch gets no polygon of its own


def whole_masks(stack: Sequence[Painted], size_wh: tuple[int, int]) -> dict:
    """Masks of all garments, what is covered included.

    Args:
        stack: All layers of the picture, back to front.
        size_wh: Size of the picture in pixels.

    Returns:
        dict: Number of the garment to a (H, W) bool mask.
    """
    masks: dict[int, np.ndarray] = {}
    for row in stack:
        if row.part is not None:
            mask = masks.setdefault(row.garment, np.zeros(size_wh[::-1], bool))
            mask[row.window] |= row.mask >= 128
    return masks


def seen_garments(stack: Sequence[Painted], size_wh: tuple[int, int]) -> np.ndarray:
    """(H, W) int16: number of the garment that each pixel shows, -1 for all else.

    Args:
        stack: All layers of the picture, back to front.
        size_wh: Size of the picture in pixels.
    """
    labels = np.full(size_wh[::-1], -1, np.int16)
    for row in stack:
        if row.hides:
            number = -1 if row.part is None else row.garment
            labels[row.window][row.mask >= 128] = number
    return labels


def box_of(mask: np.ndarray) -> np.ndarray | None:
    """Box (4,) int64 x1, y1, x2, y2 around a mask, its far edges exclusive.

    Returns:
        np.ndarray | None: None for an empty mask.
    """
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if len(rows) == 0:
        return None
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])


def polygons_of(mask: np.ndarray) -> list[np.ndarray]:
    """Outlines of a mask (H, W), each (M, 2) int64 pixels with M at least 3.

    Polygons have no holes: what shows through an arm that crosses the garment
    belongs to the polygon around it. Patches of a few pixels are left out.
    """
    found, _ = cv2.findContours(
        mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    outlines = []
    for contour in found:
        outline = cv2.approxPolyDP(contour, 1.0, True)[:, 0].astype(np.int64)
        if len(outline) >= 3 and cv2.contourArea(contour) >= _LEAST_AREA:
            outlines.append(outline)
    return sorted(outlines, key=len, reverse=True)
