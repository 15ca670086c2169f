"""Where pictures come from: files, folders, videos, cameras and memory."""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fashion_mmpose.files.folders import files_below
from fashion_mmpose.files.pictures import check_array

from .video import count_frames

PICTURE_SUFFIXES = frozenset(
    '.bmp .jpe .jpeg .jpg .jp2 .pbm .pgm .png .ppm .tif .tiff .webp'.split()
)
VIDEO_SUFFIXES = frozenset(
    '.avi .flv .m4v .mkv .mov .mp4 .mpeg .mpg .webm .wmv'.split()
)

Input = str | os.PathLike | int | np.ndarray


@dataclass(frozen=True, eq=False)
class Source:
    """Where pictures come from.

    Attributes:
        image: Path of a picture or a video; an array's place among the inputs; the
            number of a camera.
        kind: ``'picture'``, ``'video'``, ``'array'`` or ``'camera'``.
        name: The path below the folder that was asked for; the file's name where it
            was asked for itself.
        array: The picture, where it came in memory.
    """

    image: str | int
    kind: str
    name: str
    array: np.ndarray | None = None

    @property
    def is_single(self) -> bool:
        """Whether it is one picture."""
        return self.kind in ('picture', 'array')

    def num_pictures(self) -> int | None:
        """How many pictures it has; None where nobody knows."""
        if self.is_single:
            return 1
        if self.kind == 'camera':
            return None
        count = count_frames(str(self.image))
        return count if count > 0 else None


def find_sources(inputs: Input | Iterable[Input | Source]) -> Iterable[Source]:
    """The pictures and videos that inputs lead to, in order.

    Args:
        inputs: A path of a picture, a video or a folder, a pattern such as
            ``'shop/*.jpg'``, an array, the number of a camera; or any number of these,
            or of sources. A folder stands for the pictures and videos below it, sorted
            by path; hidden files are left out.

    Returns:
        Iterable[Source]: A list; where ``inputs`` is an iterator, another one, which
        looks at each input when it is its turn.

    Raises:
        FileNotFoundError: If a folder holds no picture, or nothing fits a pattern.
        TypeError: If an input is of another type.
        ValueError: If an array is no picture.
    """
    if isinstance(inputs, (str, os.PathLike, int, np.integer, np.ndarray)):
        return _sources_of(inputs, 0)
    if isinstance(inputs, bytes) or not isinstance(inputs, Iterable):
        raise TypeError(_not_an_input(inputs))
    found = (
        source
        for place, item in enumerate(inputs)
        for source in _sources_of(item, place)
    )
    return found if isinstance(inputs, Iterator) else list(found)


def _sources_of(item: Input | Source, place: int) -> list[Source]:
    if isinstance(item, Source):
        return [item]
    if isinstance(item, np.ndarray):
        check_array(item, f'array {place}')
        return [Source(place, 'array', f'{place:06d}', item)]
    if isinstance(item, (int, np.integer)) and not isinstance(item, bool):
        return [Source(int(item), 'camera', f'camera{item}')]
    if not isinstance(item, (str, os.PathLike)):
        raise TypeError(_not_an_input(item))
    path = os.fspath(item)
    if os.path.isdir(path):
        files = files_below(path, PICTURE_SUFFIXES | VIDEO_SUFFIXES)
        if not files:
            raise FileNotFoundError(f'{path} holds no picture and no video')
        return [_file(file, path) for file in files]
    if not os.path.exists(path) and any(letter in path for letter in '*?['):
        files = sorted(filter(os.path.isfile, glob.glob(path, recursive=True)))
        if not files:
            raise FileNotFoundError(f'no file fits {path}')
        fixed = Path(*_before_pattern(Path(path).parts))
        return [_file(file, fixed) for file in files]
    return [_file(path, os.path.dirname(path))]


def _not_an_input(item) -> str:
    return (
        f'{type(item).__name__} is no input: give a path, a pattern, an array (BGR), '
        'the number of a camera, or a list of these'
    )


def _file(path: str, folder: str | os.PathLike) -> Source:
    kind = 'video' if Path(path).suffix.lower() in VIDEO_SUFFIXES else 'picture'
    return Source(path, kind, os.path.relpath(path, folder or '.'))


def _before_pattern(parts: Sequence[str]) -> list[str]:
    """The leading folders of a pattern that hold no wildcard."""
    fixed = []
    for part in parts[:-1]:
        if any(letter in part for letter in '*?['):
            break
        fixed.append(part)
    return fixed
