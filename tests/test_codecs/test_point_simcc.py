"""Profiles along x and y: what they are, and how they are read."""

import numpy as np
import pytest
import torch
from mmpose.codecs import SimCCLabel

from fashion_mmpose.codecs import PointSimCC

SIZE = (48, 64)
# Inside, at the corners, and outside by more than the Gaussian's reach.
POINTS = np.array(
    [[[10.3, 20.7], [0.0, 0.0], [47.0, 63.0], [24.24, 31.9], [80.0, 20.0], [5.0, -30]]],
    np.float32,
)


def codec(**kwargs):
    return PointSimCC(**{'input_size': SIZE, 'sigma': (4.9, 5.66)} | kwargs)


def test_targets_are_those_of_mmpose():
    mmpose = SimCCLabel(SIZE, sigma=(4.9, 5.66), normalize=False)
    expected = mmpose.encode(POINTS)
    own = codec(unbiased=False, convention='msra')
    encoded = own.encode(POINTS)
    weights = encoded['keypoint_weights'][0]
    assert weights.tolist() == expected['keypoint_weights'][0].tolist()
    assert weights.tolist() == [1, 1, 1, 1, 0, 0]
    maps = own.render(torch.from_numpy(encoded['keypoint_labels'][0]))
    assert maps.shape == (6, 1, 96 + 128)
    along_x, along_y = own.profiles(maps[:4, 0])
    tolerance = dict(rtol=0, atol=1e-5)
    np.testing.assert_allclose(
        along_x, expected['keypoint_x_labels'][0, :4], **tolerance
    )
    np.testing.assert_allclose(
        along_y, expected['keypoint_y_labels'][0, :4], **tolerance
    )


def test_decoding_is_that_of_mmpose():
    torch.manual_seed(0)
    maps = torch.rand(2, 5, 1, 96 + 128)
    own = codec(convention='msra')
    along_x, along_y = own.profiles(maps[:, :, 0])
    points, scores = own.batch_decode(maps)
    for index in range(2):
        expected, their_scores = SimCCLabel(SIZE).decode(
            along_x[index, None].numpy(), along_y[index, None].numpy()
        )
        np.testing.assert_allclose(points[index], expected, atol=1e-5)
        np.testing.assert_allclose(scores[index], their_scores, atol=1e-6)


@pytest.mark.parametrize('convention', ['msra', 'centers'])
def test_decoding_inverts_encoding(convention):
    own = codec(convention=convention)
    encoded = own.encode(POINTS[:, :4])
    maps = own.render(torch.from_numpy(encoded['keypoint_labels'][0]))
    points, scores = own.decode_maps(maps)
    # To half a bin, which is a quarter of a pixel.
    np.testing.assert_allclose(points, POINTS[0, :4], atol=0.26)
    assert scores.min() > 0.98


def test_a_mirrored_input_has_the_mirrored_profile():
    own = codec()
    mirrored = POINTS[:, :4].copy()
    mirrored[..., 0] = SIZE[0] - 1 - mirrored[..., 0]
    plain, turned = (
        own.render(torch.from_numpy(own.encode(points)['keypoint_labels'][0]))
        for points in (POINTS[:, :4], mirrored)
    )
    torch.testing.assert_close(own.mirrored(turned), plain, atol=1e-5, rtol=0)
    with pytest.raises(ValueError, match='shift_heatmap is for heatmaps'):
        own.mirrored(turned, shift=True)


def test_what_says_nothing_is_the_centre():
    own = codec()
    maps = torch.full((2, 1, 96 + 128), -1.0)
    maps[1, 0, 20] = 0.7  # along x alone
    points, scores = own.decode_maps(maps)
    assert points.tolist() == [[24, 32], [24, 32]]
    assert scores.tolist() == [0, 0]
    wide = torch.full((1, 1, 96 + 128), 3.0)
    assert own.decode_maps(wide)[1].tolist() == [1]


def test_a_wide_profile_is_unsure():
    own = codec(beta=1.0)
    bins = torch.arange(96)
    # Softmax of a parabola is a Gaussian: of 3 and 6 bins along x, 4 along y.
    along_y = -((torch.arange(128) - 60.0) ** 2) / (2 * 4**2)
    rows = [
        torch.cat((-((bins - 50.0) ** 2) / (2 * sigma**2), along_y)) for sigma in (3, 6)
    ]
    maps = torch.stack(rows)[:, None] + 1
    points, _ = own.decode_maps(maps)
    found = own.covariances(maps, points)
    # Square pixels, of which two bins make one.
    np.testing.assert_allclose(found[:, 0, 0], [3**2 / 4, 6**2 / 4], rtol=1e-3)
    np.testing.assert_allclose(found[:, 1, 1], 4**2 / 4, rtol=1e-3)
    assert (found[:, 0, 1] == 0).all() and (found[:, 1, 0] == 0).all()


def test_pictures_for_eyes():
    own = codec()
    labels = own.encode(POINTS[:, :4])['keypoint_labels']
    maps = own.render(torch.from_numpy(labels[0]))
    drawn = own.pictures(maps)
    assert drawn.shape == (4, 64 // 4, 48 // 4)
    highest = drawn.flatten(1).argmax(1)
    cells = np.stack((highest % 12, highest // 12), axis=1)
    np.testing.assert_array_equal(cells, np.floor((POINTS[0, :4] + 0.5) / 4))


def test_settings_that_do_not_fit():
    for wrong in (
        dict(sigma=0),
        dict(split_ratio=-1),
        dict(beta=0),
        dict(sigma=(1, 0)),
    ):
        with pytest.raises(ValueError, match='must be positive'):
            codec(**wrong)
    with pytest.raises(ValueError, match='unknown convention'):
        codec(convention='udp')
