"""Boxes of garment detectors, from the forms in use to COCO's result list."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from fashion_mmpose import garments

from .coco_images import ImageList
from .errors import FormatError
from .predictions import read_json
from .restricted_pickle import read_plain_pickle

FORMATS = ('pickle', 'coco', 'mmdet')


def guess_format(path: str | os.PathLike) -> str:
    """``'pickle'``, ``'coco'`` or ``'mmdet'``, by the name and what is there.

    Raises:
        FormatError: If it is none of them.
    """
    path = Path(path)
    if path.is_dir():
        return 'mmdet'
    if path.suffix in ('.pkl', '.pickle'):
        return 'pickle'
    if path.suffix == '.json':
        return 'coco'
    raise FormatError(
        f'{path}: a pickle (.pkl), a COCO result list (.json) or a folder of '
        "MMDetection's predictions is expected; say which with --format"
    )


def read_pickle(
    path: str | os.PathLike, images: ImageList, by_position: bool
) -> Iterator[dict]:
    """Boxes of the published HRNet system's pickle.

    It holds ``data[image][0][category]``, an array (n, 5) of x1, y1, x2, y2, score;
    categories count from 0.

    Args:
        path: The pickle.
        images: The images that are known, and whose categories.
        by_position: Whether ``data[i]`` is of the i-th image of the list; of the image
            with id i + 1 otherwise.

    Yields:
        dict: See :func:`to_coco`.

    Raises:
        FormatError: If the file is not such a pickle; the message names the place.
    """
    data = read_plain_pickle(path)
    names = garments.categories(images.benchmark)
    if not isinstance(data, (list, tuple)):
        raise FormatError(f'{path} must hold a list, one entry per image')
    if by_position and len(data) != len(images.ids):
        raise FormatError(
            f'{path} is of {len(data)} images, the annotation file lists '
            f'{len(images.ids)}'
        )
    for index, entry in enumerate(data):
        image_id = images.ids[index] if by_position else index + 1
        try:
            by_category = entry[0]
            count = len(by_category)
        except (TypeError, IndexError):
            raise FormatError(
                f'{path}: data[{index}] must be a list whose first entry holds the '
                'boxes by category'
            ) from None
        if count != len(names):
            raise FormatError(
                f'{path}: data[{index}][0] has {count} categories, '
                f'{images.benchmark} has {len(names)}'
            )
        for place, boxes in enumerate(by_category):
            boxes = np.asarray(boxes, float)
            if boxes.size == 0:
                continue
            if boxes.ndim != 2 or boxes.shape[1] != 5:
                raise FormatError(
                    f'{path}: data[{index}][0][{place}] has the shape {boxes.shape}, '
                    'expected (n, 5): x1, y1, x2, y2, score'
                )
            category_id = garments.garment(images.benchmark, names[place]).category_id
            for x1, y1, x2, y2, score in boxes.tolist():
                yield dict(
                    where=f'data[{index}][0][{place}]',
                    image_id=image_id,
                    category_id=category_id,
                    corners=(x1, y1, x2, y2),
                    score=score,
                )


def read_coco(path: str | os.PathLike) -> Iterator[dict]:
    """Boxes of a COCO result list, e.g. ``<prefix>.bbox.json`` of MMDetection.

    Yields:
        dict: See :func:`to_coco`.

    Raises:
        FormatError: If the file is not such a list; the message names the entry.
    """
    entries = read_json(path)
    if not isinstance(entries, list):
        raise FormatError(f'{path} must hold a list of boxes')
    for index, entry in enumerate(entries):
        where = f'entry {index}'
        _need(path, where, entry, ('image_id', 'category_id', 'bbox', 'score'))
        x, y, width, height = _numbers(path, where, entry['bbox'], 4)
        yield dict(
            where=where,
            image_id=entry['image_id'],
            category_id=entry['category_id'],
            corners=(x, y, x + width, y + height),
            score=entry['score'],
        )


def read_mmdet(folder: str | os.PathLike, images: ImageList) -> Iterator[dict]:
    """Boxes of the folder that MMDetection's ``DetInferencer`` writes.

    It holds a JSON per picture, of its name, with ``labels`` from 0, ``bboxes`` (xyxy)
    and ``scores``.

    Yields:
        dict: See :func:`to_coco`.

    Raises:
        FormatError: If a file is not of that form or of no image; the message names
            it.
    """
    by_name: dict[str, list[int]] = {}
    for image_id, name in zip(images.ids, images.paths):
        by_name.setdefault(Path(name).stem, []).append(image_id)
    names = garments.categories(images.benchmark)
    paths = sorted(Path(folder).glob('*.json'))
    if not paths:
        raise FormatError(f'{folder} has no JSON file; give the folder preds/')
    for path in paths:
        ids = by_name.get(path.stem, [])
        if len(ids) != 1:
            problem = 'several images' if ids else 'no image'
            raise FormatError(f'{path}: {problem} of the annotation file has this name')
        content = read_json(path)
        _need(path, 'it', content, ('labels', 'bboxes', 'scores'))
        columns = content['labels'], content['bboxes'], content['scores']
        if len({len(column) for column in columns}) != 1:
            raise FormatError(f'{path}: labels, bboxes and scores differ in number')
        for index, (label, box, score) in enumerate(zip(*columns)):
            if type(label) is not int or not 0 <= label < len(names):
                raise FormatError(
                    f'{path}: label {index} is {label!r}, expected 0 to '
                    f'{len(names) - 1}'
                )
            where = f'{path.name}: box {index}'
            yield dict(
                where=where,
                image_id=ids[0],
                category_id=garments.garment(
                    images.benchmark, names[label]
                ).category_id,
                corners=tuple(_numbers(path, where, box, 4)),
                score=score,
            )


def to_coco(
    path: str | os.PathLike,
    boxes: Iterable[Mapping],
    images: ImageList,
    score_thr: float = 0.0,
) -> list[dict]:
    """COCO's result list, in the order of the images.

    Args:
        path: Where the boxes are from, for errors.
        boxes: ``where``, ``image_id``, ``category_id``, ``corners`` (x1, y1, x2, y2, in
            pixels) and ``score``.
        images: The images that are known, and whose categories.
        score_thr: Boxes below are left out.

    Returns:
        list[dict]: ``image_id``, ``category_id``, ``bbox`` (xywh) and ``score``.

    Raises:
        FormatError: If a box is of an unknown image or category, is empty, or a number
            is not finite.
    """
    places = {image_id: place for place, image_id in enumerate(images.ids)}
    results, strangers = [], {}
    for box in boxes:
        where = f'{path}: {box["where"]}'
        numbers = _numbers(path, box['where'], [*box['corners'], box['score']], 5)
        x1, y1, x2, y2, score = numbers
        if score < score_thr:
            continue
        if box['image_id'] not in places:
            strangers.setdefault(box['image_id'], where)
            continue
        try:
            garments.category_of_id(images.benchmark, box['category_id'])
        except ValueError as error:
            raise FormatError(f'{where}: {error}') from None
        if x2 <= x1 or y2 <= y1:
            raise FormatError(f'{where}: the box {numbers[:4]} (xyxy) is empty')
        results.append(
            dict(
                image_id=box['image_id'],
                category_id=box['category_id'],
                bbox=[round(value, 3) for value in (x1, y1, x2 - x1, y2 - y1)],
                score=round(score, 6),
            )
        )
    if strangers:
        image_id, where = next(iter(strangers.items()))
        raise FormatError(
            f'{where} is of image {image_id}, which the annotation file does not list '
            f'({len(strangers)} such images); give the file that was detected on'
        )
    return sorted(results, key=lambda result: places[result['image_id']])


def encode(results: list[dict]) -> str:
    """The list as JSON."""
    return json.dumps(results, separators=(',', ':'), allow_nan=False) + '\n'


def _need(path, where: str, entry, keys: tuple[str, ...]) -> None:
    missing = [key for key in keys if not isinstance(entry, dict) or key not in entry]
    if missing:
        raise FormatError(f'{path}: {where} has no {missing}')


def _numbers(path, where: str, values, count: int) -> list[float]:
    try:
        numbers = np.array(values, float)
    except (TypeError, ValueError):
        numbers = np.zeros(0)
    if numbers.shape != (count,) or not np.isfinite(numbers).all():
        raise FormatError(f'{path}: {where}: expected {count} numbers, got {values}')
    return numbers.tolist()
