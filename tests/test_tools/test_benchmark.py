"""tools/benchmark.py runs both sides and reports what it says it does."""

import json

import pytest
from toolbox import load_tool


@pytest.fixture(scope='module')
def benchmark():
    return load_tool('benchmark.py')


@pytest.mark.parametrize(
    'what, peers',
    [
        ('pipeline', {'mmpose', 'mmpose, unbiased targets'}),
        ('decode', {'mmpose', 'mmpose, blurred (DARK)'}),
        ('train-step', {'mmpose'}),
    ],
)
def test_figures(benchmark, tmp_path, capsys, what, peers):
    path = tmp_path / 'figures.json'
    assert benchmark.main([what, '--rounds', '1', '--json', str(path)]) == 0
    figures = json.loads(path.read_text())
    assert figures['benchmark'] == what and figures['threads'] == 1
    times = figures['milliseconds_per_image']
    assert set(times) == {'ours', *peers} and min(times.values()) > 0
    for peer, ratio in figures['ratio_of_ours_to'].items():
        assert ratio == pytest.approx(times['ours'] / times[peer])
    assert 'ours / this' in capsys.readouterr().out


def test_sides_take_turns(benchmark):
    """The first turn of each side, which warms up, does not count."""
    order = []

    def side(name, items):
        def work():
            order.append(name)
            return items

        return work

    times = benchmark.alternate({'a': side('a', 1), 'b': side('b', 2)}, rounds=2)
    assert order == ['a', 'b'] * 3
    assert set(times) == {'a', 'b'}
