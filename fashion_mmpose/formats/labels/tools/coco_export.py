"""COCO key point files: CVAT's "COCO Keypoints 1.0", and those of other tools."""

import os
from collections.abc import Mapping
from typing import Any

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.json_file import read_json
from fashion_mmpose.formats.coco.ids import whole_id
from fashion_mmpose.formats.labels.labelled import (
    LabelledGarment,
    LabelledImage,
    Labels,
    numbers,
    pixels,
    text,
)

# What our own files have beside COCO's fields; masks are polygons, or an object of
# run lengths.
_KEPT = dict(style=int | list, pair_id=int | list, segmentation=list | dict)


def read_coco(path: str | os.PathLike) -> Labels:
    """Read a COCO file; ids may be any, and categories in any order.

    Raises:
        FormatError: If it is none; the message names the file and the entry.
        OSError: If it cannot be opened.
    """
    path = os.fspath(path)
    content = read_json(path)
    lists = ('images', 'categories', 'annotations')
    missing = [
        key
        for key in lists
        if not isinstance(content, dict) or not isinstance(content.get(key), list)
    ]
    if missing:
        raise FormatError(
            f'{path} is not a COCO file: it has no list {missing}; to fix it: export '
            'key points as COCO'
        )
    categories = _by_id(path, content['categories'], 'category')
    used = {
        whole_id(entry.get('category_id'))
        for entry in content['annotations']
        if isinstance(entry, dict)
    }
    called = {
        number: text(entry.get('name'), f'{path}: category {number}', 'name')
        for number, entry in categories.items()
    }
    with_garments = {name for number, name in called.items() if number in used}
    declared = {}
    for number, entry in categories.items():
        where = f'{path}: category {number}'
        name = called[number]
        # Roboflow lists the project, too, which may be called like a garment.
        if number not in used and name in with_garments:
            continue
        if name in declared:
            raise FormatError(f'{where}: another category is called {name!r}, too')
        names = entry.get('keypoints') or []
        if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
            raise FormatError(f'{where}: keypoints must be a list of names')
        if len(set(names)) < len(names):
            raise FormatError(f'{where}: two of its key points have the same name')
        declared[name] = names
    images = _by_id(path, content['images'], 'image')
    garments: dict[int, list[LabelledGarment]] = {number: [] for number in images}
    for index, entry in enumerate(content['annotations']):
        garment, image_id = _garment(path, index, entry, categories)
        number = whole_id(image_id)
        if number is None or number not in garments:
            raise FormatError(
                f'{garment.where} is of image {image_id!r}, which the file does not '
                'list'
            )
        garments[number].append(garment)
    return Labels(
        path=path,
        images=[
            _image(path, number, entry, garments[number])
            for number, entry in images.items()
        ],
        declared=declared,
    )


def _by_id(path: str, entries: list, kind: str) -> dict[int, Mapping]:
    found = {}
    for index, entry in enumerate(entries):
        number = whole_id(entry.get('id')) if isinstance(entry, dict) else None
        if number is None:
            raise FormatError(f'{path}: {kind} {index} (from 0) has no whole number id')
        if number in found:
            raise FormatError(f'{path}: two entries are {kind} {number}')
        found[number] = entry
    return found


def _image(
    path: str, number: int, entry: Mapping, garments: list[LabelledGarment]
) -> LabelledImage:
    where = f'{path}: image {number}'
    name = text(entry.get('file_name'), where, 'file_name')
    size = (
        pixels(entry.get('width'), where, 'width'),
        pixels(entry.get('height'), where, 'height'),
    )
    return LabelledImage(where, (name,), size, tuple(garments), number)


def _garment(
    path: str, index: int, entry: Any, categories: Mapping[int, Mapping]
) -> tuple[LabelledGarment, Any]:
    if not isinstance(entry, dict):
        raise FormatError(f'{path}: annotation {index} (from 0) is no object')
    number = whole_id(entry.get('id'))
    where = f'{path}: annotation {index if number is None else number}'
    category_id = whole_id(entry.get('category_id'))
    if category_id is None or category_id not in categories:
        raise FormatError(
            f'{where}: category_id is {entry.get("category_id")!r}, which the file '
            'does not list'
        )
    category = categories[category_id]
    box = None
    if entry.get('bbox'):
        x, y, width, height = numbers(entry['bbox'], 4, where, 'bbox')
        box = x, y, x + width, y + height
    names = category.get('keypoints') or []
    points = {}
    if entry.get('keypoints'):
        values = numbers(entry['keypoints'], 3 * len(names), where, 'keypoints')
        triples = zip(values[::3], values[1::3], values[2::3])
        for name, (x, y, v) in zip(names, triples):
            if v not in (0, 1, 2):
                raise FormatError(f'{where}: v of {name!r} is {v:g}, not 0, 1 or 2')
            points[name] = x, y, int(v)
    kept = {k: entry[k] for k, kind in _KEPT.items() if isinstance(entry.get(k), kind)}
    if entry.get('iscrowd'):
        kept['iscrowd'] = 1
    garment = LabelledGarment(
        where,
        category['name'].strip(),
        points,
        box,
        kept,
        number,
    )
    return garment, entry.get('image_id')
