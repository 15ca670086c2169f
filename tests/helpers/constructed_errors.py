"""Runs that are perfect but for the errors that a test puts there."""

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.evaluation.functional.oks.truth import annotation_columns
from fashion_mmpose.formats.deepfashion2.results import result_columns

AREA = 400.0 * 400.0


def outline(garment, corner=(100.0, 100.0), size=400.0):
    """Key points (K, 2) far from each other, inside a square of that size."""
    count = len(garment.keypoints)
    columns = int(np.ceil(np.sqrt(count)))
    grid = np.stack(np.divmod(np.arange(count), columns)[::-1], axis=1)
    return np.asarray(corner) + size * (grid + 0.5) / columns


class ConstructedRun:
    """Annotated garments and predictions of them, by and by.

    Args:
        benchmark: Name of the benchmark.
    """

    def __init__(self, benchmark='deepfashion2'):
        self.benchmark = benchmark
        self.annotations, self.entries, self.image_ids = [], [], []

    def garment(self, category, image_id, corner=(100.0, 100.0), visibility=2):
        """Annotate a garment; its points (K, 2)."""
        garment = garments.garment(self.benchmark, category)
        points = outline(garment, corner)
        self.image(image_id)
        self.annotations.append(
            dict(
                id=len(self.annotations) + 1,
                image_id=image_id,
                category_id=garment.category_id,
                bbox=(*corner, 400.0, 400.0),
                area=AREA,
                iscrowd=False,
                num_keypoints=len(points),
                keypoints=np.column_stack((points, np.full(len(points), visibility))),
            )
        )
        return points.copy()

    def image(self, image_id):
        """List an image."""
        self.image_ids.append(image_id)

    def predict(self, category, image_id, points, score=0.9):
        """Predict a garment."""
        garment = garments.garment(self.benchmark, category)
        self.entries.append(
            dict(
                image_id=image_id,
                category_id=garment.category_id,
                score=score,
                keypoints=np.column_stack((points, np.ones(len(points)))),
            )
        )

    def perfect(self, category, image_id, **where):
        """A garment found as it is; its points."""
        points = self.garment(category, image_id, **where)
        self.predict(category, image_id, points)
        return points

    @property
    def truth(self):
        return annotation_columns(self.annotations, self.image_ids)

    @property
    def results(self):
        return result_columns(self.entries)
