"""Where a copy of FashionAI's key point data keeps its files.

Copies differ: the challenge of 2018 came in parts (``r1_train/Annotations/train.csv``
beside ``r1_train/Images/<category>/``), a later upload has ``train1/<category>/``,
``train2/<category>/`` and ``test/<category>/``, others have one folder per split or
keep the names of the archives. The files are found by their names, and the images by
trying where the ids of a CSV lead.
"""

import filecmp
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.folders import files_below

# Names are compared in lower case, hyphens and blanks being underscores.
_ANSWERS = re.compile(r'fashionai_key_points_(test_[a-z])_answer\w*')
_TABLE = re.compile(r'(train|annotations|test|val)\d*(_[a-z])?(_extracted|_changed)?')
# What a folder is, from its own name or that of the archive it came in:
# r1_train, train_0, warm_up_train_20180222, fashionai_key_points_test_a_20180227.
_FOLDER = re.compile(
    r'(?:(?P<before>\w+)_)?(?P<kind>train|test|val)(?P<number>_?\d{1,2})?'
    r'(?:_(?P<letter>[a-z]))?(?P<after>_\w+)?'
)
_ROUND = re.compile(r'(?:r|round_?)(\d)(?:_fashionai_key_points)?')
_ARCHIVE = re.compile(r'fashionai_key_points')
_DATE = re.compile(r'_\d{8}')
_ANNOTATIONS = 'annotations'
_IMAGE_FOLDERS = {'images', *garments.categories('fashionai')}
_MAX_DEPTH = 3


@dataclass(frozen=True)
class Part:
    """One CSV file of a data set.

    Attributes:
        csv: The file.
        folder: The folder where its images are looked for first.
        split: The split it belongs to, e.g. ``'train'``.
    """

    csv: Path
    folder: Path
    split: str


def find_parts(root: str | os.PathLike) -> tuple[list[Part], list[str]]:
    """The CSV files under a folder, by the names that they have in known copies.

    All training parts (``wu_train``, ``r1_train``, ``train1``, ``train_0``, ...) form
    the split ``train``; the tests of round 1 are ``test_a`` and ``test_b``, those of
    round 2 ``r2_test_a`` and ``r2_test_b``; any other folder gives its own name. The
    name of a file of answers says which test it belongs to, wherever it lies. In the
    root itself the CSV's name decides.

    Returns:
        tuple: The parts in the order of their paths, and a note for every CSV file
        that is left aside: its name says nothing, or it repeats another one.

    Raises:
        FormatError: If the folder does not exist or has no such file.
    """
    root = Path(root)
    if not root.is_dir():
        raise FormatError(f'{root}: no such folder')
    parts: list[Part] = []
    unknown = []
    notes = []
    for csv in _csv_files(root):
        folders = [_plain(name) for name in csv.parent.relative_to(root).parts[::-1]]
        annotations = _plain(csv.parent.name) == _ANNOTATIONS
        folder = csv.parent
        if annotations and folder != root:
            folder = folder.parent
            folders = folders[1:]
        name = '' if folder == root else folder.name
        split = _split(_plain(csv.stem), name, folders, annotations)
        if split is None:
            unknown.append(csv)
            notes.append(f'{csv}: not recognised by its name, left aside')
            continue
        twin = next((p for p in parts if p.split == split and _same(p.csv, csv)), None)
        if twin is None:
            parts.append(Part(csv, folder, split))
        else:
            notes.append(f'{csv}: left aside, it repeats {twin.csv} byte by byte')
    if not parts:
        found = f'; not recognised: {", ".join(map(str, unknown))}' if unknown else ''
        raise FormatError(
            f'{root}: no annotations found (Annotations/*.csv, train.csv, test.csv, '
            'test_a.csv, train_extracted.csv, train_changed.csv, '
            f'fashionAI_key_points_test_*_answer_*.csv){found}; check the folder, or '
            'name the files with --csv, --image-root and --split'
        )
    return parts, notes


def _plain(name: str) -> str:
    return re.sub(r'[-\s]', '_', name.lower())


def _same(a: Path, b: Path) -> bool:
    return a.stat().st_size > 0 and filecmp.cmp(a, b, shallow=False)


def _is_image_folder(name: str) -> bool:
    return _plain(name) in _IMAGE_FOLDERS or name.startswith('__MACOSX')


def _csv_files(root: Path) -> list[Path]:
    def enters(name: str, depth: int) -> bool:
        return depth < _MAX_DEPTH and not _is_image_folder(name)

    return [Path(path) for path in files_below(root, {'.csv'}, enters)]


