"""Backgrounds: studios, rooms, streets and clutter."""

from __future__ import annotations

import cv2
import numpy as np

from fashion_mmpose.synthetic.shares import choose

from . import palette
from .fabric import smooth_noise
from .palette import Color

_HALF = 2  # painted at half size, as if out of focus


def _defocus(image: np.ndarray, sigma: float) -> np.ndarray:
    """A Gaussian blur; a strong one at half the size, where it costs little."""
    if sigma < 2:
        return cv2.GaussianBlur(image, (0, 0), sigma)
    height, width = image.shape[:2]
    small = cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma / 2), (width, height))


def _gradient(size_wh, first: Color, second: Color, angle: float) -> np.ndarray:
    width, height = size_wh
    x = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None]
    y = np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None]
    t = np.clip(0.5 + x * np.sin(angle) + y * np.cos(angle), 0, 1)
    return cv2.merge(
        [(a + (b - a) * t).astype(np.uint8) for a, b in zip(first, second)]
    )


def _with_grain(image: np.ndarray, grain: np.ndarray) -> np.ndarray:
    """The picture plus (H, W) noise in all channels, rounded down."""
    steps = cv2.merge([np.floor(grain).astype(np.int16)] * 3)
    return cv2.add(image, steps, dtype=cv2.CV_8U)


def _studio(rng, size_wh, wall):
    shade = palette.scaled(wall, rng.uniform(0.78, 1.04))
    image = _gradient(size_wh, wall, shade, rng.normal(0, 0.6))
    if rng.random() < 0.4:
        floor = palette.scaled(wall, rng.uniform(0.8, 0.97))
        y = int(size_wh[1] * rng.uniform(0.75, 0.95))
        image[y:] = floor
        image = _defocus(image, rng.uniform(0.5, 8))
    return image


