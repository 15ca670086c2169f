"""Heatmaps on another grid: places read off maps that hold their own coordinates."""

import numpy as np
import pytest
import torch

from fashion_mmpose.codecs import PointHeatmap
from fashion_mmpose.codecs.resampling import resample_heatmaps


def grid(input_size, stride, convention='msra', sigma=2.0):
    return PointHeatmap(
        input_size,
        tuple(side // stride for side in input_size),
        sigma=sigma,
        convention=convention,
        decode_mode='dark',
        blur_kernel_size=5,
    )


def places(codec, heatmap_size):
    """Two maps (1, 2, H, W): x and y of every cell, in pixels of its own input."""
    stride = codec.input_size[0] / codec.heatmap_size[0]
    shift = {'msra': 0, 'cpn': 1, 'centers': (stride - 1) / 2}[codec.convention]
    width, height = heatmap_size
    x = torch.arange(width) * stride + shift
    y = torch.arange(height) * stride + shift
    return torch.stack(torch.meshgrid(x, y, indexing='xy'))[None]


PAIRS = [
    pytest.param(
        grid((256, 256), 8, 'centers'), (256, 256), grid((256, 256), 4), id='centers'
    ),
    pytest.param(
        grid((256, 256), 8), (256, 256), grid((256, 256), 4), id='stride-8-to-4'
    ),
    pytest.param(
        grid((256, 256), 4), (256, 256), grid((256, 256), 8), id='stride-4-to-8'
    ),
    pytest.param(
        grid((256, 256), 4),
        (256, 256),
        grid((256, 256), 4, 'cpn'),
        id='msra-to-cpn',
    ),
    pytest.param(
        grid((256, 256), 4, 'cpn'),
        (256, 256),
        grid((256, 256), 4),
        id='cpn-to-msra',
    ),
    pytest.param(
        grid((256, 256), 4), (320, 320), grid((256, 256), 4), id='multi-scale-larger'
    ),
    pytest.param(
        grid((256, 256), 4, 'cpn'),
        (192, 192),
        grid((256, 256), 4, 'cpn'),
        id='multi-scale-smaller',
    ),
    pytest.param(
        grid((192, 256), 4), (192, 256), grid((384, 512), 8, 'cpn'), id='high'
    ),
    pytest.param(
        grid((512, 384), 4, 'cpn'), (512, 384), grid((256, 192), 4), id='wide'
    ),
    pytest.param(
        grid((256, 256), 8),
        (256, 256),
        grid((512, 512), 4, 'cpn'),
        id='cpm-in-a-cpn-ensemble',
    ),
]


@pytest.mark.parametrize('source, input_size, target', PAIRS)
def test_cells_are_read_where_they_lie(source, input_size, target):
    """Pixel x of the target's input is (x + 0.5) * ratio - 0.5 of the source's."""
    stride = source.input_size[0] // source.heatmap_size[0]
    size = tuple(side // stride for side in input_size)
    maps = places(source, size)
    found = resample_heatmaps(maps, source, input_size, target)
    assert found.shape == (1, 2, *target.heatmap_size[::-1])
    for axis, values in enumerate(places(target, target.heatmap_size)[0]):
        ratio = input_size[axis] / target.input_size[axis]
        expected = (values + 0.5) * ratio - 0.5
        # Beyond the outermost cells a map is constant.
        expected = expected.clamp(maps[0, axis].min(), maps[0, axis].max())
        torch.testing.assert_close(found[0, axis], expected, atol=1e-3, rtol=0)


def test_places_are_not_rounded_with_the_maps():
    """Maps in 16 bits are read where those in 32 are."""
    source, target = grid((256, 256), 4), grid((512, 512), 4, 'cpn')
    maps = places(source, (64, 64)).bfloat16()  # whose values are in 16 bits anyway
    exact = resample_heatmaps(maps.float(), source, (256, 256), target)
    found = resample_heatmaps(maps, source, (256, 256), target)
    assert torch.equal(found, exact.bfloat16())


@pytest.mark.parametrize('source, input_size, target', PAIRS)
def test_gaussians_are_found_at_the_same_place(source, input_size, target):
    """Drawn for the source's input, resampled, decoded in the target's."""
    ratio = np.array(target.input_size) / input_size
    points = np.random.default_rng(0).uniform(0.2, 0.8, (1, 30, 2)) * input_size
    stride = source.input_size[0] // source.heatmap_size[0]
    drawn = grid(input_size, stride, source.convention)
    labels = torch.from_numpy(drawn.encode(points)['keypoint_labels'])
    maps = drawn.render(labels[0])[None]
    found, _ = target.batch_decode(resample_heatmaps(maps, source, input_size, target))
    expected = (points + 0.5) * ratio - 0.5
    # Between its cells a map is made of straight pieces, which shows on a much finer
    # grid.
    cell = stride * ratio[0]
    finer = cell / (target.input_size[0] / target.heatmap_size[0])
    tolerance = (0.03 if finer <= 2 else 0.12) * cell
    np.testing.assert_allclose(found[0], expected, atol=tolerance)


@pytest.mark.parametrize(
    'codec',
    [
        pytest.param(grid((256, 256), 8), id='msra'),
        pytest.param(grid((512, 384), 4, 'cpn'), id='cpn'),
        pytest.param(
            PointHeatmap((100, 60), (30, 17), sigma=1.0, convention='cpn'),
            id='fractions',
        ),
    ],
)
def test_the_same_grid_is_left_alone(codec):
    width, height = codec.heatmap_size
    maps = torch.rand(2, 3, height, width)
    assert resample_heatmaps(maps, codec, codec.input_size, codec) is maps


def test_other_options_do_not_make_another_grid():
    maps = torch.rand(1, 2, 16, 16)
    source = PointHeatmap((64, 64), (16, 16), sigma=1.0, amplitude=100.0)
    target = PointHeatmap((64, 64), (16, 16), sigma=3.0, decode_mode='argmax')
    assert resample_heatmaps(maps, source, (64, 64), target) is maps


def test_same_size_on_another_grid_is_resampled():
    """Half the input at half the stride: as many cells, other places."""
    source, target = grid((64, 64), 4), grid((128, 128), 8)
    maps = torch.rand(1, 2, 16, 16)
    found = resample_heatmaps(maps, source, (64, 64), target)
    assert found.shape == maps.shape and not torch.allclose(found, maps)


def test_by_hand():
    """A row 0, 10, 20, 30 at stride 4, read at stride 2: halves and the last again."""
    source, target = grid((16, 16), 4), grid((16, 16), 2)
    maps = (10.0 * torch.arange(4)).expand(1, 1, 4, 4)
    found = resample_heatmaps(maps, source, (16, 16), target)
    assert found[0, 0, 3].tolist() == pytest.approx([0, 5, 10, 15, 20, 25, 30, 30])
    torch.testing.assert_close(found, found[:, :, :1].expand(1, 1, 8, 8))
