"""Suppression by similarity, with similarities computed by hand."""

import numpy as np
import pytest

from fashion_mmpose.evaluation.functional.oks.nms import oks_nms

SIGMAS = np.array([0.05, 0.1])
AREA = 10_000.0


def similarity(shift, area=AREA):
    """Of two garments of two points, one a shift to the right of the other."""
    return np.mean(np.exp(-(shift**2) / (2 * SIGMAS) ** 2 / area / 2))


def garments(*shifts):
    points = np.array([[0, 0], [30, 40]], float)
    return np.stack([points + (shift, 0) for shift in shifts])


def nms(shifts, scores, threshold=0.5, soft=False, areas=None):
    areas = np.full(len(shifts), AREA) if areas is None else np.array(areas)
    return oks_nms(garments(*shifts), areas, scores, SIGMAS, threshold, soft).tolist()


@pytest.mark.parametrize(
    'shifts, scores, kept',
    [
        pytest.param([0, 1], [0.4, 0.9], [False, True], id='the worse one goes'),
        pytest.param([0, 300], [0.4, 0.9], [True, True], id='far apart'),
        pytest.param([0, 0], [0.5, 0.5], [True, False], id='equal: the first stays'),
        # The one in the middle goes and drops nothing itself.
        pytest.param([0, 12, 24], [0.9, 0.8, 0.7], [True, False, True], id='chain'),
        pytest.param([0], [0.1], [True], id='one'),
    ],
)
def test_hard(shifts, scores, kept):
    assert similarity(12) > 0.5 > similarity(24)
    expected = np.where(kept, scores, -np.inf).tolist()
    assert nms(shifts, scores) == expected


def test_the_threshold_itself_is_not_too_similar():
    exact = similarity(10)
    assert nms([0, 10], [0.9, 0.8], exact + 1e-9) == [0.9, 0.8]
    assert nms([0, 10], [0.9, 0.8], exact - 1e-9) == [0.9, -np.inf]


def test_the_area_is_the_mean_of_both():
    between = (similarity(20, 5000) + similarity(20, 10_000)) / 2
    assert nms([0, 20], [0.9, 0.8], between, areas=[1000, 9000]) == [0.9, 0.8]
    assert nms([0, 20], [0.9, 0.8], between, areas=[1000, 19_000]) == [0.9, -np.inf]


def test_soft_lowers_and_reorders():
    scores = nms([0, 5, 40], [0.9, 0.8, 0.7], threshold=0.5, soft=True)
    decay = [np.exp(-(similarity(shift) ** 2) / 0.5) for shift in (5, 40, 35)]
    # The second falls behind the third, which then lowers it as well.
    assert 0.8 * decay[0] < 0.7 * decay[1]
    expected = [0.9, 0.8 * decay[0] * decay[2], 0.7 * decay[1]]
    np.testing.assert_allclose(scores, expected)


def test_the_scores_given_are_not_changed():
    scores = np.array([0.9, 0.8])
    nms([0, 0], scores)
    assert scores.tolist() == [0.9, 0.8]
