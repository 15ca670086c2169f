"""The table of the categories and of all of them together."""

import json

import pytest
from category_runs import planned

from fashion_mmpose.commands.categories import summary


def result(category, status='done', seconds=None, **figures):
    return summary.CategoryResult(category, status, seconds, summary.Figures(**figures))


RESULTS = [
    result(
        'blouse',
        seconds=100.4,
        ne=0.04,
        num_points=30,
        num_images=3,
        num_parameters=1_500_000,
        test_seconds=5.0,
        image_seconds=0.010,
    ),
    result('dress', 'training failed', 999.0, ne=0.9, num_points=1000),
    result(
        'skirt',
        'done before',
        20.0,
        ne=0.08,
        num_points=10,
        num_images=1,
        num_parameters=1_400_000,
        test_seconds=3.0,
        image_seconds=0.030,
    ),
]


def test_total_is_over_points():
    total = summary.total(RESULTS, 'skip_short')
    assert total.figures.ne == pytest.approx((0.04 * 30 + 0.08 * 10) / 40)
    assert total.figures.num_points == 40 and total.figures.num_images == 4
    assert total.figures.num_parameters == 2_900_000
    assert total.figures.test_seconds == 8
    assert total.figures.image_seconds == pytest.approx((3 * 0.010 + 0.030) / 4)
    assert total.train_seconds == pytest.approx(120.4)
    assert total.status == '2 of 3 done'
    # Pictures that count alike cannot be added up from their points.
    assert summary.total(RESULTS, 'image_mean').figures.ne is None


def test_total_of_nothing():
    unscored = result('skirt', num_points=0, num_images=4)  # a list without answers
    total = summary.total([unscored], 'skip_short')
    assert total.figures == summary.Figures(num_points=0, num_images=4)
    assert summary.total([], None).figures == summary.Figures()


def test_summary_files(tmp_path):
    summary.write_summary(tmp_path, RESULTS, 'skip_short', 'a.py', 'all.csv')
    content = json.loads((tmp_path / 'summary.json').read_text())
    assert content['config'] == 'a.py' and content['submission'] == 'all.csv'
    assert list(content['categories']) == ['blouse', 'dress', 'skirt']
    assert content['categories']['blouse']['ne'] == 0.04
    assert content['categories']['dress']['status'] == 'training failed'
    assert content['total']['ne'] == pytest.approx(0.05)
    lines = (tmp_path / 'summary.md').read_text().splitlines()
    cells = [[cell.strip() for cell in line.split('|')[1:-1]] for line in lines[2:]]
    assert cells[0] == [
        *('category', 'NE (%)', 'points', 'parameters (M)'),
        *('training (s)', 'test (s)', 'ms per picture', 'status'),
    ]
    assert cells[2] == ['blouse', '4.0000', '30', '1.50', '100', '5.0', '10.0', 'done']
    assert cells[3][5:] == ['-', '-', 'training failed']
    assert cells[5] == [
        *('all', '5.0000', '40', '2.90', '120', '8.0', '15.0', '2 of 3 done')
    ]
    assert 'NE, skip_short' in summary.summary_table(RESULTS, 'skip_short')


def test_rules(tmp_path):
    cfgs = [planned(tmp_path).cfg, planned(tmp_path).cfg]
    assert summary.common_rule(cfgs) == 'skip_short'
    cfgs[1].test_evaluator = [
        dict(type='PredictionFile'),
        dict(type='NormalizedError', rule='fallback_256'),
    ]
    assert summary.rule_of(cfgs[1]) == 'fallback_256'
    cfgs[1].test_evaluator[1].type = 'mmpose.NormalizedError'
    assert summary.rule_of(cfgs[1]) == 'fallback_256'
    metrics = list(cfgs[1].test_evaluator)
    cfgs[1].test_evaluator = dict(type='Evaluator', metrics=metrics)
    assert summary.rule_of(cfgs[1]) == 'fallback_256'
    with pytest.raises(ValueError, match=r"rules, \['fallback_256', 'skip_short'\]"):
        summary.common_rule(cfgs)
    cfgs[1].test_evaluator = dict(type='PCKAccuracy')
    assert summary.rule_of(cfgs[1]) is None
