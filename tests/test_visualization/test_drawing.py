"""What is drawn, and where."""

import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.visualization import draw_keypoints, draw_truth, picture_grid

SKIRT = garments.garment('fashionai', 'skirt')
POINTS = np.array([[20, 20], [80, 20], [15.0, 90], [85.0, 90]])
GREY = np.full((100, 100, 3), 128, np.uint8)


def test_points_have_the_colours_of_their_side():
    drawn = draw_keypoints(GREY, POINTS, SKIRT)
    blue, orange = (255, 153, 51), (0, 128, 255)  # BGR
    for (x, y), color in zip(POINTS.astype(int), (blue, orange, blue, orange)):
        assert tuple(drawn[y, x]) == color
    assert (drawn[20, 50] != 128).any(), 'the waistband is drawn'
    assert (drawn[55, 50] == 128).all(), 'nothing inside'
    assert (GREY == 128).all(), 'the picture itself is not touched'


def test_hidden_points_take_their_links_along():
    drawn = draw_keypoints(GREY, POINTS, SKIRT, shown=[True, True, False, True])
    assert (drawn[90, 15] == 128).all()
    assert (drawn[90, 50] == 128).all(), 'a link needs both ends'
    assert (drawn[20, 50] != 128).any()


def test_points_far_outside_do_no_harm():
    drawn = draw_keypoints(GREY, POINTS + 1e9, SKIRT)
    np.testing.assert_array_equal(drawn, GREY)


def test_truth_is_a_ring():
    drawn = draw_truth(GREY, POINTS[:1], radius=7)
    assert (drawn[20, 20] == 128).all()
    assert (drawn[20, 27] == 255).all() and (drawn[13, 20] == 255).all()
    hidden = draw_truth(GREY, POINTS[:1], shown=[False])
    np.testing.assert_array_equal(hidden, GREY)


def test_grid_fits_pictures_into_cells():
    wide = np.zeros((50, 100, 3), np.uint8)
    grid = picture_grid([wide] * 3, columns=2, cell=60)
    assert grid.shape == (120, 120, 3)
    column = grid[:60, 30, 0]
    # 100x50 becomes 60x30, in the middle of white.
    assert (column == 0).sum() == 30 and (column[:15] == 255).all()
    assert (grid[60:, 60:] == 255).all(), 'the fourth cell is empty'
    with pytest.raises(ValueError, match='no picture'):
        picture_grid([], columns=2)
