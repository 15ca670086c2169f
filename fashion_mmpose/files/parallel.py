"""Many files at once: one process per core, results in the order of the tasks."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from itertools import islice
from multiprocessing.context import BaseContext
from typing import TypeVar

import cv2
from tqdm import tqdm

from fashion_mmpose import interrupts

Task = TypeVar('Task')
Result = TypeVar('Result')

_AHEAD = 4  # chunks per process that may be finished before they are taken


def usable_cores() -> int:
    """How many processors this process may use, of all that the machine has.

    Slurm, containers and `taskset` give a process some of them.
    """
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_in_order(
    work: Callable[[Task], Result],
    tasks: Iterable[Task],
    total: int,
    workers: int,
    chunk: int,
    label: str,
    unit: str = '',
) -> Iterator[Result]:
    """Results in the order of the tasks, with a progress bar.

    An executor's own ``map`` takes all tasks at once and keeps what is finished: where
    many processes are faster than what takes the results, that is everything. Here no
    more than a few chunks wait.

    Args:
        work: Called with every task. With several workers it is pickled, and a script
            that comes here needs the usual ``if __name__ == '__main__'``.
        tasks: Its arguments.
        total: How many there are.
        workers: Processes; 1 or less works in this one, and so does any number on a
            single chunk, which takes less time than starting a process.
        chunk: Tasks that a process takes at a time.
        label: What the bar says.
        unit: What a result is, for the bar's speed.

    Yields:
        Result: What ``work`` returns; an error that it raises ends the work.
    """
    with tqdm(total=total, desc=label, unit=unit, disable=None) as bar:
        if workers <= 1 or total <= chunk:
            results = map(work, tasks)
        else:
            results = _map_in_processes(work, tasks, workers, chunk)
        for result in results:
            yield result
            bar.update()


def _map_in_processes(
    work: Callable[[Task], Result], tasks: Iterable[Task], workers: int, chunk: int
) -> Iterator[Result]:
    with ExitStack() as stack:
        # A signal that came while processes start would take away what they share with
        # this one, and each of them would show a traceback.
        with interrupts.deferred():
            pool = ProcessPoolExecutor(workers, _fresh_processes(), _start_worker)
            stack.callback(pool.shutdown, cancel_futures=True)
        tasks = iter(tasks)
        waiting = deque()
        while some := list(islice(tasks, chunk)):
            with interrupts.deferred():  # it may start a process
                waiting.append(pool.submit(_work_on_all, work, some))
            if len(waiting) >= _AHEAD * workers:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _work_on_all(work: Callable[[Task], Result], tasks: list[Task]) -> list[Result]:
    return [work(task) for task in tasks]


def _fresh_processes() -> BaseContext:
    """Processes that do not inherit this one's threads.

    A plain fork of a process in which OpenCV or PyTorch already run threads may
    wait for ever for a lock that one of them held.
    """
    if 'forkserver' not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context('spawn')
    context = multiprocessing.get_context('forkserver')
    # Imported once, with OpenCV, not by every worker.
    context.set_forkserver_preload([__name__])
    return context


def _start_worker() -> None:
    cv2.setNumThreads(1)
    # Ctrl-C reaches every process of a terminal. The one that started the workers stops
    # them, and none of them shows a traceback.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when the one that gives it work was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
