"""Garments in pictures whose sides are longer than OpenCV warps."""

import numpy as np
import pytest
from small_networks import inferencer_of

LONG = 33000  # pixels
BOX = np.array([10, 5, 60, 55], np.float32)


@pytest.mark.parametrize('axis', [0, 1])
def test_a_garment_in_a_very_long_picture(small, axis):
    inferencer = inferencer_of(small, 'fashionai_blouse')
    image = small.images[0]  # 90 x 70, on black in both pictures
    margin = 100
    short = np.pad(image, [(margin, margin)] * 2 + [(0, 0)])
    sides = [(margin, margin)] * 2
    sides[axis] = (LONG, margin)
    long = np.pad(image, [*sides, (0, 0)])
    begins = np.full(2, margin)
    begins[1 - axis] = LONG
    expected, found = (
        inferencer.predict(picture, bboxes=[BOX + np.tile(start, 2)]).garments[0]
        for picture, start in ((short, (margin, margin)), (long, begins))
    )
    np.testing.assert_array_equal(found.bbox, BOX + np.tile(begins, 2))
    points = found.keypoints - begins
    np.testing.assert_allclose(points, expected.keypoints - margin, atol=0.01)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-5)
    np.testing.assert_allclose(found.covariances, expected.covariances, rtol=1e-3)


@pytest.mark.slow
def test_a_very_long_garment_is_shrunk(small):
    inferencer = inferencer_of(small, 'fashionai_blouse')
    image = small.images[0]
    short = np.repeat(np.repeat(image, 233, axis=0), 3, axis=1)  # 270 x 16,310
    long = np.repeat(np.repeat(short, 3, axis=0), 3, axis=1)
    (expected,) = inferencer.predict(short).garments
    (found,) = inferencer.predict(long).garments
    assert found.bbox.tolist() == [0, 0, long.shape[1], long.shape[0]]
    points = (found.keypoints + 0.5) / 3 - 0.5
    np.testing.assert_allclose(points, expected.keypoints, atol=0.01 * len(short))
    np.testing.assert_allclose(found.covariances, 9 * expected.covariances, rtol=0.05)
