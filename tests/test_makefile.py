"""What `make` lists, and what `make setup` makes of an environment."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from built_wheel import copy_sources
from requirement_files import requirements

pytestmark = pytest.mark.slow


def make(*args: str | Path, cwd: Path) -> subprocess.CompletedProcess:
    if shutil.which('make') is None:
        pytest.skip('needs make')
    # Not the settings of the `make test` that may have started these tests.
    outer = ('MAKEFLAGS', 'MAKELEVEL', 'MFLAGS', 'MAKEOVERRIDES')
    env = {key: value for key, value in os.environ.items() if key not in outer}
    command = ['make', *map(str, args)]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)


@pytest.fixture(scope='module')
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the build reads; the true checkout stays untouched."""
    return copy_sources(tmp_path_factory.mktemp('checkout'))


def test_setup_is_repeated_only_after_a_change(checkout: Path, tmp_path: Path):
    copy = tmp_path / 'checkout'
    shutil.copytree(checkout, copy)
    question = ('--question', 'setup', 'VENV=env')
    assert make(*question, cwd=copy).returncode == 1  # nothing there yet
    show = ('--silent', '--eval=show: ; @echo $(STAMP)', 'show', 'VENV=env')
    stamp = copy / make(*show, cwd=copy).stdout.strip()
    stamp.parent.mkdir()
    stamp.touch()
    assert make(*question, cwd=copy).returncode == 0
    with (copy / 'requirements/dev.txt').open('a') as file:
        file.write('tqdm\n')
    assert make(*question, cwd=copy).returncode == 1


def test_setup_names_a_missing_python(checkout: Path, tmp_path: Path):
    done = make('setup', f'VENV={tmp_path}/env', 'PYTHON=no-such-python', cwd=checkout)
    assert done.returncode == 2
    assert 'error: Python 3.11 to 3.14 is needed; name it with PYTHON=' in done.stderr
    assert not (tmp_path / 'env').exists()


URL = 'https://example.org/simple'
# Stands for an environment's Python: writes down what pip is asked, and has no PyTorch
# but the one that it is told of.
FAKE_PYTHON = """#!/bin/sh
case "$*" in
*index-url*|*requirements/torch.txt*) echo "$*" >> asked; exit {status};;
*endswith*) exit {no_cpu};;
esac
"""


@pytest.fixture
def make_with_torch(checkout: Path, tmp_path: Path):
    """Calls ``make setup``; the result, and what pip was asked for PyTorch."""
    copy = tmp_path / 'checkout'
    shutil.copytree(checkout, copy)
    programs = copy / 'env' / 'bin'
    programs.mkdir(parents=True)
    (copy / 'env' / 'lib').mkdir()

    def call(*options: str, status: int = 0, no_cpu: int = 0):
        program = programs / 'python'
        program.write_text(FAKE_PYTHON.format(status=status, no_cpu=no_cpu))
        program.chmod(0o755)
        (copy / 'asked').write_text('')
        done = make('setup', 'VENV=env', *options, cwd=copy)
        return done, (copy / 'asked').read_text()

    return call


def test_pytorch_for_the_cpu(make_with_torch):
    if sys.platform == 'darwin':
        pytest.skip('PyPI has nothing else for macOS')
    done, asked = make_with_torch('TORCH=cpu')
    assert done.returncode == 0, done.stderr
    pins = requirements('constraints.txt')
    for name in ('torch', 'torchvision'):
        assert f'{name}{pins[name].specifier}+cpu' in asked
    assert '--index-url https://download.pytorch.org/whl/cpu' in asked
    # It is there, and is not of that kind.
    done, asked = make_with_torch('TORCH=cpu', no_cpu=1)
    assert (done.returncode, asked) == (2, '')
    assert 'env has PyTorch with CUDA already; to fix it: remove it' in done.stderr


@pytest.mark.parametrize(
    'options, index, message',
    [
        pytest.param(('TORCH=cpu',), '/whl/cpu', 'name an index that does', id='none'),
        pytest.param(('TORCH=cpu', f'TORCH_INDEX={URL}'), URL, URL, id='own'),
        pytest.param((f'TORCH_INDEX={URL}',), URL, '', id='cuda'),
        pytest.param(('TORCH=rocm',), '', 'TORCH=rocm is unknown', id='unknown'),
    ],
)
def test_an_index_without_pytorch(make_with_torch, options, index, message):
    done, asked = make_with_torch(*options, status=1)
    assert done.returncode == 2
    assert index in asked
    assert message in done.stderr


def test_help_lists_every_command(checkout: Path):
    lines = make(cwd=checkout).stdout.splitlines()
    commands = [line.split()[1] for line in lines]
    assert commands == [
        *'help setup test test-fast test-docs test-forks'.split(),
        *'docs fuzz campaign lint format starter demo clean'.split(),
    ]