def _split(
    stem: str, name: str, folders: Sequence[str], annotations: bool
) -> str | None:
    """Split of a CSV; None for an unknown file.

    Args:
        stem: Plain name of the file.
        name: The name of its part's folder as it is written, '' for the root.
        folders: Plain names of that folder and those above it, up to the root.
        annotations: The file lies in a folder ``Annotations``.
    """
    answers = _ANSWERS.fullmatch(stem)
    table = _TABLE.fullmatch(stem)
    if not (annotations or answers or table):
        return None
    if answers:
        return _of_round(answers[1], folders)
    # A file that calls itself a test is none of training, wherever it lies.
    held_out = table is not None and table[1] in ('test', 'val')
    own = stem.removesuffix(table[3] or '') if held_out else 'train'
    if held_out and table[2]:
        own = _of_round(table[1] + table[2], folders)
    folder = _FOLDER.fullmatch(folders[0]) if name else None
    if folder is None:
        return name if name and annotations and not held_out else own
    whole = not folder['after'] or _DATE.fullmatch(folder['after'])
    if folder['kind'] == 'train' and (whole or held_out):
        return own
    if held_out and table[2] and not folder['letter']:
        return own
    if folder['kind'] == 'test' and whole:
        letter = next(filter(None, map(_letter, folders)), None)
        if letter and (folder['before'] is None or _known(folder['before'])):
            return _of_round(f'test_{letter}', folders)
    return name


def _letter(folder: str) -> str | None:
    """The test's letter in a folder's name."""
    found = _FOLDER.fullmatch(folder)
    return found['letter'] if found and found['kind'] == 'test' else None


def _known(before: str) -> bool:
    return bool(_ROUND.fullmatch(before) or _ARCHIVE.fullmatch(before))


def _of_round(test: str, folders: Sequence[str]) -> str:
    """The test of the round that a folder names; that of round 1 has no prefix."""
    for folder in folders:
        found = _FOLDER.fullmatch(folder)
        number = found and found['before'] and _ROUND.fullmatch(found['before'])
        if number:
            return test if number[1] == '1' else f'r{number[1]}_{test}'
    return test


class ImageFinder:
    """Finds the image files of a CSV's ids below a root.

    An id is a relative path. It is tried from the part's folder, the folders beside
    its CSV, every folder up to the root and those in the root; first as it is, then
    without its first component (``Images/`` or ``train1/``). Upper and lower case of
    folders do not matter.

    Args:
        root: The root of the data set.
        folder: The part's folder, the root or below it.
        prefix: A folder that the ids are tried in, too, from each of these.
    """

    def __init__(self, root: Path, folder: Path, prefix: str = '') -> None:
        self.root = root
        up = [folder, *(p for p in folder.parents if p.is_relative_to(root))]
        places = [folder, *_subfolders(folder), *up, *_subfolders(root)]
        if prefix:
            places += [p / prefix for p in up if (p / prefix).is_dir()]
        self.places = list(dict.fromkeys(places))
        self.home = _relative(folder, root)
        self._known: dict[str, list[tuple[str, str]]] = {}

    def find(self, image_id: str) -> tuple[str, str, bool]:
        """Where an image is.

        Returns:
            tuple: The folder, relative to the root; the path from there to the image,
            which is the id wherever that leads there; whether there is such a file.
            An id that leads nowhere gives the part's folder and the id.
        """
        directory, _, name = image_id.rpartition('/')
        if directory not in self._known:
            self._known[directory] = self._directories(directory)
        for folder, inner in self._known[directory]:
            path = f'{inner}/{name}' if inner else name
            if os.path.isfile(os.path.join(self.root, folder, path)):
                return folder, path, True
        return self.home, image_id, False

    def _directories(self, directory: str) -> list[tuple[str, str]]:
        """Places that have the folder of an id, and that folder's path from there."""
        variants = [directory]
        if directory:
            variants.append(directory.partition('/')[2])
        found = (
            (_relative(place, self.root), _existing(place, path))
            for path in variants
            for place in self.places
        )
        return [(place, inner) for place, inner in found if inner is not None]


def _existing(place: Path, path: str) -> str | None:
    """A folder's path below a place, in the case in which it exists."""
    if (place / path).is_dir():
        return path
    real = ''
    for wanted in path.split('/'):
        names = sorted(p.name for p in (place / real).iterdir() if p.is_dir())
        name = next((n for n in names if n.lower() == wanted.lower()), None)
        if name is None:
            return None
        real = f'{real}/{name}' if real else name
    return real


def _subfolders(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_dir()
        and not _is_image_folder(path.name)
        and _plain(path.name) != _ANNOTATIONS
    )


def _relative(folder: Path, root: Path) -> str:
    path = folder.relative_to(root).as_posix()
    return '' if path == '.' else path
