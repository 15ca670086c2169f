"""Points of one category, and of the full layout."""

import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.garments.layout import full_layout, own_points

SKIRT = garments.garment('fashionai', 'skirt')  # channels 15 to 18
TROUSERS = garments.garment('fashionai', 'trousers')  # 15, 16, 19 to 23
VEST = garments.garment('deepfashion2', 'vest')


def test_own_points_go_to_their_channels():
    own = np.arange(14, dtype=np.float32).reshape(7, 2)
    full = full_layout(own, TROUSERS)
    assert full.dtype == np.float32
    np.testing.assert_array_equal(full[[15, 16, 19, 20, 21, 22, 23]], own)
    np.testing.assert_array_equal(full[[*range(15), 17, 18]], np.full((17, 2), -1))


def test_own_points_are_taken_from_the_full_layout():
    full = np.arange(24 * 3).reshape(24, 3)
    np.testing.assert_array_equal(
        own_points(full, SKIRT)[:, 0], [15 * 3, 16 * 3, 17 * 3, 18 * 3]
    )
    # What other categories' channels hold is not touched.
    assert full_layout(full, SKIRT) is full


@pytest.mark.parametrize(
    'garment', [SKIRT, TROUSERS, VEST], ids=lambda item: f'{item.dataset} {item.name}'
)
def test_there_and_back(garment):
    own = np.random.default_rng(0).random((len(garment.channels), 2))
    full = full_layout(own, garment)
    assert len(full) == len(garments.keypoints(garment.dataset))
    np.testing.assert_array_equal(own_points(full, garment), own)
    assert own_points(own, garment) is own


@pytest.mark.parametrize('function', [own_points, full_layout])
def test_other_numbers_are_refused(function):
    message = 'page 7 has 13 key points; expected 24 or the 4 of skirt'
    with pytest.raises(FormatError, match=message):
        function(np.zeros((13, 2)), SKIRT, 'page 7')
