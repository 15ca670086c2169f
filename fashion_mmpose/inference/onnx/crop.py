"""How a box of a picture becomes the input of a pose network, in numpy and OpenCV.

The crops are those of the pipelines in the configs: of MMPose's ``GetBBoxCenterScale``
and ``TopdownAffine``, and of this package's ``TopdownStretch`` and ``ResizeInput``.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import msgspec
import numpy as np

INTERPOLATIONS = dict(linear=cv2.INTER_LINEAR, cubic=cv2.INTER_CUBIC)


@dataclass(frozen=True, eq=False)
class Placed:
    """A crop, and where it lies in its picture.

    Attributes:
        pixels: Shape (h, w, 3).
        center: x, y of its centre in pixels of the picture, shape (2, ).
        scale: Its width and height in pixels of the picture, shape (2, ).
    """

    pixels: np.ndarray
    center: np.ndarray
    scale: np.ndarray

    def to_picture(self, points: np.ndarray) -> np.ndarray:
        """Points (K, 2) in pixels of the crop -> pixels of the picture, float32."""
        size_wh = self.pixels.shape[1::-1]
        moved = points / size_wh * self.scale + self.center - 0.5 * self.scale
        return moved.astype(np.float32)


class Crop(msgspec.Struct, frozen=True, kw_only=True):
    """How boxes are cut out.

    Attributes:
        method: ``'affine'`` warps the box, grown to the input's aspect ratio;
            ``'stretch'`` warps it as it is; ``'resize'`` resizes it with OpenCV's
            resize, at whole pixels.
        size_wh: Width and height of the input.
        padding: Factor of the box's width and height; not of ``'resize'``.
        fill: Value of what lies outside of the picture, 0 to 255; of ``'resize'``,
            that of the padding.
        keep_ratio: Whether ``'resize'`` keeps the aspect ratio and pads on the right
            and at the bottom.
        interpolation: Of ``'resize'``: ``'linear'`` or ``'cubic'``.
    """

    method: Literal['affine', 'stretch', 'resize']
    size_wh: tuple[int, int]
    padding: float = 1.0
    fill: float = 0.0
    keep_ratio: bool = True
    interpolation: Literal['linear', 'cubic'] = 'linear'

    @property
    def dtype(self) -> type[np.generic]:
        """Type of the crops: fractions of the padding need float32."""
        return _dtype(self.fill) if self.method == 'resize' else np.uint8

    def cut(self, pixels: np.ndarray, bbox: np.ndarray) -> Placed:
        """Cut a box out of a picture.

        Args:
            pixels: Shape (H, W, 3), uint8.
            bbox: x1, y1, x2, y2 in pixels of the picture, shape (4, ).

        Raises:
            ValueError: If the method is ``'resize'``, and the box holds no pixel.
        """
        bbox = np.asarray(bbox, np.float32)
        if self.method == 'resize':
            return resize_box(
                pixels,
                bbox,
                self.size_wh,
                self.keep_ratio,
                self.interpolation,
                self.fill,
            )
        # In float32, as MMPose has it: the crops are to be the same to the bit.
        center = (bbox[2:] + bbox[:2]) * 0.5
        scale = (bbox[2:] - bbox[:2]) * self.padding
        if self.method == 'affine':
            scale = grown_to_ratio(scale, self.size_wh)
        warped = cv2.warpAffine(
            pixels,
            self._matrix(center, scale),
            self.size_wh,
            flags=cv2.INTER_LINEAR,
            borderValue=(self.fill,) * 3,
        )
        return Placed(warped, center, scale)

    def _matrix(self, center: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """From pixels of the picture to pixels of the input, shape (2, 3)."""
        width, height = self.size_wh
        half_width, half_height = 0.5 * scale.astype(np.float64)
        x, y = center.astype(np.float64)
        left = x - half_width
        if self.method == 'affine':
            # The third point makes a right angle with the others, so that one scale
            # is that of both axes.
            x, y, left = np.array((x, y, left), np.float32)
            third = (left, y + (x - left))
            target = (0, 0.5 * height + 0.5 * width)
        else:
            third, target = (x, y - half_height), (0.5 * width, 0)
        source = np.array([(x, y), (left, y), third], np.float32)
        goal = np.array(
            [(0.5 * width, 0.5 * height), (0, 0.5 * height), target], np.float32
        )
        return cv2.getAffineTransform(source, goal)


def grown_to_ratio(scale: np.ndarray, size_wh: tuple[int, int]) -> np.ndarray:
    """A width and height, the shorter grown so that they are as width to height."""
    ratio = size_wh[0] / size_wh[1]
    width, height = np.split(scale, 2)  # arrays, which keep float32
    if width > height * ratio:
        return np.concatenate((width, width / ratio))
    return np.concatenate((height * ratio, height))


def resize_box(
    pixels: np.ndarray,
    bbox: np.ndarray,
    size_wh: tuple[int, int],
    keep_ratio: bool,
    interpolation: str,
    fill: float,
    image: str = 'the picture',
) -> Placed:
    """Cut a box out at whole pixels and resize it with ``cv2.resize``.

    What of the box lies outside of the picture is left out.

    Args:
        pixels: Shape (H, W, 3).
        bbox: x1, y1, x2, y2 in pixels of the picture, shape (4, ).
        size_wh: Width and height of the result.
        keep_ratio: Whether to keep the aspect ratio and pad on the right and at the
            bottom; the box is stretched otherwise.
        interpolation: One of :data:`INTERPOLATIONS`.
        fill: Value of the padding, 0 to 255; fractions make the crop float32.
        image: Name of the picture, for the error.

    Raises:
        ValueError: If the box holds no pixel of the picture.
    """
    x1, y1 = np.floor(bbox[:2]).clip(min=0).astype(int)
    x2, y2 = np.ceil(bbox[2:]).clip(min=0).astype(int)
    inside = pixels[y1:y2, x1:x2]
    if not inside.size:
        height, width = pixels.shape[:2]
        raise ValueError(
            f'{image}: the box {bbox.tolist()} (x1, y1, x2, y2) holds no pixel of the '
            f'{width}x{height} image; give a box inside of it'
        )
    height, width = inside.shape[:2]
    factor = np.array(size_wh) / (width, height)
    inner_wh = size_wh
    if keep_ratio:
        factor[:] = factor.min()
        inner_wh = tuple(max(1, int(side * factor[0])) for side in (width, height))
    resized = cv2.resize(inside, inner_wh, interpolation=INTERPOLATIONS[interpolation])
    scale = np.array(size_wh) / factor  # pixels of the picture
    center = np.array([x1, y1]) + scale / 2
    return Placed(_padded(resized, size_wh, fill), center, scale)


def _padded(pixels: np.ndarray, size_wh: tuple[int, int], fill: float) -> np.ndarray:
    width, height = size_wh
    if pixels.shape[:2] == (height, width):
        return pixels
    padded = np.full((height, width, 3), fill, _dtype(fill))
    padded[: pixels.shape[0], : pixels.shape[1]] = pixels
    return padded


def _dtype(fill: float) -> type[np.generic]:
    return np.uint8 if float(fill).is_integer() else np.float32
