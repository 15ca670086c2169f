"""Parsing maps with errors."""

import pytest
import torch
from torch.nn import functional

import fashion_mmpose.plugin  # noqa: F401
from fashion_mmpose.models.backbones.people.simulated_parsing import simulated_parsing


@pytest.fixture
def classes():
    """Sixty-four pictures: clothes in the middle, legs of skin, background around."""
    classes = torch.zeros(64, 64, 48, dtype=torch.uint8)
    classes[:, 8:40, 12:36] = 4
    classes[:, 40:56, 16:32] = 2
    torch.manual_seed(0)
    return classes


def test_probabilities_at_half_the_size(classes):
    maps = simulated_parsing(classes)
    assert maps.shape == (64, 6, 32, 24)
    assert maps.dtype == torch.float32
    assert maps.min() >= -1e-6
    torch.testing.assert_close(maps.sum(1), torch.ones(64, 32, 24))


def test_most_of_it_is_as_it_was(classes):
    true = functional.one_hot(classes[:, ::2, ::2].long(), 6).permute(0, 3, 1, 2)
    maps = simulated_parsing(classes)
    right = (maps.argmax(1) == true.argmax(1)).float().mean((1, 2))
    assert right.median() > 0.85
    # Nobody is found in some; places of the others are taken for another class.
    nobody = (maps[:, 0] == 1).flatten(1).all(1)
    assert 0 < nobody.sum() < 20
    assert (right[~nobody] < 0.9).sum() > 5
    others = maps[~nobody].argmax(1)
    assert set(others.unique().tolist()) >= {0, 2, 4}
    assert not (maps[:, 3] > 0.5).any()  # nothing is taken for a face


def test_errors_differ_between_pictures_and_calls_and_come_from_the_seed(classes):
    maps = simulated_parsing(classes)
    again = simulated_parsing(classes)
    assert not torch.equal(maps[0], maps[1])
    assert not torch.equal(maps, again)
    torch.manual_seed(0)
    assert torch.equal(simulated_parsing(classes.float()), maps)
