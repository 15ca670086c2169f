"""How sure heatmaps are of their points."""

import numpy as np
import torch

from fashion_mmpose.codecs import PointHeatmap
from fashion_mmpose.codecs.spread import spread

CODEC = PointHeatmap(
    (192, 256), (48, 64), sigma=2, decode_mode='dark', blur_kernel_size=11
)


def gaussian(cell, along_x=2.0, along_y=2.0, height=1.0) -> torch.Tensor:
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(48.0), indexing='ij')
    squares = ((x - cell[0]) / along_x) ** 2 + ((y - cell[1]) / along_y) ** 2
    return height * torch.exp(-squares / 2)


def test_a_wider_map_is_less_sure_along_its_longer_axis():
    maps = torch.stack([gaussian((20, 30)), gaussian((20, 30), 4, 2)])
    narrow, wide = spread(maps, torch.tensor([[20.0, 30], [20, 30]]))
    torch.testing.assert_close(narrow[0, 0], narrow[1, 1], rtol=1e-3, atol=0)
    assert narrow[0, 1].abs() < 1e-4
    assert 3.5 * narrow[0, 0] < wide[0, 0] < 4.5 * narrow[0, 0]
    torch.testing.assert_close(wide[1, 1], narrow[1, 1], rtol=0.03, atol=0)


def test_it_does_not_depend_on_height_and_noise_below_a_quarter():
    cells = torch.tensor([[20.0, 30]])
    plain = spread(gaussian((20, 30))[None], cells)
    high = spread(gaussian((20, 30), height=700)[None], cells)
    torch.testing.assert_close(plain, high)
    noise = 0.2 * torch.rand(64, 48, generator=torch.manual_seed(1))
    noisy = torch.maximum(gaussian((20, 30)), noise)[None]
    torch.testing.assert_close(spread(noisy, cells), plain)


def test_mixed_precision_does_not_round_it():
    maps, cells = gaussian((20.3, 30.4), 4, 2)[None], torch.tensor([[20.3, 30.4]])
    with torch.autocast('cpu', torch.bfloat16):
        found = spread(maps, cells)
    torch.testing.assert_close(found, spread(maps, cells))


def test_two_maxima_are_unsure_along_their_line():
    maps = torch.maximum(gaussian((10, 20)), gaussian((30, 40), height=0.9))[None]
    moments = spread(maps, torch.tensor([[10.0, 20]]))[0]
    assert moments[0, 1] > 50
    _, axes = torch.linalg.eigh(moments)
    torch.testing.assert_close(
        axes[:, -1].abs(), torch.full((2,), 0.5**0.5), atol=0.02, rtol=0
    )


def test_a_map_that_says_nothing_is_as_wide_as_itself():
    maps = torch.stack([torch.zeros(64, 48), torch.full((64, 48), -3.0)])
    moments = spread(maps, torch.tensor([[24.0, 32], [24, 32]]))
    assert torch.isfinite(moments).all()
    assert (moments[:, 0, 0] > 150).all() and (moments[:, 1, 1] > 300).all()


def test_the_codec_gives_them_in_input_pixels():
    maps = torch.stack([gaussian((20, 30)), gaussian((20, 30), 4, 2)])[None]
    points, scores, moments = CODEC.batch_decode(maps, with_covariances=True)
    assert points.shape == (1, 1, 2, 2) and moments.shape == (1, 1, 2, 2, 2)
    expected = spread(maps[0], torch.tensor([[20.0, 30], [20, 30]])) * 16
    np.testing.assert_allclose(moments[0, 0], expected, rtol=1e-2, atol=1e-2)
    without = CODEC.batch_decode(maps)
    assert len(without) == 2
    np.testing.assert_array_equal(without[0], points)
    np.testing.assert_array_equal(without[1], scores)


def test_points_without_map_have_none():
    maps = gaussian((20, 30))[None].repeat(2, 1, 1)[None]
    mask = torch.tensor([[True, False]])
    _, _, moments = CODEC.batch_decode(maps, mask, with_covariances=True)
    assert np.isfinite(moments[0, 0, 0]).all()
    assert np.isnan(moments[0, 0, 1]).all()
