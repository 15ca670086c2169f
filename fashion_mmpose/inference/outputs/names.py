"""What the results of pictures and videos are called."""

import os
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from fashion_mmpose.files.folders import relative_names
from fashion_mmpose.media.sources import Source

# Those in colour; OpenCV reads more.
_DRAWN_SUFFIXES = frozenset(
    '.bmp .jpe .jpeg .jpg .jp2 .png .ppm .tif .tiff .webp'.split()
)


def name_sources(
    sources: Iterable[Source], by_folder: bool = False
) -> dict[str, Source]:
    """A name for every source, under which its results are filed.

    That is the path below the folder that was asked for; where two would be the same,
    or one leads out of its folder, all are called by their paths below the folder that
    all files share. A file that comes again is left out; what is no file, such as two
    streams of one camera, gets a number where names would be the same.

    Args:
        sources: From :func:`fashion_mmpose.media.sources.find_sources`.
        by_folder: Whether names shall tell which files lie in one folder: where they do
            not, all are called by their paths below the folder that all files share,
            too. Defaults to False.

    Returns:
        dict: In the order of the sources, which have these names themselves.
    """
    distinct = {}
    for source in sources:
        is_file = source.kind in ('picture', 'video')
        key = source.kind, source.image
        if is_file:
            # An archive may have two members of one name.
            path = os.path.abspath(str(source.image))
            key = path, source.span and source.span.offset
        distinct.setdefault(key, source)
    kept = list(distinct.values())
    names = [source.name for source in kept]
    # A pattern such as '*/../../b/*.jpg' leads out, and so may the paths of a list.
    places = {(source.name, source.image) for source in kept}
    is_repeated = len(set(names)) < len(places) or any(map(_leads_out, names))
    if is_repeated or (by_folder and not _tell_folders(kept)):
        paths = [s.image for s in kept if s.kind in ('picture', 'video')]
        below = relative_names(paths)
        names = [below.get(s.image, s.name) for s in kept]
    named: dict[str, Source] = {}
    for name, source in zip(names, kept):
        number, free = 1, name
        while free in named:
            number += 1
            free = f'{name}-{number}'
        named[free] = source if free == source.name else replace(source, name=free)
    return named


def _tell_folders(sources: Iterable[Source]) -> bool:
    """Whether names have the same folder where files do, and only there."""
    folders = {
        (os.path.dirname(source.name), os.path.dirname(_place(source)[0]))
        for source in sources
        if source.kind in ('picture', 'video') and not source.fault
    }
    named, real = ({pair[i] for pair in folders} for i in (0, 1))
    return len(named) == len(real) == len(folders)


class Naming:
    """Names and repeats of more pictures than memory should hold.

    It goes through them once, and once more where names are repeated. Called with the
    same pictures, it passes them on: a picture that comes again is left out, and where
    others have the same name, all are called by their paths below the folder that all
    of them share, as :func:`name_sources` does; so are they where a path leads out.

    Args:
        find: Gives all pictures, each time anew.
    """

    def __init__(self, find: Callable[[], Iterable[Source]]) -> None:
        # Eight bytes a name and a place; they themselves would take hundreds.
        names, places = array('q'), array('q')
        leads_out = False
        for source in find():
            names.append(hash(source.name))
            places.append(hash(_place(source)))
            leads_out = leads_out or _leads_out(source.name)
        self._repeated = _repeated(names)
        self._again = _repeated(places)
        self._folder: str | None = None
        if self._repeated or leads_out:
            self._folder = self._shared_folder(find())

    def _distinct(self, sources: Iterable[Source]) -> Iterator[Source]:
        """The sources without those that come again."""
        seen: set[Place] = set()
        for source in sources:
            place = _place(source) if self._again else None
            if place is not None and hash(place) in self._again:
                if place in seen:
                    continue
                seen.add(place)
            yield source

    def _shared_folder(self, sources: Iterable[Source]) -> str | None:
        """What all lie below; None where one name is one picture and leads to it."""
        paths: dict[int, str] = {}
        folder = last = None
        is_needed = False
        for source in self._distinct(sources):
            is_needed = is_needed or _leads_out(source.name)
            path, _ = _place(source)
            own = os.path.dirname(path)
            if own != last:  # of neighbours it is mostly the same
                folder = os.path.commonpath([folder or own, own])
                last = own
            key = hash(source.name)
            if key in self._repeated:
                is_needed |= paths.setdefault(key, path) != path
        return folder if is_needed else None

    def __call__(self, sources: Iterable[Source]) -> Iterator[Source]:
        """The same pictures under names of their own."""
        # An archive may have several members of one name.
        counts: dict[str, int] = {}
        for source in self._distinct(sources):
            name, count = source.name, 1
            if self._folder is not None:
                name = os.path.relpath(_place(source)[0], self._folder)
            if hash(source.name) in self._repeated:
                path, _ = _place(source)
                count = counts[path] = counts.get(path, 0) + 1
            if count > 1:
                name = f'{name}-{count}'
            yield source if name == source.name else replace(source, name=name)


