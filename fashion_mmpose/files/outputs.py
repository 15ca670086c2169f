"""Output files that appear complete or not at all."""

import io
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import IO, BinaryIO, TextIO

from .faults import errors_of
from .locks import take_lock

_swept: set[Path] = set()


class OutputFiles:
    """Files that appear together, once all of them are complete.

    Every file is written under a temporary name beside its place. Leaving the
    ``with`` block renames them; leaving it by an exception deletes them, and what
    was there before stays untouched. Missing folders are made. What a killed process
    left half written in a folder is removed by the next one that writes there.

    Example:
        >>> with OutputFiles() as outputs:
        ...     outputs.open('work_dirs/train.json').write('{}')
    """

    def __init__(self) -> None:
        self._files: dict[Path, tuple[Path, IO]] = {}

    def __enter__(self) -> 'OutputFiles':
        return self

    def open(self, path: str | os.PathLike) -> TextIO:
        """A UTF-8 text file to write, whose lines end as they are written.

        Raises:
            OSError: If the place cannot be written to.
        """
        file = io.TextIOWrapper(self.open_binary(path), encoding='utf-8', newline='')
        self._files[Path(path)] = (self._files[Path(path)][0], file)
        return file

    def open_binary(self, path: str | os.PathLike) -> BinaryIO:
        """A file of bytes to write.

        Raises:
            OSError: If the place cannot be written to.
        """
        with errors_of(path):
            temporary = self._temporary(path)
            file = io.BufferedWriter(_NamedFile(temporary, path))
        take_lock(file)
        self._files[Path(path)] = (temporary, file)
        return file

    def _temporary(self, path: str | os.PathLike) -> Path:
        """Where a file is written until it is complete; its folder is there."""
        path = Path(path)
        if path.is_dir():
            raise IsADirectoryError(f'{path} is a folder, not a file to write')
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        return path.with_name(f'.{path.name}.{os.getpid()}.tmp')

    def __exit__(self, error_type, error, traceback) -> None:
        try:
            for _, file in self._files.values():
                file.close()
            if error_type is None:
                for path, (temporary, _) in self._files.items():
                    with errors_of(path):
                        os.replace(temporary, path)
        finally:
            for temporary, file in self._files.values():
                with suppress(OSError):  # what a full disk leaves in its buffer
                    file.close()
                temporary.unlink(missing_ok=True)


class _NamedFile(io.FileIO):
    """A file to write whose errors name the file that it is to become."""

    def __init__(self, temporary: Path, path: str | os.PathLike) -> None:
        self._path = path
        super().__init__(temporary, 'w')

    def write(self, data) -> int:
        with errors_of(self._path):
            return super().write(data)


def _sweep(folder: Path) -> None:
    """Remove the temporary files of dead processes; once a process and folder."""
    folder = folder.absolute()
    if folder in _swept:
        return
    _swept.add(folder)
    for entry in os.scandir(folder):
        found = re.fullmatch(r'\..+\.(\d+)\.tmp', entry.name)
        if found is None or _is_alive(int(found[1])):
            continue
        # On another machine its process may be alive, and has the lock.
        with suppress(OSError), open(entry.path, 'rb') as file:
            if take_lock(file):
                os.unlink(entry.path)


def _is_alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # of another user
        pass
    return True
