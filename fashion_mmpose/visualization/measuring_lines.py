"""Measuring lines with their lengths, drawn into pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from fashion_mmpose.files.pictures.pixels import as_bgr
from fashion_mmpose.garments.table import spread_color
from fashion_mmpose.measure import Measured, Scale

from .lettering import drawing_scale, text_size, write_text

_FONT_SCALE = 0.42
_SHIFT = 4
_TARGET_COLOR = (255, 0, 255)
# Where a length is written, the first place that is free: a share of its way, and so
# many lines further down.
_ON_THE_WAY = [(share, 0) for share in (0.5, 0.35, 0.65, 0.2, 0.8, 0.1, 0.9)]
_BESIDE = [(0.5, down) for step in range(1, 6) for down in (step, -step)]
_PLACES = (*_ON_THE_WAY, *_BESIDE)

Rectangle = tuple[float, float, float, float]  # x1, y1, x2, y2


def draw_measurements(
    image: np.ndarray,
    measured: Sequence[Measured],
    scale: Scale | None = None,
    names: Iterable[str] | None = None,
) -> np.ndarray:
    """Draw the ways that were measured, each in a colour, with name and length.

    A girth's way that is drawn as that of the width is left out, see
    :func:`distinct_ways`. What is absent is not drawn. In large pictures everything is
    larger.

    Args:
        image: BGR, uint8, shape (H, W, 3), or what else an inferencer takes, see
            :func:`fashion_mmpose.files.pictures.pixels.as_bgr`; it is not changed.
        measured: Measurements of garments in that picture.
        scale: Where what it was taken from is drawn, too. Defaults to None.
        names: Measurements that are drawn, girths included; None for all. Defaults to
            None.

    Returns:
        np.ndarray: BGR, uint8, shape (H, W, 3).

    Raises:
        ValueError: If the image is no picture.
    """
    canvas = as_bgr(image).copy()
    if names is None:
        shown = distinct_ways(measured)
    else:
        wanted = set(names)
        shown = [
            (each, each.path)
            for each in measured
            if each.path is not None and each.name in wanted
        ]
    size = drawing_scale(canvas)
    if scale is not None and scale.corners is not None:
        for corner in scale.corners:
            _dot(canvas, corner, round(4 * size), _TARGET_COLOR)
    colors = [spread_color(i, max(len(shown), 1))[::-1] for i in range(len(shown))]
    for (_, path), color in zip(shown, colors):
        _way(canvas, path, color, size)
    taken: list[Rectangle] = []
    for (each, path), color in zip(shown, colors):
        _label(canvas, length_text(each), path, color, size, taken)
    return canvas


def distinct_ways(measured: Sequence[Measured]) -> list[tuple[Measured, np.ndarray]]:
    """Measurements and their ways, without girths that take the way of a width.

    Args:
        measured: Measurements of garments in one picture.
    """
    ways = [(each, each.path) for each in measured if each.path is not None]
    widths = [path for each, path in ways if 'girth' not in each.name]
    return [
        (each, path)
        for each, path in ways
        if 'girth' not in each.name
        or not any(np.array_equal(path, other) for other in widths)
    ]


def length_text(measured: Measured) -> str:
    """A length as it is written into pictures: ``'chest width 51.3 +-0.4 cm'``."""
    name = measured.name.replace('_', ' ')
    if measured.value is None:
        return f'{name}: {measured.reason}'
    digits = 1 if measured.unit == 'cm' else 0
    text = f'{name} {measured.value:.{digits}f}'
    interval = measured.interval()
    if interval is not None:
        # No length is below 0, where the interval ends then.
        text += f' +-{interval[1] - measured.value:.{max(digits, 1)}f}'
    return f'{text} {measured.unit}'


def _fixed(points: np.ndarray) -> np.ndarray:
    limited = np.clip(np.asarray(points, np.float64), -1e5, 1e5)
    return np.rint(limited * (1 << _SHIFT)).astype(np.int32)


def _dot(canvas: np.ndarray, point: np.ndarray, radius: int, color) -> None:
    centre = _fixed(point).tolist()
    for extra, ink in ((1, (255, 255, 255)), (0, color)):
        cv2.circle(canvas, centre, (radius + extra) << _SHIFT, ink, -1, 16, _SHIFT)


def _way(canvas: np.ndarray, path: np.ndarray, color, size: float) -> None:
    corners = [_fixed(path)]
    for ink, width in (((255, 255, 255), round(4 * size)), (color, round(2 * size))):
        cv2.polylines(canvas, corners, False, ink, width, cv2.LINE_AA, _SHIFT)
    for end in (path[0], path[-1]):
        _dot(canvas, end, round(3 * size), color)


def _label(
    canvas: np.ndarray,
    text: str,
    path: np.ndarray,
    color,
    size: float,
    taken: list[Rectangle],
) -> None:
    """Write a text on a way, where no other one stands if there is such a place."""
    font, thin = _FONT_SCALE * size, max(1, round(size))
    width, above, below = text_size(text, font, thin)
    height = above + below + round(4 * size)
    limits = canvas.shape[1] - width, canvas.shape[0] - height
    for share, down in _PLACES:
        x, y = _along(path, share)
        left = float(np.clip(x - width / 2, 0, max(limits[0], 0)))
        top = float(np.clip(y + (down - 0.5) * height, 0, max(limits[1], 0)))
        rectangle = left, top, left + width, top + height
        if not any(_overlap(rectangle, other) for other in taken):
            break
    taken.append(rectangle)
    x1, y1, x2, y2 = (round(value) for value in rectangle)
    canvas[y1:y2, x1:x2] = (canvas[y1:y2, x1:x2] * 0.25 + 255 * 0.75).astype(np.uint8)
    dark = tuple(int(0.55 * channel) for channel in color)
    place = x1, y1 + above + round(2 * size)
    write_text(canvas, text, place, font, dark, thin)


def _along(path: np.ndarray, share: float) -> np.ndarray:
    """The point (2, ) at a share of the length of a way (n, 2)."""
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    places = np.concatenate(([0.0], np.cumsum(steps)))
    return np.array(
        [np.interp(share * places[-1], places, path[:, axis]) for axis in (0, 1)]
    )


def _overlap(first: Rectangle, second: Rectangle) -> bool:
    return (
        first[0] < second[2]
        and second[0] < first[2]
        and first[1] < second[3]
        and second[1] < first[3]
    )
