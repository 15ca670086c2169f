"""Names beside the key points."""

import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.visualization import ShownGarment
from fashion_mmpose.visualization.point_names import short_names, write_point_names

SKIRT = garments.garment('fashionai', 'skirt')
BOX = np.array([0, 0, 10, 10])


def written(points, shown=None, size_wh=(200, 100)):
    """Where the canvas was changed: x1, y1, x2, y2, or None."""
    canvas = np.full((*size_wh[::-1], 3), 128, np.uint8)
    write_point_names(canvas, ShownGarment(SKIRT, np.array(points), BOX, shown))
    rows, columns = np.nonzero((canvas != 128).any(axis=2))
    if not len(rows):
        return None
    return columns.min(), rows.min(), columns.max(), rows.max()


def test_short_names():
    assert short_names(SKIRT)[0] == 'waistband left'
    vest = garments.garment('deepfashion2', 'vest')
    assert short_names(vest) == [str(i) for i in range(1, len(vest.keypoints) + 1)]


@pytest.mark.parametrize('x, is_right', [(20, True), (195, False)])
def test_sides(x, is_right):
    """On the right of the point, where there is room, and inside the picture."""
    shown = np.array([True, False, False, False])
    left, top, right, bottom = written([(x, 50)] * 4, shown)
    assert (left > x) if is_right else (right < x)
    assert left >= 0 and right < 200 and top < 50 < bottom


def test_what_is_not_written():
    outside = [(-1, 5), (200, 5), (5, 100), (np.nan, np.inf)]
    assert written(outside, np.array([True, True, True, False])) is None
    assert written([(50, 50)] * 4, np.zeros(4, bool)) is None
    assert written([(50, 50)] * 4) is not None
