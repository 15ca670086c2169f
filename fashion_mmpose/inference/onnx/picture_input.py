"""How pictures become the input of a detector, in numpy and OpenCV.

As the test pipelines of MMDetection's configs have it: ``Resize``, ``Pad``, and the
padding of its data preprocessor.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import msgspec
import numpy as np


@dataclass(frozen=True, eq=False)
class Resized:
    """A picture of the detector's size.

    Attributes:
        pixels: Shape (h, w, 3).
        factor: Input pixels per pixel of the picture, in x and y.
    """

    pixels: np.ndarray
    factor: tuple[float, float]


class PictureInput(msgspec.Struct, frozen=True, kw_only=True):
    """How pictures are resized and padded.

    Attributes:
        scale_wh: The size that pictures are resized to.
        keep_ratio: Whether they keep their aspect ratio, the longer side fitting into
            the longer side of ``scale_wh`` and the shorter into the shorter.
        pad_wh: The size that they are padded to, on the right and at the bottom; None
            for the size that they have.
        fill: Value of that padding, blue, green and red.
        divisor: Sides of a batch are padded to multiples of it, and to the largest of
            its pictures.
        batch_fill: Value of that padding.
        clips: Whether boxes end at the border of the resized and padded picture.
    """

    scale_wh: tuple[int, int]
    keep_ratio: bool
    pad_wh: tuple[int, int] | None
    fill: tuple[float, float, float]
    divisor: int
    batch_fill: tuple[float, float, float]
    clips: bool

    @property
    def fixed_wh(self) -> tuple[int, int] | None:
        """The size of every input; None where it depends on the pictures."""
        size = self.pad_wh or (None if self.keep_ratio else self.scale_wh)
        if size is None or any(side % self.divisor for side in size):
            return None
        return size

    @property
    def dtype(self) -> type[np.generic]:
        """Type of the inputs: fractions of the padding need float32."""
        values = [*self.fill, *(() if self.fixed_wh else self.batch_fill)]
        is_whole = all(float(value).is_integer() for value in values)
        return np.uint8 if is_whole else np.float32

    def resize(self, picture: np.ndarray) -> Resized:
        """Resize a picture (H, W, 3), and pad it to ``pad_wh``."""
        height, width = picture.shape[:2]
        size = self.scale_wh
        if self.keep_ratio:
            factor = min(max(size) / max(height, width), min(size) / min(height, width))
            # A pixel is left of the shorter side, however long the longer one is.
            size = (
                max(1, int(width * factor + 0.5)),
                max(1, int(height * factor + 0.5)),
            )
        pixels = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
        if self.pad_wh is not None:
            pixels = _padded(pixels, self.pad_wh, self.fill, self.dtype)
        return Resized(pixels, (size[0] / width, size[1] / height))

    def batch(self, resized: Sequence[Resized]) -> np.ndarray:
        """One input of several pictures, shape (B, h, w, 3)."""
        sizes = np.array([each.pixels.shape[1::-1] for each in resized]).max(axis=0)
        size = tuple(-(-sizes // self.divisor) * self.divisor)
        return np.stack(
            [
                _padded(each.pixels, size, self.batch_fill, self.dtype)
                for each in resized
            ]
        )


def _padded(
    pixels: np.ndarray,
    size_wh: tuple[int, int],
    fill: tuple[float, float, float],
    dtype: type[np.generic],
) -> np.ndarray:
    height, width = pixels.shape[:2]
    if (width, height) == tuple(size_wh):
        return pixels.astype(dtype, copy=False)
    padded = np.empty((size_wh[1], size_wh[0], 3), dtype)
    padded[:] = fill
    padded[:height, :width] = pixels
    return padded
