"""What labels become: COCO entries, and the file that holds them."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.formats.coco.annotations import coco_categories, write_coco
from fashion_mmpose.garments import Benchmark, Garment
from fashion_mmpose.garments.layout import full_layout
from fashion_mmpose.version import __version__


@dataclass
class CategoryReport:
    """What became of a category of the tool.

    Attributes:
        label: The tool's name for it; '' for garments without one.
        category: The benchmark's; None for what was left out.
        garments: How many there are.
        labelled: Their key points by COCO's v, 2 and 1.
        found: The benchmark's key points that the tool has.
        missing: Those that it does not have.
        unused: The tool's that no category has.
        hint: Why it was left out.
    """

    label: str
    category: str | None = None
    garments: int = 0
    labelled: dict[int, int] = field(default_factory=lambda: {2: 0, 1: 0})
    found: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    hint: str = ''


@dataclass(frozen=True)
class Item:
    """A garment of the benchmark; points (K, 3), box x, y, width, height (4, )."""

    where: str
    garment: Garment
    points: np.ndarray
    box: np.ndarray
    kept: dict[str, Any]
    number: int | None


@dataclass
class Converted:
    """What is to be written.

    Attributes:
        images: Entries of ``images``.
        items: For each of them its garments.
        report: What became of each of the tool's categories.
        notes: What was left out, or does not fit its picture.
        own_boxes: How many boxes were made from key points.
        more: What else stands in the file, such as ``info`` and ``licenses``.
    """

    images: list[dict] = field(default_factory=list)
    items: list[list[Item]] = field(default_factory=list)
    report: dict[str, CategoryReport] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    own_boxes: int = 0


def are_unique(numbers: Sequence[int | None]) -> bool:
    """Whether there is a number for each, and no number twice."""
    return None not in numbers and len(set(numbers)) == len(numbers)


def category_file(out_file: str | os.PathLike, category: str) -> Path:
    """The file of one category, beside that of all; see :func:`write`."""
    path = Path(out_file)
    return path.with_name(f'{path.stem.removesuffix("_all")}_{category}{path.suffix}')


def write(
    done: Converted,
    benchmark: Benchmark,
    out_file: str | os.PathLike,
    split_categories: bool = False,
) -> list[Path]:
    """Write the JSON in the benchmark's full layout, and one for each category.

    ``<out_file>_<category>.json`` has the category's own key points; of an ``out_file``
    that ends with ``_all`` this is replaced. All files appear together or none does.

    Args:
        done: See :func:`convert`.
        benchmark: The benchmark.
        out_file: The JSON.
        split_categories: Whether to write a file for each category that has garments.

    Returns:
        list[Path]: The files.
    """
    path = Path(out_file)
    numbers = [item.number for items in done.items for item in items]
    if not are_unique(numbers):
        numbers = list(range(1, len(numbers) + 1))
    entries = []
    remaining = iter(numbers)
    for image, items in zip(done.images, done.items):
        entries += [(image, replace(item, number=next(remaining))) for item in items]
    files = [path]
    with OutputFiles() as outputs:
        jobs: list[tuple[Path, str | None]] = [(path, None)]
        if split_categories:
            held = {item.garment.name for _, item in entries}
            jobs += [
                (category_file(path, name), name)
                for name in benchmark.garments
                if name in held
            ]
        for file, category in jobs:
            chosen = [e for e in entries if category in (None, e[1].garment.name)]
            shown = {id(image) for image, _ in chosen}
            write_coco(
                outputs.open(file),
                dict(
                    description=f'Labelled garments, {category or "all"}',
                    version=__version__,
                    dataset=benchmark.name,
                )
                | done.more.get('info', {}),
                coco_categories(benchmark, category),
                [i for i in done.images if category is None or id(i) in shown],
                [_annotation(image, item, category is None) for image, item in chosen],
                more={key: v for key, v in done.more.items() if key != 'info'},
            )
        files = [file for file, _ in jobs]
    return files


def _annotation(image: dict, item: Item, full: bool) -> dict:
    points = item.points
    if full:
        points = full_layout(points, item.garment, item.where, absent=0)
    box = item.box.tolist()
    return dict(
        item.kept,
        id=item.number,
        image_id=image['id'],
        category_id=item.garment.category_id,
        bbox=[_compact(value) for value in box],
        area=_compact(box[2] * box[3]),
        iscrowd=item.kept.get('iscrowd', 0),
        num_keypoints=int((item.points[:, 2] > 0).sum()),
        keypoints=[_compact(value) for value in points.ravel().tolist()],
    )


def _compact(value: float) -> int | float:
    """To a ten-thousandth of a pixel; whole numbers as integers."""
    rounded = round(value, 4)
    return int(rounded) if rounded.is_integer() else rounded
