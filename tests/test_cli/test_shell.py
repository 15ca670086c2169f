"""How commands end: one line for a user's mistake, and the exit code."""

import os
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace
from pickle import UnpicklingError

import pytest
from mmengine.config import Config, DictAction
from mmengine.hooks import CheckpointHook
from mmpose.registry import MODELS
from toolbox import ROOT
from torch.utils.data import DataLoader

from fashion_mmpose.cli import shell
from fashion_mmpose.errors import FormatError

ARGS = Namespace(debug=False)


def raising(error):
    def action(args):
        raise error

    return action


@pytest.mark.parametrize('returned, code', [(None, 0), (0, 0), (1, 1), (7, 7)])
def test_what_a_command_returns_is_its_exit_code(returned, code):
    assert shell.run(lambda args: returned, ARGS) == code


@pytest.mark.parametrize(
    'error, line',
    [
        (
            FileNotFoundError(2, 'No such file', 'a.json'),
            "[Errno 2] No such file: 'a.json'",
        ),
        (FormatError('a.json: no list'), 'a.json: no list'),
        (ImportError('needs mmdet'), 'needs mmdet'),
        (RuntimeError('--amp needs a GPU'), '--amp needs a GPU'),
        (UnpicklingError('bad\nAdvice.'), 'a checkpoint cannot be read: bad'),
        (EOFError(), 'EOFError'),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else '',
)
def test_a_mistake_is_one_line(capsys, error, line):
    assert shell.run(raising(error), ARGS) == 1
    assert capsys.readouterr().err == f'error: {line}\n'
    with pytest.raises(type(error)):
        shell.run(raising(error), Namespace(debug=True))


@pytest.mark.parametrize(
    'error', [TypeError('a bug'), KeyError('a bug'), RecursionError('a bug')]
)
def test_what_nobody_foresaw_keeps_its_traceback(error):
    with pytest.raises(type(error)):
        shell.run(raising(error), ARGS)


class Bad:
    """A list of samples that cannot be loaded."""

    def __len__(self):
        return 1

    def __getitem__(self, index):
        raise FormatError('a.jpg: no picture;\nto fix it: mend it')


@pytest.mark.parametrize(
    'action, message',
    [
        pytest.param(
            lambda args: MODELS.build(dict(type='NoSuchNetwork')),
            'NoSuchNetwork is not in the mmpose::model registry',
            id='unregistered name',
        ),
        pytest.param(
            lambda args: MODELS.build(dict(type='VisibilityL1Loss', colour='red')),
            "unexpected keyword argument 'colour'",
            id='unknown setting',
        ),
        pytest.param(
            lambda args: Config(dict(model=dict())).model.head,
            "'ConfigDict' object has no attribute 'head'",
            id='missing setting',
        ),
        pytest.param(
            lambda args: CheckpointHook(save_best=3),
            '"save_best" should be a str or list of str or None',
            id="MMEngine's own checks",
        ),
        pytest.param(
            lambda args: next(iter(DataLoader(Bad(), num_workers=1))),
            'error: a.jpg: no picture;\nto fix it: mend it\n',
            id="a loader's process",
        ),
    ],
)
def test_a_config_that_does_not_fit_is_a_mistake(capsys, action, message):
    assert shell.run(action, ARGS) == 1
    error = capsys.readouterr().err
    assert error.startswith('error: ') and message in error
    assert 'Traceback' not in error and 'KeyError' not in error


def test_every_command_takes_debug():
    assert shell.parse(ArgumentParser(), []).debug is False
    assert shell.parse(ArgumentParser(), ['--debug']).debug is True


@pytest.mark.slow
def test_an_unreadable_option_is_a_usage_error(capsys):
    parser = ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    with pytest.raises(SystemExit, match='2'):
        shell.parse(parser, ['--cfg-options', 'a'])
    assert 'error: an option cannot be read' in capsys.readouterr().err


def test_interruption(capsys):
    assert shell.run(raising(KeyboardInterrupt()), ARGS, 'stopped; go on') == 130
    assert capsys.readouterr().err == 'stopped; go on\n'


@pytest.mark.slow
@pytest.mark.parametrize(
    'number, code', [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=['int', 'term']
)
def test_signals_end_a_command_with_workers(tmp_path, number, code):
    """The processes that draw end too, and no half set is left as if it were whole."""
    command = [sys.executable, '-m', 'fashion_mmpose', 'synthesize', '--num', '9999']
    options = ['--category', 'skirt', '--workers', '2', '--out', tmp_path / 'out']
    process = subprocess.Popen(
        [*command, *map(str, options)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell's background jobs ignore it, and so would their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        deadline = time.monotonic() + 60
        while not list(tmp_path.rglob('*.jpg')) and time.monotonic() < deadline:
            time.sleep(0.1)
        # A terminal sends Ctrl-C to every process, `kill` its signal to one.
        (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
        out, error = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == code
    assert out == ''
    assert error.splitlines()[-1].endswith('stopped')
    assert 'Traceback' not in error
    assert not list(tmp_path.rglob('*.csv'))


def test_a_reader_that_leaves_is_no_error():
    code = (
        'import sys\n'
        'from argparse import Namespace\n'
        'from fashion_mmpose.cli import shell\n'
        'def action(args):\n'
        '    for number in range(10**6):\n'
        '        print(number)\n'
        'sys.exit(shell.run(action, Namespace(debug=False)))\n'
    )
    with subprocess.Popen(
        [sys.executable, '-c', code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == '0\n'
        process.stdout.close()
        error = process.stderr.read()
    assert (process.returncode, error) == (141, '')


def test_the_first_warnings_are_shown(capsys):
    shell.warn(['a', 'b'], shown=2)
    shell.warn(['c', 'd', 'e'], shown=2)
    lines = ['warning: a', 'warning: b', 'warning: c', 'warning: d']
    expected = [*lines, 'warning: ... and 1 more']
    assert capsys.readouterr().err.splitlines() == expected
