"""Sets of files that are put into their places together, whenever a kill comes.

No system renames several files at once. So a list of what moves where is written first,
then the old files are removed, then the new ones renamed, and the list is removed last.
A kill on the way leaves places that are empty or new, never old beside new, and whoever
comes to the folder next finishes what the list says.
"""

import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from itertools import count
from pathlib import Path

from fashion_mmpose import interrupts

from .faults import errors_of
from .locks import take_lock

_LIST = re.compile(r'\.moving\.(\d+)\.\d+\.json')
_LEFT_OVER = re.compile(r'\..+\.(\d+)\.tmp')

_LONGEST = 255  # bytes of a name, of usual file systems

_tidied: set[Path] = set()
_numbers = count()


class HalfMovedError(OSError):
    """Some files of a set are in their places; the next run finishes the others."""


def temporary_of(path: Path) -> Path:
    """Where a file is written until it is complete, beside its place."""
    name = path.name
    room = _LONGEST - len(f'..{os.getpid()}.tmp')
    if len(os.fsencode(name)) > room:
        # What is cut off may be all that two names differ in.
        digest = sha256(os.fsencode(name)).hexdigest()[:16]
        while len(os.fsencode(name)) > room - len(digest):
            name = name[:-1]
        name += digest
    return path.with_name(f'.{name}.{os.getpid()}.tmp')


def move_together(moves: Mapping[Path, Path]) -> None:
    """Put complete files or folders into their places, all of them or none.

    Args:
        moves: For every place what is to be there. Both are on one file system; missing
            folders are made.

    Raises:
        HalfMovedError: If that fails half-way.
        OSError: If it fails at the beginning; nothing has changed then.
    """
    if len(moves) < 2:
        for place, file in moves.items():
            _rename(file, place)
        return
    ends = [os.path.abspath(path) for pair in moves.items() for path in pair]
    folder = Path(os.path.commonpath([os.path.dirname(end) for end in ends]))
    tidy(folder)  # own lists look like those of a dead process until this is done
    listed = [
        [os.path.relpath(end, folder) for end in (file, place)]
        for place, file in moves.items()
    ]
    path = folder / f'.moving.{os.getpid()}.{next(_numbers)}.json'
    temporary = temporary_of(path)
    with open(temporary, 'w', encoding='utf-8') as file:
        # Before it has its name, so that nobody else takes it up.
        is_locked = take_lock(file)
        try:
            with errors_of(next(iter(moves))):
                json.dump(listed, file)
                file.flush()
        except BaseException:
            temporary.unlink()
            raise
        if not is_locked:
            file.close()  # Windows renames no open file
        with interrupts.deferred():
            os.replace(temporary, path)
            try:
                _move(folder, listed)
            except HalfMovedError:
                raise
            except OSError:
                path.unlink()
                raise
            path.unlink()


def tidy(folder: str | os.PathLike) -> None:
    """Finish what dead processes were moving in a folder, and remove their remains.

    Remains are files that were not complete. A process looks once into every folder.

    Raises:
        OSError: If a move cannot be finished.
    """
    folder = Path(folder).absolute()
    if folder in _tidied:
        return
    _tidied.add(folder)
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        # A new process may have the number of a dead one.
        number = _number(_LIST, name)
        if number is not None and (number == os.getpid() or not _is_alive(number)):
            _take_up(folder / name)
    for name in names:
        number = _number(_LEFT_OVER, name)
        if number is not None and not _is_alive(number):
            for parent in folder.parents:  # where it may wait to be moved
                for path in parent.glob(f'.moving.{number}.*.json'):
                    _take_up(path)
            _remove(folder / name)


def _number(pattern: re.Pattern, name: str) -> int | None:
    """The number of the process whose file has that name, if it is one."""
    found = pattern.fullmatch(name)
    return int(found[1]) if found else None


def _take_up(path: Path) -> None:
    """Finish the moves of a list, unless its process is alive on another machine."""
    with suppress(FileNotFoundError), open(path, encoding='utf-8') as file:
        if not take_lock(file):
            return
        try:
            moves = [[Path(end) for end in move] for move in json.load(file)]
            is_list = not any(
                e.is_absolute() or '..' in e.parts for m in moves for e in m
            )
        except (TypeError, ValueError):
            is_list = False
        if not is_list:
            raise OSError(f'{path} is no list of moves within its folder; delete it')
        _move(path.parent, moves)
        path.unlink()


def _move(folder: Path, moves: Sequence[Sequence[str | Path]]) -> None:
    """Carry out, or finish, the moves of a list."""
    pairs = [(folder / file, folder / place) for file, place in moves]
    pairs = [pair for pair in pairs if os.path.lexists(pair[0])]
    is_changed = False
    try:
        for _, place in pairs:
            with errors_of(place):
                if os.path.lexists(place):
                    place.unlink()
                    is_changed = True
        for file, place in pairs:
            _rename(file, place)
            is_changed = True
    except OSError as error:
        if not is_changed:
            raise
        raise HalfMovedError(error.errno, error.strerror, error.filename) from error


def _rename(file: Path, place: Path) -> None:
    with errors_of(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, place)


def _remove(path: Path) -> None:
    # On another machine its process may be alive, and has the lock.
    with suppress(OSError), open(path, 'rb') as file:
        if take_lock(file):
            path.unlink()


def _is_alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # of another user
        pass
    return True
