"""Run pieces of work in processes of their own, and watch their time and memory."""

import contextlib
import gc
import multiprocessing
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from .timing import counting_cpu_time, is_counting_cpu_time, one_turn

POLL_S = 0.01
PATIENCE_S = 10.0  # until a process that has told its figures is ended


def measure(
    work: Callable[..., Callable[[], dict]], *args, with_plugin: bool = True
) -> dict[str, float]:
    """Time and memory of some work in a fresh process.

    Memory is what no file holds, so that files which are mapped do not count. Linux
    tells it in ``/proc``.

    Args:
        work: Of a module, importable by name. It prepares what is not measured and
            returns what is: a function without arguments that returns figures.
        *args: Arguments of ``work``.
        with_plugin: Whether the plugin, with PyTorch and MMPose, is imported before.
            Defaults to True.

    Returns:
        dict: The figures, ``seconds``, and ``peak_mb``, memory that the process held at
        most meanwhile above what it held before it prepared.

    Raises:
        RuntimeError: If the process fails.
    """
    context = multiprocessing.get_context('spawn')
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(work, args, with_plugin, theirs))
    process.start()
    theirs.close()
    assert process.pid is not None  # as of one that was started
    peak = 0.0
    try:
        # The process itself cannot watch: parsers hold the interpreter's lock.
        while not ours.poll(POLL_S):
            peak = max(peak, own_mb(process.pid))
        figures = ours.recv()
        # One that is ended leaves what it has registered, such as locks of tqdm's.
        process.join(PATIENCE_S)
    except (EOFError, FileNotFoundError):
        process.join()
        raise RuntimeError(
            f'the process of {work.__name__}{args} ended with exit code '
            f'{process.exitcode}, see above; too little memory, perhaps'
        ) from None
    finally:
        process.terminate()
        process.join()
    return figures | dict(peak_mb=peak - figures.pop('before_mb'))


def _run(work: Callable, args: tuple, with_plugin: bool, results: Connection) -> None:
    if with_plugin:  # before MMPose, whose mmcv it prepares
        import fashion_mmpose.plugin  # noqa: F401

    gc.collect()
    before = own_mb('self')
    measured = work(*args)
    start = time.perf_counter()
    figures = measured()
    seconds = time.perf_counter() - start
    results.send(figures | dict(seconds=seconds, before_mb=before))


@contextlib.contextmanager
def apart(work: Callable[..., Callable[[], int]], *args) -> Iterator[Callable]:
    """Some work in a process of its own, for what a process sets as a whole.

    Args:
        work: Of a module, importable by name. It prepares, and returns a function that
            does some work and returns how many items.
        *args: Arguments of ``work``.

    Yields:
        Callable: Does the work once, and returns milliseconds per item.

    Raises:
        EOFError: If the process fails, which says why.
    """
    import torch

    context = multiprocessing.get_context('spawn')
    ours, theirs = context.Pipe()
    told = (work, args, torch.get_num_threads(), is_counting_cpu_time(), theirs)
    process = context.Process(target=_serve, args=told)
    process.start()
    theirs.close()

    def turn() -> float:
        ours.send(True)
        return ours.recv()

    try:
        yield turn
    finally:
        with contextlib.suppress(BrokenPipeError):  # of one that has failed
            ours.send(False)
        process.join(PATIENCE_S)
        process.terminate()
        process.join()


def _serve(
    work: Callable, args: tuple, threads: int, by_cpu: bool, asked: Connection
) -> None:
    import fashion_mmpose.plugin  # noqa: F401, I001
    import cv2
    import torch
    from mmengine.registry import init_default_scope

    cv2.setNumThreads(0)
    torch.set_num_threads(threads)
    init_default_scope('mmpose')
    prepared = work(*args)
    with counting_cpu_time(by_cpu):
        while asked.recv():
            asked.send(one_turn(prepared))


def own_mb(pid: int | str) -> float:
    """Memory of a process that is no file's, in megabytes."""
    for line in Path(f'/proc/{pid}/status').read_text().splitlines():
        if line.startswith('RssAnon:'):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0  # it has ended
