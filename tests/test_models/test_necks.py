"""Levels of several strides out of one map."""

import pytest
import torch
from mmpose.registry import MODELS

import fashion_mmpose.plugin  # noqa: F401
from fashion_mmpose.models import SimplePyramid


def test_levels_of_a_map():
    torch.manual_seed(0)
    neck = MODELS.build(dict(type='SimplePyramid', in_channels=16, out_channels=6))
    coarse, fine = torch.rand(2, 16, 3, 2), torch.rand(2, 16, 6, 4)
    levels = neck([coarse, fine])
    assert [tuple(level.shape) for level in levels] == [
        (2, 6, 24, 16),
        (2, 6, 12, 8),
        (2, 6, 6, 4),
        (2, 6, 3, 2),
    ]
    # Only the last map is read, and all that there is takes part.
    again = neck([torch.zeros_like(coarse), fine])
    assert all(torch.equal(one, other) for one, other in zip(levels, again))
    sum(level.square().mean() for level in levels).backward()
    assert all(each.grad is not None for each in neck.parameters())
    (single,) = SimplePyramid(16, 6, scales=(1,))([fine])
    assert single.shape == (2, 6, 6, 4)


@pytest.mark.parametrize('scales', [(1, 2), (4, 4), (3,), (8, 4)])
def test_scales_that_do_not_fit(scales):
    with pytest.raises(ValueError, match='scales must fall and be some of 4, 2, 1'):
        SimplePyramid(16, scales=scales)
