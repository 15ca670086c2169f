"""Work that is done ahead."""

import threading
import time

import pytest

from fashion_mmpose.media.prefetch import prefetch

PATIENCE_S = 10


def wait_until(is_so):
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end, 'it does not come'
        time.sleep(0.005)


class Counted:
    """Numbers; how many were taken, in which thread, and whether it was closed."""

    def __init__(self, number, error=None):
        self.number = number
        self.error = error
        self.taken = 0
        self.is_closed = False
        self.thread = None

    def items(self):
        self.thread = threading.current_thread()
        try:
            for number in range(self.number):
                self.taken = number + 1
                yield number
            if self.error is not None:
                raise self.error
        finally:
            self.is_closed = True


@pytest.mark.parametrize('depth', [1, 3, 100])
def test_order(depth):
    assert list(prefetch(range(50), depth)) == list(range(50))
    assert list(prefetch([], depth)) == []


def test_another_thread_takes_them_but_not_all():
    source = Counted(1000)
    ahead = prefetch(source.items(), 4)
    assert source.taken == 0  # nobody asked yet
    assert next(ahead) == 0
    # One is taken, four wait, and one more is in the making.
    wait_until(lambda: source.taken == 6)
    assert source.thread is not threading.current_thread()
    time.sleep(0.15)  # longer than it takes the thread to look for room again
    assert source.taken == 6
    assert next(ahead) == 1
    wait_until(lambda: source.taken == 7)
    ahead.close()
    assert source.is_closed and not source.thread.is_alive()
    assert source.taken == 7


def test_the_end_leaves_no_thread():
    source = Counted(3)
    assert list(prefetch(source.items(), 2)) == [0, 1, 2]
    assert source.is_closed and not source.thread.is_alive()


def test_errors_come_after_what_was_good():
    source = Counted(3, OSError('the disk is gone'))
    ahead = prefetch(source.items(), 8)
    assert [next(ahead) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(OSError, match='the disk is gone'):
        next(ahead)
    assert not source.thread.is_alive()
    with pytest.raises(StopIteration):
        next(ahead)


def test_a_pending_error_is_forgotten_when_closed():
    source = Counted(1, OSError('too late'))
    ahead = prefetch(source.items(), 1)
    next(ahead)
    wait_until(lambda: source.is_closed)
    ahead.close()
    assert not source.thread.is_alive()


def test_never_asked_never_begun():
    source = Counted(3)
    before = threading.active_count()
    prefetch(source.items(), 2).close()
    assert source.thread is None and threading.active_count() == before


def test_no_room():
    with pytest.raises(ValueError, match='depth must be at least 1, got 0'):
        prefetch([1], 0)
