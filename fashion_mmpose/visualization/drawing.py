"""Garments drawn over pictures, and pictures side by side."""

from collections.abc import Sequence

import cv2
import numpy as np

from fashion_mmpose import garments

from .lettering import write_text

_TRUTH_COLOR = (255, 255, 255)
_SHIFT = 4  # cv2 draws at sixteenths of a pixel


def draw_keypoints(
    image: np.ndarray,
    keypoints: np.ndarray,
    garment: garments.Garment,
    shown: np.ndarray | None = None,
    radius: int = 5,
    thickness: int = 2,
) -> np.ndarray:
    """Draw a garment's key points and outline, in the colours of its metainfo.

    Args:
        image: BGR, uint8, shape (H, W, 3); it is not changed.
        keypoints: The garment's K points in pixels of the image, shape (K, 2).
        garment: Names, outline and colours.
        shown: Bool, shape (K, ); all by default. A link needs both of its ends.
        radius: Radius of a point, in pixels.
        thickness: Thickness of the outline, in pixels.

    Returns:
        np.ndarray: BGR, uint8, shape (H, W, 3).
    """
    canvas = image.copy()
    shown = np.ones(len(keypoints), bool) if shown is None else np.asarray(shown)
    points = _fixed_point(keypoints)
    colors = garments.point_colors(garment.flip)
    link_color = garment.color[::-1]
    for i, j in garment.links:
        if shown[i] and shown[j]:
            start, end = points[i].tolist(), points[j].tolist()
            cv2.line(canvas, start, end, link_color, thickness, cv2.LINE_AA, _SHIFT)
    for i in np.flatnonzero(shown):
        _dot(canvas, points[i], radius, colors[i][::-1])
    return canvas


def draw_truth(
    image: np.ndarray,
    keypoints: np.ndarray,
    shown: np.ndarray | None = None,
    radius: int = 7,
) -> np.ndarray:
    """Draw where points should be, as rings.

    Args:
        image: BGR, uint8, shape (H, W, 3); it is not changed.
        keypoints: Pixels of the image, shape (K, 2).
        shown: Bool, shape (K, ); all by default.
        radius: Radius of a ring, in pixels.

    Returns:
        np.ndarray: BGR, uint8, shape (H, W, 3).
    """
    canvas = image.copy()
    shown = np.ones(len(keypoints), bool) if shown is None else np.asarray(shown)
    for point in _fixed_point(keypoints)[shown]:
        for color, thickness in (((0, 0, 0), 4), (_TRUTH_COLOR, 2)):
            cv2.circle(
                canvas, point.tolist(), radius << _SHIFT, color, thickness, 16, _SHIFT
            )
    return canvas


def picture_grid(
    pictures: Sequence[np.ndarray],
    columns: int,
    cell: int = 320,
    captions: Sequence[str] | None = None,
) -> np.ndarray:
    """Pictures in rows, each fitted into a square cell on white.

    Args:
        pictures: BGR, uint8, shapes (H, W, 3).
        columns: Pictures a row.
        cell: Side of a cell, in pixels.
        captions: Text in each cell's lower left corner; none by default.

    Returns:
        np.ndarray: BGR, uint8.

    Raises:
        ValueError: If there is no picture.
    """
    if not pictures:
        raise ValueError('no picture to show')
    captions = captions or [''] * len(pictures)
    cells = []
    for picture, caption in zip(pictures, captions):
        square = np.full((cell, cell, 3), 255, np.uint8)
        scale = cell / max(picture.shape[:2])
        size = [max(1, round(side * scale)) for side in picture.shape[1::-1]]
        fitted = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        top, left = (cell - size[1]) // 2, (cell - size[0]) // 2
        square[top : top + size[1], left : left + size[0]] = fitted
        white, black = (255, 255, 255), (0, 0, 0)
        write_text(square, caption, (8, cell - 10), 0.5, white, halo=black)
        cells.append(square)
    while len(cells) % columns:
        cells.append(np.full((cell, cell, 3), 255, np.uint8))
    rows = [np.hstack(cells[i : i + columns]) for i in range(0, len(cells), columns)]
    return np.vstack(rows)


def _fixed_point(keypoints: np.ndarray) -> np.ndarray:
    # Far outside of any picture cv2's fixed-point numbers would overflow.
    limited = np.clip(np.asarray(keypoints, np.float64), -1e5, 1e5)
    return np.rint(limited * (1 << _SHIFT)).astype(int)


def _dot(canvas: np.ndarray, point: np.ndarray, radius: int, color) -> None:
    centre = point.tolist()
    cv2.circle(canvas, centre, (radius + 1) << _SHIFT, (255, 255, 255), -1, 16, _SHIFT)
    cv2.circle(canvas, centre, radius << _SHIFT, color, -1, 16, _SHIFT)
