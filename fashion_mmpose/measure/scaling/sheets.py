"""Sheets of paper and cards, found by their shape."""

from collections.abc import Iterator

import cv2
import numpy as np

from .edges import Corners, refine_corners
from .scale import Lens

_SEARCH_SIDE = 1000  # pixels of the picture in which sheets are sought
_BORDER = 3  # pixels of that one in which there is no corner of a whole sheet
_LEAST_AREA, _MOST_AREA = 0.003, 0.5  # of a sheet, over the picture's
_LEAST_EVENNESS = 0.1  # of the edges of a sheet
_ASPECT_TOLERANCE = 0.2  # of the logarithm; perspective changes how long sides seem
# What a camera that looks more or less from above makes of a sheet at most: how much
# longer a side seems than the opposite one, and the cosine of a corner's angle.
_MOST_TAPER, _MOST_SKEW = 1.5, 0.45


def find_sheet(
    image: np.ndarray, aspect: float, lens: Lens | None = None
) -> Corners | None:
    """The corners of a sheet of paper.

    Args:
        image: BGR, uint8, shape (H, W, 3).
        aspect: Its short side over its long one.
        lens: The lens. Defaults to None.

    Returns:
        Corners | None: In order around it, the first two at the ends of a short side;
        None where nothing looks like such a sheet.
    """
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    best = None
    for corners in _quads(image):
        sides = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
        first, second = (sides[0] + sides[2]) / 2, (sides[1] + sides[3]) / 2
        if first > second:
            corners = np.roll(corners, -1, axis=0)
            first, second = second, first
        doubt = abs(float(np.log(second / first * aspect)))
        if doubt > _ASPECT_TOLERANCE:
            continue
        refined = refine_corners(gray, corners, max(4.0, 0.02 * first), lens)
        if refined is None or refined.evenness < _LEAST_EVENNESS:
            continue
        if not _may_be_rectangle(refined.points):
            continue
        # A sheet is even and white, its edges are straight and alike, and it is no
        # detail.
        spread, color = _surface(image, corners)
        noise = np.sqrt(np.trace(refined.covariances, axis1=1, axis2=2).mean())
        doubt += float(noise) + spread / 25 + color
        doubt -= float(np.log(first * second / gray.size * refined.evenness)) / 10
        if best is None or doubt < best[0]:
            best = doubt, refined
    return None if best is None else best[1]


def _may_be_rectangle(corners: np.ndarray) -> bool:
    """Whether a quadrilateral (4, 2) may be a sheet that is seen from above."""
    edges = np.roll(corners, -1, axis=0) - corners
    lengths = np.linalg.norm(edges, axis=1)
    taper = np.abs(np.log(lengths[:2] / lengths[2:])).max()
    ahead = np.roll(edges, -1, axis=0), np.roll(lengths, -1)
    skew = np.abs((edges * ahead[0]).sum(axis=1) / (lengths * ahead[1])).max()
    return bool(taper <= np.log(_MOST_TAPER) and skew <= _MOST_SKEW)


def _quads(image: np.ndarray) -> Iterator[np.ndarray]:
    """Convex quadrilaterals (4, 2) that may be sheets, in pixels of the picture."""
    height, width = image.shape[:2]
    factor = min(1.0, _SEARCH_SIDE / max(height, width))
    # Of lines and bars that are pictures, too, OpenCV would make nothing.
    if min(height, width) * factor <= 2 * _BORDER:
        return
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    area = small.shape[0] * small.shape[1]
    last = np.array(small.shape[1::-1]) - 1
    seen: list[np.ndarray] = []
    for mask in _masks(small):
        contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        for contour in contours:
            if not _LEAST_AREA * area <= cv2.contourArea(contour) <= _MOST_AREA * area:
                continue
            hull = cv2.convexHull(contour)
            if cv2.contourArea(contour) < 0.9 * cv2.contourArea(hull):
                continue
            quad = cv2.approxPolyDP(hull, 0.03 * cv2.arcLength(hull, True), True)
            if len(quad) != 4:
                continue
            quad = quad.reshape(4, 2)
            # What the picture cuts off goes on: its corners there are the picture's.
            if np.minimum(quad, last - quad).min() < _BORDER:
                continue
            corners = (quad + 0.5) / factor - 0.5
            if any(np.abs(corners - other).max() < 3 / factor for other in seen):
                continue
            seen.append(corners)
            yield corners


def _masks(image: np.ndarray) -> Iterator[np.ndarray]:
    """Splits of a picture into bright and dark, at several levels."""
    # The least of the channels is high where something is white.
    for plane in (image.min(axis=2), cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)):
        soft = cv2.GaussianBlur(plane, (0, 0), 1)
        for level in np.unique(np.percentile(soft, np.arange(8, 97, 8))):
            yield cv2.threshold(soft, float(level), 255, cv2.THRESH_BINARY)[1]
            yield cv2.threshold(soft, float(level), 255, cv2.THRESH_BINARY_INV)[1]
        edges = cv2.dilate(cv2.Canny(soft, 30, 90), np.ones((3, 3), np.uint8))
        yield cv2.bitwise_not(edges)


def _surface(image: np.ndarray, corners: np.ndarray) -> tuple[float, float]:
    """The spread of grey levels in a quadrilateral, and how colourful it is, 0 to 1."""
    low = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
    high = np.ceil(corners.max(axis=0)).astype(int) + 1
    window = image[low[1] : high[1], low[0] : high[0]]
    centre = corners.mean(axis=0)
    inner = np.round(centre + 0.9 * (corners - centre) - low).astype(np.int32)
    mask = np.zeros(window.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, inner, (255,))
    mean, spread = cv2.meanStdDev(window, mask=mask)
    return float(spread.mean()), float(1 - mean.min() / max(mean.max(), 1.0))
