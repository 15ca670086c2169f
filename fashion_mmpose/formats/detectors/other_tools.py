"""Boxes of YOLO's text files and of supervision's detections."""

import csv
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.csv_file import delimiter_of
from fashion_mmpose.files.json_file import read_json
from fashion_mmpose.formats.category_names import category_named
from fashion_mmpose.formats.coco.images import ImageList
from fashion_mmpose.garments import benchmark

from .entries import category_ids, known_category
from .image_names import ImageNames

_WIDE = 1.5  # beyond this a number is no fraction of a picture's side
# Tables write 7 as 7.0 where another cell of the column is empty.
_WHOLE = re.compile(r'(0|-?[1-9][0-9]{0,17})(?:\.0)?')
_CORNERS = ('x_min', 'y_min', 'x_max', 'y_max')
# Names under which people note the picture in supervision's sinks.
_IMAGE_COLUMNS = (
    *('file_name', 'filename', 'image_name', 'image_path', 'image', 'path'),
    *('source_name', 'image_id'),
)


def read_yolo(
    folder: str | os.PathLike,
    images: ImageList,
    label_map: Mapping[int, str] | None = None,
) -> Iterator[dict]:
    """Boxes of a folder of text files, as Ultralytics writes with ``save_txt``.

    A file has the name of its picture; a line is ``class x y w h score``: the class
    from 0, the box's centre and size as fractions of the picture's.

    Args:
        folder: The folder.
        images: The images that are known, and whose categories; their sizes are needed.
        label_map: See :func:`.entries.category_ids`.

    Yields:
        dict: See :func:`.result_list.to_coco`.

    Raises:
        FormatError: If a line is not of that form, or a file is of no image; the
            message names it.
    """
    names = ImageNames(images)
    known = category_ids(images.benchmark, label_map, first=0)
    paths = sorted(Path(folder).glob('*.txt'))
    if not paths:
        raise FormatError(f'{folder} has no text file; give the folder labels/')
    for path in paths:
        image_id = names.find(str(path), path.stem, is_stem=True)
        width, height = names.size(image_id)
        if width < 1 or height < 1:
            raise FormatError(
                f'{path}: its boxes are fractions of the picture, whose size the '
                'annotation file does not tell; to fix it: give width and height there'
            )
        for number, line in enumerate(_lines(path), 1):
            if not line.strip():
                continue
            where = f'{path.name}: line {number}'
            label, x, y, w, h, score = _yolo_numbers(folder, where, line)
            yield dict(
                where=where,
                image_id=image_id,
                category_id=known_category(folder, where, 'class', label, known),
                corners=(
                    (x - w / 2) * width,
                    (y - h / 2) * height,
                    (x + w / 2) * width,
                    (y + h / 2) * height,
                ),
                score=score,
            )


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding='utf-8-sig').splitlines()
    except UnicodeDecodeError as error:
        raise FormatError(f'{path} is no text: {error}') from None


def _yolo_numbers(folder, where: str, line: str) -> tuple:
    fields = line.split()
    form = 'class x y w h score, separated by blanks'
    if len(fields) == 5:
        raise FormatError(
            f'{folder}: {where} has no score, expected {form}; to fix it: detect with '
            'save_conf=True'
        )
    if len(fields) != 6:
        raise FormatError(
            f'{folder}: {where} has {len(fields)} fields, expected {form}'
        )
    try:
        label, numbers = int(fields[0]), [float(text) for text in fields[1:]]
    except ValueError:
        raise FormatError(
            f'{folder}: {where} is {line.strip()!r}, expected {form}'
        ) from None
    if not all(abs(number) <= _WIDE for number in numbers[:4]):
        raise FormatError(
            f'{folder}: {where}: {numbers[:4]} are no fractions of a width and a '
            "height; to fix it: divide by the picture's size"
        )
    return label, *numbers


def read_supervision(
    path: str | os.PathLike,
    images: ImageList,
    label_map: Mapping[int, str] | None = None,
) -> Iterator[dict]:
    """Boxes of the CSV or JSON that supervision's sinks write.

    A row has ``x_min``, ``y_min``, ``x_max``, ``y_max`` in pixels, ``class_id``,
    ``confidence``, perhaps ``class_name``, and the picture's name, which the sink is
    given as custom data, e.g. ``file_name``, or as ``image_id`` its id in the
    annotation file. The name of a class tells its category; without names its number
    does, from 0.

    Args:
        path: The file.
        images: The images that are known, and whose categories.
        label_map: See :func:`.entries.category_ids`; it goes before the names.

    Yields:
        dict: See :func:`.result_list.to_coco`.

    Raises:
        FormatError: If the file is not of that form; the message names the row.
    """
    names = ImageNames(images)
    known = category_ids(images.benchmark, label_map, first=0)
    for index, row in enumerate(_rows(path)):
        where = f'row {index}'
        missing = [
            key for key in (*_CORNERS, 'confidence') if row.get(key) in (None, '')
        ]
        if missing:
            raise FormatError(f'{path}: {where} has no {missing}')
        column = next(
            (key for key in _IMAGE_COLUMNS if row.get(key) not in (None, '')), None
        )
        if column is None:
            raise FormatError(
                f'{path}: {where} does not name its picture; to fix it: give the sink '
                "custom_data=dict(file_name=...) with every picture's detections"
            )
        if label_map is None and row.get('class_name'):
            category_id = _category_id(path, where, row['class_name'], images)
        else:
            label = _number(path, where, row.get('class_id'))
            label = int(label) if label.is_integer() else label
            category_id = known_category(path, where, 'class_id', label, known)
        yield dict(
            where=where,
            image_id=_image_id(path, where, column, row[column], names),
            category_id=category_id,
            corners=tuple(_number(path, where, row[key]) for key in _CORNERS),
            score=_number(path, where, row['confidence']),
        )


def _category_id(path, where: str, class_name, images: ImageList) -> int:
    garment = category_named(images.benchmark, str(class_name))
    if garment is None:
        raise FormatError(
            f'{path}: {where}: the class_name {class_name!r} is no category of '
            f'{benchmark(images.benchmark).name}; to fix it: say with --label-map '
            "which of the detector's numbers are which categories, such as 0=skirt"
        )
    return garment.category_id


def _image_id(path, where: str, column: str, value, names: ImageNames) -> int:
    # The sinks write numbers as text; 000012, with zeros before it, is a file's name.
    if column == 'image_id' and (found := _WHOLE.fullmatch(str(value))):
        return int(found[1])
    return names.find(f'{path}: {where}', str(value))


def _rows(path: str | os.PathLike) -> list[dict]:
    if Path(path).suffix.lower() == '.csv':
        lines = _lines(Path(path))
        delimiter = delimiter_of(lines[0] if lines else '')
        try:
            return list(csv.DictReader(lines, delimiter=delimiter))
        except csv.Error as error:
            raise FormatError(f'{path} is no CSV of detections: {error}') from None
    rows = read_json(path)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FormatError(f'{path} must hold a list of detections, each an object')
    return rows


def _number(path, where: str, value) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise FormatError(f'{path}: {where}: {value!r} is no number') from None
