"""How cloth lies in a picture."""

import cv2
import numpy as np
import pytest

from fashion_mmpose.synthetic.painting.surfaces.fabric import Cloth


@pytest.mark.parametrize(
    'matrix',
    [
        pytest.param([[1, 0, 0], [0, 1, 0], [0, 0, 1]], id='straight'),
        pytest.param([[1, 0, 2000], [0, 1, -900], [0, 0, 1]], id='far away'),
        pytest.param([[0.8, -0.6, 70], [0.5, 0.9, -30], [3e-4, 1e-4, 1]], id='turned'),
        pytest.param([[0.02, 0, 0], [0, 0.02, 0], [0, 0, 1]], id='small'),
        pytest.param([[0, 0, 0], [0, 0, 0], [0, 0, 0]], id='from the side'),
    ],
)
def test_cloth_repeats_its_tile_all_over_a_window(matrix):
    tile = np.random.default_rng(0).integers(0, 256, (13, 13, 3), np.uint8)
    matrix, size_wh = np.array(matrix, dtype=float), (60, 200)
    cloth = Cloth(tile, (0, 0, 0), 1.0, 0.0)
    expected = cv2.warpPerspective(tile, matrix, size_wh, borderMode=cv2.BORDER_WRAP)
    shown = np.full((200, 60), 255, np.uint8)
    np.testing.assert_array_equal(cloth.laid(matrix, shown), expected)
    # As far as it is shown, with rows between of which nothing is.
    slanted = np.zeros((200, 60), np.uint8)
    for start, end in (((0, 5), (20, 60)), ((40, 140), (59, 199))):
        cv2.line(slanted, start, end, 255, 7, cv2.LINE_AA)
    laid = cloth.laid(matrix, slanted)
    np.testing.assert_array_equal(laid[slanted > 0], expected[slanted > 0])
