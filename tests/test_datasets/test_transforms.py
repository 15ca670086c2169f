"""Augmentation: the angle, and what TopdownAffine makes of it."""

import numpy as np
import pytest
from mmpose.datasets.transforms import GetBBoxCenterScale, TopdownAffine

from fashion_mmpose.datasets import RandomRotation


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