def _room(rng, size_wh, wall):
    width, height = size_wh
    image = _gradient(size_wh, wall, palette.scaled(wall, 0.85), rng.normal(0, 1))
    floor_y = int(height * rng.uniform(0.68, 0.95))
    floor = palette.pick(rng, palette.WALL + palette.CLOTH[10:14])
    cv2.rectangle(image, (0, floor_y), (width, height), floor, -1)
    cv2.line(image, (0, floor_y), (width, floor_y), palette.scaled(wall, 1.1), 3)
    if rng.random() < 0.4:
        step = int(rng.integers(10, 40))
        for x in range(int(rng.integers(step)), width, step):
            cv2.line(image, (x, 0), (x, floor_y), palette.scaled(wall, 0.93), 1)
    for _ in range(int(rng.integers(2, 7))):
        w, h = (rng.uniform(0.08, 0.4, 2) * size_wh).astype(int)
        x = int(rng.uniform(-0.1, 0.95) * width)
        y = floor_y - h if rng.random() < 0.5 else int(rng.uniform(0, 0.6) * floor_y)
        color = palette.pick(rng, palette.WALL + palette.CLOTH, 10)
        cv2.rectangle(image, (x, y), (x + w, y + h), palette.scaled(color, 0.7), -1)
        cv2.rectangle(image, (x + 2, y + 2), (x + w - 2, y + h - 2), color, -1)
        if rng.random() < 0.4:
            line = palette.scaled(color, 0.8)
            cv2.line(image, (x + w // 2, y), (x + w // 2, y + h), line, 1)
            cv2.line(image, (x, y + h // 2), (x + w, y + h // 2), line, 1)
    return _defocus(image, rng.uniform(0.4, 4))


def _street(rng, size_wh, wall):
    width, height = size_wh
    image = _gradient(size_wh, palette.pick(rng, palette.WALL), wall, 0)
    x = 0
    while x < width:
        w = int(rng.uniform(0.1, 0.35) * width)
        y = int(rng.uniform(0, 0.5) * height)
        color = palette.pick(rng, palette.WALL + palette.CLOTH[6:16], 12)
        cv2.rectangle(image, (x, y), (x + w, height), color, -1)
        pane = palette.scaled(color, rng.uniform(0.6, 1.25))
        for px in range(x + 4, x + w - 6, 14):
            for py in range(y + 6, height - 10, 20):
                cv2.rectangle(image, (px, py), (px + 7, py + 11), pane, -1)
        x += w
    ground = palette.pick(rng, palette.WALL[-8:])
    cv2.rectangle(
        image, (0, int(height * rng.uniform(0.75, 0.95))), (width, height), ground, -1
    )
    return _defocus(image, rng.uniform(1.5, 6))


def _clutter(rng, size_wh, wall):
    image = _gradient(size_wh, wall, palette.scaled(wall, 0.8), rng.normal(0, 1))
    for _ in range(int(rng.integers(8, 40))):
        center = (rng.uniform(0, 1, 2) * size_wh).astype(int).tolist()
        axes = (rng.uniform(0.02, 0.16, 2) * max(size_wh)).astype(int).tolist()
        color = palette.pick(rng, palette.WALL + palette.CLOTH, 15)
        turn = rng.uniform(0, 180)
        if rng.random() < 0.5:
            cv2.ellipse(image, center, axes, turn, 0, 360, color, -1, cv2.LINE_AA)
        else:
            corners = cv2.boxPoints((center, [2 * a for a in axes], turn))
            cv2.fillPoly(image, [corners.astype(np.int32)], color, cv2.LINE_AA)
    return _defocus(image, rng.uniform(0.5, 7))


def _texture(rng, size_wh, wall):
    noise = smooth_noise(rng, int(rng.integers(4, 30)), max(size_wh))
    noise = noise[: size_wh[1], : size_wh[0]] * rng.uniform(4, 22)
    grain = rng.normal(0, rng.uniform(0, 5), size_wh[::-1])
    return _with_grain(palette.filled(size_wh, wall), noise + grain)


def _boards(rng, size_wh, wall):
    width, height = size_wh
    row = np.empty((1, width, 3), np.uint8)
    step = int(rng.integers(14, 50))
    for x in range(0, width, step):
        row[:, x : x + step] = palette.scaled(wall, rng.uniform(0.86, 1.03))
        row[:, x] = palette.scaled(wall, 0.6)
    grain = rng.normal(0, 3, (1, width)) + rng.normal(0, 1.5, (height, width))
    image = _with_grain(cv2.repeat(row, height, 1), grain)
    if rng.random() < 0.5:
        image = cv2.resize(cv2.transpose(image), size_wh)
    return image


def _white(rng, size_wh, wall):
    white = palette.scaled((255, 255, 255), rng.uniform(0.94, 1.0))
    return _gradient(size_wh, white, palette.scaled(white, rng.uniform(0.95, 1)), 0)


def _leaves(rng, size_wh, wall):
    """Grass, bushes and trees: many small strokes in shades of one colour."""
    width, height = size_wh
    green = (rng.uniform(20, 70), rng.uniform(70, 140), rng.uniform(50, 110))
    image = _gradient(
        size_wh, palette.scaled(green, 0.5), palette.scaled(green, 1.2), 0
    )
    count = int(rng.integers(150, 500))
    spots = (rng.uniform(0, 1, (count, 2)) * size_wh).astype(int)
    axes = rng.uniform(1, rng.uniform(4, 12), (count, 2)).astype(int) + 1
    turns = rng.uniform(0, 180, count).tolist()
    shades = np.minimum(green * rng.uniform(0.4, 1.7, (count, 1)), 255).astype(int)
    for spot, axis, turn, shade in zip(
        spots.tolist(), axes.tolist(), turns, shades.tolist()
    ):
        cv2.ellipse(image, spot, axis, turn, 0, 360, shade, -1)
    if rng.random() < 0.5:
        y = int(height * rng.uniform(0.6, 0.9))
        image[y:] = palette.pick(rng, palette.WALL[-8:], 10)
    return _defocus(image, rng.uniform(0.4, 5))


def _bricks(rng, size_wh, wall):
    width, height = size_wh
    mortar = palette.scaled(wall, rng.uniform(0.6, 1.1))
    image = palette.filled(size_wh, mortar)
    color = np.array(palette.pick(rng, palette.WALL + palette.CLOTH, 8))
    h = int(rng.integers(5, 24))
    w = int(h * rng.uniform(1, 3.5))
    gap = int(rng.integers(1, 3))
    for row, y in enumerate(range(0, height, h)):
        start = w - (row % 2) * (w // 2)
        bricks = palette.filled((w, -(-(width + start) // w)), mortar)
        shades = color * rng.uniform(0.8, 1.15, (len(bricks), 1, 1))
        bricks[:, : w - gap] = np.minimum(shades, 255)
        image[y : y + h - gap] = bricks.reshape(-1, 3)[start : start + width]
    return _defocus(image, rng.uniform(0.3, 3))


def _noise(rng, size_wh, wall):
    """Coloured noise with the spectrum of photographs, power falling with frequency."""
    total = np.zeros((2, 2, 3))
    for octave in range(2, 8):
        cells = 2**octave
        first, second = rng.normal(0, 1, (2, cells, cells))
        tint = rng.normal(0, 0.35, (2, 3)) + rng.normal(0, 1, (2, 1))
        tint *= 0.6**octave
        fine = cv2.merge([first * one + second * other for one, other in tint.T])
        # Coarse noise is enlarged step by step, all octaves of it together.
        around = cv2.copyMakeBorder(total, 2, 2, 2, 2, cv2.BORDER_WRAP)
        coarse = cv2.resize(around, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        total = coarse[4:-4, 4:-4] + fine
    total *= rng.uniform(20, 60) / total.std()
    total += np.array(wall) * rng.uniform(0.4, 1)
    small = np.clip(total, 0, 255).astype(np.uint8)
    side = max(size_wh)
    large = cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC)
    return large[: size_wh[1], : size_wh[0]]


def _collage(rng, size_wh, wall):
    """Panels of other backgrounds beside each other: doors, shelves, windows."""
    image = _room(rng, size_wh, wall)
    width, height = size_wh
    for _ in range(int(rng.integers(2, 7))):
        kind = (_noise, _texture, _boards, _bricks, _clutter, _leaves)[rng.integers(6)]
        w, h = (rng.uniform(0.1, 0.6, 2) * size_wh).astype(int) + 8
        x, y = (rng.uniform(-0.1, 0.9, 2) * size_wh).astype(int).clip(0)
        panel = kind(rng, (int(w), int(h)), palette.pick(rng, palette.WALL, 12))
        region = image[y : y + h, x : x + w]
        region[:] = panel[: region.shape[0], : region.shape[1]]
        if rng.random() < 0.5:
            frame = palette.pick(rng, palette.WALL + palette.PLAIN, 8)
            corner = (int(x + w), int(y + h))
            thick = int(rng.integers(1, 5))
            cv2.rectangle(image, (int(x), int(y)), corner, frame, thick)
    return _defocus(image, rng.uniform(0.3, 3))


_KINDS = (
    (0.2, _studio),
    (0.1, _white),
    (0.12, _room),
    (0.08, _street),
    (0.1, _clutter),
    (0.06, _texture),
    (0.06, _boards),
    (0.06, _leaves),
    (0.05, _bricks),
    (0.07, _noise),
    (0.1, _collage),
)


def sample_background(
    rng: np.random.Generator, size_wh: tuple[int, int]
) -> tuple[np.ndarray, Color]:
    """A background and its mean colour.

    Returns:
        tuple: (H, W, 3) uint8 BGR and a colour.
    """
    half = (-(-size_wh[0] // _HALF), -(-size_wh[1] // _HALF))
    kind = choose(rng, _KINDS)
    image = kind(rng, half, palette.pick(rng, palette.WALL, 6))
    return cv2.resize(image, size_wh), palette.mean_of(image)
