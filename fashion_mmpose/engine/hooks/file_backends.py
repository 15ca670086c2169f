"""How checkpoints are written and removed, so that a kill loses none."""

import os

from mmengine.fileio import LocalBackend, register_backend
from mmengine.fileio.backends import BaseStorageBackend

from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.measure.uncertainty.calibration import beside


@register_backend('whole_files')
class WholeFilesBackend(LocalBackend):
    """MMEngine's local files, written completely or not at all.

    MMEngine writes in place: a run that is killed meanwhile leaves a file that
    cannot be read, under the name of the checkpoint.
    """

    def put(self, obj: bytes, filepath: str | os.PathLike) -> None:
        """Write bytes under a temporary name, then give the file its own."""
        with OutputFiles() as outputs:
            outputs.open_binary(filepath).write(obj)
        # What was fitted to other weights of that name is not for these.
        beside(filepath).unlink(missing_ok=True)

    def remove(self, filepath: str | os.PathLike) -> None:
        """Remove a file, and the calibration of what it holds."""
        super().remove(filepath)
        beside(filepath).unlink(missing_ok=True)


class DeferredRemovals:
    """A file backend that only notes what it is asked to remove.

    Attributes:
        files: Paths of files.
        folders: Paths of folders.
    """

    def __init__(self, backend: BaseStorageBackend) -> None:
        self._backend = backend
        self.files: set[str] = set()
        self.folders: set[str] = set()

    def remove(self, path: str) -> None:
        self.files.add(path)

    def rmtree(self, path: str) -> None:
        self.folders.add(path)

    def __getattr__(self, name: str):
        return getattr(self._backend, name)
