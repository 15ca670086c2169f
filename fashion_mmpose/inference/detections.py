"""Garments as a detector finds them."""

from collections.abc import Iterator, Sequence
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


def picture_batches(
    images: Sequence[np.ndarray], batch_size: int
) -> Iterator[Sequence[np.ndarray]]:
    """Pictures in BGR order, shape (H, W, 3), uint8, batch by batch.

    Args:
        images: The pictures.
        batch_size: So many are in a batch; the last one may have less.

    Raises:
        ValueError: If a picture is of another shape or type, when it is its batch's
            turn.
    """
    for start in range(0, len(images), batch_size):
        batch = images[start : start + batch_size]
        _check_pictures(batch, start)
        yield batch


def _check_pictures(images: Sequence[np.ndarray], first: int) -> None:
    for index, image in enumerate(images, first):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise ValueError(
                f'picture {index} must be of shape (H, W, 3) and type uint8, BGR; it '
                f'is of shape {image.shape} and type {image.dtype}'
            )
