"""A table, and what of known size lies on it."""

from __future__ import annotations

import cv2
import numpy as np

from fashion_mmpose.measure.scaling.scale import transform
from fashion_mmpose.measure.scaling.targets import Target
from fashion_mmpose.synthetic.painting.surfaces import palette
from fashion_mmpose.synthetic.painting.surfaces.fabric import smooth_noise

CELL = 24  # pixels of a target's cell or square as it is laid down
_SAMPLES = 4  # a target is drawn at so many times the picture's size
_DARK_TABLES = palette.WALL[-4:] + palette.CLOTH[:8] + palette.CLOTH[12:16]


def table_top(
    rng: np.random.Generator, size_wh: tuple[int, int]
) -> tuple[np.ndarray, palette.Color]:
    """A table's top, darker than paper, and its colour."""
    color = palette.pick(rng, _DARK_TABLES, 6)
    side = max(size_wh)
    cloud = smooth_noise(rng, int(rng.integers(3, 12)), side) * rng.uniform(1, 6)
    grain = smooth_noise(rng, 300, side) * rng.uniform(0, 5)
    shade = (cloud + grain)[: size_wh[1], : size_wh[0]].astype(np.float64)
    channels = [np.clip(shade + each, 0, 255).astype(np.uint8) for each in color]
    return cv2.merge(channels), color


def lay(image: np.ndarray, target: Target, view: np.ndarray, cell: int = CELL) -> None:
    """Paint a target into the straight picture, in place.

    Args:
        image: BGR, uint8, shape (H, W, 3).
        target: What lies there.
        view: The homography (3, 3) from its own plane, in centimetres, a corner of its
            border being the origin, to the picture.
        cell: Pixels of its cells or squares, of which the picture's are made. Defaults
            to 24.
    """
    tile = target.draw(cell)
    width, height = target.size
    # Pixels' centres of the tile in its plane.
    step = np.array([width / tile.shape[1], height / tile.shape[0]])
    own = np.array([[step[0], 0, step[0] / 2], [0, step[1], step[1] / 2], [0, 0, 1.0]])
    corners = transform(
        np.array([(0, 0), (width, 0), (width, height), (0, height)], float), view
    )
    low = np.floor(corners.min(axis=0)).astype(int) - 2
    high = np.ceil(corners.max(axis=0)).astype(int) + 3
    size = high - low
    # Pixels of the enlarged window: the window's pixel x covers 4x to 4x + 3.
    middle = (_SAMPLES - 1) / 2
    window = np.array(
        [
            [_SAMPLES, 0, middle - _SAMPLES * low[0]],
            [0, _SAMPLES, middle - _SAMPLES * low[1]],
            [0, 0, 1.0],
        ]
    )
    large = tuple((_SAMPLES * size).tolist())
    cover = np.zeros((large[1], large[0]), np.uint8)
    outline = transform(corners, window)
    cv2.fillConvexPoly(cover, np.round(outline * 16).astype(np.int32), 255, 8, 4)
    ink = cv2.warpPerspective(
        tile, window @ view @ own, large, borderMode=cv2.BORDER_REPLICATE
    )
    small = tuple(size.tolist())
    weight = cv2.resize(cover, small, interpolation=cv2.INTER_AREA) / 255.0
    paper = cv2.resize(ink, small, interpolation=cv2.INTER_AREA)[..., None] * 0.94
    # What reaches beyond the picture is cut off.
    height, width = image.shape[:2]
    first, last = np.maximum(low, 0), np.minimum(high, (width, height))
    rows, columns = slice(first[1], last[1]), slice(first[0], last[0])
    own_rows = slice(first[1] - low[1], last[1] - low[1])
    own_columns = slice(first[0] - low[0], last[0] - low[0])
    weight = weight[own_rows, own_columns, None]
    paper = paper[own_rows, own_columns]
    mixed = weight * paper + (1 - weight) * image[rows, columns]
    image[rows, columns] = np.round(mixed).astype(np.uint8)
