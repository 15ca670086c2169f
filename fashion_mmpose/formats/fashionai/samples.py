"""FashionAI's rows as samples: read, joined, and divided into splits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError

from .parts import ImageFinder, Part
from .tianchi import read_tianchi


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


def read_part(
    part: Part, root: Path, *, search: bool = True, skip_bad: bool = False
) -> tuple[Samples, list[str]]:
    """Read one CSV and find its images.

    Args:
        part: The CSV.
        root: The folder that image folders are relative to.
        search: Look where the images are; otherwise they are at ``root / image_id``.
        skip_bad: Leave out bad rows.

    Returns:
        tuple: The samples, and what the reader repaired or left out.

    Raises:
        TianchiError: If the file is bad.
    """
    table = read_tianchi(part.csv, skip_bad=skip_bad)
    if search:
        finder = ImageFinder(root, part.folder)
        places = [finder.find(image_id) for image_id in table.image_ids]
    else:
        places = [('', image_id) for image_id in table.image_ids]
    folders, paths = zip(*places)
    samples = Samples(
        image_ids=np.array(table.image_ids, dtype=object),
        categories=np.array(table.categories, dtype=object),
        keypoints=table.keypoints,
        folders=np.array(folders, dtype=object),
        paths=np.array(paths, dtype=object),
        sources=np.full(len(places), table.path, dtype=object),
        lines=table.lines,
    )
    return samples, table.warnings


def read_splits(
    parts: Sequence[Part], root: Path, *, search: bool = True, skip_bad: bool = False
) -> tuple[dict[str, Samples], list[str]]:
    """Read CSV files and join those of the same split, one sample per image.

    An image that several files of a split have is taken from the first of them.
    Lists of images are left aside where the split has annotations.

    Returns:
        tuple: The splits by name, and one note per repair.

    Raises:
        FormatError: If a file is bad.
    """
    read: dict[str, list[Samples]] = {}
    notes = []
    for part in parts:
        samples, warnings = read_part(part, root, search=search, skip_bad=skip_bad)
        read.setdefault(part.split, []).append(samples)
        notes += warnings
    splits = {}
    for name, members in read.items():
        annotated = [m for m in members if m.keypoints is not None]
        if annotated and len(annotated) < len(members):
            notes += [
                f'{m.sources[0]}: left aside, other files of {name!r} have annotations'
                for m in members
                if m.keypoints is None
            ]
        splits[name], count = _one_per_image(join(annotated or members))
        if count:
            notes.append(
                f'{name}: {count} x row of an image that an earlier file has, left out'
            )
    return splits, notes


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
    out of ``train``. Both tests are used up; other splits stay.
    Source: https://github.com/gathierry/FashionAI-KeyPointsDetectionOfApparel

    Returns:
        tuple: The splits by name, and one note per repair.

    Raises:
        FormatError: If one of the three is missing or has no annotations.
    """
    option = '--val-split cpn'
    _refuse_val(splits, option)
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
