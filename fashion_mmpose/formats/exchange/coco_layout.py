"""COCO files whose categories have key points of their own, and back.

Our files of all categories have every annotation in the benchmark's full layout: 294
landmarks of DeepFashion2, of which a skirt has 8. Other tools take a category's key
points for those of its annotations. Either form says the same; nothing is lost.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.coco.annotations import coco_categories
from fashion_mmpose.formats.coco.ids import AS_WHOLE
from fashion_mmpose.formats.coco.layout import CocoCategory, has_full_layout
from fashion_mmpose.formats.coco.results import box_fault
from fashion_mmpose.garments.layout import full_layout, own_points

LAYOUTS = ('own', 'full')


def with_layout(
    content: Mapping, benchmark: garments.Named, layout: str, path: str | os.PathLike
) -> dict:
    """A COCO file's content in one of the two layouts, all other fields as they are.

    Args:
        content: ``images``, ``annotations`` and ``categories`` of the benchmark; other
            keys are kept.
        benchmark: Whose garments these are.
        layout: ``'own'``, the key points of each category, or ``'full'``.
        path: The file, for errors.

    Raises:
        FormatError: If an annotation's key points fit neither layout.
        ValueError: If there is no such layout.
    """
    _check(layout)
    listed = {entry['id'] for entry in content['categories']}
    whole = garments.benchmark(benchmark)
    held = [g for g in whole.garments.values() if g.category_id in listed]
    if layout == 'own':
        categories = [entry for g in held for entry in coco_categories(whole, g.name)]
    else:
        categories = [e for e in coco_categories(whole) if e['id'] in listed]
    annotations = [
        _moved(entry, whole, layout, f'{path}: annotation {entry.get("id")}')
        for entry in content['annotations']
    ]
    return dict(content, categories=categories, annotations=annotations)


def results_with_layout(
    entries: Sequence[Mapping],
    benchmark: garments.Named,
    layout: str,
    path: str | os.PathLike,
) -> list[dict]:
    """A result list in one of the two layouts.

    Args:
        entries: ``category_id``, ``keypoints`` (x, y, score of each) and what else.
        benchmark: Whose garments these are.
        layout: ``'own'`` or ``'full'``; points of other categories stand at the first
            own one and score 0, where they do not stretch the garment.
        path: The file, for errors.

    Raises:
        FormatError: If an entry's key points fit neither layout.
        ValueError: If there is no such layout.
    """
    _check(layout)
    return [
        _moved(entry, benchmark, layout, f'{path}: entry {index}', _beside_the_first)
        for index, entry in enumerate(entries)
    ]


def _check(layout: str) -> None:
    if layout not in LAYOUTS:
        raise ValueError(f'unknown layout {layout!r}; choose from {LAYOUTS}')


def _absent(own: np.ndarray) -> tuple[float, float, float]:
    return 0, 0, 0


def _beside_the_first(own: np.ndarray) -> tuple[float, float, float]:
    return own[0, 0], own[0, 1], 0


def _moved(
    entry: Mapping,
    benchmark: garments.Named,
    layout: str,
    where: str,
    elsewhere: Callable[[np.ndarray], tuple[float, float, float]] = _absent,
) -> dict:
    garment = garments.category_of_id(benchmark, entry['category_id'])
    points = np.array(entry['keypoints'], object).reshape(-1, 3)
    own = own_points(points, garment, where)
    if layout == 'full':
        full = full_layout(own, garment, where)
        is_other = np.ones(len(full), bool)
        is_other[list(garment.channels)] = False
        full[is_other] = np.array(elsewhere(own), object)
        own = full
    return dict(entry, keypoints=own.ravel().tolist())


def check_names(
    categories: Sequence[Mapping], benchmark: garments.Named, path: str | os.PathLike
) -> None:
    """Check that categories have the benchmark's key points, in the benchmark's order.

    Key points are told by their places only, so that others would get wrong names.

    Args:
        categories: Entries of ``categories``.
        benchmark: Whose garments these are.
        path: The file, for errors.

    Raises:
        FormatError: If key points have other names, or another order.
    """
    try:
        entries = msgspec.convert(categories, list[CocoCategory])
    except msgspec.ValidationError as error:
        raise FormatError(
            f'{path}: its categories are not as expected: {error}; to fix it: give '
            'each a whole number id, a name and a list of the names of its keypoints'
        ) from None
    has_full_layout(os.fspath(path), entries, benchmark, None)


def check_content(
    content: Any, path: str | os.PathLike, benchmark: garments.Named
) -> dict:
    """A COCO file's content as :func:`with_layout` takes it.

    Args:
        content: What the file says.
        path: The file, for errors.
        benchmark: Whose garments these are.

    Raises:
        FormatError: If it is none, its key points are not the benchmark's, or an
            annotation is of an image that it does not list, or has a box or key points
            that are none.
    """
    for key in ('images', 'annotations', 'categories'):
        entries = content.get(key) if isinstance(content, dict) else None
        if not isinstance(entries, list) or not all(
            isinstance(entry, dict) for entry in entries
        ):
            raise FormatError(
                f'{path} is not a COCO file: it has no list {key!r} of objects; to fix '
                'it: give a file that the scripts in data_converters/ make'
            )
    check_names(content['categories'], benchmark, path)
    listed = [image.get('id') for image in content['images']]
    known = {number for number in listed if type(number) is int}
    for entry in content['annotations']:
        where = f'{path}: annotation {entry.get("id")}'
        values = entry.get('keypoints')
        for key in ('category_id', 'image_id'):
            if type(entry.get(key)) is float:
                raise FormatError(f'{where} has {key} {entry[key]}; {AS_WHOLE}')
        if type(entry.get('category_id')) is not int:
            raise FormatError(f'{where} has no whole number category_id')
        if not isinstance(values, list) or len(values) % 3:
            raise FormatError(f'{where} has no list of x, y, v as keypoints')
        if not {*map(type, values)} <= {int, float}:
            raise FormatError(f'{where} has keypoints that are no numbers')
        if fault := box_fault(entry.get('bbox')):
            raise FormatError(f'{where}: its {fault}')
        number = entry.get('image_id')
        if type(number) is not int or number not in known:
            raise FormatError(
                f'{where} is of image {number!r}, which the file does not list; to fix '
                'it: add the image to images, or take the annotation away'
            )
    return content
