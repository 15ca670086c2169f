"""Turns, medians and peaks."""

import numpy as np
import pytest

from benchmarks import timing
from benchmarks.fresh_process import measure


class Clock:
    """A clock that stands still unless it is moved."""

    seconds = 0.0

    def perf_counter(self):
        return self.seconds

    def process_time(self):
        return 2 * self.seconds

    def sleep(self, seconds):
        self.seconds += seconds


def test_sides_take_turns(monkeypatch):
    """The first turn of each side, which warms up, does not count."""
    clock = Clock()
    monkeypatch.setattr(timing, 'time', clock)
    order = []

    def side(name, items, *seconds):
        durations = iter(seconds)

        def work():
            order.append(name)
            clock.seconds += next(durations)
            return items

        return work

    sides = {'a': side('a', 1, 99, 3, 1, 2), 'b': side('b', 4, 99, 2, 8, 4)}
    times = timing.alternate(sides, rounds=3, pause_s=7)  # which does not count
    assert order == ['a', 'b'] * 4
    assert times == pytest.approx({'a': 2000, 'b': 1000})
    assert timing.per_image(times) == {
        'a': dict(ms_per_image=times['a']),
        'b': dict(ms_per_image=times['b']),
    }


def test_the_time_of_the_processor(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(timing, 'time', clock)

    def work():
        clock.seconds += 3
        return 1

    with timing.counting_cpu_time():
        assert timing.alternate({'a': work}, rounds=1) == {'a': 6000}
    assert timing.alternate({'a': work}, rounds=1) == {'a': 3000}


def test_no_rounds_are_refused():
    with pytest.raises(ValueError, match='at least 1, got 0'):
        timing.alternate({}, 0)


def peak_work(held_mb, passing_mb):
    """Memory that is held, and more for a moment."""
    np.ones(200_000_000, np.uint8)  # what was before

    def work():
        held = np.ones(int(held_mb * 1e6), np.uint8)
        np.ones(int(passing_mb * 1e6), np.uint8)
        return held

    return lambda: dict(mb=timing.peak_memory_mb(work))


@pytest.mark.slow
def test_peak_memory_of_a_fresh_process():
    """However short the peak is; what it was before does not count."""
    figures = measure(peak_work, 40, 60, with_plugin=False)
    assert figures['mb'] == pytest.approx(100, abs=5)


def test_memory_that_linux_does_not_tell(monkeypatch, tmp_path):
    status = tmp_path / 'status'
    status.write_text('VmPeak:\t 10 kB\nVmHWM:\t 2000 kB\n')
    monkeypatch.setattr(timing, 'STATUS', status)
    assert timing._status_mb('VmHWM') == 2.048
    with pytest.raises(RuntimeError, match='has no VmRSS'):
        timing._status_mb('VmRSS')
