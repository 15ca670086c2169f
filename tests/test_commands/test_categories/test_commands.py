"""Scripts as subprocesses: arguments, logs, interrupts."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from category_runs import RECIPE, planned

from fashion_mmpose.commands.categories import commands
from fashion_mmpose.files.writing.locks import held_descriptors

FORK = multiprocessing.get_context('fork')  # nothing is imported anew


def test_commands(tmp_path):
    run = planned('w', 'train_cfg.max_epochs=1')
    options = ['--cfg-options', *run.cfg_options]
    tools = Path('repo/tools')
    assert commands.train_command(Path('repo'), run) == [
        *(str(tools / 'train.py'), RECIPE, '--work-dir', 'w/skirt', *options)
    ]
    assert commands.train_command(
        Path('repo'), run, Path('w/skirt/epoch_2.pth'), ['--amp'], num_processes=4
    ) == [
        *('-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=4'),
        *(str(tools / 'train.py'), RECIPE, '--work-dir', 'w/skirt', '--amp'),
        *('--resume', 'w/skirt/epoch_2.pth', '--launcher', 'pytorch', *options),
    ]
    out = 'w/skirt/test/predictions.json'
    assert commands.test_command(Path('repo'), run, Path('x.pth')) == [
        *(str(tools / 'test.py'), RECIPE, 'x.pth', '--work-dir', 'w/skirt/test'),
        *('--out', out, *options),
    ]
    ensemble = planned('w', config='cpn_ensemble_fashionai_{category}', test_only=True)
    assert commands.test_command(Path('repo'), ensemble) == [
        *(str(tools / 'test.py'), 'cpn_ensemble_fashionai_skirt'),
        *('--work-dir', 'w/skirt/test', '--out', out),
    ]


@pytest.fixture
def log(tmp_path):
    with commands.locked_log(tmp_path / 'runs' / 'train_all.log') as file:
        yield file


@pytest.mark.slow
def test_output_is_shown_and_kept(log, capsys, monkeypatch):
    # As many threads as PyTorch finds processors that the process may use.
    monkeypatch.delenv('OMP_NUM_THREADS', raising=False)
    code = (
        'import os, sys; print(os.environ.get("OMP_NUM_THREADS"), flush=True);'
        'print("wrong", file=sys.stderr); sys.exit(3)'
    )
    assert commands.run_logged(['-c', code], log) == 3
    assert capsys.readouterr().out == 'None\nwrong\n'
    assert Path(log.name).read_text() == 'None\nwrong\n'
    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    assert commands.run_logged(['-c', code], log) == 3
    assert capsys.readouterr().out == '1\nwrong\n'
    assert commands.tail(Path(log.name), num_lines=3) == 'wrong\n1\nwrong'


SLEEPERS = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])
print(child.pid, flush=True)
time.sleep(60)
"""


def is_running(pid):
    """Whether a process does anything; one that nobody waits for may be left."""
    try:
        stat = Path(f'/proc/{pid}/stat').read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(')')[2].split()[0] != 'Z'


class InterruptingLog:
    """A log during whose first line Ctrl-C is pressed."""

    def __init__(self, log):
        self.fileno = log.fileno
        self.name = log.name

    def write(self, line):
        raise KeyboardInterrupt


@pytest.mark.skipif(not Path('/proc/self/stat').exists(), reason='needs /proc')
def test_an_interrupt_ends_the_process_and_its_children(log, capsys):
    end = time.monotonic() + 20
    with pytest.raises(KeyboardInterrupt):
        commands.run_logged(['-c', SLEEPERS], InterruptingLog(log))
    child = int(capsys.readouterr().out)
    while is_running(child) and time.monotonic() < end:
        time.sleep(0.05)
    assert not is_running(child)
    assert time.monotonic() < end


def run_to_log(path, code):
    with open(path, 'w') as log:
        commands.run_logged(['-c', code], log)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != 'linux', reason='needs prctl')
def test_a_killed_parent_takes_its_child_along(tmp_path):
    sleeper = 'import os, time; print(os.getpid(), flush=True); time.sleep(60)'
    log = tmp_path / 'log'
    parent = FORK.Process(target=run_to_log, args=(log, sleeper))
    parent.start()
    end = time.monotonic() + 20
    while not (log.exists() and log.read_text()) and time.monotonic() < end:
        time.sleep(0.05)
    child = int(log.read_text())
    assert is_running(child)
    parent.kill()
    parent.join()
    end = time.monotonic() + 20
    while is_running(child) and time.monotonic() < end:
        time.sleep(0.05)
    assert not is_running(child)


def test_a_log_has_one_writer(tmp_path):
    path = tmp_path / 'train_all.log'
    with (
        commands.locked_log(path),
        pytest.raises(BlockingIOError, match=f'{tmp_path} is in use'),
        commands.locked_log(path),
    ):
        pass
    with commands.locked_log(path) as file:  # free again, and appended to
        file.write('more\n')
    assert path.read_text() == 'more\n'


def be_killed(path, told):
    """Die in the possession of a folder, with a child that lives on."""
    with commands.locked_log(path):
        child = subprocess.Popen(
            [sys.executable, '-c', 'import time; time.sleep(60)'],
            pass_fds=held_descriptors(),
            stdout=subprocess.DEVNULL,
        )
        told.send(child.pid)
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_a_training_that_lost_its_parent_keeps_the_folder(tmp_path):
    path = tmp_path / 'train_all.log'
    ours, theirs = FORK.Pipe()
    parent = FORK.Process(target=be_killed, args=(path, theirs))
    parent.start()
    sleeper = ours.recv()
    parent.join()
    try:
        with pytest.raises(BlockingIOError), commands.locked_log(path):
            pass
    finally:
        os.kill(sleeper, signal.SIGKILL)
    end = time.monotonic() + 20
    while is_running(sleeper) and time.monotonic() < end:
        time.sleep(0.05)
    with commands.locked_log(path):
        pass
