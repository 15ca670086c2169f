"""The filter of landmarks."""

import numpy as np
import pytest
from predicted_garments import predicted_garment

from fashion_mmpose.tracking import PointSmoother

FPS = 25.0
STILL = np.array([(100.0, 100), (200, 100), (110, 300), (190, 300)])


def skirts(places, **fields):
    """A skirt, frame by frame."""
    box = np.array((90, 90, 210, 310), np.float32)
    return [predicted_garment('skirt', each, bbox=box, **fields) for each in places]


def smoothed(garments):
    smoother = PointSmoother(FPS)
    return np.array([smoother.update(each) for each in garments])


def test_noise_becomes_less():
    rng = np.random.default_rng(0)
    noisy = STILL + rng.normal(0, 3, (60, 4, 2))
    found = smoothed(skirts(noisy))
    np.testing.assert_allclose(found[0], noisy[0], rtol=1e-6)
    jitter = [np.abs(np.diff(each[20:], 2, axis=0)).mean() for each in (found, noisy)]
    assert jitter[0] < 0.5 * jitter[1]
    assert np.abs(found[20:] - STILL).mean() < 0.8 * np.abs(noisy[20:] - STILL).mean()


def test_a_steady_movement_is_not_late():
    moving = STILL + np.arange(50)[:, None, None] * (4.0, -2.0)
    found = smoothed(skirts(moving))
    assert np.abs(found[25:] - moving[25:]).max() < 0.2


def test_what_the_network_is_unsure_of_counts_less():
    covariances = np.tile(np.eye(2, dtype=np.float32), (4, 1, 1))
    covariances[0] *= 400.0
    frames = skirts([STILL] * 20, covariances=covariances)
    frames += skirts([STILL + 15], covariances=covariances)
    moved = np.abs(smoothed(frames)[-1] - STILL).mean(axis=1)
    assert moved[0] < 0.5 * moved[1]


def test_points_that_a_calibration_does_not_know():
    """Their covariances are NaN; the points are not."""
    covariances = np.tile(np.eye(2, dtype=np.float32), (4, 1, 1))
    covariances[0] = np.nan
    found = smoothed(skirts([STILL] * 9, covariances=covariances))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[-1], STILL, atol=0.5)


def test_frames_without_the_garment_pass():
    moving = STILL + np.arange(40)[:, None, None] * (4.0, 0.0)
    garments = skirts(moving)
    smoother = PointSmoother(FPS)
    for garment in garments[:30]:
        smoother.update(garment)
    for _ in range(30, 39):
        smoother.skip(garments[39])
    assert np.abs(smoother.update(garments[39]) - moving[39]).max() < 0.5


def test_another_category_begins_anew():
    smoother = PointSmoother(FPS)
    smoother.update(skirts([STILL])[0])
    points = np.vstack((STILL, STILL[:3])) + 7
    trousers = predicted_garment('trousers', points)
    assert smoother.update(trousers) == pytest.approx(points)
