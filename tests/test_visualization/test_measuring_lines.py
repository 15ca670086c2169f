"""Measuring lines with lengths, drawn into pictures."""

import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.measure import Measured, from_corners, measure
from fashion_mmpose.visualization import draw_measurements, length_text
from fashion_mmpose.visualization.measuring_lines import distinct_ways

KIND = garments.garment('fashionai', 'skirt')
POINTS = np.array([(120.0, 60), (280, 60), (60, 330), (340, 330)])
PICTURE = np.full((400, 400, 3), 90, np.uint8)


def measured(**options):
    return measure(POINTS, KIND, **options)


def changed(picture: np.ndarray) -> np.ndarray:
    return (picture != PICTURE).any(axis=2)


def test_lines_and_lengths_are_drawn_and_the_picture_stays():
    drawn = draw_measurements(PICTURE, measured())
    assert (PICTURE == 90).all()
    ink = changed(drawn)
    for x, y in POINTS.astype(int):
        assert ink[y, x]
    # Away from the labels, along the waist, the seams and the hem.
    assert ink[60, 150] and ink[330, 300] and ink[115, 107]
    assert not ink[10:40].any() and not ink[360:].any()


def test_grey_pictures():
    expected = draw_measurements(PICTURE, measured())
    assert (draw_measurements(PICTURE[..., 0], measured()) == expected).all()
    with pytest.raises(ValueError, match='a picture is of type uint8 or uint16'):
        draw_measurements(PICTURE / 255, measured())


def test_some_are_chosen_by_name():
    drawn = changed(draw_measurements(PICTURE, measured(), names=['hem_girth']))
    assert drawn[330, 70:330].all()
    assert not drawn[:300].any()


def test_a_girth_without_its_width_is_drawn():
    """Descriptions of one's own may have none."""
    girths = [each for each in measured() if 'girth' in each.name]
    drawn = changed(draw_measurements(PICTURE, girths))
    assert drawn[60, 120:280].all() and drawn[330, 70:330].all()
    waist = [each for each in measured() if each.name == 'waist_width']
    both = draw_measurements(PICTURE, [*waist, girths[0]])
    assert (both == draw_measurements(PICTURE, waist)).all()
    assert [each.name for each, _ in distinct_ways([*waist, *girths])] == [
        'waist_width',
        'hem_girth',
    ]


def test_what_is_absent_is_not_drawn():
    points = POINTS.copy()
    points[2:] = np.nan
    drawn = changed(draw_measurements(PICTURE, measure(points, KIND)))
    assert drawn[60, 120:280].all()
    assert not drawn[100:].any()


def test_corners_of_the_scale_are_shown():
    corners = np.array([(20.0, 340), (60, 340), (60, 380), (20, 380)])
    places = np.array([(0, 0), (10, 0), (10, 10), (0, 10)])
    exact = np.tile(0.01 * np.eye(2), (4, 1, 1))
    scale = from_corners(corners, places, exact, (400, 400), 'a marker')
    drawn = changed(draw_measurements(PICTURE, measured(scale=scale), scale, names=[]))
    assert drawn[380, 20] and drawn[340, 60]
    assert not drawn[:330].any()


def test_labels_do_not_cover_each_other():
    """All of these ways have one middle."""
    same = [each for each in measured() if each.name in ('waist_width', 'waist_girth')]
    one = changed(draw_measurements(PICTURE, same[:1], names=['waist_width']))
    both = draw_measurements(PICTURE, same, names=['waist_width', 'waist_girth'])
    assert changed(both).sum() > 1.5 * one.sum()


def test_text_says_what_is_known():
    waist, *_ = measured()
    assert length_text(waist) == 'waist width 160 px'
    sure = measured(covariances=np.tile(2 * np.eye(2), (4, 1, 1)))[0]
    assert length_text(sure) == 'waist width 160 +-3.9 px'
    # Of a length that may be next to nothing the interval ends at 0.
    short = Measured('hem', 'cm', 3.0, 5.0)
    assert short.interval()[0] == 0
    assert length_text(short) == f'hem 3.0 +-{short.interval()[1] - 3:.1f} cm'
    points = POINTS.copy()
    points[0] = np.nan
    assert 'waistband_left is not there' in length_text(measure(points, KIND)[0])


@pytest.mark.parametrize('size', [(30, 20), (900, 1200)])
def test_small_and_large_pictures(size):
    picture = np.zeros((*size, 3), np.uint8)
    drawn = draw_measurements(picture, measured())
    assert drawn.shape == picture.shape and drawn.any()
