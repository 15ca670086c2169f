"""Work that processes share."""

import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from fashion_mmpose.files.parallel import map_in_order, usable_cores


def run(work, tasks, workers, chunk):
    return map_in_order(work, iter(tasks), len(tasks), workers, chunk, 'tasks')


@pytest.mark.parametrize('workers', [0, 1, 2])
@pytest.mark.parametrize('chunk', [1, 3, 100])
def test_results_are_in_order(workers, chunk):
    results = run(partial(pow, 3), range(20), workers, chunk)
    assert list(results) == [3**exponent for exponent in range(20)]


def test_a_single_chunk_needs_no_process():
    seen = []  # by this process only
    assert list(run(seen.append, range(4), 2, chunk=4)) == [None] * 4
    assert seen == [0, 1, 2, 3]


def test_more_chunks_are_worked_on_elsewhere():
    seen = []
    assert list(run(seen.append, range(4), 2, chunk=1)) == [None] * 4
    assert seen == []


def test_an_error_ends_the_work():
    results = run(int, ['1', '2', 'none', '4'] + ['5'] * 50, 2, 1)
    assert [next(results), next(results)] == [1, 2]
    with pytest.raises(ValueError, match='none'):
        next(results)
    assert list(results) == []


def test_nothing_is_taken_far_ahead():
    taken = []

    def tasks():
        for number in range(1000):
            taken.append(number)
            yield -number

    results = map_in_order(abs, tasks(), 1000, 2, 5, 'tasks')
    assert [next(results) for _ in range(7)] == list(range(7))
    assert len(taken) <= 7 + 4 * 2 * 5
    results.close()


@pytest.mark.skipif(
    not hasattr(os, 'sched_setaffinity'), reason='the system does not bind processes'
)
def test_processors_that_others_use_are_not_counted():
    all_of_them = os.sched_getaffinity(0)
    assert usable_cores() == len(all_of_them)
    os.sched_setaffinity(0, {min(all_of_them)})
    try:
        assert usable_cores() == 1
    finally:
        os.sched_setaffinity(0, all_of_them)


SLOW = """
import os, sys, time
from fashion_mmpose.files.parallel import map_in_order, usable_cores

def work(seconds):
    os.write(1, b'%d\\n' % os.getpid())  # in one piece
    time.sleep(seconds)

if __name__ == '__main__':
    list(map_in_order(work, [0.01] * 99 + [60], 100, 2, 1, 'tasks'))
"""


def is_running(number):
    """Whether a process does anything; one that nobody waits for may be left."""
    try:
        stat = Path(f'/proc/{number}/stat').read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(')')[2].split()[0] != 'Z'


@pytest.mark.slow
@pytest.mark.skipif(not Path('/proc/self/stat').exists(), reason='needs /proc')
def test_workers_end_with_a_killed_parent(tmp_path):
    script = tmp_path / 'slow.py'
    script.write_text(SLOW)
    parent = subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, encoding='utf-8'
    )
    workers = {int(parent.stdout.readline()) for _ in range(20)}
    parent.kill()
    parent.wait()
    end = time.monotonic() + 20
    while any(map(is_running, workers)) and time.monotonic() < end:
        time.sleep(0.05)
    parent.stdout.close()
    assert not any(map(is_running, workers))


STOPPED_EARLY = """
import os, signal, sys, threading, time
from argparse import Namespace
from multiprocessing.forkserver import _forkserver
from fashion_mmpose import interrupts
from fashion_mmpose.cli import shell
from fashion_mmpose.files.parallel import map_in_order, usable_cores

def stop():
    while _forkserver._forkserver_pid is None:  # what starts the workers
        time.sleep(0.001)
    os.kill(os.getpid(), signal.SIGTERM)

def action(args):
    threading.Thread(target=stop).start()
    list(map_in_order(time.sleep, [0.01] * 500, 500, 2, 1, 'tasks'))

if __name__ == '__main__':
    interrupts.guard()
    sys.exit(shell.run(action, Namespace(debug=False)))
"""


@pytest.mark.slow
def test_a_signal_while_workers_start_shows_no_traceback(tmp_path):
    script = tmp_path / 'early.py'
    script.write_text(STOPPED_EARLY)
    stopped = subprocess.run([sys.executable, script], capture_output=True, text=True)
    assert (stopped.returncode, stopped.stderr) == (143, 'stopped\n')
