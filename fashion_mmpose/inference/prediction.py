"""What is known about a garment after both networks have seen it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.visualization import ShownGarment, draw_garments
from fashion_mmpose.visualization.point_names import write_point_names

KEYPOINT_THR = 0.2  # points that are scored lower are not drawn


@dataclass(frozen=True, eq=False)
class GarmentPrediction:
    """A garment in a picture and where its landmarks are.

    K: key points of its category. All positions are pixels of the picture.

    Attributes:
        image_id: Number of the picture or frame among all of the call, from 0.
        image: Path of the picture or the video; an array's place among the inputs; the
            number of a camera.
        frame: Number of the frame in a video or of a camera, from 0; None elsewhere.
        benchmark: ``'fashionai'`` or ``'deepfashion2'``, whose key points these are.
        category: Name of the category.
        bbox: x1, y1, x2, y2, shape (4, ), float32.
        bbox_score: 0 to 1; 1 where no detector found the box.
        keypoints: x, y, shape (K, 2), float32.
        scores: Of the key points, shape (K, ), float32.
    """

    image_id: int
    image: str | int
    frame: int | None
    benchmark: str
    category: str
    bbox: np.ndarray
    bbox_score: float
    keypoints: np.ndarray
    scores: np.ndarray

    @property
    def garment(self) -> garments.Garment:
        """The category: its outline, mirrors and colours."""
        return garments.garment(self.benchmark, self.category)

    @property
    def names(self) -> tuple[str, ...]:
        """K names of the key points."""
        return self.garment.keypoints

    @property
    def score(self) -> float:
        """The box's score times the mean score of the points, as in result files."""
        scored = self.scores[self.scores > 0]
        return self.bbox_score * float(scored.mean() if len(scored) else 0)

    def to_dict(self) -> dict:
        """Plain values in the form of a COCO result list, and names.

        Returns:
            dict: ``image_id``, ``category_id``, ``bbox`` (x, y, width, height),
            ``score`` and ``keypoints`` (x, y, score of each), as
            ``tools/test.py --out`` writes them; ``image``, ``frame`` (of videos and
            cameras only), ``category``, ``bbox_score`` and ``keypoint_names``.
        """
        x1, y1, x2, y2 = self.bbox.tolist()
        points = np.column_stack((self.keypoints, self.scores)).astype(np.float64)
        entry = dict(image_id=self.image_id, image=self.image)
        if self.frame is not None:
            entry['frame'] = self.frame
        return dict(
            entry,
            category_id=self.garment.category_id,
            category=self.category,
            bbox=[round(value, 4) for value in (x1, y1, x2 - x1, y2 - y1)],
            bbox_score=round(self.bbox_score, 6),
            score=round(self.score, 6),
            keypoints=points.round(4).ravel().tolist(),
            keypoint_names=list(self.names),
        )

    def draw(
        self,
        image: np.ndarray,
        keypoint_thr: float = KEYPOINT_THR,
        with_names: bool = False,
    ) -> np.ndarray:
        """Draw this garment alone; see :func:`draw_predictions`."""
        return draw_predictions(image, [self], keypoint_thr, with_names)


def draw_predictions(
    image: np.ndarray,
    predictions: Sequence[GarmentPrediction],
    keypoint_thr: float = KEYPOINT_THR,
    with_names: bool = False,
) -> np.ndarray:
    """Draw garments into their picture: box, category, outline and own key points.

    Args:
        image: BGR, uint8, shape (H, W, 3); it is not changed.
        predictions: Garments of that picture.
        keypoint_thr: Points that are scored lower are not drawn. Defaults to 0.2.
        with_names: Write the points' names; the landmarks of DeepFashion2 have
            numbers. Defaults to False.

    Returns:
        np.ndarray: BGR, uint8, shape (H, W, 3).
    """
    shown = [
        ShownGarment(
            garment=each.garment,
            points=each.keypoints,
            box_xyxy=each.bbox,
            shown=each.scores >= keypoint_thr,
            caption=f'{each.category.replace("_", " ")} {each.score:.2f}',
        )
        for each in predictions
    ]
    canvas = draw_garments(image, shown)
    if with_names:
        for each in shown:
            write_point_names(canvas, each)
    return canvas
