"""labelme's files: one JSON a picture, beside it or in a folder of their own."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.folders import files_below
from fashion_mmpose.files.json_file import read_json
from fashion_mmpose.formats.category_names import plain
from fashion_mmpose.formats.labels.labelled import (
    OCCLUDED_WORDS,
    Faults,
    LabelledGarment,
    LabelledImage,
    Labels,
    Point,
    add_point,
    extent,
    numbers,
    pixels,
    text,
    visibility,
)


def is_labelme(content: Any) -> bool:
    """Whether a JSON's content is labelme's."""
    return isinstance(content, dict) and isinstance(content.get('shapes'), list)


def read_labelme(path: str | os.PathLike, *, skip_bad: bool = False) -> Labels:
    """Read a file, or all files of a folder and of those below it.

    The shapes of a garment have one ``group_id``: a ``rectangle``, whose label is the
    category, and a ``point`` for each key point, whose label is its name. Where a
    picture has one rectangle, shapes without a group belong to it. A point is occluded
    if a flag says so (``occluded`` or ``hidden``).

    Args:
        path: The file or the folder.
        skip_bad: Leave out files and garments that cannot be read, and list them in the
            notes. Defaults to False.

    Raises:
        FormatError: If it is no such file; the message names the file and the shape.
        OSError: If it cannot be opened.
    """
    path = os.fspath(path)
    files = files_below(path, {'.json'}) if os.path.isdir(path) else [path]
    images = []
    others: dict[str, int] = {}
    faults = Faults(skip_bad)
    for file in files:
        with faults.left_out():
            content = read_json(file)
            if not is_labelme(content):
                raise FormatError(
                    f"{file} is none of labelme's files: it has no list 'shapes'; to "
                    'fix it: take it out of the folder'
                )
            images.append(_image(path, file, content, others, faults))
    if not files:
        raise FormatError(f'{path} has no JSON file')
    notes = faults.notes + [
        f'{path}: {count} shapes of the type {kind} left out: they hold no key points'
        for kind, count in others.items()
    ]
    folder = path if os.path.isdir(path) else os.path.dirname(path) or '.'
    return Labels(path=path, images=images, notes=notes, folder=folder)


def _image(
    root: str, file: str, content: Mapping, others: dict[str, int], faults: Faults
) -> LabelledImage:
    named = text(content.get('imagePath'), file, 'imagePath').replace('\\', '/')
    # The path leads from the JSON, on the machine where it was labelled.
    folder = '' if file == root else os.path.relpath(os.path.dirname(file), root)
    beside = os.path.normpath(os.path.join(folder, named))
    name = named.rpartition('/')[2]
    names = dict.fromkeys((beside, os.path.normpath(os.path.join(folder, name)), name))
    size = (
        pixels(content.get('imageWidth'), file, 'imageWidth'),
        pixels(content.get('imageHeight'), file, 'imageHeight'),
    )
    groups: dict[Any, list[tuple[int, Mapping]]] = {}
    for index, shape in enumerate(content['shapes'], 1):
        if not isinstance(shape, dict):
            raise FormatError(f'{file}: shape {index} is no object')
        kind = shape.get('shape_type')
        if kind not in ('point', 'rectangle'):
            others[str(kind)] = others.get(str(kind), 0) + 1
            continue
        group = shape.get('group_id')
        if not isinstance(group, (int, str, type(None))):
            raise FormatError(f'{file}: shape {index}: group_id is {group!r}')
        groups.setdefault(group, []).append((index, shape))
    _join_the_ungrouped(groups)
    garments = []
    for group, shapes in groups.items():
        with faults.left_out():
            garments.append(_garment(f'{file}: {_named(group)}', shapes))
    return LabelledImage(
        file, tuple(Path(name).as_posix() for name in names), size, tuple(garments)
    )


def _named(group: Any) -> str:
    return 'the shapes without a group' if group is None else f'group {group}'


def _join_the_ungrouped(groups: dict[Any, list[tuple[int, Mapping]]]) -> None:
    """Give shapes without a group to the only garment that there is."""
    if None in groups and len(groups) == 2:
        (own,) = (group for group in groups if group is not None)
        rectangles = [
            group
            for group, shapes in groups.items()
            if any(shape.get('shape_type') == 'rectangle' for _, shape in shapes)
        ]
        if len(rectangles) == 1:
            groups[own] += groups.pop(None)


def _garment(where: str, shapes: list[tuple[int, Mapping]]) -> LabelledGarment:
    rectangles = [entry for entry in shapes if entry[1]['shape_type'] == 'rectangle']
    if len(rectangles) > 1:
        raise FormatError(
            f'{where} hold {len(rectangles)} rectangles; to fix it: give the shapes of '
            'each garment a group_id of their own'
        )
    category, box = None, None
    for index, shape in rectangles:
        place = f'{where}, shape {index}'
        category = text(shape.get('label'), place, 'label')
        corners = shape.get('points')
        if not isinstance(corners, list) or len(corners) < 2:
            raise FormatError(f'{place}: a rectangle needs two corners')
        box = extent([numbers(corner, 2, place, 'a corner') for corner in corners])
    points: dict[str, Point] = {}
    for index, shape in shapes:
        if shape['shape_type'] != 'point':
            continue
        place = f'{where}, shape {index}'
        name = text(shape.get('label'), place, 'label')
        coordinates = shape.get('points')
        if not isinstance(coordinates, list) or len(coordinates) != 1:
            raise FormatError(f'{place}: a point needs one position')
        x, y = numbers(coordinates[0], 2, place, 'the point')
        v = visibility(_is_occluded(shape))
        add_point(points, name, (x, y, v), place)
    return LabelledGarment(where, category, points, box)


def _is_occluded(shape: Mapping) -> bool:
    flags = shape.get('flags')
    set_flags = (
        {plain(str(name)) for name, value in flags.items() if value}
        if isinstance(flags, dict)
        else set()
    )
    return bool(set_flags & OCCLUDED_WORDS)
