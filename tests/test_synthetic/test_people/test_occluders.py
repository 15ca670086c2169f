"""What a human parser sees of things in front of garments."""

import numpy as np
import pytest

from fashion_mmpose.synthetic import Parsing
from fashion_mmpose.synthetic.painting.canvas import Camera
from fashion_mmpose.synthetic.people import occluders
from fashion_mmpose.synthetic.people.person import sample_person

CAMERA = Camera(np.array([[90.0, 0, 200], [0, 90, 120], [0, 0, 1]]), 90.0)


@pytest.mark.parametrize(
    'make, expected',
    [
        pytest.param('_shoulder_bag', Parsing.OTHERS, id='bag on a shoulder'),
        pytest.param('_hand_bag', Parsing.OTHERS, id='bag in a hand'),
        pytest.param('_necklace', Parsing.OTHERS, id='necklace'),
        pytest.param('_scarf', Parsing.OTHERS, id='scarf'),
        pytest.param('_leaves', Parsing.BACKGROUND, id='leaves'),
        pytest.param('_banner', Parsing.BACKGROUND, id='banners and labels'),
    ],
)
def test_what_is_carried_and_what_belongs_to_the_picture(monkeypatch, make, expected):
    for group in ('_WORN', '_LAID'):
        rows = [(float(f.__name__ == make), f) for _, f in getattr(occluders, group)]
        monkeypatch.setattr(occluders, group, rows)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        wearer = sample_person(rng, 'vest', may_lie=False).wearer
        layers = occluders.sample_occluders(rng, wearer, CAMERA, (400, 600))
        assert layers and {layer.parsing for layer in layers} == {expected}
