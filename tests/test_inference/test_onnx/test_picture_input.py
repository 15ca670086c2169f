"""How pictures become the input of an exported detector."""

import numpy as np
import pytest

from fashion_mmpose.inference.onnx.picture_input import PictureInput

INPUT = PictureInput(
    scale_wh=(320, 320),
    keep_ratio=True,
    pad_wh=(320, 320),
    fill=(114, 114, 114),
    divisor=32,
    batch_fill=(0, 0, 0),
    clips=True,
)


@pytest.mark.parametrize(
    ('size_wh', 'seen_wh'),
    [((640, 320), (320, 160)), ((1600, 1), (320, 1)), ((3, 2000), (1, 320))],
)
def test_the_longer_side_fits(size_wh, seen_wh):
    width, height = size_wh
    picture = np.full((height, width, 3), 200, np.uint8)
    resized = INPUT.resize(picture)
    assert resized.pixels.shape == (320, 320, 3)
    inside = (resized.pixels == 200).all(axis=2)
    assert (int(inside.any(axis=0).sum()), int(inside.any(axis=1).sum())) == seen_wh
    assert resized.factor == (seen_wh[0] / width, seen_wh[1] / height)
