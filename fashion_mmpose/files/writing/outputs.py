"""Output files that appear complete or not at all."""

import io
import os
from contextlib import suppress
from errno import ENOTDIR
from pathlib import Path
from typing import IO, BinaryIO, TextIO

from .faults import errors_of
from .locks import take_lock
from .sets import HalfMovedError, move_together, temporary_of, tidy


class OutputFiles:
    """Files that appear together, once all of them are complete.

    Every file is written under a temporary name beside its place. Leaving the
    ``with`` block renames them; leaving it by an exception deletes them, and what
    was there before stays untouched. Missing folders are made. A process that is killed
    while it renames leaves no old file beside a new one: the next one that writes into
    the folder finishes it. What else a killed process left half written, it removes.

    Example:
        >>> with OutputFiles() as outputs:
        ...     outputs.open('work_dirs/train.json').write('{}')
    """

    def __init__(self) -> None:
        self._files: dict[Path, tuple[Path, IO]] = {}
        self._complete: dict[Path, Path] = {}

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

    def add(self, file: str | os.PathLike, path: str | os.PathLike) -> None:
        """Let a complete file move to its place with the others.

        It stays where it is if the block is left by an exception.

        Args:
            file: Where it is, on the file system of its place.
            path: Its place.

        Raises:
            OSError: If the place is a folder, or would lie in a file.
        """
        path = Path(path)
        _check_no_folder(path)
        folder = next(parent for parent in path.parents if parent.exists())
        if not folder.is_dir():
            raise NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR), os.fspath(folder))
        self._complete[path] = Path(file)

    def _temporary(self, path: str | os.PathLike) -> Path:
        """Where a file is written until it is complete; its folder is there."""
        path = Path(path)
        _check_no_folder(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        tidy(path.parent)
        return temporary_of(path)

    def __exit__(self, error_type, error, traceback) -> None:
        try:
            for _, file in self._files.values():
                file.close()
        except BaseException:
            self._remove()
            raise
        if error_type is not None:
            self._remove()
            return
        written = {path: file for path, (file, _) in self._files.items()}
        try:
            move_together(written | self._complete)
        except HalfMovedError:  # the next run needs the others
            raise
        except OSError:
            self._remove()
            raise

    def _remove(self) -> None:
        for temporary, file in self._files.values():
            with suppress(OSError):  # what a full disk leaves in its buffer
                file.close()
            temporary.unlink(missing_ok=True)


def _check_no_folder(path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(f'{path} is a folder, not a file to write')


class _NamedFile(io.FileIO):
    """A file to write whose errors name the file that it is to become."""

    def __init__(self, temporary: Path, path: str | os.PathLike) -> None:
        self._path = path
        super().__init__(temporary, 'w')

    def write(self, data) -> int:
        with errors_of(self._path):
            return super().write(data)
