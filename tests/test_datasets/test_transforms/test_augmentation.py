"""Augmentation: the angle, and what TopdownAffine makes of it."""

import numpy as np
import pytest
from mmpose.datasets.transforms import (
    GetBBoxCenterScale,
    PackPoseInputs,
    RandomFlip,
    TopdownAffine,
)

from fashion_mmpose.datasets import PackGarmentInputs, RandomMirror, RandomRotation


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
    image = sample()['img']
    packed = PackGarmentInputs()(dict(sample(), img=image))['inputs']
    image[0, 0, 0] = image[0, 0, 0] ^ 255
    assert packed[0, 0, 0] == image[0, 0, 0]
