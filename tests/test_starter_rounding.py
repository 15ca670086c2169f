"""Weights as whole numbers."""

import numpy as np
import pytest

from fashion_mmpose.starter.rounding import can_be_rounded, restored, rounded


@pytest.mark.parametrize('size', [1e-9, 1e-3, 1.0, 1e4])
def test_weights_change_by_half_a_step_at_most(size: float):
    values = np.random.default_rng(0).normal(size=(64, 8, 3, 3)) * size
    values = values.astype(np.float32)
    values[5] = 0
    whole, scales = rounded(values)
    assert whole.shape == values.shape and whole.dtype == np.int8
    assert scales.shape == (64,) and scales.dtype == np.float32
    assert np.abs(whole).reshape(64, -1).max(1).tolist() == [127] * 5 + [0] + [127] * 58
    read = restored(whole, scales)
    assert read.dtype == np.float32
    # A scale has eight bits: the largest weights are off by 0.2 % of themselves.
    off = np.abs(read - values).reshape(64, -1).max(1)
    assert (off <= 0.76 * scales).all() and off.max() > 0.3 * scales.min()


def test_rounding_again_changes_nothing():
    values = np.random.default_rng(1).normal(size=(300, 40)).astype(np.float32)
    whole, scales = rounded(values)
    again = rounded(restored(whole, scales))
    np.testing.assert_array_equal(again[0], whole)
    np.testing.assert_array_equal(again[1], scales)


def test_products_are_exact():
    values = np.random.default_rng(2).normal(size=(300, 40)).astype(np.float32)
    whole, scales = rounded(values)
    exact = whole.astype(np.float64) * scales.astype(np.float64)[:, None]
    np.testing.assert_array_equal(restored(whole, scales), exact)


@pytest.mark.parametrize(
    'shape, worth', [((8, 4, 2, 2), True), ((8, 1, 3, 3), False), ((64,), False)]
)
def test_what_is_worth_a_scale(shape: tuple[int, ...], worth: bool):
    assert can_be_rounded(np.zeros(shape, np.float32)) is worth
