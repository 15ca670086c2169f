"""Light on what is painted: roundness, folds and creases, on every fourth pixel."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from .surfaces.relief import slopes

COARSE = 4  # pixels of a picture in one of the light's


def coarse_window(window: tuple[slice, slice]) -> tuple[slice, slice]:
    """Rows and columns of the light's pixels that a window of the picture touches."""
    rows, columns = window
    return (
        slice(rows.start // COARSE, -(-rows.stop // COARSE)),
        slice(columns.start // COARSE, -(-columns.stop // COARSE)),
    )


def enlarged(coarse: np.ndarray, x: int, y: int, width: int, height: int) -> np.ndarray:
    """A box of what is coarse, in pixels of the picture: (height, width)."""
    box = slice(y, y + height), slice(x, x + width)
    full = cv2.resize(coarse[coarse_window(box)], None, fx=COARSE, fy=COARSE)
    x, y = x % COARSE, y % COARSE
    return full[y : y + height, x : x + width]


def soften(mask: np.ndarray, sigma: float) -> np.ndarray:
    """Nearly a Gaussian blur, by two box filters of that variance together."""
    size = max(1, round(math.sqrt(6 * sigma**2 + 1)))
    return cv2.blur(cv2.blur(mask, (size, size)), (size, size))


@dataclass(frozen=True)
class Lamp:
    """The light of a picture.

    Attributes:
        direction: (2,) unit vector in the picture, towards the light.
        unit: Pixels per scene unit.
        crease: Strength of creases.
    """

    direction: np.ndarray
    unit: float
    crease: float

    def on(
        self,
        rng: np.random.Generator,
        mask: np.ndarray,
        window: tuple[slice, slice],
        frame: np.ndarray,
        relief: float,
        neutral: float,
    ) -> np.ndarray:
        """Light on a layer.

        Args:
            rng: Source of the folds.
            mask: (H, W) uint8 mask of the layer.
            window: Rows and columns of the mask in the picture.
            frame: (4, 2) frame of its cloth in pixels of the picture.
            relief: Strength of folds and creases.
            neutral: Brightness of what is neither lit nor shaded.

        Returns:
            np.ndarray: (h, w) uint8, of the window's :func:`coarse_window`.
        """
        rows, columns = coarse_window(window)
        size = (columns.stop - columns.start, rows.stop - rows.start)
        coarse = cv2.resize(mask, size)
        sigma = max(0.8, 0.13 * self.unit / COARSE)
        soft = soften(coarse, sigma)
        # What lies towards the light is lit, what lies away from it is not.
        reach = math.ceil(sigma)
        x, y = np.rint(reach - 0.9 * sigma * self.direction).astype(int).tolist()
        wide = cv2.copyMakeBorder(soft, *[reach] * 4, cv2.BORDER_REPLICATE)
        lit = wide[y : y + size[1], x : x + size[0]]
        # By numpy: OpenCV's sums of shares are rounded by the processor's instructions.
        weight = neutral / 255
        light = 0.7 * neutral + 0.7 * weight * soft.astype(np.float32)
        light -= 0.4 * weight * lit.astype(np.float32)
        if relief > 0:
            frame = frame / COARSE - (columns.start, rows.start)
            light += relief * neutral * _folds(rng, frame, size)
            creases = self._creases(rng, frame, size)
            light += relief * self.crease * neutral * creases
        return np.clip(light, 0.4 * neutral, 1.3 * neutral).astype(np.uint8)

    def _creases(
        self, rng: np.random.Generator, frame: np.ndarray, size: tuple[int, int]
    ) -> np.ndarray:
        """Creases of the cloth, along the way it hangs."""
        top_left, top_right, bottom_right, bottom_left = frame
        dx, dy = (bottom_left + bottom_right - top_left - top_right) / 2
        down = math.atan2(dx, max(dy, 1e-6))
        unit = self.unit / COARSE
        return slopes(rng, size, unit, down, self.direction)


def _folds(
    rng: np.random.Generator, frame: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """Soft ridges along a frame (4, 2), which is in pixels of the answer."""
    across, along = int(rng.integers(5, 13)), int(rng.integers(2, 4))
    noise = rng.normal(0, 0.07, (along, across)).astype(np.float32)
    ridges = cv2.resize(noise, (64, 16), interpolation=cv2.INTER_CUBIC)
    # Ridges catch the light on one side: the slope, not the height, is seen.
    ridges = 0.5 * ridges[:, 1:-1] + 3.6 * (ridges[:, 2:] - ridges[:, :-2])
    flat = np.array([[-1, 0], [63, 0], [63, 16], [-1, 16]], np.float32)
    matrix = cv2.getPerspectiveTransform(flat, frame.astype(np.float32))
    return cv2.warpPerspective(ridges, matrix, size, borderMode=cv2.BORDER_REFLECT)
