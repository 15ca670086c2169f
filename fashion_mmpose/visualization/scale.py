"""How large things are drawn, so that they are seen in pictures of any size."""

import numpy as np

_USUAL_SIDE = 1000  # pixels; up to that, lines and letters have their own size


def drawing_scale(image: np.ndarray) -> float:
    """By how much points, lines and letters are enlarged; at least 1.

    Large pictures are shrunk to be looked at, and lines of one pixel are lost then.

    Args:
        image: Shape (H, W, 3).

    Returns:
        float: The square root of the picture's area over 1,000 pixels.
    """
    height, width = image.shape[:2]
    return max(1.0, (height * width) ** 0.5 / _USUAL_SIDE)
