"""Boxes of garment detectors, from the forms in use to COCO's result list."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.json_file import read_json
from fashion_mmpose.formats.coco.ids import whole_id
from fashion_mmpose.formats.coco.images import ImageList
from fashion_mmpose.formats.coco.results import check_pictures, named_pictures

from .entries import (
    category_ids,
    is_row,
    known_category,
    need,
    numbers_of,
    whole_number,
)
from .image_names import ImageNames
from .restricted_pickle import read_plain_pickle

FORMATS = ('pickle', 'coco', 'mmdet', 'yolo', 'supervision')
_HEAD = 4096  # bytes that show whose JSON it is


def guess_format(path: str | os.PathLike) -> str:
    """One of :data:`FORMATS`, by the name and what is there.

    Raises:
        FormatError: If it is none of them.
    """
    path = Path(path)
    if path.is_dir():
        return 'yolo' if any(path.glob('*.txt')) else 'mmdet'
    suffix = path.suffix.lower()
    if suffix in ('.pkl', '.pickle'):
        return 'pickle'
    if suffix == '.csv':
        return 'supervision'
    if suffix == '.json':
        with open(path, 'rb') as file:
            return 'supervision' if b'"x_min"' in file.read(_HEAD) else 'coco'
    raise FormatError(
        f'{path}: a pickle (.pkl), a COCO result list (.json), detections of '
        "supervision (.csv, .json), a folder of MMDetection's predictions or one of "
        "YOLO's labels is expected; say which with --format"
    )


def read_pickle(
    path: str | os.PathLike,
    images: ImageList,
    by_position: bool,
    label_map: Mapping[int, str] | None = None,
) -> Iterator[dict]:
    """Boxes of the published HRNet system's pickle.

    It holds ``data[image][0][category]``, an array (n, 5) of x1, y1, x2, y2, score;
    categories count from 0.

    Args:
        path: The pickle.
        images: The images that are known, and whose categories.
        by_position: Whether ``data[i]`` is of the i-th image of the list; of the image
            with id i + 1 otherwise.
        label_map: See :func:`.entries.category_ids`; what it does not name must have no
            boxes.

    Yields:
        dict: See :func:`.result_list.to_coco`.

    Raises:
        FormatError: If the file is not such a pickle; the message names the place.
    """
    data = read_plain_pickle(path)
    ids = category_ids(images.benchmark, label_map, first=0)
    if not isinstance(data, (list, tuple)):
        raise FormatError(f'{path} must hold a list, one entry per image')
    if by_position and len(data) != len(images.ids):
        raise FormatError(
            f'{path} is of {len(data)} images, the annotation file lists '
            f'{len(images.ids)}'
        )
    for index, entry in enumerate(data):
        image_id = images.ids[index] if by_position else index + 1
        if not is_row(entry) or not entry or not is_row(entry[0]):
            raise FormatError(
                f'{path}: data[{index}] must be a list whose first entry is the list '
                'of the boxes by category'
            )
        if label_map is None and len(entry[0]) != len(ids):
            raise FormatError(
                f'{path}: data[{index}][0] has {len(entry[0])} categories, '
                f'the benchmark has {len(ids)}; name them with --label-map'
            )
        for place, boxes in enumerate(entry[0]):
            where = f'data[{index}][0][{place}]'
            boxes = _rows(path, where, boxes)
            if len(boxes) and place not in ids:
                raise FormatError(f'{path}: {where} has boxes, but no category')
            for x1, y1, x2, y2, score in boxes:
                yield dict(
                    where=where,
                    image_id=image_id,
                    category_id=ids[place],
                    corners=(x1, y1, x2, y2),
                    score=score,
                )


def _rows(path: str | os.PathLike, where: str, boxes) -> list[list[float]]:
    """An array (n, 5), or a list of such rows, as numbers."""
    if is_row(boxes):
        # Row by row: what numpy makes of a list of lists of lists may be endless.
        return [
            numbers_of(path, f'{where}[{i}]', row, 5) for i, row in enumerate(boxes)
        ]
    if not isinstance(boxes, np.ndarray):
        raise FormatError(f'{path}: {where} is a {type(boxes).__name__}, not an array')
    if boxes.size and (boxes.ndim != 2 or boxes.shape[1] != 5):
        raise FormatError(
            f'{path}: {where} has the shape {boxes.shape}, '
            'expected (n, 5): x1, y1, x2, y2, score'
        )
    return boxes.astype(float).tolist() if boxes.size else []


def read_coco(
    path: str | os.PathLike,
    images: ImageList,
    label_map: Mapping[int, str] | None = None,
) -> Iterator[dict]:
    """Boxes of a COCO result list, e.g. ``<prefix>.bbox.json`` of MMDetection.

    Images may be named by a ``file_name``, or by the ``image_id``: by their id, or as
    Ultralytics' ``predictions.json`` does, by the stem of their file.

    Args:
        path: The JSON.
        images: The images that are known, and whose categories.
        label_map: See :func:`.entries.category_ids`; by the ``category_id`` in the
            file.

    Yields:
        dict: See :func:`.result_list.to_coco`.

    Raises:
        FormatError: If the file is not such a list, or numbers its pictures otherwise,
            as `predict` does; the message names the entry.
    """
    entries = read_json(path)
    if not isinstance(entries, list):
        raise FormatError(f'{path} must hold a list of boxes')
    _check_pictures(path, entries, images)
    ids = category_ids(images.benchmark, label_map, first=1)
    names = ImageNames(images)
    for index, entry in enumerate(entries):
        where = f'entry {index}'
        need(path, where, entry, ('image_id', 'category_id', 'bbox', 'score'))
        x, y, width, height = numbers_of(path, where, entry['bbox'], 4)
        yield dict(
            where=where,
            image_id=_image_id(path, where, entry, names),
            category_id=known_category(
                path, where, 'category_id', entry['category_id'], ids
            ),
            corners=(x, y, x + width, y + height),
            score=entry['score'],
        )


def _check_pictures(path, entries: list, images: ImageList) -> None:
    numbered = [
        entry | dict(image_id=whole_id(entry.get('image_id')))
        for entry in entries
        if isinstance(entry, dict) and 'image' in entry and 'file_name' not in entry
    ]
    check_pictures(
        path,
        named_pictures(numbered),
        'the annotation file',
        zip(images.ids, images.paths),
        'find boxes with `detect`',
    )


def _image_id(path, where: str, entry: Mapping, names: ImageNames) -> int:
    name = entry.get('file_name', entry['image_id'])
    if isinstance(name, str):
        return names.find(f'{path}: {where}', name)
    return whole_number(path, where, 'image_id', entry['image_id'])


def read_mmdet(
    folder: str | os.PathLike,
    images: ImageList,
    label_map: Mapping[int, str] | None = None,
) -> Iterator[dict]:
    """Boxes of the folder that MMDetection's ``DetInferencer`` writes.

    It holds a JSON per picture, of its name, with ``labels`` from 0, ``bboxes`` (xyxy)
    and ``scores``.

    Args:
        folder: The folder.
        images: The images that are known, and whose categories.
        label_map: See :func:`.entries.category_ids`.

    Yields:
        dict: See :func:`.result_list.to_coco`.

    Raises:
        FormatError: If a file is not of that form or of no image; the message names
            it.
    """
    names = ImageNames(images)
    known = category_ids(images.benchmark, label_map, first=0)
    paths = sorted(Path(folder).glob('*.json'))
    if not paths:
        raise FormatError(f'{folder} has no JSON file; give the folder preds/')
    for path in paths:
        image_id = names.find(str(path), path.stem, is_stem=True)
        content = read_json(path)
        need(path, 'it', content, ('labels', 'bboxes', 'scores'))
        columns = content['labels'], content['bboxes'], content['scores']
        if not all(map(is_row, columns)) or len(set(map(len, columns))) != 1:
            raise FormatError(
                f'{path}: labels, bboxes and scores must be lists of the same length'
            )
        for index, (label, box, score) in enumerate(zip(*columns)):
            where = f'{path.name}: box {index}'
            yield dict(
                where=where,
                image_id=image_id,
                category_id=known_category(folder, where, 'label', label, known),
                corners=tuple(numbers_of(folder, where, box, 4)),
                score=score,
            )
