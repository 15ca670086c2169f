"""The steps of the DeepFashion2 HRNet's pipeline."""

import numpy as np
import pytest
from scipy.stats import norm

from fashion_mmpose.datasets.transforms.hrnet import (
    RandomScaleRotation,
    TrimAnnotatedBox,
)

RECIPE = dict(
    scale_std=0.1, max_scale=0.1, degrees_std=15, max_degrees=30, rotation_prob=0.6
)


def drawn(count, **changed):
    """Scales and degrees of that many samples."""
    transform = RandomScaleRotation(**(RECIPE | changed))
    np.random.seed(0)
    results = [
        transform.transform(dict(bbox_scale=np.array([[100.0, 200.0]])))
        for _ in range(count)
    ]
    scales = np.array([result['bbox_scale'][0] for result in results]) / (100, 200)
    np.testing.assert_allclose(scales[:, 0], scales[:, 1], rtol=1e-6)
    degrees = np.array([result['bbox_rotation'] for result in results])
    assert degrees.shape == (count, 1) and degrees.dtype == np.float32
    return scales[:, 0], degrees[:, 0]


@pytest.mark.slow
def test_numbers_are_normal_and_clipped():
    scales, degrees = drawn(20000)
    assert scales.min() == pytest.approx(0.9) and scales.max() == pytest.approx(1.1)
    # Clipped and not cut off: a tail of the normal distribution is on each limit.
    assert np.isclose(scales, 1.1).mean() == pytest.approx(norm.sf(1), abs=0.01)
    assert (scales < 1.05).mean() == pytest.approx(norm.cdf(0.5), abs=0.012)
    turned = degrees[degrees != 0]
    assert len(turned) / len(degrees) == pytest.approx(0.6, abs=0.012)
    assert abs(degrees).max() == 30
    assert (turned == -30).mean() == pytest.approx(norm.sf(2), abs=0.005)
    assert (turned < 15).mean() == pytest.approx(norm.cdf(1), abs=0.012)


def test_always_and_never_turned():
    assert (drawn(100, rotation_prob=1.0)[1] != 0).all()
    scales, degrees = drawn(100, rotation_prob=0.0, max_scale=0.0)
    assert (scales == 1).all() and (degrees == 0).all()


@pytest.mark.parametrize(
    'extra, box, expected',
    [
        pytest.param(
            dict(area=4.0), [10, 20, 50, 80], [10, 20, 49, 79], id='annotated'
        ),
        pytest.param({}, [10, 20, 50, 80], [10, 20, 50, 80], id='detected'),
        pytest.param(
            dict(area=4.0), [10, 20, 10.5, 80], [10, 20, 10, 79], id='below-a-pixel'
        ),
    ],
)
def test_annotated_boxes_end_at_their_last_pixel(extra, box, expected):
    bbox = np.array([box], np.float32)
    result = TrimAnnotatedBox().transform(dict(bbox=bbox, **extra))
    assert result['bbox'].tolist() == [expected]
    assert result['bbox'].dtype == np.float32
    assert bbox.tolist() == [box], 'the record itself is not touched'


def test_they_tell_their_options():
    assert repr(RandomScaleRotation(**RECIPE)) == (
        'RandomScaleRotation(scale_std=0.1, max_scale=0.1, degrees_std=15, '
        'max_degrees=30, rotation_prob=0.6)'
    )
    assert repr(TrimAnnotatedBox()) == 'TrimAnnotatedBox()'
