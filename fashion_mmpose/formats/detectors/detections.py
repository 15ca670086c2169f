"""Boxes of garment detectors, from the forms in use to COCO's result list."""

import math
import os
import reprlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.json_file import read_json
from fashion_mmpose.formats.coco.images import ImageList

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


def category_ids(
    benchmark: garments.Named, label_map: Mapping[int, str] | None, first: int
) -> dict[int, int]:
    """Category ids by the detector's own numbers for categories.

    Args:
        benchmark: The benchmark, or the name of a built-in one.
        label_map: Names of categories by the detector's number; None if it counts the
            table's in their order.
        first: The number of the first one then.

    Raises:
        ValueError: If a name is none of the benchmark's.
    """
    if label_map is None:
        label_map = dict(enumerate(garments.categories(benchmark), first))
    return {
        label: garments.garment(benchmark, name).category_id
        for label, name in label_map.items()
    }


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
        label_map: See :func:`category_ids`; what it does not name must have no boxes.

    Yields:
        dict: See :func:`to_coco`.

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
        if not _is_row(entry) or not entry or not _is_row(entry[0]):
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


def _is_row(value) -> bool:
    return isinstance(value, (list, tuple))


def _rows(path: str | os.PathLike, where: str, boxes) -> list[list[float]]:
    """An array (n, 5), or a list of such rows, as numbers."""
    if _is_row(boxes):
        # Row by row: what numpy makes of a list of lists of lists may be endless.
        return [_numbers(path, f'{where}[{i}]', row, 5) for i, row in enumerate(boxes)]
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

    Args:
        path: The JSON.
        images: The images that are known, and whose categories.
        label_map: See :func:`category_ids`; by the ``category_id`` in the file.

    Yields:
        dict: See :func:`to_coco`.

    Raises:
        FormatError: If the file is not such a list; the message names the entry.
    """
    entries = read_json(path)
    if not isinstance(entries, list):
        raise FormatError(f'{path} must hold a list of boxes')
    ids = category_ids(images.benchmark, label_map, first=1)
    for index, entry in enumerate(entries):
        where = f'entry {index}'
        _need(path, where, entry, ('image_id', 'category_id', 'bbox', 'score'))
        x, y, width, height = _numbers(path, where, entry['bbox'], 4)
        yield dict(
            where=where,
            image_id=_whole(path, where, 'image_id', entry['image_id']),
            category_id=_known(path, where, 'category_id', entry['category_id'], ids),
            corners=(x, y, x + width, y + height),
            score=entry['score'],
        )


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
        label_map: See :func:`category_ids`.

    Yields:
        dict: See :func:`to_coco`.

    Raises:
        FormatError: If a file is not of that form or of no image; the message names
            it.
    """
    by_name: dict[str, list[int]] = {}
    for image_id, name in zip(images.ids, images.paths):
        by_name.setdefault(Path(name).stem, []).append(image_id)
    known = category_ids(images.benchmark, label_map, first=0)
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
        if not all(map(_is_row, columns)) or len(set(map(len, columns))) != 1:
            raise FormatError(
                f'{path}: labels, bboxes and scores must be lists of the same length'
            )
        for index, (label, box, score) in enumerate(zip(*columns)):
            where = f'{path.name}: box {index}'
            yield dict(
                where=where,
                image_id=ids[0],
                category_id=_known(folder, where, 'label', label, known),
                corners=tuple(_numbers(folder, where, box, 4)),
                score=score,
            )


def to_coco(
    path: str | os.PathLike,
    boxes: Iterable[Mapping],
    images: ImageList,
    score_thr: float | None = None,
    skip_empty: bool = False,
) -> tuple[list[dict], int]:
    """COCO's result list, in the order of the images.

    Args:
        path: Where the boxes are from, for errors.
        boxes: ``where``, ``image_id``, ``category_id``, ``corners`` (x1, y1, x2, y2, in
            pixels) and ``score``.
        images: The images that are known, and whose categories.
        score_thr: Boxes with a lower score are left out.
        skip_empty: Whether boxes without an area are left out and counted.

    Returns:
        tuple: The list of ``image_id``, ``category_id``, ``bbox`` (xywh, to a
        thousandth of a pixel) and ``score`` (to a millionth), and how many boxes
        without an area were left out.

    Raises:
        FormatError: If a box is of an unknown image, has no area, or a number is not
            finite.
    """
    places = {image_id: place for place, image_id in enumerate(images.ids)}
    results, strangers, num_empty = [], {}, 0
    for box in boxes:
        where = f'{path}: {box["where"]}'
        numbers = _numbers(path, box['where'], [*box['corners'], box['score']], 5)
        x1, y1, x2, y2, score = numbers
        if score_thr is not None and score < score_thr:
            continue
        if box['image_id'] not in places:
            strangers.setdefault(box['image_id'], where)
            continue
        bbox = [round(value, 3) for value in (x1, y1, x2 - x1, y2 - y1)]
        if min(bbox[2:]) <= 0:
            if not skip_empty:
                raise FormatError(
                    f'{where}: the box {numbers[:4]} (xyxy) is empty; --skip-empty '
                    'leaves such boxes out'
                )
            num_empty += 1
            continue
        results.append(
            dict(
                image_id=box['image_id'],
                category_id=box['category_id'],
                bbox=bbox,
                score=round(score, 6),
            )
        )
    if strangers:
        image_id, where = next(iter(strangers.items()))
        raise FormatError(
            f'{where} is of image {image_id}, which the annotation file does not list '
            f'({len(strangers)} such images); give the file that was detected on'
        )
    results.sort(key=lambda result: places[result['image_id']])
    return results, num_empty


def _need(path, where: str, entry, keys: tuple[str, ...]) -> None:
    missing = [key for key in keys if not isinstance(entry, dict) or key not in entry]
    if missing:
        raise FormatError(f'{path}: {where} has no {missing}')


def _whole(path, where: str, key: str, value) -> int:
    if type(value) is not int:
        raise FormatError(
            f'{path}: {where}: {key} {reprlib.repr(value)} is not a whole number'
        )
    return value


def _known(path, where: str, key: str, value, ids: Mapping[int, int]) -> int:
    if _whole(path, where, key, value) not in ids:
        raise FormatError(
            f'{path}: {where}: {key} is {value}, expected one of {sorted(ids)}'
        )
    return ids[value]


def _numbers(path, where: str, values, count: int) -> list[float]:
    if isinstance(values, np.ndarray):
        values = values.tolist()
    try:
        # A text is no number, though Python and numpy read one from it.
        plain = _is_row(values) and all(map(_is_number, values))
        numbers = [float(value) for value in values] if plain else []
    except OverflowError:
        raise FormatError(f'{path}: {where}: a number is out of range') from None
    if len(numbers) != count or not all(map(math.isfinite, numbers)):
        raise FormatError(
            f'{path}: {where}: expected {count} finite numbers, got '
            f'{reprlib.repr(values)}'
        )
    return numbers


def _is_number(value) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
