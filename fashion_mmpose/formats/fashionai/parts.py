"""Where a copy of FashionAI's key point data keeps its files.

Copies differ: the challenge of 2018 came in parts (``r1_train/Annotations/train.csv``
beside ``r1_train/Images/<category>/``), a later upload has ``train1/<category>/``,
``train2/<category>/`` and ``test/<category>/``, others have one folder per split. The
files are found by their names, and the images by trying where the ids of a CSV lead.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError

_ANSWERS = re.compile(r'fashionAI_key_points_(test_[a-z])_answer\w*')
_TABLES = re.compile(r'(?:(train|annotations)|test|val)\d*')
_SPLIT_FOLDER = re.compile(r'(?:\w+_)?(?:train|test|val)\d*(?:_\w+)?')
_TRAIN_FOLDER = re.compile(r'(?:\w+_)?train\d*')
_ROUND_1 = re.compile(r'r1_(test_[ab])')
_ANNOTATIONS = 'Annotations'
_IMAGE_FOLDERS = {'Images', *garments.categories('fashionai')}
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


def find_parts(root: str | os.PathLike) -> tuple[list[Part], list[Path]]:
    """The CSV files under a folder, by the names that they have in known copies.

    All training parts (``wu_train``, ``r1_train``, ``train1``, ...) form the split
    ``train``; the tests of round 1 are ``test_a`` and ``test_b``; any other folder
    gives its own name. In the root itself the CSV's name decides.

    Returns:
        tuple: The parts in the order of their paths, and the CSV files whose names say
        nothing.

    Raises:
        FormatError: If the folder does not exist or has no such file.
    """
    root = Path(root)
    if not root.is_dir():
        raise FormatError(f'{root}: no such folder')
    parts = []
    ignored = []
    for csv in _csv_files(root):
        folder = csv.parent
        annotations = folder.name == _ANNOTATIONS
        if annotations and folder != root:
            folder = folder.parent
        split = _split(csv.stem, '' if folder == root else folder.name, annotations)
        if split is None:
            ignored.append(csv)
        else:
            parts.append(Part(csv, folder, split))
    if not parts:
        found = f'; not recognised: {", ".join(map(str, ignored))}' if ignored else ''
        raise FormatError(
            f'{root}: no annotations found ({_ANNOTATIONS}/*.csv, train.csv, test.csv, '
            f'fashionAI_key_points_test_*_answer_*.csv){found}; check the folder, or '
            'name the files with --csv, --image-root and --split'
        )
    return parts, ignored


def _csv_files(root: Path) -> list[Path]:
    files = []
    for folder, folders, names in os.walk(root, followlinks=True):
        depth = len(Path(folder).relative_to(root).parts)
        folders[:] = sorted(
            name
            for name in folders
            if depth < _MAX_DEPTH
            and name not in _IMAGE_FOLDERS
            and not name.startswith('.')
        )
        files += [Path(folder, name) for name in names if name.endswith('.csv')]
    return sorted(files)


def _split(stem: str, folder: str, annotations: bool) -> str | None:
    """Split of a CSV; ``folder`` is '' for the root; None for an unknown file."""
    answers = _ANSWERS.fullmatch(stem)
    table = _TABLES.fullmatch(stem)
    if not (annotations or answers or table):
        return None
    if folder and (annotations or answers or _SPLIT_FOLDER.fullmatch(folder)):
        if _TRAIN_FOLDER.fullmatch(folder):
            return 'train'
        round_1 = _ROUND_1.fullmatch(folder)
        return round_1[1] if round_1 else folder
    if answers:
        return answers[1]
    return 'train' if annotations or table[1] else stem


class ImageFinder:
    """Finds the image files of a CSV's ids below a root.

    An id is a relative path. It is tried from the part's folder, the folders beside
    its CSV, every folder up to the root and those in the root; first as it is, then
    without its first component (``Images/`` or ``train1/``).

    Args:
        root: The root of the data set.
        folder: The part's folder, the root or below it.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        up = [folder, *(p for p in folder.parents if p.is_relative_to(root))]
        places = [folder, *_subfolders(folder), *up, *_subfolders(root)]
        self.places = list(dict.fromkeys(places))
        self.home = _relative(folder, root)
        self._known: dict[str, list[tuple[str, bool]]] = {}

    def find(self, image_id: str) -> tuple[str, str]:
        """The folder, relative to the root, and the path from there to the image.

        The path is the id where that leads to the image. An id that leads nowhere
        gives the part's folder and the id.
        """
        directory, _, name = image_id.rpartition('/')
        if directory not in self._known:
            self._known[directory] = self._directories(directory)
        found = self._known[directory]
        for folder, shortened in found:
            path = _without_first(image_id) if shortened else image_id
            # One folder that fits is the one; asking for every file costs time.
            if len(found) == 1 or (self.root / folder / path).is_file():
                return folder, path
        return self.home, image_id

    def _directories(self, directory: str) -> list[tuple[str, bool]]:
        """Places that have the folder of an id, and whether it was shortened."""
        variants = [(directory, False)]
        if directory:
            variants.append((_without_first(directory), True))
        return [
            (_relative(place, self.root), shortened)
            for path, shortened in variants
            for place in self.places
            if (place / path).is_dir()
        ]


def _subfolders(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_dir()
        and path.name not in {*_IMAGE_FOLDERS, _ANNOTATIONS}
        and not path.name.startswith('.')
    )


def _relative(folder: Path, root: Path) -> str:
    path = folder.relative_to(root).as_posix()
    return '' if path == '.' else path


def _without_first(path: str) -> str:
    return str(PurePosixPath(*PurePosixPath(path).parts[1:]))
