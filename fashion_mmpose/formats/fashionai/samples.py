"""FashionAI's rows as samples: read, joined, and divided into splits."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.pictures.pixels import image_sizes

from .parts import ImageFinder, Part
from .tianchi import NoRowsError, read_tianchi


@dataclass(frozen=True)
class Samples:
    """Images of one split, one entry of every array each.

    N: images.

    Attributes:
        image_ids: Ids as in the CSV, shape (N, ).
        categories: Category names, shape (N, ).
        keypoints: x, y, v as in the CSV, shape (N, 24, 3), or None for a list of
            images without annotations.
        folders: Folder of every image, relative to the root, '' for the root.
        paths: Path of every image from its folder; the id wherever that leads there.
        sources: CSV file that every row came from.
        lines: Line in that file, from 1.
    """

    image_ids: np.ndarray
    categories: np.ndarray
    keypoints: np.ndarray | None
    folders: np.ndarray
    paths: np.ndarray
    sources: np.ndarray
    lines: np.ndarray

    def __len__(self) -> int:
        return len(self.image_ids)

    def take(self, index: np.ndarray) -> 'Samples':
        """The samples at these positions or under this mask, in that order."""
        columns = (getattr(self, column.name) for column in fields(self))
        return Samples(*(None if c is None else c[index] for c in columns))


def join(parts: Sequence[Samples]) -> Samples:
    """All samples in a row; all or none must have annotations."""
    columns = zip(*([getattr(p, column.name) for column in fields(p)] for p in parts))
    return Samples(*(None if c[0] is None else np.concatenate(c) for c in columns))


@dataclass(frozen=True)
class Reading:
    """How files are read and their images looked for.

    Attributes:
        root: The folder that image folders are relative to.
        search: Look where the images are; otherwise they are at ``root / image_id``.
        skip_bad: Leave out bad rows.
        image_size: Width and height of all images, which are then not opened.
        workers: Processes that read image headers.
    """

    root: Path
    search: bool = True
    skip_bad: bool = False
    image_size: tuple[int, int] | None = None
    workers: int = 1


@dataclass(frozen=True)
class Source:
    """What was found in one CSV file: its split, rows, and rows with an image."""

    csv: Path
    split: str
    rows: int
    found: int


def read_part(part: Part, reading: Reading) -> tuple[Samples, Source, list[str]]:
    """Read one CSV and find its images.

    Returns:
        tuple: The samples, what was found, and what was repaired or left out.

    Raises:
        TianchiError: If the file is bad.
    """
    table = read_tianchi(part.csv, skip_bad=reading.skip_bad)
    root = reading.root
    if reading.search:
        finder = ImageFinder(root, part.folder, table.folder)
        places = [finder.find(image_id) for image_id in table.image_ids]
    else:
        places = [_named(root, table.folder, name) for name in table.image_ids]
    folders, paths, found = zip(*places)
    keypoints = table.keypoints
    if table.fractions:
        files = [os.path.join(root, *place[:2]) for place in places]
        keypoints = _in_pixels(keypoints, files, reading)
    samples = Samples(
        image_ids=np.array(table.image_ids, dtype=object),
        categories=np.array(table.categories, dtype=object),
        keypoints=keypoints,
        folders=np.array(folders, dtype=object),
        paths=np.array(paths, dtype=object),
        sources=np.full(len(places), table.path, dtype=object),
        lines=table.lines,
    )
    source = Source(part.csv, part.split, len(samples), sum(found))
    return samples, source, table.warnings


def _named(root: Path, folder: str, image_id: str) -> tuple[str, str, bool]:
    """Where an id leads from the root, with the folder that it once had or without."""
    for path in dict.fromkeys((image_id, folder + image_id)):
        if os.path.isfile(os.path.join(root, path)):
            return '', path, True
    return '', image_id, False


def _in_pixels(
    fractions: np.ndarray, files: Sequence[str], reading: Reading
) -> np.ndarray:
    """Whole pixels from fractions of the images' sizes, shape (N, 24, 3).

    An image without a readable size has no point; it is refused or left out later.
    """
    size = reading.image_size
    sizes = [size] * len(files) if size else image_sizes(files, reading.workers)
    pixels = fractions.copy()
    pixels[..., :2] *= np.array([size or (0, 0) for size in sizes])[:, None]
    pixels[(fractions[..., 2] < 0) | np.array([not s for s in sizes])[:, None]] = -1
    return np.rint(pixels).astype(np.int64)


def read_splits(
    parts: Sequence[Part], reading: Reading
) -> tuple[dict[str, Samples], list[Source], list[str]]:
    """Read CSV files and join those of the same split, one sample per image.

    An image that several files of a split have is taken from the first of them.
    Lists of images are left aside where the split has annotations, and files without
    rows where others have some.

    Returns:
        tuple: The splits by name, what was found in every file, and one note per
        repair.

    Raises:
        FormatError: If a file is bad.
    """
    read: dict[str, list[Samples]] = {}
    sources = []
    notes = []
    empty = None
    for part in parts:
        try:
            samples, source, warnings = read_part(part, reading)
        except NoRowsError as error:
            empty = error
            sources.append(Source(part.csv, part.split, 0, 0))
            notes.append(f'{error}, left aside')
            continue
        read.setdefault(part.split, []).append(samples)
        sources.append(source)
        notes += warnings
    if empty is not None and not read:
        raise empty
    splits = {}
    for name, members in read.items():
        annotated = [m for m in members if m.keypoints is not None]
        if annotated and len(annotated) < len(members):
            notes += [
                f'{m.sources[0]}: left aside, other files of {name!r} have annotations'
                for m in members
                if m.keypoints is None
            ]
        if len(annotated) > 1 and name != 'train':
            files = ', '.join(m.sources[0] for m in annotated)
            notes.append(f'{name}: joined from the annotations of {files}')
        joined = join(annotated or members)
        splits[name], count = _one_per_image(joined)
        if count:
            differing = _contradictions(joined)
            notes.append(
                f'{name}: {count} x row of an image that an earlier file has, left out'
                + (f', {differing} of them with other points' if differing else '')
            )
    return splits, sources, notes


def hold_out(
    splits: Mapping[str, Samples], fraction: float, seed: int
) -> dict[str, Samples]:
    """Divide ``train`` into ``train`` and ``val``, every category in equal shares.

    Args:
        splits: Splits by name; those other than ``train`` stay.
        fraction: Share of every category that goes to ``val``, above 0 and below 1,
            rounded to whole images.
        seed: Seed of the choice.

    Raises:
        FormatError: If there is no annotated ``train``, or a ``val`` already.
    """
    train = _annotated(splits, 'train', '--val-fraction')
    _refuse_val(splits, '--val-fraction')
    rng = np.random.default_rng(seed)
    held = np.zeros(len(train), dtype=bool)
    for category in garments.categories('fashionai'):
        rows = np.flatnonzero(train.categories == category)
        held[rng.permutation(rows)[: round(fraction * len(rows))]] = True
    return {**splits, 'train': train.take(~held), 'val': train.take(held)}


def cpn_splits(
    splits: Mapping[str, Samples],
) -> tuple[dict[str, Samples], list[str]]:
    """The split of the CPN reference system.

    ``val`` is 20 % of the rows of the answers of ``test_b``, chosen by their places in
    the file (so a repaired file may give another choice); ``train`` is the rest of
    them, the answers of ``test_a`` and all training parts. Images of ``val`` are taken
    out of ``train``. Both tests are used up; other splits stay. Of data without the
    answers of any test, such as the later upload, ``val`` is chosen in the same way
    from the rows of ``train``.
    Source: https://github.com/gathierry/FashionAI-KeyPointsDetectionOfApparel

    Returns:
        tuple: The splits by name, and one note per repair.

    Raises:
        FormatError: If one of the tests or ``train`` is missing or has no annotations.
    """
    option = '--val-split cpn'
    _refuse_val(splits, option)
    answered = [name for name, part in splits.items() if part.keypoints is not None]
    if answered == ['train']:
        train = splits['train']
        held = sklearn_test_mask(len(train), test_size=0.2, random_state=42)
        note = (
            'train: no test has annotations, so val is a fifth of these rows, chosen '
            'as the CPN system chose from test_b'
        )
        return {**splits, 'train': train.take(~held), 'val': train.take(held)}, [note]
    train, test_a, test_b = (
        _annotated(splits, name, option) for name in ('train', 'test_a', 'test_b')
    )
    held = sklearn_test_mask(len(test_b), test_size=0.2, random_state=42)
    val = test_b.take(held)
    train, count = _one_per_image(join([train, test_a, test_b.take(~held)]))
    notes = []
    if count:
        notes.append(f'train: {count} x row of an image that an earlier file has')
    in_val = np.isin(train.image_ids, val.image_ids)
    if in_val.any():
        notes.append(f'train: {in_val.sum()} x image left out that val has')
    others = {k: v for k, v in splits.items() if k not in ('test_a', 'test_b')}
    return {**others, 'train': train.take(~in_val), 'val': val}, notes


def sklearn_test_mask(num: int, test_size: float, random_state: int) -> np.ndarray:
    """The rows that scikit-learn's ``train_test_split`` puts into the test set.

    Args:
        num: Number of rows.
        test_size: Share of the test set, rounded up to whole rows.
        random_state: Seed.

    Returns:
        np.ndarray: True for rows of the test set, shape (num, ).
    """
    permutation = np.random.RandomState(random_state).permutation(num)
    mask = np.zeros(num, dtype=bool)
    mask[permutation[: int(np.ceil(test_size * num))]] = True
    return mask


def shared_images(splits: Mapping[str, Samples]) -> list[str]:
    """One note for every pair of splits that have images in common."""
    ids = {name: set(samples.image_ids) for name, samples in splits.items()}
    names = list(ids)
    counts = (
        (len(ids[a] & ids[b]), a, b)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    )
    return [f'{n} images are both in {a} and in {b}' for n, a, b in counts if n]


def _one_per_image(samples: Samples) -> tuple[Samples, int]:
    """The first sample of every image, in order, and how many were left out."""
    first: dict[str, int] = {}
    for i, image_id in enumerate(samples.image_ids):
        first.setdefault(image_id, i)
    count = len(samples) - len(first)
    return (samples.take(np.array(list(first.values()))) if count else samples), count


def _contradictions(samples: Samples) -> int:
    """How many rows say something else than the first one of their image."""
    first: dict[str, int] = {}
    rows = [first.setdefault(name, i) for i, name in enumerate(samples.image_ids)]
    differs = samples.categories != samples.categories[rows]
    if samples.keypoints is not None:
        others = samples.keypoints != samples.keypoints[rows]
        differs |= others.any(axis=(1, 2))
    return int(differs.sum())


def _annotated(splits: Mapping[str, Samples], name: str, option: str) -> Samples:
    if name not in splits or splits[name].keypoints is None:
        raise FormatError(
            f'{option} needs annotations of {name!r}; annotated are '
            f'{[k for k, v in splits.items() if v.keypoints is not None]}'
        )
    return splits[name]


def _refuse_val(splits: Mapping[str, Samples], option: str) -> None:
    if 'val' in splits:
        raise FormatError(
            f'{option} would replace the split val that the data have; leave it out'
        )
