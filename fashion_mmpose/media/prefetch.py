"""Work that is done ahead, in a thread, while the networks compute."""

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

Item = TypeVar('Item')

_POLL_S = 0.1  # how long a thread that waits for room takes to see that it may go


def prefetch(items: Iterable[Item], depth: int) -> Generator[Item, None, None]:
    """The same items, which a thread of its own takes ahead.

    The thread starts with the first item that is asked for, and ends with the last, or
    when the iterator is closed; a generator that ``items`` is is closed there, too.

    Args:
        items: Taken in the thread.
        depth: At most so many items wait, and one more is in the making.

    Raises:
        ValueError: If nothing may wait.
    """
    if depth < 1:
        raise ValueError(f'depth must be at least 1, got {depth}')
    return _prefetched(items, depth)


def _prefetched(items: Iterable[Item], depth: int) -> Generator[Item, None, None]:
    waiting = queue.Queue(depth)
    stop = threading.Event()
    worker = threading.Thread(target=_take, args=(items, waiting, stop), daemon=True)
    worker.start()
    try:
        while True:
            item, error, is_last = waiting.get()
            if error is not None:
                raise error
            if is_last:
                return
            yield item
    finally:
        stop.set()
        worker.join()


def _take(items: Iterable, waiting: queue.Queue, stop: threading.Event) -> None:
    try:
        try:
            for item in items:
                if not _put((item, None, False), waiting, stop):
                    return
        finally:
            if isinstance(items, Generator):
                items.close()
    except BaseException as error:  # raised where the items are asked for
        _put((None, error, True), waiting, stop)
    else:
        _put((None, None, True), waiting, stop)


def _put(entry: tuple, waiting: queue.Queue, stop: threading.Event) -> bool:
    """Wait for room; False if nobody asks any more."""
    while not stop.is_set():
        try:
            waiting.put(entry, timeout=_POLL_S)
        except queue.Full:
            continue
        return True
    return False
