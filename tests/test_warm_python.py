"""The stand-in for Python of tests/helpers/warm_python.py behaves like Python."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from warm_python import WarmPython

pytestmark = pytest.mark.slow

SHOW = """
import json, os, sys
print(json.dumps([sys.argv[1:], os.getcwd(), os.environ.get('TOLD'), sys.stdin.read()]))
print('torch' in sys.modules, file=sys.stderr)
sys.exit(3)
"""
# Says that it has begun, and when a loader worker's like has ended, too.
WAIT = """
import signal, sys, time
if sys.argv[1] == 'handle':
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))
open('begun', 'w').write(str(__import__('os').getpid()))
time.sleep(60)
"""


# What is still to do when a script has ended.
END = """
import atexit, sys, threading, time
def late():
    time.sleep(0.2)
    print('thread')
atexit.register(print, 'exit')
threading.Thread(target=late).start()
print('script')
sys.exit({})
"""


@pytest.fixture
def warm():
    return os.environ['WARM_PYTHON']


def call(python, *words, **options):
    command = [python, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, **options)


def test_what_a_script_sees(warm, tmp_path):
    script = tmp_path / 'show.py'
    script.write_text(SHOW)
    both = []
    for python in (warm, sys.executable):
        done = call(
            *(python, '-W', 'ignore', 'show.py', 'a b', '-x'),
            cwd=tmp_path,
            env=os.environ | dict(TOLD='yes'),
            input='typed',
        )
        assert done.returncode == 3
        both.append(done.stdout)
        assert done.stderr == f'{python == warm}\n'
    assert both[0] == both[1]


@pytest.mark.parametrize(
    'how, code', [('', 0), ('7', 7), ('True', 1), ('"no"', 1), ('1 / 0', 1)]
)
def test_how_a_script_ends(warm, tmp_path, how, code):
    (tmp_path / 'end.py').write_text(END.format(how))
    done, cold = (
        call(python, 'end.py', cwd=tmp_path) for python in (warm, sys.executable)
    )
    assert done.returncode == cold.returncode == code
    assert done.stdout == cold.stdout == 'script\nthread\nexit\n'
    assert done.stderr.splitlines()[-1:] == cold.stderr.splitlines()[-1:]


def test_a_module(warm):
    done = call(warm, '-m', 'fashion_mmpose', '--version')
    assert (
        done.stdout == call(sys.executable, '-m', 'fashion_mmpose', '--version').stdout
    )
    assert done.stdout


def test_what_needs_a_python_of_its_own(warm, tmp_path):
    code = 'import sys; print("torch" in sys.modules)'
    assert call(warm, '-c', code).stdout == 'False\n'
    script = tmp_path / 'script.py'
    script.write_text(code)
    assert call(warm, script).stdout == 'True\n'
    elsewhere = os.environ | dict(PYTHONPATH=str(tmp_path))
    assert call(warm, script, env=elsewhere).stdout == 'False\n'


def test_pythons_that_a_script_starts(warm, tmp_path):
    inner, outer = tmp_path / 'inner.py', tmp_path / 'outer.py'
    inner.write_text('import sys; print("torch" in sys.modules)')
    outer.write_text(
        'import subprocess, sys\nsubprocess.run([sys.executable, "inner.py"])'
    )
    assert call(warm, outer, cwd=tmp_path).stdout == 'True\n'


def begin(python, tmp_path, *arguments):
    (tmp_path / 'wait.py').write_text(WAIT)
    process = subprocess.Popen([python, 'wait.py', *arguments], cwd=tmp_path)
    begun = tmp_path / 'begun'
    until(lambda: begun.exists() and begun.read_text())
    return process, int(begun.read_text())


def until(happened, seconds=30):
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize('how, code', [('handle', 9), ('die', -signal.SIGTERM)])
def test_signals_reach_the_script(warm, tmp_path, how, code):
    process, pid = begin(warm, tmp_path, how)
    assert pid != process.pid
    process.terminate()
    assert process.wait(30) == code


@pytest.mark.skipif(not Path('/proc').exists(), reason='there is no /proc')
def test_nothing_outlives_the_stand_in(warm, tmp_path):
    process, pid = begin(warm, tmp_path, 'handle')
    process.kill()
    process.wait(30)
    until(lambda: not Path('/proc', str(pid)).exists())


def test_a_script_that_fails(tmp_path):
    """It ends where imports have begun threads, too, as that of onnxruntime does."""
    pytest.importorskip('gradio')
    pytest.importorskip('onnxruntime')
    (tmp_path / 'fail.py').write_text("raise ValueError('no')")
    python = os.environ['WARM_PYTHON_OF_WEB']
    done = call(python, 'fail.py', cwd=tmp_path, timeout=60)
    assert done.returncode == 1
    assert done.stderr.endswith('ValueError: no\n')


def test_files_of_tests_that_cannot_be_imported_are_tried_again(
    warm, tmp_path, monkeypatch
):
    """Else pytest takes what it has of them for all: the error would go unseen."""
    (tmp_path / 'pytest.ini').write_text('[pytest]\naddopts = --import-mode=importlib')
    (tmp_path / 'test_good.py').write_text('def test(): pass')
    (tmp_path / 'test_bad.py').write_text('import nothing_of_that_name')
    script = tmp_path / 'script.py'
    script.write_text(
        'import sys; print([f"test_{name}" in sys.modules for name in ("good", "bad")])'
    )
    monkeypatch.setenv('WARM_TESTS', str(tmp_path))
    python = WarmPython('warm_tests', of=warm)
    assert call(python.program, script).stdout == '[True, False]\n'
    python.close()
