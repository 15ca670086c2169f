import numpy as np

from fashion_mmpose.evaluation.functional.normalized_error import normalized_error
from fashion_mmpose.evaluation.functional.oks import NUMBERS, OKSResult
from fashion_mmpose.evaluation.functional.report import (
    normalized_error_table,
    oks_table,
)


def skirt_result():
    gt = np.zeros((2, 24, 3), int)
    gt[0, 15:19] = [(0, 0, 2), (100, 0, 2), (0, 90, 1), (100, 90, 2)]
    pred = gt[..., :2].astype(float)
    pred[0, 15, 0] += 5
    return normalized_error(pred, gt, [4, 4], [True, False])


def rows(text: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip('|').split('|')]
        for line in text.splitlines()
        if line.startswith('|')
    ]


def test_table():
    assert rows(normalized_error_table(skirt_result())) == [
        ['category', 'NE (%)', 'points', 'images', 'skipped', 'missing'],
        ['skirt', '1.6667', '3', '2', '1', '1'],
        ['all', '1.6667', '3', '2', '1', '1'],
        ['key point', 'NE (%)', 'points'],
        ['waistband_left', '5.0000', '1'],
        ['waistband_right', '0.0000', '1'],
        ['hemline_left', '-', '0'],
        ['hemline_right', '0.0000', '1'],
    ]


def test_title_names_the_rule():
    first_line = normalized_error_table(skirt_result()).splitlines()[0]
    assert 'NE, skip_short' in first_line


def test_parts_are_optional():
    text = normalized_error_table(
        skirt_result(), per_category=False, per_keypoint=False
    )
    assert [row[0] for row in rows(text)] == ['category', 'all']


def test_oks_table():
    """Categories without garments are left out; a dash where there is no such size."""
    numbers = dict(zip(NUMBERS, [0.25, 0.5, 0.1, 0, -1, 0.3, 0.6, 0.2, 0.1234, -1]))
    skirts = dict.fromkeys(NUMBERS, 1.0) | {'AP(M)': -1.0}
    nothing = dict.fromkeys(NUMBERS, -1.0)
    result = OKSResult(
        numbers=numbers,
        per_category=dict(vest=nothing, skirt=skirts),
        num_garments=dict(vest=0, skirt=7),
    )
    ones = ['1.000'] * 6
    assert rows(oks_table(result)) == [
        ['category', 'garments', *NUMBERS],
        ['skirt', '7', '1.000', '1.000', '1.000', '-', *ones],
        [
            *('all', '7', '0.250', '0.500', '0.100', '0.000', '-'),
            *('0.300', '0.600', '0.200', '0.123', '-'),
        ],
    ]
