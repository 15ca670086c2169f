"""Garments as a detector finds them."""

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
