"""Augmentation: the angle, and what TopdownAffine makes of it."""

import numpy as np
import pytest
from mmpose.datasets.transforms import (
    GetBBoxCenterScale,
    KeypointConverter,
    PackPoseInputs,
    RandomFlip,
    TopdownAffine,
)

from fashion_mmpose.datasets import PackGarmentInputs, RandomMirror, RandomRotation
from fashion_mmpose.datasets.transforms import CropAroundPoint
from fashion_mmpose.datasets.transforms.augmentation import labelled_points


def test_angles_are_uniform():
    np.random.seed(0)
    rotate = RandomRotation(max_degrees=30)
    angles = np.array([rotate({})['bbox_rotation'] for _ in range(4000)])
    assert angles.shape == (4000, 1) and np.abs(angles).max() <= 30
    share, _ = np.histogram(angles, bins=6, range=(-30, 30))
    np.testing.assert_allclose(share / 4000, 1 / 6, atol=0.02)


def test_rotation_turns_points_about_the_centre(monkeypatch):
    rotate = RandomRotation(max_degrees=90)
    monkeypatch.setattr(rotate, '_draw_degrees', lambda: 90.0)
    results = dict(
        img=np.zeros((100, 100, 3), np.uint8),
        bbox=np.array([[0.0, 0.0, 100.0, 100.0]], np.float32),
        keypoints=np.array([[[50.0, 50.0], [70.0, 50.0]]], np.float32),
    )
    for step in (GetBBoxCenterScale(padding=1.0), rotate, TopdownAffine((100, 100))):
        results = step(results)
    np.testing.assert_allclose(
        results['transformed_keypoints'][0], [[50, 50], [50, 30]], atol=1e-3
    )


def test_repr():
    assert repr(RandomRotation(30)) == 'RandomRotation(max_degrees=30)'
    with pytest.raises(TypeError):
        RandomRotation()


def sample():
    rng = np.random.default_rng(0)
    return dict(
        img=rng.integers(0, 256, (40, 60, 3), np.uint8),
        img_shape=(40, 60),
        bbox=np.array([[10.0, 5.0, 30.0, 35.0]], np.float32),
        keypoints=np.array([[[12.0, 8.0], [25.0, 30.0], [40.0, 20.0]]], np.float32),
        keypoints_visible=np.array([[1.0, 0.0, 1.0]], np.float32),
        flip_indices=[1, 0, 2],
    )


@pytest.mark.parametrize('seed', range(4))
def test_mirror_equals_mmpose(seed):
    """The same draws, the same sample, and a picture in order for OpenCV."""
    results = {}
    for name, step in (
        ('theirs', RandomFlip(direction='horizontal', prob=0.5)),
        ('ours', RandomMirror(prob=0.5)),
    ):
        np.random.seed(seed)
        results[name] = step(sample())
    assert results['ours'].keys() == results['theirs'].keys()
    for key, expected in results['theirs'].items():
        np.testing.assert_array_equal(results['ours'][key], expected, err_msg=key)
    assert results['ours']['img'].flags.c_contiguous


def converted(num=5):
    """A sample that MMPose has brought into a layout of more or fewer points."""
    converter = KeypointConverter(num, [(0, 1), (1, 0), (2, 2)])
    flip_indices = [1, 0, *range(2, num)]
    known = dict(sample(), keypoint_states=np.array([[2, 0, 1]], np.uint8))
    return dict(converter(known), flip_indices=flip_indices)


def test_points_in_another_layout():
    """MMPose converts points, and leaves their states as they are."""
    before = converted()
    assert before['keypoints_visible'].shape == (1, 5, 2)
    mirrored = RandomMirror(prob=1.0)(converted())
    np.testing.assert_array_equal(mirrored['keypoint_states'], [[2, 0, 1]])
    np.testing.assert_array_equal(
        mirrored['keypoints'][0, :3, 1], before['keypoints'][0, [1, 0, 2], 1]
    )
    framed = GetBBoxCenterScale(padding=1.0)(converted())
    crop = CropAroundPoint(share=0.5, prob=1.0, padding=1.0)(framed)
    # Half of the extent of the two labelled points, (12, 8) and (40, 20).
    np.testing.assert_allclose(crop['bbox_scale'], [[14, 6]])
    np.testing.assert_array_equal(labelled_points(before), [[12, 8], [40, 20]])


