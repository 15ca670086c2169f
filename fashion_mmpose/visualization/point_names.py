"""Names written beside the key points of a drawn garment."""

import cv2
import numpy as np

from fashion_mmpose import garments

from .pictures import ShownGarment

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_SCALE = 0.35
_GAP = 5  # pixels between a point and its name


def short_names(garment: garments.Garment) -> list[str]:
    """Names as they are written: ``'neckline left'``; DeepFashion2's are numbers.

    ``sss_kpt7`` is ``'7'``, as in the benchmark's own figure.
    """
    return [name.rpartition('_kpt')[2].replace('_', ' ') for name in garment.keypoints]


def write_point_names(canvas: np.ndarray, shown: ShownGarment) -> None:
    """Write the names of a garment's drawn key points beside them, in place.

    A name stands on the right of its point, or on its left where the picture ends.

    Args:
        canvas: BGR, uint8, shape (H, W, 3).
        shown: The garment.
    """
    height, width = canvas.shape[:2]
    points = np.clip(np.nan_to_num(shown.points), -1e5, 1e5)
    visible = np.ones(len(points), bool) if shown.shown is None else shown.shown
    for name, (x, y), is_shown in zip(short_names(shown.garment), points, visible):
        if not is_shown or not (0 <= x < width and 0 <= y < height):
            continue
        (text_width, text_height), _ = cv2.getTextSize(name, _FONT, _SCALE, 1)
        left = x + _GAP
        if left + text_width > width:
            left = max(0, x - _GAP - text_width)
        place = round(float(left)), round(float(y)) + text_height // 2
        for color, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            cv2.putText(
                canvas, name, place, _FONT, _SCALE, color, thickness, cv2.LINE_AA
            )
