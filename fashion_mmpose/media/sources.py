"""Where pictures come from: files, folders, lists, archives, cameras and memory."""

import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from fashion_mmpose.files.folders import files_below, is_clutter
from fashion_mmpose.files.inner_paths import is_utf8
from fashion_mmpose.files.pictures.formats import (
    HEAD_BYTES,
    PICTURE_SUFFIXES,
    is_video,
    picture_format,
)
from fashion_mmpose.files.pictures.pixels import check_array

from .archives import is_archive, is_tar, members_of
from .listings import Listing, is_listing, is_text, listed_in
from .source import Input, Source

VIDEO_SUFFIXES = frozenset(
    '.avi .flv .m4v .mkv .mov .mp4 .mpeg .mpg .mts .ts .webm .wmv'.split()
)
_URL = re.compile(r'(rtsps?|https?|rtmp|udp|tcp)://', re.IGNORECASE)


def find_sources(
    inputs: Input | Iterable[Input | Source],
    left_aside: list[str] | None = None,
    listing: Listing | None = None,
) -> Iterable[Source]:
    """The pictures and videos that inputs lead to, in order.

    Args:
        inputs: A path of a picture, a video or a folder, a pattern such as
            ``'shop/*.jpg'``, an array, the number of a camera; or any number of these,
            or of sources, or the address of a stream (``'rtsp://...'``). A folder
            stands for the pictures and videos below it, sorted by path: what a file
            is, its content says. Hidden files and what systems leave behind do not
            count. A text list or a table of paths (:data:`.listings.SUFFIXES`) that is
            named itself, or fits a pattern, stands for the pictures that it names, and
            a tar archive for those in it.
        left_aside: Gets a line for every other file of the folders. Defaults to None.
        listing: How lists and tables are read. Defaults to a table's only column, or
            one with a usual name, and paths that lead from the list's own folder.

    Returns:
        Iterable[Source]: A list; where ``inputs`` is an iterator, another one, which
        looks at each input when it is its turn, and at lists entry by entry. It holds
        copies of arrays, which may change when the next one is asked for.

    Raises:
        FileNotFoundError: If a folder holds no picture, or nothing fits a pattern.
        FormatError: If a list, a table or an archive cannot be read as one.
        ImportError: If a Parquet table is named and pyarrow is missing.
        TypeError: If an input is of another type.
        ValueError: If an array is no picture.
    """
    listing = listing or Listing()
    if isinstance(inputs, (str, os.PathLike, int, np.integer, np.ndarray)):
        return list(_sources_of(inputs, 0, left_aside, listing))
    if isinstance(inputs, bytes) or not isinstance(inputs, Iterable):
        raise TypeError(_not_an_input(inputs))
    if isinstance(inputs, Iterator):
        # They are taken ahead, and who makes them may fill one array again and again.
        inputs = (x.copy() if isinstance(x, np.ndarray) else x for x in inputs)
    found = (
        source
        for place, item in enumerate(inputs)
        for source in _sources_of(item, place, left_aside, listing)
    )
    return found if isinstance(inputs, Iterator) else list(found)


def _sources_of(
    item: Input | Source, place: int, left_aside: list[str] | None, listing: Listing
) -> Iterable[Source]:
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
    if _is_pattern(path):
        fixed, pattern = _split_pattern(path)
        files = sorted(
            file
            for file in glob.glob(glob.escape(fixed) + pattern, recursive=True)
            if os.path.isfile(file) and not any(map(_is_left_behind, Path(file).parts))
        )
        if not files:
            raise FileNotFoundError(f'no file fits {path}')
        return (
            source
            for file in files
            for source in _of_file(file, fixed, left_aside, listing)
        )
    return _of_file(path, os.path.dirname(path), left_aside, listing)


def has_wildcard(path: str) -> bool:
    """Whether a path may be a pattern."""
    return any(letter in path for letter in '*?[')


def searched_folder(item: Input) -> str | None:
    """The folder in which an input finds pictures; None if it is no folder or pattern.

    Of a pattern, the one that all of its files lie in.
    """
    if not isinstance(item, (str, os.PathLike)):
        return None
    path = os.fspath(item)
    if os.path.isdir(path):
        return path
    return _split_pattern(path)[0] or os.curdir if _is_pattern(path) else None


def _is_pattern(path: str) -> bool:
    is_other = _URL.match(path) or os.path.exists(path)
    return not is_other and has_wildcard(path)


def _not_an_input(item) -> str:
    return (
        f'{type(item).__name__} is no input: give a path, a pattern, an array (BGR), '
        'the number of a camera, or a list of these'
    )


def _of_file(
    path: str,
    folder: str | os.PathLike,
    left_aside: list[str] | None,
    listing: Listing,
) -> Iterable[Source]:
    """A picture or a video, or those that a list, a table or an archive holds."""
    if (is_listing(path) or is_archive(path)) and _kind(path) is None:
        if is_listing(path):
            return listed_in(path, listing)
        return members_of(path, os.path.relpath(path, folder or '.'), left_aside)
    return [_file(path, folder)]


def _file(path: str, folder: str | os.PathLike) -> Source:
    name = os.path.relpath(path, folder or '.')
    if is_utf8(path):
        return Source(path, _kind(path) or 'picture', name)
    # No file of results can hold its name, and OpenCV dies of a video that has it.
    told = os.fsencode(name).decode('utf-8', 'backslashreplace')
    fault = f'{path!r}: its name is not UTF-8; to fix it: rename it'
    return Source(told, 'picture', told, fault=fault)


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
    if _is_special(path):
        return None  # A pipe would keep the reader waiting.
    try:
        with open(path, 'rb') as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        head = b''
    # They begin with a path, which may look like the beginning of a picture: BM-7.jpg.
    if (is_listing(path) and is_text(head)) or (is_archive(path) and is_tar(path)):
        return None
    if is_video(head):
        return 'video'
    if picture_format(head) is not None:
        return 'picture'
    suffix = Path(path).suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return 'video'
    return 'picture' if suffix in PICTURE_SUFFIXES else None


def _is_special(path: str) -> bool:
    """Whether it is a pipe, a socket or a device."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _stream_name(address: str) -> str:
    """A name for files, without the password that an address may hold."""
    parts = urlsplit(address)
    plain = f'{parts.hostname or ""}{parts.path}'
    return re.sub(r'[^\w.-]+', '_', plain).strip('._') or 'stream'


def _is_left_behind(name: str) -> bool:
    # A pattern that begins with a dot asks for hidden files.
    return is_clutter(name) and not name.startswith('.')


def _split_pattern(path: str) -> tuple[str, str]:
    """The leading folders of a pattern that are no wildcards, and the rest.

    A folder may be called ``'shop [new]'``.
    """
    parts = path.split(os.sep)
    for place, part in enumerate(parts):
        own = os.sep.join(parts[: place + 1])
        if has_wildcard(part) and not os.path.isdir(own):
            break
    fixed = ''.join(f'{part}{os.sep}' for part in parts[:place])
    return fixed, os.sep.join(parts[place:])
