"""The picture of the stages, of maps made by hand."""

import numpy as np

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
