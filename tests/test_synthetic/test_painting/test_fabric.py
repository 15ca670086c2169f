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
    matrix, size_wh = np.array(matrix, dtype=float), (60, 40)
    laid = Cloth(tile, (0, 0, 0), 1.0, 0.0).laid(matrix, size_wh)
    expected = cv2.warpPerspective(tile, matrix, size_wh, borderMode=cv2.BORDER_WRAP)
    np.testing.assert_array_equal(laid, expected)
