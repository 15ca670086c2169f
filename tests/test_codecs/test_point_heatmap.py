"""PointHeatmap against hand-computed numbers and the published decoders."""

import math

import cv2
import numpy as np
import pytest
import torch

from fashion_mmpose.codecs import PointHeatmap

CPN = dict(
    input_size=(512, 512),
    heatmap_size=(128, 128),
    sigma=8.0,
    amplitude=100.0,
    convention='cpn',
    decode_mode='second_max',
    blur_kernel_size=5,
    blur_sigma=1.0,
    shift=2.0,
)


def random_maps(num, height, width, seed=0):
    """Noisy maps with a bump each, some at the border."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    centres = rng.uniform([-1, -1], [width, height], (num, 2))
    maps = [np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 8) for x, y in centres]
    return (np.stack(maps) + rng.uniform(0, 0.05, (num, height, width))).astype('f4')


# ------------------------------------------------------------------ encoding


@pytest.mark.parametrize(
    'convention, expected',
    [
        pytest.param('msra', [[2.5, 4.0], [0.0, 16.0]], id='msra'),
        pytest.param('cpn', [[2.25, 3.75], [-0.25, 15.75]], id='cpn'),
        pytest.param('centers', [[2.125, 3.625], [-0.375, 15.625]], id='centers'),
    ],
)
def test_encode_conventions(convention, expected):
    codec = PointHeatmap((64, 128), (16, 32), sigma=1.0, convention=convention)
    keypoints = np.array([[[10.0, 16.0], [0.0, 64.0]]])
    encoded = codec.encode(keypoints, np.ones((1, 2)))
    np.testing.assert_allclose(encoded['keypoint_labels'][0], expected)
    np.testing.assert_array_equal(encoded['keypoint_weights'], [[1, 1]])
    assert encoded['keypoint_labels'].dtype == np.float32
    decoded = encoded['keypoint_labels'] * 4 + codec.shift
    np.testing.assert_allclose(decoded, keypoints)


def test_a_mirrored_input_has_the_mirrored_heatmap():
    codec = PointHeatmap((64, 128), (16, 32), sigma=1.0, convention='centers')
    points = np.array([[[10.0, 16.0], [63.0, 64.0]]])
    mirrored = points * [-1, 1] + [63, 0]  # pixels of a picture that is flipped
    maps = [
        codec.render(
            torch.from_numpy(codec.encode(each, np.ones((1, 2)))['keypoint_labels'][0])
        )
        for each in (points, mirrored)
    ]
    torch.testing.assert_close(maps[0], maps[1].flip(-1))


def test_cell_centers_need_one_stride():
    with pytest.raises(ValueError, match="'centers' needs one stride .* 4 and 2"):
        PointHeatmap((64, 64), (16, 32), sigma=1.0, convention='centers')


def test_encode_weights():
    codec = PointHeatmap((64, 64), (16, 16), sigma=1.0)
    # Cells: 3 sigma beyond the border; just within; unlabelled inside.
    keypoints = np.array([[[-12.0, 8.0], [-11.9, 8.0], [8.0, 72.1], [8.0, 8.0]]])
    encoded = codec.encode(keypoints, np.array([[1.0, 1.0, 1.0, 0.0]]))
    np.testing.assert_array_equal(encoded['keypoint_weights'], [[0, 1, 0, 0]])


@pytest.mark.parametrize(
    'convention, pixels, cells',
    [
        # Cells 0.5, 1.5 and -0.5 lie between two: the higher one is taken.
        pytest.param('msra', [4, 12, -4], [1, 2, 0], id='ties'),
        pytest.param('msra', [3.9, 4.1, 8], [0, 1, 1], id='nearest'),
        pytest.param('msra', [251.9, 252, 256], [31, 32, 32], id='upper-border'),
        pytest.param('cpn', [5, 4.9, 13], [1, 0, 2], id='cpn'),
    ],
)
@pytest.mark.parametrize('axis', [0, 1])
def test_biased_targets_lie_on_the_nearest_cell(axis, convention, pixels, cells):
    size = (256, 512) if axis == 0 else (512, 256)
    codec = PointHeatmap(
        size,
        (size[0] // 8, size[1] // 8),
        sigma=1.0,
        unbiased=False,
        convention=convention,
    )
    keypoints = np.full((1, len(pixels), 2), 80.0)
    keypoints[0, :, axis] = pixels
    encoded = codec.encode(keypoints)
    labels = encoded['keypoint_labels'][0]
    np.testing.assert_array_equal(labels[:, axis], cells)
    np.testing.assert_array_equal(labels[:, 1 - axis], 10)
    np.testing.assert_array_equal(encoded['keypoint_weights'], [[1, 1, 1]])


def test_biased_and_unbiased_maps():
    """The same point a quarter of a cell off the centre, drawn both ways."""
    maps = {}
    for unbiased in (True, False):
        codec = PointHeatmap((64, 64), (8, 8), sigma=1.0, unbiased=unbiased)
        labels = codec.encode(np.array([[[26.0, 38.0]]]))['keypoint_labels']
        maps[unbiased] = codec.render(torch.from_numpy(labels[0]))[0]
    # Cell (3.25, 4.75): the nearest centre is (3, 5).
    assert maps[False][5, 3] == 1
    assert maps[False][5, 4] == maps[False][4, 3] == pytest.approx(np.exp(-0.5))
    assert maps[True][5, 3] == pytest.approx(np.exp(-(0.25**2 + 0.25**2) / 2))
    assert maps[True][5, 4] == pytest.approx(np.exp(-(0.75**2 + 0.25**2) / 2))


def test_render_values():
    codec = PointHeatmap((32, 16), (8, 4), sigma=2.0, amplitude=100.0)
    maps = codec.render(torch.tensor([[3.0, 1.0], [6.5, 0.0]]))
    assert maps.shape == (2, 4, 8)
    assert maps[0, 1, 3] == pytest.approx(100)
    assert maps[0, 2, 5] == pytest.approx(100 * np.exp(-(1 + 4) / 8))
    assert maps[1, 0, 6] == pytest.approx(100 * np.exp(-0.25 / 8))
    assert maps[1, 0, 6] == pytest.approx(maps[1, 0, 7].item())


@pytest.mark.parametrize('convention', ['msra', 'cpn'])
def test_decoding_inverts_encoding(convention):
    codec = PointHeatmap(
        (128, 128),
        (32, 32),
        sigma=2.0,
        convention=convention,
        decode_mode='dark',
        blur_kernel_size=11,
    )
    rng = np.random.default_rng(1)
    keypoints = rng.uniform(30, 98, (1, 40, 2))
    labels = codec.encode(keypoints)['keypoint_labels']
    maps = codec.render(torch.from_numpy(labels[0]))
    found, scores = codec.decode(maps.numpy())
    np.testing.assert_allclose(found, keypoints, atol=0.02)
    assert scores.min() > 0.9


# --------------------------------------------- the published decoders, one by one


def cpn_decoder(maps):
    """The FashionAI CPN system: blur, two highest cells, x4, + 2."""
    points = []
    for heatmap in maps:
        order = np.argsort(cv2.GaussianBlur(heatmap, (5, 5), 1).ravel())
        (y1, y2), (x1, x2) = np.unravel_index(order[[-1, -2]], heatmap.shape)
        points.append([(3 * x1 + x2) / 4 * 4 + 2, (3 * y1 + y2) / 4 * 4 + 2])
    return np.array(points)


def hrnet_decoder(maps):
    """HRNet: a quarter cell toward the higher neighbour."""
    points = []
    for heatmap in maps:
        height, width = heatmap.shape
        y, x = np.unravel_index(heatmap.argmax(), heatmap.shape)
        dx = dy = 0.0
        if 1 < x < width - 1 and 1 < y < height - 1:
            dx = np.sign(heatmap[y, x + 1] - heatmap[y, x - 1]) * 0.25
            dy = np.sign(heatmap[y + 1, x] - heatmap[y - 1, x]) * 0.25
        points.append([4 * (x + dx), 4 * (y + dy)])
    return np.array(points)


def dark_decoder(maps, kernel=11):
    """DARK: one Newton step on the logarithm of the modulated map."""
    points = []
    for heatmap in maps:
        height, width = heatmap.shape
        y, x = np.unravel_index(heatmap.argmax(), heatmap.shape)
        border = kernel // 2
        padded = cv2.GaussianBlur(np.pad(heatmap, border), (kernel, kernel), 0)
        smooth = padded[border:-border, border:-border]
        smooth = smooth * (heatmap.max() / smooth.max())
        h = np.log(np.maximum(smooth, 1e-10)).astype(np.float64)
        offset = np.zeros(2)
        if 1 < x < width - 2 and 1 < y < height - 2:
            gradient = 0.5 * np.array(
                [h[y, x + 1] - h[y, x - 1], h[y + 1, x] - h[y - 1, x]]
            )
            xx = 0.25 * (h[y, x + 2] - 2 * h[y, x] + h[y, x - 2])
            yy = 0.25 * (h[y + 2, x] - 2 * h[y, x] + h[y - 2, x])
            xy = 0.25 * (
                h[y + 1, x + 1] - h[y - 1, x + 1] - h[y + 1, x - 1] + h[y - 1, x - 1]
            )
            hessian = np.array([[xx, xy], [xy, yy]])
            if np.linalg.det(hessian) != 0:
                offset = -np.linalg.inv(hessian) @ gradient
        points.append([4 * (x + offset[0]), 4 * (y + offset[1])])
    return np.array(points)


@pytest.mark.parametrize(
    'options, reference, tolerance',
    [
        pytest.param(
            dict(
                decode_mode='second_max', blur_kernel_size=5, blur_sigma=1.0, shift=2.0
            ),
            cpn_decoder,
            1e-4,
            id='cpn',
        ),
        pytest.param(dict(decode_mode='quarter'), hrnet_decoder, 1e-4, id='hrnet'),
        pytest.param(
            dict(decode_mode='dark', blur_kernel_size=11), dark_decoder, 2e-2, id='dark'
        ),
    ],
)
def test_published_decoders(options, reference, tolerance):
    maps = random_maps(120, 32, 24)
    codec = PointHeatmap((96, 128), (24, 32), sigma=2.0, **options)
    batch = torch.from_numpy(maps.reshape(4, 30, 32, 24))
    points, scores = codec.batch_decode(batch)
    assert points.shape == (4, 1, 30, 2) and scores.shape == (4, 1, 30)
    np.testing.assert_allclose(points.reshape(-1, 2), reference(maps), atol=tolerance)


def test_argmax():
    maps = random_maps(10, 16, 16)
    codec = PointHeatmap((64, 64), (16, 16), sigma=2.0, decode_mode='argmax')
    points, scores = codec.decode(maps)
    y, x = np.unravel_index(maps.reshape(10, -1).argmax(1), (16, 16))
    np.testing.assert_array_equal(points[0], np.stack([4 * x, 4 * y], 1))
    np.testing.assert_allclose(scores[0], maps.reshape(10, -1).max(1))


# ----------------------------------------------------------- masks and flat maps


def test_other_channels_rest():
    codec = PointHeatmap((64, 64), (16, 16), sigma=2.0)
    maps = torch.from_numpy(random_maps(6, 16, 16)).view(2, 3, 16, 16)
    mask = torch.tensor([[True, False, True], [False, False, True]])
    points, scores = codec.batch_decode(maps, mask)
    whole_points, whole_scores = codec.batch_decode(maps)
    mask = mask.numpy()
    np.testing.assert_array_equal(scores[:, 0][~mask], 0)
    np.testing.assert_array_equal(points[:, 0][~mask], 32)
    np.testing.assert_array_equal(points[:, 0][mask], whole_points[:, 0][mask])
    np.testing.assert_array_equal(scores[:, 0][mask], whole_scores[:, 0][mask])


def test_no_channel_at_all():
    codec = PointHeatmap((64, 64), (16, 16), sigma=2.0)
    maps = torch.rand(1, 2, 16, 16)
    points, scores = codec.batch_decode(maps, torch.zeros(1, 2, dtype=torch.bool))
    np.testing.assert_array_equal(points, 32)
    np.testing.assert_array_equal(scores, 0)


def test_flat_maps_fall_back_to_the_centre():
    codec = PointHeatmap(**CPN, min_variance=1.0)
    faint = codec.render(torch.tensor([[40.0, 60.0]]))[0]
    maps = torch.stack(
        [torch.full((128, 128), 7.0), torch.zeros(128, 128), faint * 0.02, faint]
    )
    assert faint.mul(0.02).var() < 1 < faint.var()
    points, scores = codec.batch_decode(maps[None])
    np.testing.assert_array_equal(points[0, 0, :3], 256)
    np.testing.assert_array_equal(scores[0, 0, :3], 0)
    assert abs(points[0, 0, 3] - [162, 242]).max() <= 1
    assert scores[0, 0, 3] == pytest.approx(0.985, abs=0.01)


@pytest.mark.parametrize(
    'options, message',
    [
        pytest.param(
            dict(convention='udp'), "unknown convention 'udp'", id='convention'
        ),
        pytest.param(dict(decode_mode='soft'), "decode_mode 'soft'", id='decode_mode'),
        pytest.param(dict(blur_kernel_size=4), 'must be 0 or odd, got 4', id='kernel'),
        pytest.param(dict(blur_kernel_size=-3), '0 or odd, got -3', id='negative'),
        pytest.param(dict(blur_sigma=0), 'must be positive, got .* and 0', id='blur'),
        pytest.param(dict(min_variance=-1), 'be 0 or more, got -1', id='variance'),
        pytest.param(dict(decode_mode='dark'), 'needs a blur_kernel_size', id='dark'),
        pytest.param(dict(sigma=0), 'must be positive', id='sigma'),
        pytest.param(dict(sigma=math.nan), 'must be positive', id='no number'),
    ],
)
def test_bad_options(options, message):
    options = dict(dict(sigma=2.0), **options)
    with pytest.raises(ValueError, match=message):
        PointHeatmap((64, 64), (16, 16), **options)
