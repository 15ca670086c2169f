"""A drawn set whose files come to their places when all of them are drawn."""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fashion_mmpose import interrupts

# A run that was killed leaves it; the next one into the same folder begins anew.
_UNFINISHED = '.drawing'

# What a set of garments on a table says of its pictures.
LENGTHS, CAMERA = 'lengths', 'camera.json'

# Folders of human parsing maps, in the place of those of pictures.
_MAPS = {'image': 'parsing', 'Images': 'Parsing'}


@contextmanager
def drawn_together(out_dir: Path, old: Iterable[Path] = ()) -> Iterator[Path]:
    """A folder to draw into, whose files go into another one in the end.

    A run that fails or is stopped leaves the other folder as it was.

    Args:
        out_dir: Where the files go, below the same folders; it is made if it is
            missing. One run at a time draws into it.
        old: Files of a set before that may not stay beside the new ones.
    """
    folder = out_dir / _UNFINISHED
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    try:
        yield folder
        with interrupts.deferred():
            _replace(folder, out_dir, old)
    finally:
        shutil.rmtree(folder)


def _replace(folder: Path, out_dir: Path, old: Iterable[Path]) -> None:
    for path in old:
        path.unlink()
    files = [path for path in folder.rglob('*') if path.is_file()]
    # What speaks of pictures comes after them, and what names them last.
    order = {'.jpg': 0, '.png': 1}
    for path in sorted(files, key=lambda path: order.get(path.suffix, 2)):
        place = out_dir / path.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        shutil.move(path, place)  # a link may lead to another disk


def refuse_what_is_there(
    old: Sequence[Path], out_dir: Path, pictures: Iterable[str] = ()
) -> None:
    """Refuse to write where a set lies already.

    Args:
        old: Files of a set before.
        out_dir: The folder.
        pictures: Those that will be drawn, below it.

    Raises:
        FileExistsError: If there is one of these.
    """
    places = (*old, *(out_dir / name for name in pictures))
    there = next((path for path in places if os.path.lexists(path)), None)
    if there is not None:
        raise FileExistsError(
            f'{there} is there already; choose another folder or overwrite it'
        )


def map_of(picture: str) -> str:
    """Where the human parsing map of a drawn picture lies.

    Args:
        picture: ``'image/000001.jpg'``, or ``'Images/blouse/<id>.jpg'``, and folders
            before that.

    Returns:
        str: ``'parsing/000001.png'``, or ``'Parsing/blouse/<id>.png'``.

    Raises:
        ValueError: If the picture is not in a folder of drawn pictures.
    """
    parts = list(Path(picture).with_suffix('.png').parts)
    for index in reversed(range(len(parts) - 1)):
        if parts[index] in _MAPS:
            parts[index] = _MAPS[parts[index]]
            return Path(*parts).as_posix()
    raise ValueError(
        f'{picture} can have no parsing map: none of its folders is called '
        f'{" or ".join(_MAPS)}, as those of drawn sets are'
    )


def mapped(out_dir: Path, pictures: Iterable[str]) -> list[Path]:
    """The human parsing maps of some pictures that a folder has already."""
    maps = (out_dir / map_of(picture) for picture in pictures)
    return [path for path in maps if os.path.lexists(path)]


def measured(out_dir: Path) -> list[Path]:
    """The files of a folder that tell lengths and the camera of the pictures in it."""
    names = f'{LENGTHS}.csv', f'{LENGTHS}.json', CAMERA
    return [path for name in names if (path := out_dir / name).is_file()]
