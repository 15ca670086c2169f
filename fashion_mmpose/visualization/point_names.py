"""Names written beside the key points of a drawn garment."""

import numpy as np

from fashion_mmpose import garments

from .lettering import drawing_scale, text_size, write_text

_FONT_SCALE = 0.35
_GAP = 5  # pixels between a point and its name


def short_names(garment: garments.Garment) -> list[str]:
    """Names as they are written: ``'neckline left'``; DeepFashion2's are numbers.

    ``sss_kpt7`` is ``'7'``, as in the benchmark's own figure.
    """
    return [name.rpartition('_kpt')[2].replace('_', ' ') for name in garment.keypoints]


def write_point_names(
    canvas: np.ndarray, prediction: garments.GarmentPrediction, keypoint_thr: float
) -> None:
    """Write the names of a garment's drawn key points beside them, in place.

    A name stands on the right of its point, or on its left where the picture ends. In
    large pictures the letters are larger.

    Args:
        canvas: BGR, uint8, shape (H, W, 3).
        prediction: The garment.
        keypoint_thr: Points that are scored lower are not drawn, so not named.
    """
    height, width = canvas.shape[:2]
    scale = drawing_scale(canvas)
    font_scale, gap = scale * _FONT_SCALE, scale * _GAP
    points = np.clip(np.nan_to_num(prediction.keypoints), -1e5, 1e5)
    drawn = prediction.scores >= keypoint_thr
    thin = round(scale)
    names = short_names(prediction.garment)
    for name, (x, y), is_drawn in zip(names, points, drawn):
        if not is_drawn or not (0 <= x < width and 0 <= y < height):
            continue
        text_width, text_height, _ = text_size(name, font_scale, thin)
        left = x + gap
        if left + text_width > width:
            left = max(0, x - gap - text_width)
        place = round(float(left)), round(float(y)) + text_height // 2
        write_text(canvas, name, place, font_scale, (255, 255, 255), thin, (0, 0, 0))
