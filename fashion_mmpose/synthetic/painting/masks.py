"""What a painted picture shows: its layers' masks, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .parsing import Parsing

_LEAST_AREA = 16  # pixels; a smaller patch gets no polygon of its own


@dataclass(frozen=True)
class Painted:
    """Where a layer was painted.

    Attributes:
        part: Name of the garment part, or None.
        hides: Whether landmarks below it count as occluded.
        x: Left edge of the mask in the picture.
        y: Its upper edge.
        mask: (h, w) uint8, 255 inside, places that were painted over included.
        garment: Number of the garment of which ``part`` is a part.
        parsing: What it shows.
        details: What strokes on it show if it is something else, and the (h, w) uint8
            mask of each, 255 inside.
    """

    part: str | None
    hides: bool
    x: int
    y: int
    mask: np.ndarray
    garment: int = 0
    parsing: Parsing = Parsing.CLOTHES
    details: tuple[tuple[Parsing, np.ndarray], ...] = ()

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the mask in the picture."""
        height, width = self.mask.shape
        return slice(self.y, self.y + height), slice(self.x, self.x + width)

    def covers(self, point: Sequence[float], margin: int = 0) -> bool:
        """Whether all pixels within ``margin`` of a point (2,) are inside."""
        column, row = round(point[0]) - self.x, round(point[1]) - self.y
        height, width = self.mask.shape
        if not (margin <= column < width - margin and margin <= row < height - margin):
            return False
        rows = slice(row - margin, row + margin + 1)
        columns = slice(column - margin, column + margin + 1)
        return bool(self.mask[rows, columns].min() >= 128)


def parsing_map(stack: Sequence[Painted], size_wh: tuple[int, int]) -> np.ndarray:
    """(H, W) uint8: what each pixel shows, a :class:`Parsing`.

    Args:
        stack: All layers of the picture, back to front.
        size_wh: Size of the picture in pixels.
    """
    classes = np.full(size_wh[::-1], Parsing.BACKGROUND, np.uint8)
    for row in stack:
        own = np.full_like(row.mask, row.parsing)
        for parsing, inside in row.details:
            own[inside >= 128] = parsing
        np.copyto(classes[row.window], own, where=row.mask >= 128)
    return classes


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
            _, inside = cv2.threshold(row.mask, 127, 255, cv2.THRESH_BINARY)
            own = np.full(row.mask.shape, number, labels.dtype)
            cv2.copyTo(own, inside, labels[row.window])
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
