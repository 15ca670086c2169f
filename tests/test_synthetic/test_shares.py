"""Choices are those that numpy's own generator would make, draw by draw."""

import numpy as np
import pytest

from fashion_mmpose.synthetic.shares import choose, choose_side


@pytest.mark.parametrize(
    'shares',
    [
        pytest.param((0.3, 0.22, 0.16, 0.1, 0.12, 0.1), id='several'),
        pytest.param((0.0, 0.6, 0.0, 0.4), id='some never'),
        pytest.param((1.0,), id='one'),
    ],
)
def test_choices_are_numpys(shares):
    own, numpys = np.random.default_rng(4), np.random.default_rng(4)
    rows = [(share, f'value {i}') for i, share in enumerate(shares)]
    for _ in range(500):
        expected = rows[numpys.choice(len(rows), p=shares)][1]
        assert choose(own, rows) == expected
    assert own.random() == numpys.random()


def test_sides_are_numpys():
    own, numpys = np.random.default_rng(5), np.random.default_rng(5)
    sides = [choose_side(own) for _ in range(200)]
    assert sides == [numpys.choice([-1, 1]) for _ in range(200)]
    assert own.random() == numpys.random()
