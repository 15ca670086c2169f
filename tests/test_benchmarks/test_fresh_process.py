"""Time and memory of a process of its own."""

import multiprocessing
import os
import time

import numpy as np
import pytest

from benchmarks import fresh_process
from benchmarks.timing import counting_cpu_time


def hold(megabytes, exit_code=None):
    kept = np.ones(megabytes * 10**6 // 8)

    def work():
        if exit_code is not None:
            os._exit(exit_code)
        more = np.ones(20 * 10**6 // 8)
        time.sleep(0.2)  # the memory is looked at every hundredth of a second
        return dict(sum=float(kept.sum() + more.sum()))

    return work


@pytest.mark.slow
def test_memory_of_a_fresh_process():
    figures = fresh_process.measure(hold, 80, with_plugin=False)
    assert figures['sum'] == 12_500_000
    assert 90 < figures['peak_mb'] < 115
    assert 0 < figures['seconds'] < 10


@pytest.fixture
def forked(monkeypatch):
    """Processes that have imported everything."""
    context = multiprocessing.get_context('fork')
    monkeypatch.setattr(
        fresh_process.multiprocessing, 'get_context', lambda method: context
    )


@pytest.mark.slow
def test_a_process_that_fails(forked):
    with pytest.raises(RuntimeError, match=r'hold\(1, 3\) ended with exit code 3'):
        fresh_process.measure(hold, 1, 3)


def nap(seconds, num, exit_code=None):
    pid = os.getpid()

    def work():
        assert os.getpid() == pid
        if exit_code is not None:
            os._exit(exit_code)
        time.sleep(seconds)
        return num

    return work


def test_turns_of_a_process(forked):
    """It tells what an item takes, by the clock that was chosen before it began."""
    with fresh_process.apart(nap, 0.05, 2) as turn:
        times = [turn(), turn()]
        (child,) = multiprocessing.active_children()
    assert all(25 <= each < 500 for each in times)
    assert not child.is_alive()
    with counting_cpu_time(), fresh_process.apart(nap, 0.05, 1) as turn:
        assert turn() < 25


def test_turns_of_a_process_that_fails(forked):
    with fresh_process.apart(nap, 0, 1, 3) as turn, pytest.raises(EOFError):
        turn()
