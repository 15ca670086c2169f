"""Probabilities are fitted to scores."""

import numpy as np
import pytest

from fashion_mmpose.commands.calibration.errors import PointErrors
from fashion_mmpose.commands.calibration.scores import (
    default_tolerance,
    fit_scores,
    near_points,
    score_error,
)

TOLERANCE = 0.1  # of units of 40 pixels


def errors_of(scores: np.ndarray, near: np.ndarray, **changes) -> PointErrors:
    """Points that are 1 or 10 pixels off."""
    num = len(scores)
    columns = dict(
        offsets=np.column_stack((np.where(near, 1.0, 10.0), np.zeros(num))),
        spreads=np.tile(np.eye(2), (num, 1, 1)),
        scores=scores,
        sizes=np.full(num, 200.0),
        units=np.full(num, 40.0),
        names=np.full(num, 'neck', object),
        owners=np.arange(num),
    )
    return PointErrors(**(columns | changes))


def sampled(num: int, seed: int = 0) -> PointErrors:
    """Points of which the square of the score is the share of near ones."""
    rng = np.random.default_rng(seed)
    scores = rng.uniform(0, 1, num)
    return errors_of(scores, rng.uniform(size=num) < scores**2)


def test_near_is_told_in_units():
    errors = errors_of(np.full(4, 0.5), np.array([1, 0, 1, 0], bool))
    assert near_points(errors, TOLERANCE)[1].tolist() == [True, False, True, False]
    assert near_points(errors, 0.26)[1].all()  # 10 of 40 pixels
    # Garments without a normaliser tell nothing.
    without = errors_of(
        np.array([0.1, 0.2]), np.ones(2, bool), units=np.array([np.nan, 40])
    )
    assert near_points(without, TOLERANCE)[0].tolist() == [0.2]
    bare = errors_of(np.ones(2), np.ones(2, bool), units=np.full(2, np.nan))
    assert fit_scores(bare, 'fashionai', TOLERANCE) is None


def test_the_true_shares_are_found():
    curve = fit_scores(sampled(20000), 'fashionai', TOLERANCE)
    assert curve.measure == 'NE' and curve.tolerance == TOLERANCE
    at = np.linspace(0.05, 0.95, 19)
    np.testing.assert_allclose(curve(at), at**2, atol=0.04)
    assert len(curve.scores) <= 50
    others = sampled(20000, seed=1)
    scores, near = near_points(others, TOLERANCE)
    # The mean of x - x^2 is a sixth.
    assert score_error(scores, near) == pytest.approx(1 / 6, abs=0.01)
    assert score_error(curve(scores), near) < 0.015


def test_it_never_falls_and_is_never_certain():
    rng = np.random.default_rng(2)
    # Higher scores are worse here: one share for all is the best that does not fall.
    scores = rng.uniform(0, 1, 4000)
    falling = fit_scores(errors_of(scores, scores < 0.5), 'fashionai', TOLERANCE)
    assert np.diff(falling.probabilities).max() < 0.01
    assert falling(np.array([0.2])) == pytest.approx(0.5, abs=0.02)
    sure = fit_scores(errors_of(scores, scores >= 0), 'fashionai', TOLERANCE)
    assert 0.98 < sure.probabilities[0] <= sure.probabilities[-1] < 1
    assert len(sure.scores) == 2  # a level line


def test_few_points_and_equal_scores():
    one = fit_scores(errors_of(np.ones(5), np.ones(5, bool)), 'deepfashion2', 1.0)
    assert one.measure == 'OKS'
    assert one.scores == (1.0,) and one.probabilities == (0.9167,)
    near = np.arange(100) < 50
    ties = fit_scores(errors_of(np.full(100, 0.4), near), 'deepfashion2', TOLERANCE)
    assert ties.scores == (0.4,) and ties.probabilities == (0.5,)
    assert np.isnan(score_error(np.ones(5), np.ones(5, bool)))


@pytest.mark.parametrize(
    ('benchmark', 'expected'), [('fashionai', 0.1), ('deepfashion2', 1.1774)]
)
def test_near_is_what_the_report_calls_so(benchmark: str, expected: float):
    assert default_tolerance(benchmark) == pytest.approx(expected, abs=1e-4)
