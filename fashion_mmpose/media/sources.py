"""Where pictures come from: files, folders, videos, cameras and memory."""

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from fashion_mmpose.files.folders import files_below, is_clutter
from fashion_mmpose.files.picture_formats import HEAD_BYTES, is_video, picture_format
from fashion_mmpose.files.pictures import check_array

from .video import count_frames

# Files are told by their content; these names say what a damaged file should be.
PICTURE_SUFFIXES = frozenset(
    '.avif .bmp .exr .gif .hdr .heic .heif .j2k .jfif .jpe .jpeg .jpg .jp2 .jxl .pbm '
    '.pfm .pgm .png .pnm .ppm .psd .tga .tif .tiff .webp'.split()
)
VIDEO_SUFFIXES = frozenset(
    '.avi .flv .m4v .mkv .mov .mp4 .mpeg .mpg .mts .ts .webm .wmv'.split()
)
_URL = re.compile(r'(rtsps?|https?|rtmp|udp|tcp)://', re.IGNORECASE)

Input = str | os.PathLike | int | np.ndarray


@dataclass(frozen=True, eq=False)
class Source:
    """Where pictures come from.

    Attributes:
        image: Path of a picture or a video; an array's place among the inputs; the
            number of a camera; the address of a stream.
        kind: ``'picture'``, ``'video'``, ``'array'``, ``'camera'`` or ``'stream'``.
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
        if self.kind in ('camera', 'stream'):
            return None
        count = count_frames(str(self.image))
        return count if count > 0 else None


def find_sources(
    inputs: Input | Iterable[Input | Source], left_aside: list[str] | None = None
) -> Iterable[Source]:
    """The pictures and videos that inputs lead to, in order.

    Args:
        inputs: A path of a picture, a video or a folder, a pattern such as
            ``'shop/*.jpg'``, an array, the number of a camera; or any number of these,
            or of sources, or the address of a stream (``'rtsp://...'``). A folder
            stands for the pictures and videos below it, sorted by path: what a file
            is, its content says. Hidden files and what systems leave behind do not
            count.
        left_aside: Gets a line for every other file of the folders. Defaults to None.

    Returns:
        Iterable[Source]: A list; where ``inputs`` is an iterator, another one, which
        looks at each input when it is its turn.

    Raises:
        FileNotFoundError: If a folder holds no picture, or nothing fits a pattern.
        TypeError: If an input is of another type.
        ValueError: If an array is no picture.
    """
    if isinstance(inputs, (str, os.PathLike, int, np.integer, np.ndarray)):
        return _sources_of(inputs, 0, left_aside)
    if isinstance(inputs, bytes) or not isinstance(inputs, Iterable):
        raise TypeError(_not_an_input(inputs))
    found = (
        source
        for place, item in enumerate(inputs)
        for source in _sources_of(item, place, left_aside)
    )
    return found if isinstance(inputs, Iterator) else list(found)


def _sources_of(
    item: Input | Source, place: int, left_aside: list[str] | None
) -> list[Source]:
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
        return _folder(path, left_aside)
    if _URL.match(path):
        return [Source(path, 'stream', _stream_name(path))]
    if not os.path.exists(path) and any(letter in path for letter in '*?['):
        files = sorted(
            file
            for file in glob.glob(path, recursive=True)
            if os.path.isfile(file) and not any(map(_is_left_behind, Path(file).parts))
        )
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
    return Source(path, _kind(path) or 'picture', os.path.relpath(path, folder or '.'))


def _folder(path: str, left_aside: list[str] | None) -> list[Source]:
    files = files_below(path, None)
    kinds = {file: _kind(file) for file in files}
    if left_aside is not None:
        others = (file for file in files if kinds[file] is None)
        left_aside += [f'{file} is no picture and no video' for file in others]
    found = [_file(file, path) for file in files if kinds[file] is not None]
    if not found:
        raise FileNotFoundError(f'{path} holds no picture and no video')
    return found


def _kind(path: str) -> str | None:
    """Picture or video, by a file's content; where that says nothing, by its name."""
    try:
        with open(path, 'rb') as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        head = b''
    if is_video(head):
        return 'video'
    if picture_format(head) is not None:
        return 'picture'
    suffix = Path(path).suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return 'video'
    return 'picture' if suffix in PICTURE_SUFFIXES else None


def _stream_name(address: str) -> str:
    """A name for files, without the password that an address may hold."""
    parts = urlsplit(address)
    plain = f'{parts.hostname or ""}{parts.path}'
    return re.sub(r'[^\w.-]+', '_', plain).strip('._') or 'stream'


def _is_left_behind(name: str) -> bool:
    # A pattern that begins with a dot asks for hidden files.
    return is_clutter(name) and not name.startswith('.')


def _before_pattern(parts: Sequence[str]) -> list[str]:
    """The leading folders of a pattern that hold no wildcard."""
    fixed = []
    for part in parts[:-1]:
        if any(letter in part for letter in '*?['):
            break
        fixed.append(part)
    return fixed