# A picture's path, and where it begins in an archive.
Place = tuple[str, int | None]


def _place(source: Source) -> Place:
    offset = None if source.span is None else source.span.offset
    return os.path.abspath(str(source.image)), offset


def _repeated(hashes: array) -> set[int]:
    """Those that come more than once; the array is sorted."""
    if not hashes:
        return set()
    values = np.frombuffer(hashes, np.int64)
    values.sort()
    return {*values[1:][values[1:] == values[:-1]].tolist()}


def _leads_out(name: str) -> bool:
    return name.startswith((os.pardir + os.sep, os.sep)) or name == os.pardir


def drawn_name(name: str, sources: Mapping[str, Source]) -> str:
    """How a drawn source is called: like itself, if OpenCV writes its kind in colour.

    Others get a suffix more, as often as there is a source of that name.

    Args:
        name: Name of the source.
        sources: All of them, by name.
    """
    is_picture = sources[name].is_single
    own_suffix = Path(name).suffix.lower()
    if is_picture and own_suffix in _DRAWN_SUFFIXES and cv2.haveImageWriter(name):
        return name
    suffix = '.png' if is_picture else '.mp4'
    if own_suffix == suffix:
        return name
    name += suffix
    while name in sources:
        name += suffix
    return name


def drawn_paths(
    folder: str | os.PathLike, sources: Mapping[str, Source]
) -> dict[str, Path]:
    """Where every source is drawn.

    Args:
        folder: Folder of all outputs.
        sources: The sources by name.

    Raises:
        ValueError: If a source would be drawn over, or a file and a folder would have
            one name.
    """
    paths = {name: Path(folder) / drawn_name(name, sources) for name in sources}
    _check_no_parents(paths.values())
    inputs = _inputs(sources)
    for path in paths.values():
        if os.path.realpath(path) in inputs:
            raise ValueError(
                f'{path} is an input and would be drawn over; choose another folder '
                'for what is drawn'
            )
    return paths


def _check_no_parents(paths: Collection[Path]) -> None:
    files = {*paths}
    for path in paths:
        for parent in path.parents:
            if parent in files:
                raise ValueError(
                    f'{path} cannot be drawn, for another picture is drawn as '
                    f'{parent}; to fix it: rename one of both'
                )


def check_outside(folder: str | os.PathLike, sources: Mapping[str, Source]) -> None:
    """Make sure that no source lies in a folder that will be removed.

    Raises:
        ValueError: If one does.
    """
    root = os.path.join(os.path.realpath(folder), '')
    for path in _inputs(sources):
        if path.startswith(root):
            raise ValueError(
                f'{path} is an input, but {folder} is for what a run has not finished '
                'and will be removed; to fix it: rename that folder, or leave it out'
            )


def _inputs(sources: Mapping[str, Source]) -> set[str]:
    """Real paths of the files among the sources."""
    return {
        os.path.realpath(source.image)
        for source in sources.values()
        if source.kind in ('picture', 'video')
    }
