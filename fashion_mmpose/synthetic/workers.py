"""Many pictures at once: one process per core, in a fixed order."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.context import BaseContext
from typing import TypeVar

import cv2
import numpy as np
from tqdm import tqdm

from fashion_mmpose.files.outputs import OutputFiles
from fashion_mmpose.files.workers import leave_interrupts_to_parent

Task = TypeVar('Task')
Result = TypeVar('Result')


def _fresh_processes() -> BaseContext:
    """Processes that do not inherit this one's threads.

    A plain fork of a process in which OpenCV or PyTorch already run threads may
    wait for ever for a lock that one of them held.
    """
    if 'forkserver' not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context('spawn')
    context = multiprocessing.get_context('forkserver')
    # Imported once, not by every worker.
    context.set_forkserver_preload([__package__])
    return context


def _start_worker() -> None:
    cv2.setNumThreads(1)
    leave_interrupts_to_parent()


def draw_all(
    draw: Callable[[Task], Result], tasks: Sequence[Task], workers: int
) -> Iterator[Result]:
    """Results of ``draw`` in the order of the tasks, with a progress bar.

    Args:
        draw: Draws and writes one picture; with several workers it is pickled.
        tasks: Its arguments.
        workers: Processes; 1 draws in this one.
    """
    bar = tqdm(total=len(tasks), desc='drawing', unit='picture', disable=None)
    with bar:
        if workers == 1:
            for task in tasks:
                yield draw(task)
                bar.update()
            return
        with ProcessPoolExecutor(workers, _fresh_processes(), _start_worker) as pool:
            try:
                for result in pool.map(draw, tasks, chunksize=8):
                    yield result
                    bar.update()
            finally:  # who stops does not wait for what has not begun
                pool.shutdown(cancel_futures=True)


def write_jpeg(path: str | os.PathLike, image: np.ndarray, quality: int) -> None:
    """Writes an image (H, W, 3) uint8 BGR whole or not at all."""
    _, data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    with OutputFiles() as outputs:
        outputs.open_binary(path).write(data.tobytes())
