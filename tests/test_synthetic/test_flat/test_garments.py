"""Garments on a table whose lengths are known in centimetres."""

import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.measure import Board, Marker, find_scale, measure, sheet
from fashion_mmpose.synthetic import draw_laid_flat

TARGETS = [Marker(10), Board(7, 5, 4, 3), sheet('a4')]


@pytest.mark.slow
def test_the_same_arguments_give_the_same_picture():
    first, again = (draw_laid_flat('skirt', 3, 1, Marker(8)) for _ in range(2))
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.keypoints, again.keypoints)
    other = draw_laid_flat('skirt', 3, 2, Marker(8))
    assert not np.array_equal(first.places, other.places)


@pytest.mark.slow
def test_landmarks_lie_in_the_picture_and_left_is_left():
    for index, category in enumerate(('vest', 'trousers', 'long_sleeved_outwear')):
        drawn = draw_laid_flat(category, 1, index)
        height, width = drawn.image.shape[:2]
        assert (drawn.keypoints > 0).all()
        assert (drawn.keypoints < (width, height)).all()
        x1, y1, x2, y2 = drawn.box
        assert (drawn.keypoints >= (x1 - 1, y1 - 1)).all()
        assert (drawn.keypoints <= (x2 + 1, y2 + 1)).all()
        assert drawn.visible.mean() > 0.7
        kind = garments.garment('deepfashion2', category)
        lengths = {each.name: each for each in measure(drawn.places, kind)}
        name = 'chest_width' if 'chest_width' in lengths else 'waist_width'
        assert 20 < lengths[name].value < 80  # centimetres
        left, right = lengths[name].path
        assert left[0] < right[0]


@pytest.mark.slow
@pytest.mark.parametrize('target', TARGETS, ids=repr)
def test_true_landmarks_are_measured_in_true_centimetres(target):
    relative, inside = [], []
    for index, category in enumerate(('vest', 'shorts', 'long_sleeved_shirt')):
        drawn = draw_laid_flat(category, 8, index, target)
        kind = garments.garment('deepfashion2', category)
        scale = find_scale(drawn.image, target, drawn.lens)
        certain = np.zeros((len(drawn.places), 2, 2))
        found = measure(drawn.keypoints, kind, scale, covariances=certain)
        true = measure(drawn.places, kind)
        for got, expected in zip(found, true):
            relative.append(abs(got.value / expected.value - 1))
            low, high = got.interval()
            inside.append(low <= expected.value <= high)
    assert np.median(relative) < 0.005
    assert np.mean(inside) > 0.8


def test_categories_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match='unknown deepfashion2 category'):
        draw_laid_flat('hat', 0, 0)
