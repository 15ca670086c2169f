"""Ctrl-C and signals that end a process, from its first import to its last line.

A command goes through three states. While it loads, and after it has said how it ended,
there is nothing to put in order: a signal ends the process at once, in one line. While
it works, a signal raises KeyboardInterrupt, so that files are left in order. Within
:func:`deferred`, it waits for a moment that can be interrupted.

This module imports little, so that a command begins with it.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

# Of these, the exit code is 128 and the number.
_NUMBERS = [
    getattr(signal, name)
    for name in ('SIGINT', 'SIGTERM', 'SIGHUP')
    if hasattr(signal, name)  # Windows has no closed terminals
]
# Who asks once more after so long is not patient any more.
_SECONDS_TO_DEFER = 3.0


class _State:
    """What a signal does.

    Attributes:
        process: The process that the handlers are of; its forks inherit them.
        is_working: Whether a signal raises KeyboardInterrupt.
        is_said: Whether the command has said how it ends.
        deferring: How many blocks are not to be interrupted.
        received: The signals so far, each with its time.
        of_children: The handler of children's ends that a signal has taken the place
            of, such as PyTorch's, which is set once in a process.
    """

    process = -1
    is_working = False
    is_said = False
    deferring = 0
    received: list[tuple[int, float]] = []
    of_children = None


def guard() -> None:
    """Handle signals until the process ends; the first thing that a command does.

    Signals that the process was started to ignore, as ``nohup`` and the background jobs
    of scripts are, stay ignored. Processes of torchrun keep the system's own way: it
    ends them when one of them has failed, and one that waits for that one would not get
    to its handler.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    _State.process = os.getpid()
    for number in _NUMBERS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            is_of_torchrun = 'RANK' in os.environ
            signal.signal(number, signal.SIG_DFL if is_of_torchrun else _handle)
    sys.unraisablehook = _ask_again


def release() -> None:
    """Give signals back to Python's own handlers, for a script of the user's."""
    for number in _NUMBERS:
        if signal.getsignal(number) is _handle:
            own = signal.default_int_handler
            signal.signal(number, own if number == signal.SIGINT else signal.SIG_DFL)
    sys.unraisablehook = sys.__unraisablehook__


@contextmanager
def working() -> Iterator[None]:
    """Let signals raise KeyboardInterrupt within; see :func:`exit_code`."""
    replaced = {}
    is_main_thread = threading.current_thread() is threading.main_thread()
    if is_main_thread and 'RANK' not in os.environ:
        for number in _NUMBERS:
            previous = signal.getsignal(number)
            if previous not in (signal.SIG_IGN, _handle, None):
                replaced[number] = signal.signal(number, _handle)
    _State.process = os.getpid()
    _State.received = []
    _State.of_children = None
    _State.is_working = True
    try:
        yield
    finally:
        _State.is_working = False
        for number, handler in replaced.items():
            signal.signal(number, handler)
        # The process goes on, and other trainings in it need that handler.
        if replaced and _State.of_children is not None:
            signal.signal(signal.SIGCHLD, _State.of_children)


@contextmanager
def deferred() -> Iterator[None]:
    """Let a signal wait until the end of the block, where it raises KeyboardInterrupt.

    One that comes more than three seconds after the first is not made to wait: the
    block may hang.
    """
    before = len(_State.received)
    _State.deferring += 1
    try:
        yield
    finally:
        _State.deferring -= 1
    if len(_State.received) > before and not _State.deferring:
        raise KeyboardInterrupt


def exit_code() -> int | None:
    """The exit code after a signal; None if there was none while the command worked."""
    return 128 + _State.received[0][0] if _State.received else None


def said() -> None:
    """Note that the command has said how it ends; a signal adds nothing to that."""
    _State.is_said = True


def _handle(number: int, frame) -> None:
    if os.getpid() != _State.process:  # a fork, which its parent ends
        if number != signal.SIGINT:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        return
    if not _State.is_working:
        if not _State.is_said:
            os.write(2, b'stopped\n')
        os._exit(128 + number)
    now = time.monotonic()
    _State.received.append((number, now))
    # From now on, its processes may end before it: whoever stops a job stops all.
    if hasattr(signal, 'SIGCHLD'):
        replaced = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if _State.of_children is None:
            _State.of_children = replaced
    if _State.deferring and now - _State.received[0][1] < _SECONDS_TO_DEFER:
        return
    raise KeyboardInterrupt


def _ask_again(unraisable, otherwise=sys.__unraisablehook__) -> None:
    """Raise a KeyboardInterrupt once more that was raised where nothing passes on.

    Python drops what is raised while it frees an object, also when it ends: then this
    module has lost its names, but not what it was defined with.
    """
    if not isinstance(unraisable.exc_value, KeyboardInterrupt):
        otherwise(unraisable)
    elif _State.received:
        # Not from here, where it would be dropped again.
        number = _State.received[0][0]
        threading.Timer(0.05, os.kill, [os.getpid(), number]).start()
