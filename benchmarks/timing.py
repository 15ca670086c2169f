"""Time of two sides that take turns, and the memory of one piece of work."""

import ctypes
import gc
import statistics
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

Name = TypeVar('Name', bound=Hashable)

STATUS = Path('/proc/self/status')
CLEAR_REFS = Path('/proc/self/clear_refs')
RESET_PEAK = '5'  # see proc(5)

_clock = 'perf_counter'  # of the module time


def is_counting_cpu_time() -> bool:
    """Whether it is within :func:`counting_cpu_time`."""
    return _clock == 'process_time'


@contextmanager
def counting_cpu_time(wanted: bool = True) -> Iterator[None]:
    """Within, :func:`one_turn` counts what the processor does for the process.

    It is what counts on a machine that does other work. With several threads it is the
    time of all of them.
    """
    global _clock
    usual = _clock
    if wanted:
        _clock = 'process_time'
    try:
        yield
    finally:
        _clock = usual


def alternate(
    sides: dict[Name, Callable[[], int]], rounds: int, pause_s: float = 0.0
) -> dict[Name, float]:
    """Median milliseconds per item of each side; the sides take turns.

    Args:
        sides: Name to a function that does some work and returns how many items.
        rounds: Turns of each side, after one that is not counted.
        pause_s: Seconds before each turn. OpenMP's threads look for more work for a
            while, in which they take cores from a side that has threads of its own.
            Defaults to 0.

    Raises:
        ValueError: If there is no round.
    """
    turns = {name: partial(one_turn, work) for name, work in sides.items()}
    return by_turns(turns, rounds, pause_s)


def by_turns(
    sides: dict[Name, Callable[[], float]], rounds: int, pause_s: float = 0.0
) -> dict[Name, float]:
    """As :func:`alternate` of sides that tell milliseconds per item themselves."""
    if rounds < 1:
        raise ValueError(f'rounds must be at least 1, got {rounds}')
    times = {name: [] for name in sides}
    for turn in range(rounds + 1):
        for name, measured in sides.items():
            time.sleep(pause_s)
            value = measured()
            if turn:
                times[name].append(value)
    return {name: statistics.median(values) for name, values in times.items()}


def one_turn(work: Callable[[], int]) -> float:
    """Milliseconds per item of some work that returns how many items it has done."""
    now = getattr(time, _clock)
    start = now()
    items = work()
    return 1e3 * (now() - start) / items


def per_image(times: dict[str, float]) -> dict[str, dict[str, float]]:
    """The only figure of every side: milliseconds per image."""
    return {side: dict(ms_per_image=value) for side, value in times.items()}


def peak_memory_mb(work: Callable[[], object]) -> float:
    """Memory that some work holds at most, above what the process held before.

    Linux keeps the peak itself, so however short it is, it is seen. Memory that other
    threads have freed but not returned would be used again unseen: measure in a fresh
    process.

    Args:
        work: What is measured.

    Returns:
        float: Megabytes.
    """
    gc.collect()
    # What was freed goes back to the system, or it would be used again unseen.
    ctypes.CDLL(None).malloc_trim(0)
    CLEAR_REFS.write_text(RESET_PEAK)
    before = _status_mb('VmRSS')
    work()
    return _status_mb('VmHWM') - before


def _status_mb(name: str) -> float:
    for line in STATUS.read_text().splitlines():
        if line.startswith(f'{name}:'):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f'{STATUS} has no {name}')
