"""Backgrounds: studios, rooms, streets and clutter."""

from __future__ import annotations

import cv2
import numpy as np

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
    noise = noise[: size_wh[1], : size_wh[0], None] * rng.uniform(4, 22)
    grain = rng.normal(0, rng.uniform(0, 5), (size_wh[1], size_wh[0], 1))
    return np.clip(np.array(wall) + noise + grain, 0, 255).astype(np.uint8)


def _boards(rng, size_wh, wall):
    width, height = size_wh
    image = np.zeros((height, width, 3), np.uint8)
    step = int(rng.integers(14, 50))
    for x in range(0, width, step):
        image[:, x : x + step] = palette.scaled(wall, rng.uniform(0.86, 1.03))
        image[:, x] = palette.scaled(wall, 0.6)
    grain = rng.normal(0, 3, (1, width, 1)) + rng.normal(0, 1.5, (height, width, 1))
    image = np.clip(image + grain, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        image = cv2.resize(np.ascontiguousarray(image.swapaxes(0, 1)), size_wh)
    return image


_KINDS = (
    (0.36, _studio),
    (0.2, _room),
    (0.12, _street),
    (0.14, _clutter),
    (0.1, _texture),
    (0.08, _boards),
)


def sample_background(
    rng: np.random.Generator, size_wh: tuple[int, int]
) -> tuple[np.ndarray, Color]:
    """A background and its mean colour.

    Returns:
        tuple: (H, W, 3) uint8 BGR and a colour.
    """
    half = (-(-size_wh[0] // _HALF), -(-size_wh[1] // _HALF))
    kind = _KINDS[rng.choice(len(_KINDS), p=[row[0] for row in _KINDS])][1]
    image = kind(rng, half, palette.pick(rng, palette.WALL, 6))
    mean = tuple(int(c) for c in image.mean((0, 1)))
    return cv2.resize(image, size_wh), mean
