"""Pictures with every garment that was predicted in them."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from fashion_mmpose import garments

from .drawing import draw_keypoints
from .scale import drawing_scale

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FONT_SCALE = 0.4


@dataclass(frozen=True, eq=False)
class ShownGarment:
    """A garment that is drawn into a picture.

    K: key points of its category. All positions are pixels of the picture.

    Attributes:
        garment: The category.
        points: Shape (K, 2).
        box_xyxy: The corners of its box, shape (4, ).
        shown: Which points are drawn, bool, shape (K, ); None for all.
        caption: Text at its box.
    """

    garment: garments.Garment
    points: np.ndarray
    box_xyxy: np.ndarray
    shown: np.ndarray | None = None
    caption: str = ''


def draw_garments(image: np.ndarray, shown: Sequence[ShownGarment]) -> np.ndarray:
    """Draw garments: box, caption, outline and key points, in their category's colour.

    Points on the left, in the middle and on the right of a garment are blue, green and
    orange. Small garments are drawn over large ones, and with smaller points. In large
    pictures everything is larger.

    Args:
        image: BGR, uint8, shape (H, W, 3); it is not changed.
        shown: The garments.

    Returns:
        np.ndarray: BGR, uint8, shape (H, W, 3).
    """
    canvas = image.copy()
    scale = drawing_scale(image)
    captions = []
    areas = [np.prod(item.box_xyxy[2:] - item.box_xyxy[:2]) for item in shown]
    for i in np.argsort(areas)[::-1]:
        item = shown[i]
        color = garments.category_color(item.garment.dataset, item.garment.name)[::-1]
        corners = np.rint(item.box_xyxy).astype(int).tolist()
        cv2.rectangle(canvas, corners[:2], corners[2:], color, round(scale))
        radius = int(np.clip(np.sqrt(max(areas[i], 0)) / 80, 2 * scale, 5 * scale))
        canvas = draw_keypoints(
            canvas, item.points, item.garment, item.shown, radius, round(2 * scale)
        )
        captions.append((item.caption, corners[:2], color))
    _write_captions(canvas, captions)
    return canvas


def _write_captions(
    canvas: np.ndarray,
    captions: Sequence[tuple[str, Sequence[int], tuple[int, int, int]]],
) -> None:
    """Write texts on coloured grounds, above their corners where there is room."""
    scale = drawing_scale(canvas)
    font = dict(fontFace=_FONT, fontScale=_FONT_SCALE * scale, thickness=round(scale))
    taken = []
    for text, (left, bottom), color in captions:
        (width, above), below = cv2.getTextSize(text, **font)
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
        if not text:
            continue
        canvas[top : top + height, left : left + width] = color
        is_bright = np.dot(color, (0.114, 0.587, 0.299)) > 140  # luma of BGR
        ink = (0, 0, 0) if is_bright else (255, 255, 255)
        place = left, top + above
        cv2.putText(canvas, text, place, color=ink, lineType=cv2.LINE_AA, **font)


def relative_names(paths: Sequence[str]) -> dict[str, str]:
    """For each path the one below the deepest folder that all of them share.

    Pictures of the same name in different folders stay apart.
    """
    absolute = {path: os.path.abspath(path) for path in paths}
    folders = {os.path.dirname(path) for path in absolute.values()}
    root = os.path.commonpath(folders) if folders else ''
    return {path: os.path.relpath(full, root) for path, full in absolute.items()}
