"""States of key points, scored: by hand, and against the plain definition."""

import numpy as np
import pytest

from fashion_mmpose.errors import FormatError
from fashion_mmpose.evaluation.functional.report import state_table
from fashion_mmpose.evaluation.functional.state_scores import (
    average_precision,
    state_scores,
)

# Of the three: absent, occluded, visible.
SHARES = np.array(
    [
        [0.7, 0.2, 0.1],  # absent, and told so
        [0.1, 0.6, 0.3],  # absent, told to be occluded
        [0.1, 0.3, 0.6],  # occluded, told to be visible
        [0.0, 0.9, 0.1],  # occluded, and told so
        [0.2, 0.1, 0.7],  # visible, and told so
        [0.0, 0.0, 1.0],  # visible, and told so
        [0.1, 0.5, 0.4],  # visible, told to be occluded
    ]
)
VISIBILITY = np.array([0, 0, 1, 1, 2, 2, 2])


def test_by_hand():
    scores = state_scores(SHARES, VISIBILITY)
    assert scores.counts == dict(absent=2, occluded=2, visible=3)
    assert scores.recalls == dict(absent=0.5, occluded=0.5, visible=2 / 3)
    assert scores.accuracy == pytest.approx(5 / 9)
    precisions = scores.average_precisions
    # 0.7 comes first; then a visible point; then two of three with 0.1.
    assert precisions['absent'] == pytest.approx((1 + 2 / 5) / 2)
    # Of those in the picture: 0.9, 5/9 (visible), 1/3.
    assert precisions['occluded'] == pytest.approx((1 + 2 / 3) / 2)
    table = state_table(scores)
    assert '70.0' in table and '28.6' in table and '55.6' in table


def test_the_plain_definition():
    rng = np.random.default_rng(0)
    for count in (1, 2, 5, 300):
        scores = rng.integers(0, 12, count) / 12  # many are equal
        positive = rng.random(count) < 0.3
        positive[rng.integers(count)] = True
        # Of each positive: the precision among all that are scored as high.
        precisions = [positive[scores >= each].mean() for each in scores[positive]]
        assert average_precision(scores, positive) == pytest.approx(np.mean(precisions))


def test_scores_that_tell_nothing_have_the_share_of_positives():
    positive = np.arange(100) < 13
    assert average_precision(np.full(100, 0.4), positive) == pytest.approx(0.13)


def test_a_constant_answer_has_a_third():
    shares = np.tile([0.1, 0.2, 0.7], (100, 1))
    visibility = np.array([2] * 90 + [1] * 8 + [0] * 2)
    assert state_scores(shares, visibility).accuracy == pytest.approx(1 / 3)


def test_states_that_do_not_occur():
    scores = state_scores(SHARES[4:], VISIBILITY[4:])
    assert scores.accuracy == pytest.approx(2 / 3)  # of the visible ones alone
    assert np.isnan(scores.recalls['absent'])
    assert np.isnan([*scores.average_precisions.values()]).all()
    nothing = state_scores(np.zeros((0, 3)), np.zeros(0))
    assert np.isnan(nothing.accuracy)
    assert state_table(nothing).count(' - ') == 8


@pytest.mark.parametrize(
    'shares, visibility, message',
    [
        (SHARES[:, :2], VISIBILITY, r'shape \(7, 2\); it must be \(7, 3\)'),
        (SHARES, VISIBILITY - 1, 'the visibility -1 of a key point'),
    ],
)
def test_wrong_arguments(shares, visibility, message):
    with pytest.raises(FormatError, match=message):
        state_scores(shares, visibility)
