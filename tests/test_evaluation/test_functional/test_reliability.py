"""Whether scores are probabilities."""

import numpy as np
import pytest

from fashion_mmpose.evaluation.functional.reliability import (
    calibration_error,
    reliability,
)


def test_reliability_by_hand():
    scores = np.array([0.05, 0.1, 0.15, 0.95, 1.0])
    right = np.array([False, True, False, True, True])
    bins = reliability(scores, right)
    expected = [(0.05, 0, 1), (0.125, 0.5, 2), (0.975, 1, 2)]
    for found, wanted in zip(bins, expected):
        assert found == pytest.approx(wanted)
    gaps = 1 * 0.05 + 2 * 0.375 + 2 * 0.025
    assert calibration_error(bins) == pytest.approx(gaps / 5)
    beyond = reliability(np.array([-0.1, 1.3]), right[:2])
    assert beyond == [(0, 0, 1), (1, 1, 1)]
    assert reliability(np.array([2.0, 1.0]), right[:2]) == []
