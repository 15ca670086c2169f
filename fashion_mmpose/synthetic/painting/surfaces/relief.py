"""Heights of cloth: creases and soft bulges, of which light shows the slopes."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from .fabric import smooth_noise

SIZE = 256  # side of a height map, which repeats without a seam
_MAPS = 12
_SEED = 20


@lru_cache(maxsize=1)
def heights() -> tuple[np.ndarray, ...]:
    """(SIZE, SIZE) float32 height maps whose slopes have a spread of one.

    They are the same in every process: a picture chooses and lays them at random.
    """
    rng = np.random.default_rng(_SEED)
    return tuple(_height_map(rng, number / (_MAPS - 1)) for number in range(_MAPS))


def _height_map(rng: np.random.Generator, sharpness: float) -> np.ndarray:
    """Long ridges down the map; sharp ones are creases, others are soft folds."""
    total = np.zeros((SIZE, SIZE), np.float32)
    for cells, weight in ((3, 1.0), (6, 0.6), (12, 0.3), (24, 0.12)):
        noise = smooth_noise(rng, cells, SIZE)
        ridged = -np.abs(noise)
        total += weight * ((1 - sharpness) * noise + 2 * sharpness * ridged)
    slope = cv2.Sobel(np.pad(total, 1, mode='wrap'), -1, 1, 0, ksize=3)[1:-1, 1:-1]
    return total / float(slope.std())


def slopes(
    rng: np.random.Generator,
    size_wh: tuple[int, int],
    unit: float,
    down: float,
    light: np.ndarray,
) -> np.ndarray:
    """Brightness of folds and creases, mean about 0.

    Args:
        rng: Source of randomness.
        size_wh: Size of the answer in pixels.
        unit: Pixels per scene unit.
        down: Direction in which the cloth hangs, in radians from straight down.
        light: (2,) unit vector in the picture, towards the light.

    Returns:
        np.ndarray: (h, w) float32, a spread of about one.
    """
    maps = heights()
    height = maps[rng.integers(len(maps))]
    # Folds follow the pull of the cloth, some of them across it.
    turn = down + rng.normal(0, 0.35) + (rng.random() < 0.2) * rng.normal(0, 0.9)
    across = unit * rng.uniform(0.35, 1.1) / SIZE * 2  # pixels per cell of the map
    along = across * rng.uniform(1.5, 5)
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = np.array(
        [
            [across * cos, -along * sin, rng.uniform(0, SIZE)],
            [across * sin, along * cos, rng.uniform(0, SIZE)],
        ]
    )
    laid = cv2.warpAffine(height, matrix, size_wh, borderMode=cv2.BORDER_WRAP)
    slope = light[0] * cv2.Sobel(laid, -1, 1, 0, ksize=3)
    slope += light[1] * cv2.Sobel(laid, -1, 0, 1, ksize=3)
    return np.tanh(slope * (0.7 * across))
