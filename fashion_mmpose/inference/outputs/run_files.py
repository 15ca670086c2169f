"""What a run writes into a folder, all of it at once in the end."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from fashion_mmpose import interrupts
from fashion_mmpose.files.folders import files_below
from fashion_mmpose.files.writing.faults import errors_of
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.files.writing.sets import tidy
from fashion_mmpose.media.sources import Source

from .names import check_outside


class RunFiles:
    """Files that appear together when a ``with`` block is left without an error.

    Until then what is drawn lies in a folder beside, which the next run removes if this
    one is killed.

    Args:
        out_dir: The folder; made where it is missing.
        unfinished: Name of the folder in it of what is not finished.
        sources: Names of the sources, see :func:`.names.name_sources`.

    Raises:
        ValueError: If a source lies in the folder of what is not finished.
    """

    def __init__(
        self, out_dir: str | os.PathLike, unfinished: str, sources: Mapping[str, Source]
    ) -> None:
        self.out_dir = Path(out_dir)
        self._unfinished = self.out_dir / unfinished
        check_outside(self._unfinished, sources)

    def __enter__(self) -> Self:
        self.out_dir.mkdir(parents=True, exist_ok=True)
        tidy(self.out_dir)  # what was finished may still have to move to its place
        self._remove_unfinished()
        self._outputs = OutputFiles()
        return self

    def __exit__(self, error_type, error, traceback) -> None:
        with interrupts.deferred():
            try:
                if error_type is None:
                    self._finish()
            except BaseException as failed:
                self._leave(type(failed), failed)
                raise
            self._leave(error_type, error)

    def _finish(self) -> None:
        """Write what is left to be written."""

    def _leave(self, error_type, error) -> None:
        """Let the files appear, or none of them after an error."""
        self._outputs.__exit__(error_type, error, None)
        self._remove_unfinished()

    def _remove_unfinished(self) -> None:
        if self._unfinished.is_dir():
            shutil.rmtree(self._unfinished)

    @contextmanager
    def _made(self, path: Path) -> Iterator[Path]:
        """Where a file is made that moves to its place with the others."""
        own = self._unfinished / path.relative_to(self.out_dir)
        with errors_of(path):
            self._outputs.add(own, path)
            yield own

    def _of_others(
        self, files: Mapping[str, bool], folder: str, drawn: Iterable[Path]
    ) -> list[str]:
        """What of the folder this run has not written, in words.

        Args:
            files: Whether it has written each, by its name.
            folder: Name of the folder of what is drawn.
            drawn: What it has drawn.
        """
        found = [
            f'{self.out_dir / name} is of another run'
            for name, is_own in files.items()
            if not is_own and (self.out_dir / name).exists()
        ]
        place = self.out_dir / folder
        num_others = len(set(files_below(place, None)) - set(map(os.fspath, drawn)))
        if num_others:
            found.append(f'{num_others} files in {place} are of other runs')
        return found
