"""Garments as a network of FashionAI would find them."""

import numpy as np

from fashion_mmpose.garments import GarmentPrediction


def predicted_garment(category, keypoints, **fields) -> GarmentPrediction:
    """A garment of one picture, in a box around its points, found with certainty.

    Args:
        category: Its name.
        keypoints: x and y, shape (K, 2).
        **fields: What is otherwise.
    """
    points = np.array(keypoints, np.float32)
    return GarmentPrediction(
        **dict(
            image_id=0,
            image='',
            frame=None,
            benchmark='fashionai',
            category=category,
            bbox=np.concatenate((points.min(axis=0), points.max(axis=0))),
            bbox_score=1.0,
            keypoints=points,
            scores=np.full(len(points), 0.9, np.float32),
        )
        | fields
    )
