"""Pictures with every garment that was predicted in them."""

import colorsys
from collections.abc import Sequence

import cv2
import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.files.pictures.pixels import as_bgr

from .drawing import draw_keypoints
from .lettering import drawing_scale, text_size, write_text
from .point_names import write_point_names

KEYPOINT_THR = 0.2  # points that are scored lower are not drawn
_FONT_SCALE = 0.4


def draw_predictions(
    image: np.ndarray,
    predictions: Sequence[garments.GarmentPrediction],
    keypoint_thr: float = KEYPOINT_THR,
    with_names: bool = False,
) -> np.ndarray:
    """Draw garments into their picture, in the colours of their categories.

    Of each, its box, category and score, outline and key points. Points on the left, in
    the middle and on the right of a garment are blue, green and orange. Small garments
    are drawn over large ones, and with smaller points. In large pictures everything is
    larger.

    Args:
        image: BGR, uint8, shape (H, W, 3), or what else an inferencer takes, see
            :func:`fashion_mmpose.files.pictures.pixels.as_bgr`; it is not changed.
        predictions: Garments of that picture.
        keypoint_thr: Points that are scored lower are not drawn. Defaults to 0.2.
        with_names: Write the points' names; the landmarks of DeepFashion2 have
            numbers. Defaults to False.

    Returns:
        np.ndarray: BGR, uint8, shape (H, W, 3).

    Raises:
        ValueError: If the image is no picture.
    """
    canvas = as_bgr(image).copy()
    scale = drawing_scale(canvas)
    captions = []
    areas = [np.prod(item.bbox[2:] - item.bbox[:2]) for item in predictions]
    for i in np.argsort(areas)[::-1]:
        item = predictions[i]
        color = item.garment.color[::-1]
        if item.track_id is not None:
            color = track_color(item.track_id)
        corners = np.rint(item.bbox).astype(int).tolist()
        cv2.rectangle(canvas, corners[:2], corners[2:], color, round(scale))
        radius = int(np.clip(np.sqrt(max(areas[i], 0)) / 80, 2 * scale, 5 * scale))
        if len(item.keypoints):  # none where boxes alone were asked for
            canvas = draw_keypoints(
                canvas,
                item.keypoints,
                item.garment,
                item.scores >= keypoint_thr,
                radius,
                round(2 * scale),
            )
        captions.append((item.caption, corners[:2], color))
    _write_captions(canvas, captions)
    if with_names:
        for item in predictions:
            write_point_names(canvas, item, keypoint_thr)
    return canvas


def track_color(number: int) -> tuple[int, int, int]:
    """BGR of a garment that is followed; those of neighbouring numbers differ."""
    hue = number * 0.618034 % 1  # the golden ratio spreads them evenly
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.75, 1)
    return round(255 * blue), round(255 * green), round(255 * red)


def _write_captions(
    canvas: np.ndarray,
    captions: Sequence[tuple[str, Sequence[int], tuple[int, int, int]]],
) -> None:
    """Write texts on coloured grounds, above their corners where there is room."""
    scale = drawing_scale(canvas)
    font_scale, thickness = _FONT_SCALE * scale, round(scale)
    taken = []
    for text, (left, bottom), color in captions:
        width, above, below = text_size(text, font_scale, thickness)
        left = int(np.clip(left, 0, max(0, canvas.shape[1] - width)))
        height = above + below
        top = max(bottom - height, 0)
        # Garments with a corner in common: one text below the other.
        while any(
            abs(top - other_top) < height
            and left < other_left + other_width
            and other_left < left + width
            for other_left, other_top, other_width in taken
        ):
            top += 1
        taken.append((left, top, width))
        canvas[top : top + height, left : left + width] = color
        is_bright = np.dot(color, (0.114, 0.587, 0.299)) > 140  # luma of BGR
        ink = (0, 0, 0) if is_bright else (255, 255, 255)
        write_text(canvas, text, (left, top + above), font_scale, ink, thickness)
