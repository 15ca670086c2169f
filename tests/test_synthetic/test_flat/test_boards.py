"""Pictures of a board by a camera whose lens is known."""

import cv2
import numpy as np

from fashion_mmpose.measure.scaling.scale import transform
from fashion_mmpose.synthetic import draw_board, sample_camera
from fashion_mmpose.synthetic.flat.boards import BOARD


def test_corners_are_where_the_camera_has_them():
    camera = sample_camera(3)
    assert camera.size_wh == (1600, 1200) == camera.lens.size_wh
    seen = []
    for index in range(4):
        image = draw_board(camera, 0, index)
        assert image.shape == (1200, 1600, 3)
        corners, places = BOARD.corners(image)
        assert len(corners) == 24  # of 7 x 5 squares
        # Without the lens, a plane explains all of them; with it left on, none does.
        off = [
            np.abs(transform(places, plane_of(places, points)) - points).mean()
            for points in (camera.lens.straightened(corners), corners)
        ]
        assert off[0] < 0.15 and off[0] < off[1]
        seen.append(corners.mean(axis=0))
    assert np.ptp(seen, axis=0).min() > 100  # it lies here and there


def plane_of(places, points):
    return cv2.findHomography(places, points)[0]


def test_the_same_arguments_give_the_same_picture():
    camera = sample_camera(0)
    first, again = (draw_board(camera, 1, 2) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, draw_board(camera, 1, 3))
    other = sample_camera(1).lens
    assert not np.array_equal(camera.lens.distortion, other.distortion)
