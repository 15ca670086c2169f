"""Whether an exported pose network finds the points that PyTorch finds."""

from dataclasses import dataclass

import numpy as np

from fashion_mmpose.errors import FormatError
from fashion_mmpose.export.drawn import drawn_pictures
from fashion_mmpose.inference.onnx.pose import OnnxPoseNetwork
from fashion_mmpose.inference.protocols import PoseNetwork

BATCH_SIZE = 8

SAME_PX = 0.01
# Where two cells of a heatmap are equally high, the last bit chooses between them.
LEAST_SAME = 0.95
MOST_SCORE = 1e-3


@dataclass(frozen=True)
class PointChange:
    """How far points and scores are from PyTorch's.

    Attributes:
        num_points: How many were compared.
        largest_px: The largest distance, in pixels of the crop.
        mean_px: The mean distance.
        same: Share of the points within :data:`SAME_PX`.
        largest_score: The largest difference of scores.
    """

    num_points: int
    largest_px: float
    mean_px: float
    same: float
    largest_score: float

    def __str__(self) -> str:
        return (
            f'{self.num_points} points compared with PyTorch: the largest difference '
            f'is {self.largest_px:.2g} px of the crop (mean {self.mean_px:.2g}), '
            f'{self.same:.2%} are within {SAME_PX} px; scores differ by '
            f'{self.largest_score:.2g} at most'
        )

    def check(self, name: str) -> None:
        """Raise a FormatError if these are not the same points."""
        # Numbers that are no numbers are not the same ones.
        if not (self.same >= LEAST_SAME and self.largest_score <= MOST_SCORE):
            raise FormatError(
                f'{name}: the exported network is not that of PyTorch: {self}; to fix '
                'it: where the network is untrained, its heatmaps have no clear '
                'maxima, export with --no-verify; otherwise please report it'
            )


def compare_points(network: PoseNetwork, exported: OnnxPoseNetwork) -> PointChange:
    """Let both find the key points of drawn garments, in crops of their own making.

    Every category of the network is asked for; a garment may be another one, for it is
    the same for both.

    Args:
        network: PyTorch's.
        exported: The other one.
    """
    boxes = [(each.image, item.box) for each in drawn_pictures() for item in each.items]
    num_crops = max(len(boxes), len(network.categories))
    asked = [
        (*boxes[i % len(boxes)], network.categories[i % len(network.categories)])
        for i in range(num_crops)
    ]
    distances, scores = [], []
    for start in range(0, num_crops, BATCH_SIZE):
        batch = asked[start : start + BATCH_SIZE]
        cut = [exported.sample(image, name, box) for image, box, name in batch]
        found = network.predict(
            [network.sample(image, name, box) for image, box, name in batch]
        )
        for one, other, sample in zip(found, exported.predict(cut), cut):
            per_crop_px = sample['crop'].scale / exported.metadata.crop.size_wh
            moved = (one.keypoints - other.keypoints) / per_crop_px
            distances.append(np.linalg.norm(moved, axis=1))
            scores.append(np.abs(one.scores - other.scores))
    px = np.concatenate(distances)
    return PointChange(
        num_points=len(px),
        largest_px=float(px.max()),
        mean_px=float(px.mean()),
        same=float((px <= SAME_PX).mean()),
        largest_score=float(np.concatenate(scores).max()),
    )
