"""The arg max of the map at the size of the input, against OpenCV."""

import cv2
import numpy as np
import pytest
import torch

from fashion_mmpose.codecs import PointHeatmap

SIZES = [
    pytest.param((256, 256), (32, 32), id='published'),
    pytest.param((96, 128), (24, 32), id='high'),
    pytest.param((128, 64), (16, 8), id='wide'),
    pytest.param((100, 60), (30, 17), id='fractions'),
]


def noise(rng, shape):
    return rng.uniform(0, 1, shape)


def peaks(rng, shape):
    maps = 0.02 * noise(rng, shape)
    num, height, width = shape
    rows, columns = rng.integers(0, height, num), rng.integers(0, width, num)
    maps[np.arange(num), rows, columns] += 1
    return maps


def border_peaks(rng, shape):
    """Maxima in the first and the last column and row, corners among them."""
    maps = 0.1 * noise(rng, shape)
    num, height, width = shape
    rows = np.where(
        rng.random(num) < 0.6, rng.choice([0, height - 1], num), height // 2
    )
    inner = rng.integers(0, width, num)
    columns = np.where(rows == height // 2, rng.choice([0, width - 1], num), inner)
    columns[: num // 4] = rng.choice([0, width - 1], num // 4)
    maps[np.arange(num), rows, columns] += 1
    return maps


def bumps(rng, shape):
    num, height, width = shape
    rows, columns = np.mgrid[:height, :width]
    x, y = rng.uniform(0, [[width - 1], [height - 1]], (2, num))[..., None, None]
    return np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 2)


@pytest.mark.parametrize('draw', [noise, peaks, border_peaks, bumps])
@pytest.mark.parametrize('input_size, heatmap_size', SIZES)
def test_equals_opencv(input_size, heatmap_size, draw):
    """The first maximum of ``cv2.resize``, but for what rounding decides."""
    shape = (120, heatmap_size[1], heatmap_size[0])
    maps = draw(np.random.default_rng(0), shape).astype(np.float32)
    codec = PointHeatmap(input_size, heatmap_size, 1.0, decode_mode='resized')
    points, scores = codec.decode(maps)
    compared = 0
    for heatmap, (x, y), score in zip(maps, points[0], scores[0]):
        large = cv2.resize(heatmap, input_size, interpolation=cv2.INTER_LINEAR)
        assert score == pytest.approx(large.max(), rel=1e-5)
        column, row = round(float(x)), round(float(y))
        assert abs(x - column) < 1e-4 and abs(y - row) < 1e-4  # whole pixels
        assert large[row, column] == pytest.approx(large.max(), rel=1e-5)
        # Beyond the centres of the outermost cells a map is constant: a maximum there
        # is several pixels, of which both give the first.
        highest = large == large.max()
        if np.array_equal(highest, large > large.max() * (1 - 1e-5)):
            first = np.unravel_index(highest.argmax(), highest.shape)
            assert (row, column) == first
            compared += 1
    assert compared > 100


@pytest.mark.parametrize(
    'peak, neighbour, expected',
    [
        # The centre of cell 2 lies between pixels 19 and 20, that of cell 1 between 11
        # and 12; from that of the last cell, between 43 and 44, a map is constant.
        pytest.param((2, 1), (3, 1), (20, 11), id='right'),
        pytest.param((2, 1), (1, 1), (19, 11), id='left'),
        pytest.param((2, 1), (2, 2), (19, 12), id='down'),
        pytest.param((2, 1), (2, 0), (19, 11), id='up'),
        pytest.param((0, 0), (1, 0), (0, 0), id='first-corner'),
        pytest.param((5, 2), (4, 2), (44, 20), id='last-corner'),
    ],
)
def test_by_hand(peak, neighbour, expected):
    """Pixel p of the input lies at cell (p + 0.5) / 8 - 0.5."""
    heatmap = np.zeros((3, 6), np.float32)
    heatmap[neighbour[::-1]] = 1
    heatmap[peak[::-1]] = 2
    codec = PointHeatmap((48, 24), (6, 3), 1.0, decode_mode='resized')
    points, scores = codec.decode(heatmap[None])
    np.testing.assert_array_equal(points, [[expected]])
    # A sixteenth of a cell off the centre on both axes, but for the corners.
    inner = 15 / 16 * (15 / 16 * 2 + 1 / 16 * 1)
    assert scores.item() == (2 if peak in [(0, 0), (5, 2)] else inner)


def test_shift_blur_and_amplitude_apply():
    """The blur comes before the resize, the convention's shift after it."""
    maps = peaks(np.random.default_rng(1), (20, 16, 12)).astype(np.float32)
    codec = PointHeatmap(
        (96, 128),
        (12, 16),
        sigma=1.0,
        amplitude=10.0,
        convention='cpn',
        decode_mode='resized',
        blur_kernel_size=5,
        blur_sigma=1.0,
    )
    points, scores = codec.decode(maps)
    for heatmap, point, score in zip(maps, points[0], scores[0]):
        large = cv2.resize(cv2.GaussianBlur(heatmap, (5, 5), 1), (96, 128))
        y, x = np.unravel_index(large.argmax(), large.shape)
        np.testing.assert_array_equal(point, [x + 1, y + 1])
        assert score == pytest.approx(large.max() / 10, rel=1e-5)


def test_a_point_is_found_half_a_cell_late():
    """Targets put the first cell at pixel 0, the resize puts it at pixel 3.5."""
    codec = PointHeatmap(
        (256, 256), (32, 32), sigma=1.0, unbiased=False, decode_mode='resized'
    )
    keypoints = np.array([[[80.0, 120.0], [83.0, 117.0], [16.0, 240.0]]])
    labels = codec.encode(keypoints)['keypoint_labels'][0]
    found, _ = codec.decode(codec.render(torch.from_numpy(labels)).numpy())
    # All three lie on the centres of cells (10, 15), (10, 15) and (2, 30).
    centres = np.array([[80, 120], [80, 120], [16, 240]])
    np.testing.assert_allclose(found[0] - centres, 3.5, atol=0.5)


@pytest.mark.parametrize(
    'convention, inverting', [('msra', -3.5), ('cpn', -2.5), ('centers', 0)]
)
def test_the_shift_that_inverts_encoding(convention, inverting):
    """Points all over a cell are late by default, and not with the right shift."""
    steps = 80 + (np.arange(16) + 0.5) / 2
    keypoints = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(1, -1, 2)
    for shift, bias in ((None, 3.5), (inverting, 0.0)):
        codec = PointHeatmap(
            (256, 256),
            (32, 32),
            sigma=1.0,
            convention=convention,
            decode_mode='resized',
            shift=shift,
        )
        labels = codec.encode(keypoints)['keypoint_labels'][0]
        found, _ = codec.decode(codec.render(torch.from_numpy(labels)).numpy())
        errors = found - keypoints
        np.testing.assert_allclose(errors.mean(axis=1), bias, atol=0.1)
        assert abs(errors - bias).max() < 4.5  # half a cell and half a pixel
