"""YOLO's pose data: ``data.yaml`` beside folders of pictures and of text files."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.folders import files_below
from fashion_mmpose.files.inner_paths import with_slashes
from fashion_mmpose.files.pictures.pixels import image_size
from fashion_mmpose.formats.labels.labelled import (
    Faults,
    LabelledGarment,
    LabelledImage,
    Labels,
    Point,
    number,
    text,
)
from fashion_mmpose.garments.descriptions.file import read_description

SPLITS = ('train', 'val', 'test')
_PICTURES = frozenset(
    '.avif .bmp .gif .j2k .jfif .jp2 .jpe .jpeg .jpg .png .tif .tiff .webp'.split()
)
_WIDE = 1.5  # beyond this a number is no fraction of a picture's side


def is_yolo(content: Any) -> bool:
    """Whether the content of a YAML file describes YOLO's pose data."""
    return isinstance(content, dict) and {'names', 'kpt_shape'} <= content.keys()


def read_yolo_pose(
    path: str | os.PathLike, split: str | None = None, *, skip_bad: bool = False
) -> Labels:
    """Read one split of the data that a ``data.yaml`` describes.

    A text file of a picture has a line for each garment: the class, the box's centre
    and size, then x, y, or x, y and v, of each key point, all as fractions of the
    picture. Key points are named by ``kpt_names``; without it by their order, from 1.
    Of points without v, those at exactly 0, 0 are not labelled. The place of a split
    that begins with ``../`` and is missing is looked for without that, as Ultralytics
    does.

    Args:
        path: The YAML.
        split: ``'train'``, ``'val'`` or ``'test'``; None if there is only one.
        skip_bad: Leave out lines that are no garment, and list them in the notes.
            Defaults to False.

    Raises:
        FormatError: If something is not as described; the message names file and line.
        OSError: If a file cannot be opened.
    """
    path = os.fspath(path)
    content = read_description(path)
    if not is_yolo(content):
        raise FormatError(
            f"{path} does not describe YOLO's pose data: it needs names and kpt_shape"
        )
    classes = _classes(path, content)
    held = [name for name in SPLITS if content.get(name)]
    if split is None and len(held) != 1:
        raise FormatError(
            f'{path} has the splits {held}; to fix it: say which with --split'
        )
    split = split or held[0]
    if split not in held:
        raise FormatError(f'{path} has no split {split!r}; it has {held}')
    root = _root(path, content)
    files, folders = _pictures(path, root, content[split])
    if not all(file.is_relative_to(root) for file in files):
        root = Path(os.path.commonpath([file.parent for file in files]))
    bare = 0
    images = []
    faults = Faults(skip_bad)
    for file in files:
        labels = _label_file(file)
        bare += not labels.exists()
        images.append(_image(root, file, labels, classes, faults))
    notes = faults.notes
    if bare:
        notes.append(f'{path}: {bare} pictures have no text file and no garment')
    if left := _texts_without_picture(folders, {*map(_label_file, files)}):
        notes.append(
            f'{path}: {len(left)} text files, such as {left[0]}, are of no picture '
            'that is there, and their garments left out; to fix it: put the pictures '
            'into the folder of the split'
        )
    declared = {name: list(names) for name, names in classes.values()}
    return Labels(path, images, declared, notes, str(root))


def _root(path: str, content: Mapping) -> Path:
    beside = Path(path).parent
    root = beside / str(content.get('path') or '.')
    # The path is often that of another machine.
    return Path(os.path.abspath(root if root.is_dir() else beside))


Classes = dict[int, tuple[str, tuple[str, ...]]]


def _classes(path: str, content: Mapping) -> Classes:
    """Name and key points of every class, by its number."""
    shape = content['kpt_shape']
    if (
        not isinstance(shape, list)
        or len(shape) != 2
        or type(shape[0]) is not int
        or shape[0] < 1
        or shape[1] not in (2, 3)
    ):
        raise FormatError(
            f'{path}: kpt_shape is {shape!r}, expected the number of key points and 2 '
            'or 3'
        )
    names = _numbered(path, 'names', content['names'])
    declared = content.get('kpt_names')
    if isinstance(declared, list) and all(isinstance(n, str) for n in declared):
        declared = dict.fromkeys(names, declared)
    by_class = {} if declared is None else _numbered(path, 'kpt_names', declared)
    classes: Classes = {}
    for label, name in names.items():
        points = by_class.get(label, by_class.get(name))
        if points is None:
            points = [str(place) for place in range(1, shape[0] + 1)]
        if not isinstance(points, list) or len(points) != shape[0]:
            raise FormatError(
                f'{path}: kpt_names of {name!r} must be {shape[0]} names, as kpt_shape '
                'says'
            )
        points = [text(point, path, 'a name in kpt_names') for point in points]
        if len(set(points)) < len(points):
            raise FormatError(f'{path}: kpt_names of {name!r} has a name twice')
        classes[label] = text(name, path, 'a name in names'), tuple(points)
    return classes


def _numbered(path: str, key: str, value: Any) -> dict:
    """A list, or a mapping from numbers, as the latter."""
    if isinstance(value, list):
        return dict(enumerate(value))
    if not isinstance(value, dict):
        raise FormatError(f'{path}: {key} must be a list, or a mapping from numbers')
    return value


