"""From a drawing to what a camera would have made of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import cv2
import numpy as np

_GRAIN = 512  # side of the grain from which pieces are cut
_GRAIN_STEPS = 32  # of a grey level of it
_LUMINANCE = np.array([0.114, 0.587, 0.299])


@lru_cache(maxsize=1)
def _grain() -> np.ndarray:
    """(_GRAIN, _GRAIN, 3) uint8 noise about 128, the same in every process."""
    rng = np.random.default_rng(7)
    noise = rng.normal(0, 0.5, (_GRAIN, _GRAIN, 3))
    noise += rng.normal(0, 0.85, (_GRAIN, _GRAIN, 1))
    return np.clip(np.round(128 + _GRAIN_STEPS * noise), 0, 255).astype(np.uint8)


def _light(rng: np.random.Generator) -> np.ndarray:
    """(N, N, 3) uint8 of which 128 leaves a picture as it is: uneven, tinted light."""
    cells = int(rng.integers(2, 5))
    strength = rng.uniform(0, 0.22)
    field = 1 + strength * rng.normal(0, 1, (cells, cells, 1))
    field = field * (1 + 0.25 * strength * rng.normal(0, 1, (cells, cells, 3)))
    return np.clip(128 * field, 40, 250).astype(np.uint8)


def _lit(image: np.ndarray, light: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    # Between so few cells it is smooth: most of the way is enlarged the quicker way.
    eighth = (-(-width // 8), -(-height // 8))
    smooth = cv2.resize(light, eighth, interpolation=cv2.INTER_CUBIC)
    return cv2.multiply(image, cv2.resize(smooth, (width, height)), scale=1 / 128)


def _tones(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A camera's (3, 3) matrix of colours, and then its (256,) uint8 table of tones.

    Saturation and colour of the light; contrast, exposure and haze.
    """
    share = 0.0 if rng.random() < 0.03 else np.exp(rng.normal(-0.1, 0.25))
    matrix = share * np.eye(3) + (1 - share) * np.tile(_LUMINANCE, (3, 1))
    gamma = np.exp(rng.normal(0, 0.2))
    bend = rng.normal(0.1, 0.25)  # of an S-shaped curve, or of a flat one
    color = np.exp(rng.normal(0.05, 0.14)) * np.exp(rng.normal(0, 0.05, 3))
    light = color.max()
    x = np.linspace(0, 1, 256) ** gamma
    x = light * (x + bend * x * (1 - x) * (2 * x - 1))
    if rng.random() < 0.25:
        low, high = rng.uniform(0, 0.15), rng.uniform(0.85, 1)
        x = low + (high - low) * x
    # The colour is not in the table: one table for all channels is twice as quick.
    matrix = (color / light)[:, None] ** (1 / gamma) * matrix
    return matrix, (255 * np.clip(x, 0, 1)).astype(np.uint8)


def _smaller(image: np.ndarray, share: float) -> np.ndarray:
    height, width = image.shape[:2]
    if share < 0.5:  # in two steps, lest it skip pixels
        image = cv2.resize(image, (max(1, width // 2), max(1, height // 2)))
    size = (max(1, round(share * width)), max(1, round(share * height)))
    return cv2.resize(image, size)


def _blur(rng: np.random.Generator, kind: float, image: np.ndarray) -> np.ndarray:
    """A picture out of focus, shaken or sharpened, by a kind between 0 and 1."""
    if kind < 0.5:
        return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.6))
    if kind < 0.56:  # of a hand that moved
        length = int(rng.integers(3, 10))
        kernel = np.zeros((length, length), np.float32)
        turn = rng.uniform(0, np.pi)
        reach = (length - 1) / 2 * np.array([np.cos(turn), np.sin(turn)])
        first, last = np.round((length - 1) / 2 + np.array([-reach, reach])).astype(int)
        cv2.line(kernel, first.tolist(), last.tolist(), 1)
        # Sums of whole numbers are the same on every processor, unlike those of shares.
        total = cv2.filter2D(image, cv2.CV_16S, kernel)
        return cv2.convertScaleAbs(total, alpha=1 / kernel.sum())
    if kind < 0.66:  # sharpened
        soft = cv2.GaussianBlur(image, (5, 5), 1.5)  # so cut off, it is one of 1.2
        return cv2.addWeighted(image, 1.6, soft, -0.6, 0)
    return image


def _runs(start: int, size: int) -> Iterator[tuple[slice, slice]]:
    """Along one side: the part of the picture and that of the grain, which repeats.

    One repetition begins at ``start``.
    """
    for first in range(start % -_GRAIN, size, _GRAIN):
        low, high = max(0, first), min(first + _GRAIN, size)
        yield slice(low, high), slice(low - first, high - first)


def _add_grain(rng: np.random.Generator, image: np.ndarray) -> None:
    """Noise all over a picture, in place."""
    height, width = image.shape[:2]
    x, y = rng.integers(0, _GRAIN, 2).tolist()
    # Of few digits: sums are then exact, and the same on every processor.
    share = round(256 * abs(rng.normal(0, 6)) / _GRAIN_STEPS) / 256
    for rows, grain_rows in _runs(y, height):
        for columns, grain_columns in _runs(x, width):
            noise = _grain()[grain_rows, grain_columns]
            region = image[rows, columns]
            cv2.addWeighted(region, 1, noise, share, -128 * share, dst=region)


def photograph(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """The drawing as a camera and those who edit pictures leave it.

    Uneven light, exposure, contrast, colour of the light, blur or sharpening and noise.
    No pixel moves.

    Args:
        rng: Source of randomness.
        image: (H, W, 3) uint8 BGR.

    Returns:
        np.ndarray: (H, W, 3) uint8 BGR.
    """
    height, width = image.shape[:2]
    light, (matrix, table), kind = _light(rng), _tones(rng), rng.random()
    coarse = kind < 0.3  # enlarged from a small picture
    if coarse:
        image = _smaller(image, rng.uniform(0.35, 0.9))
    image = cv2.LUT(cv2.transform(_lit(image, light), matrix), table)
    if coarse:
        image = cv2.resize(image, (width, height))
    else:
        image = _blur(rng, kind, image)
    if rng.random() < 0.7:
        _add_grain(rng, image)
    return image
