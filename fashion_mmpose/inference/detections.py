"""Garments as a detector finds them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Detections:
    """The garments found in one picture, best first. n: garments.

    Attributes:
        bboxes: x1, y1, x2, y2 in pixels of the picture, inside it and of positive
            width and height, shape (n, 4), float32.
        scores: Shape (n, ), float32, 0 to 1.
        labels: n names of categories.
    """

    bboxes: np.ndarray
    scores: np.ndarray
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)


def check_pictures(images: Sequence[np.ndarray], first: int = 0) -> None:
    """Make sure that these are pictures in BGR order, shape (H, W, 3), uint8.

    Args:
        images: Some pictures.
        first: Number of the first one, for the error.

    Raises:
        ValueError: If one is of another shape or type.
    """
    for index, image in enumerate(images, first):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise ValueError(
                f'picture {index} must be of shape (H, W, 3) and type uint8, BGR; it '
                f'is of shape {image.shape} and type {image.dtype}'
            )