def _pictures(path: str, root: Path, value: Any) -> tuple[list[Path], list[Path]]:
    """The pictures of a split, and those folders that it names.

    A split is folders, or text files that list pictures.
    """
    places = value if isinstance(value, list) else [value]
    files: list[Path] = []
    folders: list[Path] = []
    for place in places:
        named = text(place, path, 'the place of a split')
        where = _place(root, named)
        if where.is_dir():
            files += map(Path, files_below(where, _PICTURES))
            folders.append(where)
        elif where.is_file():
            try:
                lines = where.read_text(encoding='utf-8-sig').splitlines()
            except UnicodeDecodeError as error:
                raise FormatError(f'{where} is not UTF-8: {error.reason}') from None
            folder = where.parent
            files += [
                Path(os.path.normpath(folder / with_slashes(line.strip(), folder)))
                for line in lines
                if line.strip()
            ]
        else:
            raise FormatError(
                f'{path}: {where} does not exist; to fix it: correct path, or the '
                'place of the split, or put the pictures there'
            )
    return list(dict.fromkeys(files)), folders


def _texts_without_picture(folders: list[Path], known: set[Path]) -> list[str]:
    """Text files with garments of pictures that are missing, or of another kind.

    Args:
        folders: Those of the pictures.
        known: The text files of the pictures that are there.
    """
    roots = dict.fromkeys(_label_file(folder / 'picture').parent for folder in folders)
    texts = dict.fromkeys(
        text for root in roots if root.is_dir() for text in files_below(root, {'.txt'})
    )
    return [text for text in texts if Path(text) not in known and _has_garment(text)]


def _has_garment(path: str) -> bool:
    """Whether a text begins as YOLO's do; others list classes, or pictures."""
    try:
        with open(path, encoding='utf-8-sig') as file:
            return len([float(field) for field in file.readline().split()]) > 5
    except (OSError, ValueError):
        return False


def _place(root: Path, named: str) -> Path:
    """Where a split lies: Roboflow's ../train/images lies beside its data.yaml."""
    where = Path(os.path.normpath(root / named))
    if not where.exists() and named.startswith('../'):
        below = Path(os.path.normpath(root / named.removeprefix('../')))
        return below if below.exists() else where
    return where


def _label_file(picture: Path) -> Path:
    """The text file of a picture: labels/ for the last images/ in its path."""
    parts = list(picture.parts)
    for place in range(len(parts) - 2, -1, -1):
        if parts[place] == 'images':
            parts[place] = 'labels'
            break
    return Path(*parts).with_suffix('.txt')


def _image(
    root: Path, file: Path, labels: Path, classes: Classes, faults: Faults
) -> LabelledImage:
    names = Path(os.path.relpath(file, root)).as_posix(), file.name
    try:
        size = image_size(file)
    except (OSError, ValueError) as error:
        fault = f'{file} is no readable picture: {error}'
        return LabelledImage(str(file), names, None, (), fault=fault)
    lines: Sequence[str] = ()
    if labels.exists():
        try:
            lines = labels.read_text(encoding='utf-8-sig').splitlines()
        except UnicodeDecodeError as error:
            fault = f'{labels} is no text: {error}; to fix it: save it as UTF-8'
            return LabelledImage(str(file), names, None, (), fault=fault)
    garments = []
    for place, line in enumerate(lines, 1):
        if line.strip():
            with faults.left_out():
                where = f'{labels}, line {place}'
                garments.append(_garment(where, line, size, classes))
    return LabelledImage(str(file), names, size, tuple(garments))


def _garment(
    where: str, line: str, size: tuple[int, int], classes: Classes
) -> LabelledGarment:
    fields = [number(field, where, 'a field') for field in line.split()]
    label = fields[0]
    if label not in classes:
        raise FormatError(f'{where}: class {label:g} is not in names')
    category, names = classes[int(label)]
    count = len(fields) - 5
    dims = count // len(names) if names else 0
    if count != dims * len(names) or dims not in (2, 3):
        raise FormatError(
            f'{where} has {len(fields)} numbers, expected the class, 4 of the box and '
            f'2 or 3 for each of {len(names)} key points'
        )
    values = fields[5:]
    rows = [values[i : i + dims] for i in range(0, count, dims)]
    fractions = [*fields[1:5], *(value for row in rows for value in row[:2])]
    if max(map(abs, fractions)) > _WIDE:
        raise FormatError(
            f'{where}: {max(fractions, key=abs):g} is no fraction of a width or a '
            "height; to fix it: divide by the picture's size"
        )
    width, height = size
    x, y, w, h = fields[1:5]
    box = (
        (x - w / 2) * width,
        (y - h / 2) * height,
        (x + w / 2) * width,
        (y + h / 2) * height,
    )
    points: dict[str, Point] = {}
    for name, row in zip(names, rows):
        v = row[2] if dims == 3 else 2 * any(row)
        if v not in (0, 1, 2):
            raise FormatError(f'{where}: v of {name!r} is {v:g}, not 0, 1 or 2')
        points[name] = row[0] * width, row[1] * height, int(v)
    return LabelledGarment(where, category, points, box)
