"""Colours of pictures as a whole."""

import numpy as np

from fashion_mmpose.synthetic.painting.surfaces.palette import filled, mean_of


def test_a_filled_picture_has_one_colour_to_its_edges():
    image = filled((5, 3), (10, 20, 255))
    assert image.shape == (3, 5, 3) and image.dtype == np.uint8
    assert (image == (10, 20, 255)).all()


def test_means_are_rounded_down():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (37, 23, 3), np.uint8)
    # Parts of larger pictures are not contiguous.
    for part in (image, image[3:20, 5:17]):
        assert mean_of(part) == tuple(part.mean((0, 1)).astype(int).tolist())
    # Halves of a level, and a mean that is a level.
    assert mean_of(np.uint8([[[0, 1, 7], [1, 2, 7]]])) == (0, 1, 7)
