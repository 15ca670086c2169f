"""The picture of the stages, of maps made by hand."""

import numpy as np
import pytest

from fashion_mmpose.visualization.stages import stage_picture

DARK = np.array([84, 1, 68])  # viridis at 0, BGR
BRIGHT = np.array([37, 231, 253])  # at 1


def test_cells():
    image = np.full((64, 64, 3), 200, np.uint8)
    target = np.zeros((2, 16, 16), np.float32)
    target[0, :8], target[1, 8:] = 100, 100  # together everywhere
    faint = np.full((1, 16, 16), 0.0, np.float32)
    strong = np.full((3, 16, 16), 250.0, np.float32)
    picture = stage_picture(image, dict(faint=faint, strong=strong), target, cell=64)
    assert picture.shape == (64, 4 * 64, 3)
    # A row above the captions, the middle of each cell.
    first, second, third, overlay = picture[20, 32::64].astype(int)
    assert np.abs(first - DARK).max() <= 2
    assert np.abs(second - BRIGHT).max() <= 2  # beyond the target's peak
    assert np.abs(third - BRIGHT).max() <= 2
    assert np.abs(overlay - (0.3 * 200 + 0.7 * BRIGHT)).max() <= 2


def test_the_input_shows_where_there_is_no_target():
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    target = np.zeros((1, 16, 16), np.float32)
    target[0, 0, 0] = 1
    picture = stage_picture(image, {}, target, cell=64)
    np.testing.assert_array_equal(
        picture[10:40, 64 + 10 : 64 + 64], image[10:40, 10:64]
    )


@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('size', [(16, 16), (8, 8), (16, 8)], ids=str)
def test_a_cell_lies_where_the_codec_has_it(offset, size):
    """Cell (x, y) of a map is pixel (x, y) * stride + offset of the input."""
    image = np.zeros((64, 64, 3), np.uint8)
    target = np.zeros((1, *size), np.float32)
    target[0, 2, 5] = 1
    picture = stage_picture(image, {}, target, cell=64, offset=offset)
    for left in (0, 64):  # the target, and the target over the input
        green = picture[:44, left : left + 64, 1].astype(int)
        y, x = np.unravel_index(green.argmax(), green.shape)
        stride_y, stride_x = 64 // size[0], 64 // size[1]
        assert (x, y) == (5 * stride_x + offset, 2 * stride_y + offset)
        assert (green == green.max()).sum() == 1


def test_pictures_keep_the_aspect_ratio_of_the_input():
    image = np.full((64, 32, 3), 90, np.uint8)
    target = np.full((1, 16, 8), 1.0, np.float32)
    picture = stage_picture(image, {}, target, cell=64)
    assert (picture[:40, 2] == 255).all()  # white beside the narrow picture
    assert np.abs(picture[20, 32].astype(int) - BRIGHT).max() <= 2
