"""Pictures that any network can be run on."""

import cv2
import numpy as np


def pictures(sizes_wh, seed=0):
    """Pictures with a few coarse patches, BGR."""
    rng = np.random.default_rng(seed)
    return [
        cv2.resize(rng.integers(0, 256, (5, 4, 3), np.uint8), size) for size in sizes_wh
    ]


def png(path, image):
    """Write a picture, and the folders above it; the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)
    return path
