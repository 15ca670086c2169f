"""Heights of cloth: creases and soft bulges, of which light shows the slopes."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np

from .fabric import smooth_noise

SIZE = 128  # side of a height map, which repeats without a seam
_REPEATS = 2, 3  # down and across: as many as most layers show
# Of a height of one. Sums of whole steps are the same on all processors.
_STEPS = 256
_MAPS = 12
_SEED = 20


@lru_cache(maxsize=1)
def heights() -> tuple[np.ndarray, ...]:
    """(SIZE, SIZE) int16 height maps, repeated, whose slopes have a spread of one.

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
    total = np.rint(_STEPS * total)
    slope = cv2.Sobel(np.pad(total, 1, mode='wrap'), -1, 1, 0, ksize=3)[1:-1, 1:-1]
    steps = np.rint(total * (_STEPS / float(slope.std()))).astype(np.int16)
    return cv2.repeat(steps, *_REPEATS)


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
    cos, sin = math.cos(turn), math.sin(turn)
    dx, dy = rng.uniform(0, 2 * SIZE), rng.uniform(0, 2 * SIZE)

    def row(a: float, b: float) -> tuple[float, float, float]:
        # OpenCV is slow at what lies beyond its source: begin in its first repeat.
        least = -a * dx - b * dy + min(0, a * size_wh[0]) + min(0, b * size_wh[1])
        return a, b, -a * dx - b * dy - least // SIZE * SIZE

    laid = cv2.warpAffine(
        height,
        np.array([row(cos / across, sin / across), row(-sin / along, cos / along)]),
        size_wh,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_WRAP,
    )
    # Numbers of numpy would make arrays of float64 of these.
    across_light, down_light = (light * (0.7 * across / _STEPS)).tolist()
    slope = across_light * cv2.Sobel(laid, cv2.CV_32F, 1, 0, ksize=3)
    slope += down_light * cv2.Sobel(laid, cv2.CV_32F, 0, 1, ksize=3)
    return np.tanh(slope)
