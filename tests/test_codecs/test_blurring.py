"""Maps that are blurred only where it matters give what whole blurred maps give."""

import cv2
import numpy as np
import pytest
import torch

from fashion_mmpose.codecs import PointHeatmap, decoding
from fashion_mmpose.codecs.blurring import Blur

SIZES = {
    'square': (128, 128),
    'high': (96, 72),
    'narrow': (64, 8),
    'few rows': (12, 40),
}
MODES = {
    'cpn': ('second_max', dict(blur_kernel_size=5, blur_sigma=1.0, min_variance=0.25)),
    'two maxima': ('second_max', dict()),
    'wide blur': ('second_max', dict(blur_kernel_size=7, min_variance=1e-3)),
    'argmax': ('argmax', dict(blur_kernel_size=3)),
    'quarter': ('quarter', dict(min_variance=1e-3)),
}


def gaussians(sigma, height, width, seed=0, num=24):
    """One peak of height 100 a map, anywhere."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, width, (num, 1)), rng.uniform(0, height, (num, 1))
    along_x = np.exp(-((np.arange(width) - x) ** 2) / (2 * sigma**2))
    along_y = np.exp(-((np.arange(height) - y) ** 2) / (2 * sigma**2))
    drawn = 100 * along_y[:, :, None] * along_x[:, None]
    return torch.from_numpy(drawn.astype(np.float32))


def hard_maps(height, width):
    """Maps of which several rows, or all of them, may hold the maxima."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand(24, height, width, generator=generator)
    broad, other = gaussians(8.0, height, width), gaussians(2.0, height, width, 1)
    with_nan = broad.clone()
    with_nan[::3, 3, 3] = torch.nan
    return {
        'a peak and noise': broad + noise,
        'two peaks': gaussians(2.0, height, width) + 0.98 * other,
        'as high above as below': other + other.flip(1),
        'mostly zero': (other - 10).relu(),
        'faint': broad * torch.linspace(0, 0.1, 24)[:, None, None],
        'noise': noise,
        'few values': (3 * noise).floor(),
        'zero': torch.zeros_like(noise),
        'negative': -5 - noise,
        'deep pits': broad - 1e6 * (noise < 0.01),
        'not a number': with_nan,
    }


@pytest.mark.parametrize('height, width', SIZES.values(), ids=SIZES)
@pytest.mark.parametrize('mode, options', MODES.values(), ids=MODES)
def test_the_same_as_whole_maps(monkeypatch, mode, options, height, width):
    """Points and scores to the bit; flat maps included."""
    codec = PointHeatmap(
        (4 * width, 4 * height), (width, height), 2.0, decode_mode=mode, **options
    )
    maps = hard_maps(height, width)
    found = {name: codec.decode_maps(each) for name, each in maps.items()}
    monkeypatch.setattr(decoding, 'may_branch', lambda maps: False)
    for name, each in maps.items():
        for ours, whole in zip(found[name], codec.decode_maps(each), strict=True):
            torch.testing.assert_close(
                ours, whole, rtol=0, atol=0, equal_nan=True, msg=name
            )


def test_clear_maps_are_blurred_in_few_rows(monkeypatch):
    """A single peak is found without the rest of its map."""
    heights = []
    sums = Blur._sums
    monkeypatch.setattr(
        Blur,
        '_sums',
        lambda self, padded, dims=(2, 1): (
            heights.append(padded.shape[1]) or sums(self, padded, dims)
        ),
    )
    codec = PointHeatmap(
        (512, 512), (128, 128), 8.0, decode_mode='second_max', blur_kernel_size=5
    )
    codec.decode_maps(gaussians(8.0, 128, 128))
    # Highest values of the rows, with margins; a block of seven rows, with margins.
    assert heights == [132, 11]


@pytest.mark.parametrize('kernel_size, sigma', [(3, 0.8), (5, 1.0), (11, None)])
@pytest.mark.parametrize('border', ['reflect', 'constant'])
def test_whole_maps_as_opencv(kernel_size, sigma, border):
    maps = torch.rand(3, 24, 17, generator=torch.Generator().manual_seed(0))
    code = cv2.BORDER_REFLECT_101 if border == 'reflect' else cv2.BORDER_CONSTANT
    # OpenCV's own shortcut for constant borders needs the margins in the picture.
    margin = kernel_size // 2
    padded = [cv2.copyMakeBorder(each, *[margin] * 4, code) for each in maps.numpy()]
    expected = [
        cv2.GaussianBlur(each, (kernel_size, kernel_size), sigma or 0)[
            margin:-margin, margin:-margin
        ]
        for each in padded
    ]
    blurred = Blur(kernel_size, sigma, border)(maps)
    np.testing.assert_allclose(blurred, np.stack(expected), atol=1e-6)


def test_parts_of_blurred_maps():
    """Rows and windows, at the borders too, are cut-outs of the whole."""
    maps = torch.rand(5, 30, 20, generator=torch.Generator().manual_seed(1))
    rows = torch.tensor([[0], [3], [13], [22], [23]]) + torch.arange(7)
    blur = Blur(7)
    whole = blur(maps)
    expected = torch.stack([each[row] for each, row in zip(whole, rows)])
    assert torch.equal(blur.some_rows(maps, rows), expected)

    cells = torch.tensor([[2, 2], [17, 27], [10, 15], [2, 27], [9, 3]])
    blur = Blur(11, border='constant')
    windows = blur.windows(maps, cells, radius=2)
    for window, each, (x, y) in zip(windows, blur(maps), cells.tolist(), strict=True):
        assert torch.equal(window, each[y - 2 : y + 3, x - 2 : x + 3])


def test_no_blur():
    maps = torch.rand(2, 8, 8)
    assert Blur(0)(maps) is maps
    rows = torch.arange(3).expand(2, 3)
    assert torch.equal(Blur(0).some_rows(maps, rows), maps[:, :3])
