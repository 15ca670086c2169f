"""Places that cannot be written to: found out early, and named."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fashion_mmpose.errors import RescuedError


@contextmanager
def errors_of(path: str | os.PathLike) -> Iterator[None]:
    """Let the errors of the system name a file, whatever they came from.

    The system names no file when a disk is full, and a temporary one at other times.

    Raises:
        OSError: What is raised within, with the path.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename == os.fspath(path):
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error


def check_writable(path: str | os.PathLike) -> None:
    """Make sure, before hours of work, that a file can be written to its place.

    Raises:
        OSError: If it cannot: the place is a folder, or is in one that does not take a
            new file of a few bytes.
    """
    path = Path(path)
    with errors_of(path):
        if path.is_dir():
            raise IsADirectoryError(f'{path} is a folder, not a file to write')
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent) as file:
            file.write(bytes(4096))


def check_no_input(
    path: str | os.PathLike,
    inputs: Iterable[str | os.PathLike | None],
    kind: str = 'file',
) -> None:
    """Make sure that a file to write is none of those that are read.

    Args:
        path: The file to write.
        inputs: Those that are read; None does not count.
        kind: Of what the user names, the ``'file'`` or its ``'folder'``. Defaults to
            ``'file'``.

    Raises:
        ValueError: If it is one of them, by whatever name.
    """
    if any(each is not None and _is_same(path, each) for each in inputs):
        raise ValueError(
            f'{path} is an input, which would be written over; to fix it: choose '
            f'another {kind} to write'
        )


def _is_same(path: str | os.PathLike, other: str | os.PathLike) -> bool:
    try:
        return os.path.samefile(path, other)
    except OSError:  # one of them is not there
        return os.path.realpath(path) == os.path.realpath(other)


def write_or_rescue(path: str | os.PathLike, write: Callable[[Path], None]) -> None:
    """Write a file, or save it elsewhere when its place fails after the work is done.

    Args:
        path: The file.
        write: Writes to the path that it is given.

    Raises:
        RescuedError: If the place failed; it says where the file is instead.
        OSError: If no other place takes it.
    """
    path = Path(path)
    try:
        write(path)
    except OSError as error:
        for folder in (tempfile.gettempdir(), Path.cwd(), Path.home()):
            with suppress(OSError):
                own = Path(tempfile.mkdtemp(prefix='fashion_mmpose_', dir=folder))
                with _removed_if_it_fails(own):
                    write(own / path.name)
                raise RescuedError(
                    f'{path} cannot be written ({error.strerror or error}); its '
                    f'content is saved as {own / path.name}'
                ) from error
        raise


@contextmanager
def _removed_if_it_fails(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError:
        folder.rmdir()
        raise
