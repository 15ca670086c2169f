"""Cloth: seamless tiles of pattern and weave."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from fashion_mmpose.synthetic.shares import choose

from . import palette
from .palette import Color

_BAND = 64  # rows of a window
_MOST_PIXELS = 2048  # of each side of a tile that is repeated


@dataclass(frozen=True)
class Cloth:
    """A piece of material.

    Attributes:
        tile: (T, T, 3) uint8 BGR, repeats without a seam.
        color: Its main colour.
        pixels: Pixels of the tile per scene unit.
        relief: Strength of its folds, 0 to 1.
    """

    tile: np.ndarray
    color: Color
    pixels: float
    relief: float

    def laid(self, matrix: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """The material as far as a window shows it.

        Args:
            matrix: (3, 3) homography from the tile's pixels to the window's.
            mask: (h, w) uint8, 0 where the window does not show it.

        Returns:
            np.ndarray: (h, w, 3) uint8 BGR, anything where the mask is 0.
        """
        (height, width), side = mask.shape, len(self.tile)
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
        reach = cv2.perspectiveTransform(corners[:, None], cv2.invert(matrix)[1])[:, 0]

        def seen(places: np.ndarray) -> tuple[int, int]:
            """Where the first copy that is seen begins, and how many are seen."""
            low, *_, high = sorted(places.tolist())
            first, last = math.floor((low - 1) / side), math.ceil((high + 2) / side)
            return first * side, min(max(last - first, 1), _MOST_PIXELS // side)

        # OpenCV is slow at what lies beyond its source: that holds as many copies of
        # the tile as are seen.
        (x, columns), (y, rows) = seen(reach[:, 0]), seen(reach[:, 1])
        matrix = matrix @ np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])
        tiles = cv2.repeat(self.tile, rows, columns)
        laid = np.empty((height, width, 3), np.uint8)
        # What is worn is slanted: a few rows at a time have narrow boxes.
        for top in range(0, height, _BAND):
            x, y, w, h = cv2.boundingRect(mask[top : top + _BAND])
            if w > 0:
                y += top
                move = np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1.0]])
                cv2.warpPerspective(
                    *(tiles, move @ matrix, (w, h), laid[y : y + h, x : x + w]),
                    borderMode=cv2.BORDER_WRAP,
                )
        return laid


def _flat(size: int, color: Color) -> np.ndarray:
    return palette.filled((size, size), color)


def smooth_noise(rng: np.random.Generator, cells: int, size: int) -> np.ndarray:
    """(size, size) float32 noise, mean 0, that repeats without a seam."""
    small = rng.normal(0, 1, (cells, cells)).astype(np.float32)
    margin = 2
    padded = np.pad(small, margin, mode='wrap')
    step = -(-size // cells)
    large = cv2.resize(padded, None, fx=step, fy=step, interpolation=cv2.INTER_CUBIC)
    crop = large[margin * step : -margin * step, margin * step : -margin * step]
    return cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA)


def _stamps(size: int, center, reach: float) -> Iterator[tuple[int, int]]:
    """The centre, and its images across the edges of a tile of that size.

    Those are left out that lie further from the tile than what is drawn reaches.
    """
    for dx in (-size, 0, size):
        for dy in (-size, 0, size):
            x, y = int(center[0] + dx), int(center[1] + dy)
            if -reach < x < size + reach and -reach < y < size + reach:
                yield x, y


def _plain(rng, colors, unit):
    return _flat(64, colors[0])


def _stripes(rng, colors, unit):
    period = max(6, int(unit * rng.uniform(0.06, 0.3)))
    tile = _flat(period * 2, colors[0])
    width = max(2, int(period * rng.uniform(0.2, 0.6)))
    tile[:width] = colors[1]
    tile[period : period + width] = colors[int(rng.integers(1, 3))]
    return tile if rng.random() < 0.6 else np.ascontiguousarray(tile.swapaxes(0, 1))


def _checks(rng, colors, unit):
    period = max(8, int(unit * rng.uniform(0.1, 0.4)))
    base = _flat(period, colors[0]).astype(np.float32)
    for color in colors[1 : 1 + int(rng.integers(1, 3))]:
        start = int(rng.integers(period))
        width = max(1, int(period * rng.uniform(0.08, 0.5)))
        band = (start + np.arange(width)) % period
        base[band] += (np.array(color) - base[band]) * 0.5
        base[:, band] += (np.array(color) - base[:, band]) * 0.5
    return base.astype(np.uint8)


def _dots(rng, colors, unit):
    period = max(8, int(unit * rng.uniform(0.08, 0.25))) // 2 * 2
    tile = _flat(period, colors[0])
    radius = max(1.2, period * rng.uniform(0.12, 0.24))
    size = int(radius * 16)
    for center in ((0, 0), (period / 2, period / 2)):
        for x, y in _stamps(period, center, radius + 2):
            cv2.circle(tile, (x * 16, y * 16), size, colors[1], -1, cv2.LINE_AA, 4)
    return tile


def _around(radius: float, turn: float, count: int) -> list[tuple[float, float]]:
    """Points on a circle about 0."""
    turns = [turn + 2 * math.pi * k / count for k in range(count)]
    return [(radius * math.cos(each), radius * math.sin(each)) for each in turns]


def _floral(rng, colors, unit):
    size = int(np.clip(unit * rng.uniform(0.8, 1.4), 48, 256))
    tile = _flat(size, colors[0])
    leaf = palette.contrasting(rng, colors[0], palette.CLOTH, 0.1)
    scale = size * rng.uniform(0.04, 0.085)
    for _ in range(int(rng.integers(7, 16))):
        center, turn = rng.uniform(0, size, 2).tolist(), rng.uniform(0, 6.28)
        petals, radius = int(rng.integers(4, 7)), scale * rng.uniform(0.6, 1.4)
        color = colors[int(rng.integers(1, 3))]
        heart = palette.scaled(color, 0.6)
        axes = (int(1 + radius), int(1 + 0.45 * radius))
        angles = (math.degrees(turn), math.degrees(turn) + 180)
        leaves, petals = _around(2 * radius, turn, 2), _around(radius, turn, petals)
        petal, core = int(1 + 0.65 * radius), int(1 + 0.4 * radius)
        for x, y in _stamps(size, center, 3 * radius + 5):
            for angle, (dx, dy) in zip(angles, leaves):
                at = (int(x + dx), int(y + dy))
                cv2.ellipse(tile, at, axes, angle, 0, 360, leaf, -1, cv2.LINE_AA)
            for dx, dy in petals:
                at = (int(x + dx), int(y + dy))
                cv2.circle(tile, at, petal, color, -1, cv2.LINE_AA)
            cv2.circle(tile, (x, y), core, heart, -1, cv2.LINE_AA)
    return tile


def _blots(rng, colors, unit):
    size = int(np.clip(unit * rng.uniform(0.6, 1.4), 48, 256))
    noise = smooth_noise(rng, int(rng.integers(4, 11)), size)
    tile = _flat(size, colors[0])
    tile[noise > 0.35] = colors[1]
    tile[noise < -0.6] = colors[2]
    return tile


def _knit(rng, colors, unit):
    period = max(4, int(unit * rng.uniform(0.03, 0.09)))
    wave = 0.86 + 0.14 * np.cos(2 * np.pi * np.arange(period) / period)
    row = np.array(colors[0]) * wave[:, None]
    return np.broadcast_to(row, (period, period, 3)).astype(np.uint8)


def _denim(rng, colors, unit):
    blue = palette.pick(rng, palette.CLOTH[1:4])
    tile = _flat(128, blue).astype(np.float32)
    tile += 14 * smooth_noise(rng, 5, 128)[..., None] + rng.normal(0, 9, (1, 128, 1))
    return np.clip(tile, 0, 255).astype(np.uint8)


def _chevron(rng, colors, unit):
    period = max(8, int(unit * rng.uniform(0.1, 0.28))) // 4 * 4
    x, y = np.meshgrid(np.arange(period), np.arange(period))
    fold = np.abs(x - period / 2)
    tile = _flat(period, colors[0])
    tile[(y + fold) % period < period / 2] = colors[1]
    return tile


_PATTERNS = (
    (0.34, _plain),
    (0.13, _stripes),
    (0.11, _checks),
    (0.08, _dots),
    (0.12, _floral),
    (0.06, _blots),
    (0.08, _knit),
    (0.05, _denim),
    (0.03, _chevron),
)


_PLAIN_SHARE = 0.5  # of cloth whose main colour is one of the plain ones


def sample_cloth(rng: np.random.Generator, unit: float, avoid: Color) -> Cloth:
    """Random material.

    Args:
        rng: Source of randomness.
        unit: Image pixels per scene unit, for which the pattern is drawn.
        avoid: A colour (of what lies behind) from which it shall differ.
    """
    colors_of = palette.PLAIN if rng.random() < _PLAIN_SHARE else palette.CLOTH
    # White before white is seen often enough to be learnt.
    least = 0.1 if rng.random() < 0.75 else 0.0
    main = palette.contrasting(rng, avoid, colors_of, least)
    colors = [main] + [
        palette.contrasting(rng, main, palette.CLOTH + palette.PLAIN, 0.15)
        for _ in range(2)
    ]
    pattern = choose(rng, _PATTERNS)
    tile = pattern(rng, colors, unit)
    # Whole copies of the tile, so that the weave does not repeat visibly.
    copies = max(1, -(-96 // len(tile)))
    tile = cv2.repeat(tile, copies, copies)
    weave = rng.uniform(1.5, 4) * rng.standard_normal(tile.shape[:2])
    tile = cv2.add(tile, cv2.merge([weave.astype(np.int16)] * 3), dtype=cv2.CV_8U)
    return Cloth(tile, palette.mean_of(tile), unit, rng.uniform(0.3, 1.2))


def solid(color: Color, relief: float = 0.0) -> Cloth:
    """Material of one colour without weave, such as skin."""
    return Cloth(_flat(8, color), color, 1.0, relief)
