"""benchmarks/measurements.py: lengths against true centimetres."""

import numpy as np
import pytest

from benchmarks.measurements import COLUMNS, compare, pairs, parse_args, row_of
from fashion_mmpose.measure import Measured


def test_pairs_are_those_that_have_an_interval():
    true = [Measured(name, 'px', 50.0) for name in ('hem', 'hem_girth', 'rise', 'neck')]
    found = [
        Measured('hem', 'cm', 51.0, 0.6),
        Measured('hem_girth', 'cm', 102.0, 1.2),
        Measured('rise', 'cm', reason='crotch is not there'),
        Measured('neck', 'cm', 50.0),
    ]
    # 1 cm is 1.67 standard deviations: outside of 90 %, inside of 95 %.
    assert pairs(true, found) == [(50.0, 51.0, False, False, False, True)]


def test_a_line_of_the_table():
    rows = np.array([(50, 51, 1, 1, 1, 1), (40, 40, 0, 1, 1, 1), (20, 19, 0, 0, 0, 1)])
    line = row_of('a4', 'true', dict(rows=rows, pictures=3, lost=1))
    named = dict(zip(COLUMNS, line))
    assert named['pictures'] == '3 of 4' and named['lengths'] == '3'
    assert named['bias, cm'] == '0.00' and named['mean abs., cm'] == '0.67'
    assert named['limits, cm'] == '-2.0 to 2.0'
    assert named['median, %'] == '2.00'
    assert (named['in 50 %'], named['in 95 %']) == ('33 %', '100 %')


@pytest.mark.slow
def test_true_landmarks_keep_the_promise():
    """The median error is at most half a percent."""
    compared = compare('board', parse_args(['--num', '1']), None)
    assert compared['pictures'] + compared['lost'] == 13
    assert compared['lost'] <= 2
    true, found, *_, in_95 = compared['rows'].T
    assert np.median(np.abs(found / true - 1)) < 0.005
    assert in_95.mean() > 0.85
