"""What is in a work folder: the checkpoint to go on from, and the one to test."""

import os
import re
import zipfile
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from mmengine.logging import print_log

from fashion_mmpose.config.loading import existing_file
from fashion_mmpose.files.writing.sets import move_together, tidy
from fashion_mmpose.measure.uncertainty.calibration import beside
from fashion_mmpose.pretrained import names_folder

POINTER = 'last_checkpoint'
INTERRUPTED = 'interrupted.pth'
_TO_GO_ON_FROM = re.compile(r'(epoch_\d+|iter_\d+|interrupted)\.pth')
# Published ones have a hash, too; a calibration beside one is of that network alone.
_CHECKPOINT = re.compile(
    r'(best_.+|(epoch|iter)_\d+(-[0-9a-f]+)?|interrupted)\.(pth|calibration\.json)'
)
# MMEngine gives every start a folder of its own.
_START = re.compile(r'\d{8}_\d{6}(_\d+)?')


def last_checkpoint(
    folder: str | os.PathLike, warn: Callable[[str], None] | None = None
) -> Path | None:
    """The checkpoint to go on from; None before the first one.

    It is the one that the folder's ``last_checkpoint`` names, by its name: the folder
    may have been moved or copied since. Where that is missing, empty or names no whole
    file, it is the newest whole one.

    Args:
        folder: The work folder.
        warn: Is told if it is not the one that is named. Defaults to None.

    Raises:
        ValueError: If there is something to go on from, but nothing of it is whole.
    """
    folder = Path(folder)
    tidy(folder)  # a kill may have come while an earlier training was set aside
    pointer = folder / POINTER
    text = named_checkpoint(folder)
    named = [folder / Path(text).name, folder / text] if text else []
    others = [
        path for path in folder.glob('*.pth') if _TO_GO_ON_FROM.fullmatch(path.name)
    ]
    others.sort(key=os.path.getmtime, reverse=True)
    for path in [*named, *others]:
        if path.is_file() and zipfile.is_zipfile(path):
            if path not in named and warn is not None:
                warn(f'{pointer} names no whole file; {path}, the newest, is taken')
            return path
    if not pointer.exists() and not others:
        return None
    name = Path(text).name or 'what last_checkpoint should name'
    raise ValueError(
        f'{folder}: no checkpoint to go on from: {name} is missing or cut off, and '
        f'there is no other; delete {pointer} and what is cut off to begin anew'
    )


def named_checkpoint(folder: str | os.PathLike) -> str:
    """What the folder's ``last_checkpoint`` says; empty if it is missing or empty."""
    pointer = Path(folder) / POINTER
    return pointer.read_text(encoding='utf-8').strip() if pointer.is_file() else ''


def checkpoint_file(path: str) -> str:
    """The checkpoint that a path means: of a folder its best one, else its last.

    Which one is taken from a folder is logged.

    Args:
        path: A file, an address that MMEngine downloads from, a work folder; or a
            folder of networks or its id on a model hub, which stay as they are.

    Raises:
        FileNotFoundError: If there is no such file, or none in the folder.
        ValueError: See :func:`last_checkpoint`.
    """
    if names_folder(path):
        return path
    if not os.path.isdir(path):
        return existing_file(path)
    best = sorted(Path(path).glob('best_*.pth'), key=os.path.getmtime)
    found = best[-1] if best else last_checkpoint(path)
    if found is None:
        raise FileNotFoundError(f'{path} has no checkpoint: train it first')
    print_log(f'of {path} the checkpoint {found.name} is taken', logger='current')
    return str(found)


def tidy_starts(folder: str | os.PathLike) -> None:
    """Remove what killed starts left unfinished in their own folders of logs.

    Args:
        folder: The work folder.

    Raises:
        OSError: If what a dead process was moving there cannot be finished.
    """
    for entry in os.scandir(folder):
        if _START.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
            for place, _, _ in os.walk(entry.path):
                tidy(place)


def set_aside(folder: str | os.PathLike, current: str | os.PathLike) -> Path | None:
    """Move the checkpoints and logs of an earlier training into a folder of their own.

    That is ``old1`` in the work folder, or the next number that is free; there, the
    earlier training can be tested and resumed as before. Whatever else lies in the work
    folder stays.

    Args:
        folder: The work folder.
        current: The folder of the present start's logs, which stays.

    Returns:
        Path: Where they are now; None if there was no checkpoint.

    Raises:
        OSError: If they cannot be moved.
    """
    folder = Path(folder)
    names = sorted(os.listdir(folder))
    moved = [name for name in names if _CHECKPOINT.fullmatch(name) or name == POINTER]
    if not moved:
        return None
    own = Path(current).name
    moved += [name for name in names if _START.fullmatch(name) and name != own]
    return move_aside(folder, moved)


def move_aside(folder: str | os.PathLike, names: Sequence[str]) -> Path:
    """Move files of a folder, with their calibrations, into one of their own.

    Args:
        folder: The work folder.
        names: The files.

    Returns:
        Path: Where they are now: ``old1``, or the next number that is free.

    Raises:
        OSError: If they cannot be moved.
    """
    folder = Path(folder)
    fitted = (beside(folder / name) for name in names)
    moved = {*names, *(path.name for path in fitted if path.is_file())}
    free = (folder / f'old{number}' for number in count(1))
    target = next(path for path in free if not path.exists())
    move_together({target / name: folder / name for name in sorted(moved)})
    return target
