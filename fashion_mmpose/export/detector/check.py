"""Whether an exported detector finds the boxes that PyTorch finds."""

from dataclasses import dataclass

import numpy as np

from fashion_mmpose.apis import GarmentDetector
from fashion_mmpose.errors import FormatError
from fashion_mmpose.export.drawn import drawn_pictures
from fashion_mmpose.inference.onnx.detector import OnnxGarmentDetector

SAME_PX = 0.1
MOST_OTHER = 0.02  # share of the boxes; the order of equal scores decides on the last
MOST_SCORE = 0.01


@dataclass(frozen=True)
class BoxChange:
    """How far boxes are from PyTorch's.

    Attributes:
        num_boxes: How many PyTorch finds in all pictures.
        num_other: How many are found by one of the two only, or as another category.
        largest_px: The largest distance of a corner, in pixels of the picture.
        largest_score: The largest difference of scores.
    """

    num_boxes: int
    num_other: int
    largest_px: float
    largest_score: float

    def __str__(self) -> str:
        return (
            f'{self.num_boxes} boxes compared with PyTorch: {self.num_other} are found '
            f'by one side only; the others differ by {self.largest_px:.2g} px and by '
            f'{self.largest_score:.2g} in their scores at most'
        )

    def check(self, name: str) -> None:
        """Raise a FormatError if these are not the same boxes."""
        same_boxes = self.num_other <= MOST_OTHER * max(self.num_boxes, 100)
        # A number that is no number is not the same one.
        if not (same_boxes and self.largest_score <= MOST_SCORE):
            raise FormatError(
                f'{name}: the exported detector is not that of PyTorch: {self}; to fix '
                'it: export with --no-verify where it is untrained; otherwise please '
                'report it'
            )


def compare_boxes(
    detector: GarmentDetector, exported: OnnxGarmentDetector
) -> BoxChange:
    """Let both find garments in drawn pictures.

    Args:
        detector: PyTorch's.
        exported: The other one, which asks for as many boxes of the same scores.
    """
    images = [each.image for each in drawn_pictures()]
    num_boxes, num_other = 0, 0
    distances, scores = [0.0], [0.0]
    for found, other in zip(detector.detect(images), exported.detect(images)):
        num_boxes += len(found)
        labels = np.array(other.labels)
        num_same = 0
        for bbox, score, label in zip(found.bboxes, found.scores, found.labels):
            same = np.flatnonzero(labels == label)
            away = np.abs(other.bboxes[same] - bbox).max(axis=1)
            if len(same) and away.min() <= SAME_PX:
                num_same += 1
                distances.append(float(away.min()))
                scores.append(abs(float(other.scores[same[away.argmin()]] - score)))
        num_other += max(len(found), len(other)) - num_same
    return BoxChange(num_boxes, num_other, max(distances), max(scores))