def test_mirror_does_happen():
    mirrored = RandomMirror(prob=1.0)(sample())
    np.testing.assert_array_equal(mirrored['img'], sample()['img'][:, ::-1])
    np.testing.assert_array_equal(
        mirrored['keypoints'], [[[34, 30], [47, 8], [19, 20]]]
    )
    np.testing.assert_array_equal(mirrored['keypoints_visible'], [[0, 1, 1]])


def test_packed_sample_equals_mmpose():
    """Same numbers, same data sample; the picture is a view of the pipeline's."""
    ours = PackGarmentInputs()(dict(sample(), img_id=7, category_id=4))
    theirs = PackPoseInputs()(dict(sample(), img_id=7, category_id=4))
    assert ours['inputs'].shape == (3, 40, 60)
    assert (ours['inputs'] == theirs['inputs']).all()
    assert ours['data_samples'].metainfo == theirs['data_samples'].metainfo
    np.testing.assert_array_equal(
        ours['data_samples'].gt_instances.keypoints,
        theirs['data_samples'].gt_instances.keypoints,
    )
    mirrored = RandomFlip(direction='horizontal', prob=1.0)(sample())
    np.testing.assert_array_equal(
        PackGarmentInputs()(mirrored)['inputs'], PackPoseInputs()(mirrored)['inputs']
    )
    image = sample()['img']
    packed = PackGarmentInputs()(dict(sample(), img=image))['inputs']
    image[0, 0, 0] = image[0, 0, 0] ^ 255
    assert packed[0, 0, 0] == image[0, 0, 0]


def test_own_channels_are_of_the_layout():
    """Heads predict the channels that are told; of a new layout nobody knows which."""
    own = np.array([0, 2])
    known = dict(sample(), keypoint_states=np.zeros((1, 3)), own_channels=own)
    packed = PackGarmentInputs()(known)['data_samples']
    assert packed.own_channels.tolist() == [0, 2]
    packed = PackGarmentInputs()(dict(converted(), own_channels=own))['data_samples']
    assert packed.own_channels.tolist() == [0, 1, 2, 3, 4]


def framed():
    """A garment of three points, two of which are labelled, with its frame."""
    return GetBBoxCenterScale(padding=1.25)(sample())


def test_crops_are_around_labelled_points():
    """Every labelled point gets its turn, and no other; the rest keep the garment."""
    np.random.seed(0)
    crop = CropAroundPoint(share=0.5, prob=0.75)
    whole = framed()
    kept, centers = 0, []
    for _ in range(400):
        found = crop(framed())
        if np.array_equal(found['bbox_scale'], whole['bbox_scale']):
            np.testing.assert_array_equal(found['bbox_center'], whole['bbox_center'])
            kept += 1
            continue
        centers.append(tuple(found['bbox_center'][0]))
        # The labelled points are 28 by 12 pixels apart.
        np.testing.assert_allclose(found['bbox_scale'], [[28 * 0.625, 12 * 0.625]])
        assert found['bbox_scale'].dtype == whole['bbox_scale'].dtype
    assert set(centers) == {(12.0, 8.0), (40.0, 20.0)}
    assert 60 < kept < 140
    assert 100 < centers.count((12.0, 8.0)) < 200


def test_the_point_is_in_the_middle_of_the_crop():
    results = CropAroundPoint(share=0.2, prob=1.0)(framed())
    center = results['bbox_center'][0]
    results = TopdownAffine((48, 64))(results)
    which = np.flatnonzero((results['keypoints'][0] == center).all(1))
    np.testing.assert_allclose(
        results['transformed_keypoints'][0, which], [[24, 32]], atol=1e-3
    )
    assert results['img'].shape == (64, 48, 3)


@pytest.mark.parametrize('visible', [[0, 0, 0], [0, 0, 1]])
def test_garments_without_extent_stay_whole(visible):
    results = framed()
    results['keypoints_visible'] = np.array([visible], np.float32)
    expected = {key: results[key].copy() for key in ('bbox_center', 'bbox_scale')}
    found = CropAroundPoint(share=0.5, prob=1.0)(results)
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value)


def test_points_on_a_line_stay_whole():
    results = framed()
    results['keypoints'][..., 1] = 8
    expected = results['bbox_scale'].copy()
    found = CropAroundPoint(share=0.5, prob=1.0)(results)
    np.testing.assert_array_equal(found['bbox_scale'], expected)


def test_the_share_of_a_crop_is_checked():
    with pytest.raises(ValueError, match='share and padding must be positive, got 0'):
        CropAroundPoint(share=0)
    assert repr(CropAroundPoint(0.5)) == (
        'CropAroundPoint(share=0.5, prob=0.5, padding=1.25)'
    )
