"""Names beside the key points."""

import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.visualization.lettering import drawing_scale
from fashion_mmpose.visualization.point_names import short_names, write_point_names

SKIRT = garments.garment('fashionai', 'skirt')


def written(points, shown=None, size_wh=(200, 100)):
    """Where the canvas was changed: x1, y1, x2, y2, or None."""
    canvas = np.full((*size_wh[::-1], 3), 128, np.uint8)
    skirt = garments.GarmentPrediction(
        image_id=1,
        image='a.jpg',
        frame=None,
        benchmark='fashionai',
        category='skirt',
        bbox=np.array([0, 0, 10, 10]),
        bbox_score=1.0,
        keypoints=np.array(points),
        scores=np.ones(4) if shown is None else shown.astype(float),
    )
    write_point_names(canvas, skirt, keypoint_thr=0.5)
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


@pytest.mark.slow
def test_letters_grow_with_the_picture():
    heights = []
    for size_wh in ((200, 90), (1000, 1000), (2000, 2000), (8000, 2000)):
        left, top, _, bottom = written([(50, 45)] * 4, size_wh=size_wh)
        assert left > 50 and top < 45 < bottom
        heights.append(bottom - top + 1)
    assert heights[0] == heights[1] >= 8
    assert heights[2] / heights[1] == pytest.approx(2, rel=0.15)
    assert heights[3] / heights[1] == pytest.approx(4, rel=0.15)


@pytest.mark.parametrize(
    'size_wh, scale',
    [((100, 80), 1), ((1000, 1000), 1), ((2000, 500), 1), ((4000, 2250), 3)],
)
def test_drawing_scale(size_wh, scale):
    assert drawing_scale(np.zeros((*size_wh[::-1], 3), np.uint8)) == scale


def test_what_is_not_written():
    outside = [(-1, 5), (200, 5), (5, 100), (np.nan, np.inf)]
    assert written(outside, np.array([True, True, True, False])) is None
    assert written([(50, 50)] * 4, np.zeros(4, bool)) is None
    assert written([(50, 50)] * 4) is not None
