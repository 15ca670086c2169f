"""One run at a time for every place that is written to."""

import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, TextIO

from .faults import check_no_input, check_writable, errors_of

try:
    import fcntl
except ImportError:  # Windows has no such locks, and every run goes ahead
    fcntl = None

# Tells the processes that a run starts whose locks they work under.
HOLDER = 'FASHION_MMPOSE_LOCK_HOLDER'

_held: list[TextIO] = []


@contextmanager
def locked_folder(folder: str | os.PathLike) -> Iterator[None]:
    """Keep a folder for this process and those that it starts.

    The lock is the file ``.lock`` in the folder. A missing folder is made, and removed
    again if nothing is written into it.

    Raises:
        BlockingIOError: If another run is at work there; it says which.
        OSError: If the folder cannot be written to.
    """
    folder = Path(folder)
    with _removed_if_empty(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder, folder / '.lock'):
            yield


@contextmanager
def _removed_if_empty(folder: Path) -> Iterator[None]:
    """Remove a folder again that is made within, and into which nothing is written."""
    is_new = not folder.exists()
    try:
        yield
    finally:
        if is_new:
            with suppress(OSError):  # where something is in it
                folder.rmdir()


@contextmanager
def locked_file(
    path: str | os.PathLike, inputs: Iterable[str | os.PathLike | None] = ()
) -> Iterator[None]:
    """Keep the place of a file for this process and those that it starts.

    The lock is the file ``.<name>.lock`` beside it. A missing folder is made, and
    removed again if nothing is written into it.

    Args:
        path: The file.
        inputs: What it may not replace; None does not count.

    Raises:
        BlockingIOError: If another run is about to write it; it says which.
        OSError: If its folder cannot be written to, or it is a folder itself.
        ValueError: See :func:`.faults.check_no_input`.
    """
    path = Path(path)
    check_no_input(path, inputs)
    with _removed_if_empty(path.parent):
        check_writable(path)
        with _locked(path, path.with_name(f'.{path.name}.lock')):
            yield


def environment_for_children(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment whose processes may write where this process has locks."""
    if not _held:
        return dict(environment)
    return {**environment, HOLDER: environment.get(HOLDER) or _name()}


def held_descriptors() -> list[int]:
    """Files that a child must inherit, if the locks are to last as long as it does."""
    return [file.fileno() for file in _held]


def take_lock(file: IO) -> bool:
    """Lock an open file until it is closed; False if that cannot be."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def _locked(place: Path, path: Path) -> Iterator[None]:
    file = _lock(place, path) if fcntl else None
    if file is None:
        yield
        return
    _held.append(file)
    try:
        yield
    finally:
        _held.remove(file)
        # Removed while it is still held: who waits for it sees that it is another file.
        if _is_file_of(file, path):
            path.unlink()
        file.close()


def _lock(place: Path, path: Path) -> TextIO | None:
    """The locked file; None under a parent's lock, and where there can be none."""
    assert fcntl is not None  # the caller has looked
    while True:
        # What the system holds for a process ends with it, however it ends. What a
        # dead one wrote into the file is overwritten.
        with errors_of(place):
            file = open(path, 'a+', encoding='utf-8')  # noqa: SIM115
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder, _, since = file.read().partition(' ')
            file.close()
            if holder and holder == os.environ.get(HOLDER):
                return None
            raise BlockingIOError(_message(place, holder, since)) from None
        except OSError:  # a network's file system without locks
            file.close()
            return None
        if _is_file_of(file, path):
            break
        file.close()
    file.truncate(0)
    file.write(f'{_name()} {datetime.now():%Y-%m-%d %H:%M:%S}')
    try:
        with errors_of(place):
            file.flush()
    except OSError:  # the disk is full
        with suppress(OSError):
            file.close()
        path.unlink(missing_ok=True)
        raise
    return file


def _is_file_of(file: TextIO, path: Path) -> bool:
    """Whether the path still leads to the open file."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def _name() -> str:
    return f'{os.getpid()}@{socket.gethostname()}'


def _message(place: Path, holder: str, since: str) -> str:
    number, _, host = holder.partition('@')
    who = f'process {number} on {host} since {since}' if host else 'another process'
    return f'{place} is in use by {who}; wait for it, or choose another place'
