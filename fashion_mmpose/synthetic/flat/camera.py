"""A pinhole camera that looks at a table, and whose lens bends straight lines."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fashion_mmpose.measure.scaling.scale import Lens, transform

SIZES = ((1600, 1200), (1200, 1600), (1440, 1440))
_GRID = 8  # pixels between the places where the lens's bending is computed
_LOWEST, _HIGHEST = 10.0, 2000.0  # centimetres above the table
_STREAM = 5  # of random numbers, apart from those of pictures


@dataclass(frozen=True)
class TableCamera:
    """A camera, wherever it looks from.

    Attributes:
        size_wh: Width and height of its pictures.
        lens: Its lens.
    """

    size_wh: tuple[int, int]
    lens: Lens


def sample_camera(seed: int) -> TableCamera:
    """Some camera with pictures of 1600 x 1200 pixels.

    Args:
        seed: The same camera for the same seed, 0 or above.
    """
    rng = np.random.default_rng([seed, _STREAM])
    return TableCamera(SIZES[0], sample_lens(rng, SIZES[0]))


def sample_lens(rng: np.random.Generator, size_wh: tuple[int, int]) -> Lens:
    """Some lens: moderately wide, of barrel or slight pincushion distortion."""
    focal = rng.uniform(0.85, 1.5) * max(size_wh)
    centre = np.array(size_wh) / 2 + rng.normal(0, 0.01, 2) * size_wh
    matrix = np.array([[focal, 0, centre[0]], [0, focal, centre[1]], [0, 0, 1.0]])
    k1 = rng.uniform(-0.18, 0.06)
    return Lens(
        matrix, np.array([k1, -0.2 * k1, *rng.normal(0, 5e-4, 2), 0.0]), size_wh
    )


def sample_turn(rng: np.random.Generator, most_tilt: float) -> np.ndarray:
    """How the camera is turned, a rotation (3, 3) from the table to the camera.

    Args:
        rng: Source of random numbers.
        most_tilt: Degrees between the camera's axis and the vertical, at most.
    """
    tilt = np.radians(rng.uniform(0, most_tilt))
    way = rng.uniform(0, 2 * np.pi)
    roll = rng.normal(0, np.radians(6))
    return (
        cv2.Rodrigues(np.array([0, 0, roll]))[0]
        @ cv2.Rodrigues(tilt * np.array([np.cos(way), np.sin(way), 0]))[0]
    )


def view_of(
    extent: np.ndarray, turn: np.ndarray, camera: TableCamera, fill: float
) -> np.ndarray:
    """The homography (3, 3) from the table to the straight picture.

    Args:
        extent: Points of the table in centimetres, in whose middle the camera looks,
            shape (n, 2).
        turn: See :func:`sample_turn`.
        camera: The camera.
        fill: Share of the picture, of its width or height, that they fill.
    """
    size_wh, lens = camera.size_wh, camera.lens
    middle = (extent.min(axis=0) + extent.max(axis=0)) / 2
    low, high = _LOWEST, _HIGHEST
    for _ in range(40):  # the distance at which all of it fills that share
        distance = (low + high) / 2
        offset = np.array([0, 0, distance]) - turn[:, :2] @ middle
        view = lens.matrix @ np.column_stack((turn[:, :2], offset))
        depth = np.column_stack((extent, np.ones(len(extent)))) @ view[2]
        if (depth <= 0.1 * distance).any():
            low = distance
            continue
        seen = lens.bent(transform(extent, view))
        reach = np.abs(seen - np.array(size_wh) / 2).max(axis=0)
        is_near = (reach > fill * np.array(size_wh) / 2).any()
        low, high = (distance, high) if is_near else (low, distance)
    return view / view[2, 2]


def bend(image: np.ndarray, lens: Lens) -> np.ndarray:
    """The straight picture as the lens shows it."""
    height, width = image.shape[:2]
    columns = np.arange(0, width + _GRID, _GRID, dtype=np.float64)
    rows = np.arange(0, height + _GRID, _GRID, dtype=np.float64)
    grid = np.stack(np.meshgrid(columns, rows), axis=-1)
    sources = lens.straightened(grid.reshape(-1, 2)).reshape(grid.shape)
    x, y = np.arange(width) / _GRID, np.arange(height) / _GRID
    places = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
    full = cv2.remap(sources.astype(np.float32), *places, cv2.INTER_LINEAR)
    return cv2.remap(image, full, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
