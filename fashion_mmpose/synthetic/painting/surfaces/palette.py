"""Colours of clothes, skin, hair and rooms. All colours are BGR, 0 to 255."""

from __future__ import annotations

import cv2
import numpy as np

Color = tuple[int, int, int]


def _bgr(text: str) -> list[Color]:
    """Colours from hexadecimal RGB words."""
    return [
        (int(word[4:6], 16), int(word[2:4], 16), int(word[0:2], 16))
        for word in text.split()
    ]


CLOTH = _bgr(
    """
    1d2a44 243b6b 3f5f8a 7f9cc0 b5c7de 101216 2b2d31 55585e 8c8f94 f4f1ea e9e2d3
    d8c6a5 b8956a 8a5a3b 5b3a29 7a1f2b b02a37 d9534f e58e7f f0b8ad e7c0c8 c26d86
    8d3b63 5a3768 9c86b5 c9bddb 2f5d50 4f7f5f 8fae8b c7d3b4 6b6f3a c9a227 e3b94f
    f2d58a d9772b 1f7a8c 63aab0 bfe0dc
    """
)
# What most clothes are: black, white, grey, navy and denim blue, beige.
PLAIN = _bgr(
    """
    0d0e10 15161a 1c1d22 26282d 101522 18223d fbfbfa f6f5f2 efede8 f9f4ec 3a3c40 6a6c70
    a3a5a8 c9cacb 27375c 44608c 7691b5 d9c9ae bfa98a
    """
)
SKIN = _bgr('f6d9c6 efc7ab e3b08d d39a74 b87a55 95603f 6f452d 53321f')
HAIR = _bgr('17120f 241a15 3a261b 5a3a24 7c5433 a87c4b c9a36b 8a8580 6b2a1c')
WALL = _bgr(
    """
    f7f6f3 eeece8 e2dfda d5d3d1 f3ece2 e8dccb e6e9ee d3dbe4 c7d2cf dfe5dc f2e4e1
    e9d3cf bfc3c9 9ea4ab 7b6f66 b39c86 57616b 3c4148
    """
)


def pick(rng: np.random.Generator, colors: list[Color], jitter: float = 8) -> Color:
    """One of the colours, each channel moved a little."""
    base = colors[rng.integers(len(colors))]
    moves = rng.normal(0, jitter, 3).tolist()
    return tuple(int(min(max(c + move, 0), 255)) for c, move in zip(base, moves))


def scaled(color: Color, factor: float) -> Color:
    """The colour darker (below 1) or lighter."""
    return tuple(int(min(255, c * factor)) for c in color)


def luminance(color: Color) -> float:
    """0 (black) to 1 (white)."""
    blue, green, red = color
    return (0.114 * blue + 0.587 * green + 0.299 * red) / 255


def contrasting(
    rng: np.random.Generator, color: Color, colors: list[Color], least: float = 0.18
) -> Color:
    """One of the colours that differs in lightness by ``least`` if there is one."""
    for _ in range(12):
        other = pick(rng, colors)
        if abs(luminance(other) - luminance(color)) >= least:
            break
    return other


def filled(size_wh: tuple[int, int], color: Color) -> np.ndarray:
    """A picture (H, W, 3) uint8 of one colour."""
    image = np.empty((size_wh[1], size_wh[0], 3), np.uint8)
    return cv2.rectangle(image, (0, 0), size_wh, color, cv2.FILLED)


def mean_of(image: np.ndarray) -> Color:
    """The mean colour of a picture (H, W, 3) uint8, rounded down."""
    pixels = image.shape[0] * image.shape[1]
    return tuple(int(total / pixels) for total in cv2.sumElems(image)[:3])
