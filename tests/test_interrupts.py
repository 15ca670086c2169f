"""Ctrl-C and signals: one line at every moment, and nothing half done."""

import os
import re
import signal
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

import pytest
from toolbox import ROOT

from fashion_mmpose import interrupts
from fashion_mmpose.cli import shell

ARGS = Namespace(debug=False)
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


def send(number):
    os.kill(os.getpid(), number)


@pytest.fixture(autouse=True)
def own_handlers():
    """Those of a terminal, whatever the tests were started by."""
    defaults = dict.fromkeys(CODES, signal.SIG_DFL)
    defaults[signal.SIGINT] = signal.default_int_handler
    previous = {n: signal.signal(n, handler) for n, handler in defaults.items()}
    yield
    found = {number: signal.getsignal(number) for number in CODES}
    for number, handler in previous.items():
        signal.signal(number, handler)
    assert found == defaults


@pytest.mark.parametrize('number', CODES)
def test_a_signal_ends_what_a_command_does(capsys, number):
    left_in_order = []

    def action(args):
        try:
            send(number)
            time.sleep(5)
        finally:
            left_in_order.append(True)

    assert shell.run(action, ARGS, 'stopped; go on') == CODES[number]
    assert capsys.readouterr().err == 'stopped; go on\n'
    assert left_in_order


def test_who_listens_for_the_end_of_children_does_so_again():
    """PyTorch sets its handler once in a process, which may train once more."""
    meanwhile = []

    def action(args):
        try:
            send(signal.SIGINT)
            time.sleep(5)
        finally:
            meanwhile.append(signal.getsignal(signal.SIGCHLD))

    def handler(number, frame):
        raise AssertionError('a child has ended')

    previous = signal.signal(signal.SIGCHLD, handler)
    try:
        assert shell.run(action, ARGS) == 130
        assert shell.run(lambda args: 0, ARGS) == 0
        assert signal.getsignal(signal.SIGCHLD) is handler
    finally:
        signal.signal(signal.SIGCHLD, previous)
    assert meanwhile == [signal.SIG_DFL]


def test_what_is_ignored_stays_ignored():
    """As under nohup, and in the background of a script."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    assert shell.run(lambda args: send(signal.SIGHUP), ARGS) == 0
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def test_what_fails_because_of_a_signal_is_not_blamed(capsys):
    """Whoever stops a job stops its processes, whose end is an error otherwise."""

    def action(args):
        try:
            send(signal.SIGTERM)
            time.sleep(5)
        except KeyboardInterrupt:
            raise RuntimeError('DataLoader worker is killed') from None

    assert shell.run(action, ARGS) == 143
    assert capsys.readouterr().err == 'stopped\n'


def test_a_signal_waits_for_the_end_of_a_block():
    done = []

    def action(args):
        try:
            with interrupts.deferred():
                with interrupts.deferred():
                    send(signal.SIGINT)
                    send(signal.SIGINT)  # impatient, but not for long
                    done.append('inner')
                done.append('outer')
        except KeyboardInterrupt:
            with interrupts.deferred():  # what came before is dealt with
                done.append('saved')
        return 130

    assert shell.run(action, ARGS) == 130
    assert done == ['inner', 'outer', 'saved']


def test_a_block_that_hangs_can_be_left(monkeypatch):
    monkeypatch.setattr(interrupts, '_SECONDS_TO_DEFER', 0.2)

    def action(args):
        with interrupts.deferred():
            send(signal.SIGINT)
            time.sleep(0.3)
            send(signal.SIGINT)
            time.sleep(30)

    start = time.monotonic()
    assert shell.run(action, ARGS) == 130
    assert time.monotonic() - start < 10


DROPPED = """
import os, signal, sys, time
from fashion_mmpose import interrupts

class Freed:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        for _ in range(100):  # where the handler gets its turn
            pass

interrupts.guard()
try:
    with interrupts.working():
        Freed()
        time.sleep(20)
        print('never interrupted')
except KeyboardInterrupt:
    print('interrupted')
"""


def test_an_interrupt_that_python_drops_comes_again():
    done = subprocess.run(
        [sys.executable, '-c', DROPPED], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ('interrupted\n', '')


LATE = """
from fashion_mmpose import interrupts

class Late:
    def __del__(self):
        raise ValueError('as Python ends')

interrupts.guard()
interrupts.late = Late()
"""


def test_what_fails_as_python_ends_is_told():
    """By then the module has lost the names that it uses."""
    done = subprocess.run([sys.executable, '-c', LATE], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == 'ValueError: as Python ends'
    assert 'unraisablehook' not in done.stderr


def wait_until_caught(process, number):
    """Until then it ends as any process does; on a busy machine that takes long."""
    status = Path(f'/proc/{process.pid}/status')
    while status.exists():  # elsewhere than on Linux, it is not
        caught = re.search(r'^SigCgt:\s*(\w+)', status.read_text(), re.MULTILINE)
        if int(caught[1], 16) >> (number - 1) & 1:
            break
        assert process.poll() is None
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize('tool', ['train', 'test', 'check_data'])
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize('seconds', [0.3, 1.2])
def test_a_command_that_loads_ends_in_one_line(tmp_path, tool, number, seconds):
    process = subprocess.Popen(
        [sys.executable, '-W', 'ignore', ROOT / 'tools' / f'{tool}.py', 'no_config'],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    wait_until_caught(process, signal.SIGTERM)
    time.sleep(seconds)
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert (error, process.returncode) == ('stopped\n', CODES[number])
