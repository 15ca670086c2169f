"""tools/benchmark.py runs both sides and reports what it says it does."""

import importlib
import json

import forked_benchmark
import pytest
from toolbox import ROOT, load_tool, run

from benchmarks.report import ratios

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def benchmark():
    return load_tool('benchmark.py')


@pytest.mark.parametrize(
    'name, peers',
    [
        ('pipeline', ['ours, cached', 'mmpose', 'mmpose, unbiased targets']),
        ('decode', ['ours, quarter step', 'mmpose', 'mmpose, blurred (DARK)']),
    ],
)
def test_figures(benchmark, tmp_path, capsys, name, peers):
    path = tmp_path / 'figures.json'
    options = ['--rounds', '1', '--cpu-time', '--json', str(path)]
    assert benchmark.main([name, *options]) == 0
    content = json.loads(path.read_text())
    assert content['benchmark'] == name
    assert content['threads'] == content['rounds'] == 1 and content['cpu_time']
    figures = content['figures']
    assert list(figures) == ['ours', *peers]
    assert all(list(figure) == ['ms_per_image'] for figure in figures.values())
    assert min(figure['ms_per_image'] for figure in figures.values()) > 0
    assert content['ratios_to_ours'] == ratios(figures)
    out = capsys.readouterr().out
    others = [peer for peer in peers if not peer.startswith('ours')]
    assert all(f'{peer} / ours' in out for peer in others)


def test_costs_of_configs(tmp_path):
    """A network for key points and a detector; the wider one costs more."""
    path = tmp_path / 'figures.json'
    names = ['small/cpn_r18_all', 'starter/detector']
    options = ['--rounds', '1', '--json', path]
    words = [forked_benchmark.__file__, 'costs', '--configs', *names, *options]
    done = run(*words, cwd=tmp_path)
    content = json.loads(path.read_text())
    figures = content['figures']
    assert list(figures) == names and content['ratios_to_ours'] == {}
    assert all(value > 0 for each in figures.values() for value in each.values())
    narrow, wide = figures[names[0]], figures[names[1]]
    assert narrow['parameters_m'] == pytest.approx(1.1, abs=0.05)
    assert wide['parameters_m'] > 2
    assert narrow['multiply_adds_g'] < wide['multiply_adds_g']
    assert 'multiply adds g' in done.stdout


def test_names_lead_to_functions(benchmark):
    for module, function in benchmark.BENCHMARKS.values():
        found = importlib.import_module(f'benchmarks.{module}')
        assert callable(getattr(found, function)), (module, function)


def test_rounds(benchmark):
    """What takes minutes is done once."""
    assert benchmark.parse_args(['targets']).rounds == 15
    assert benchmark.parse_args(['oks']).rounds == 1
    assert benchmark.parse_args(['oks', '--rounds', '3']).rounds == 3


@pytest.mark.parametrize(
    'arguments, message',
    [
        pytest.param(['targets', '--rounds', '0'], 'must be at least 1', id='rounds'),
        pytest.param(['targets', '--threads', '0'], 'must be at least 1', id='threads'),
        pytest.param(['speed'], "invalid choice: 'speed'", id='name'),
        pytest.param(['oks', '--configs', 'a'], 'not for oks', id='configs'),
        pytest.param(['oks', '--cpu-time'], 'not for oks', id='fresh processes'),
    ],
)
def test_wrong_arguments(benchmark, capsys, arguments, message):
    with pytest.raises(SystemExit, match='2'):
        benchmark.main(arguments)
    assert message in capsys.readouterr().err


def test_help_names_all_and_loads_nothing(tmp_path):
    """PyTorch and MMPose would take seconds."""
    path = str(ROOT / 'tools' / 'benchmark.py')
    script = (
        'import runpy, sys\n'
        "sys.argv = ['benchmark.py', '--help']\n"
        'try:\n'
        f'    runpy.run_path({path!r}, run_name="__main__")\n'
        'finally:\n'
        "    print('torch' in sys.modules, 'mmpose' in sys.modules)\n"
    )
    out = run('-c', script, cwd=tmp_path).stdout
    assert out.endswith('False False\n')
    for name in load_tool('benchmark.py').BENCHMARKS:
        assert f'\n    {name} ' in out
