"""Predictions as COCO's result list."""

import os
import reprlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.json_file import JsonList, read_json
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.garments.layout import own_points

from .ids import whole_id

# Readers of the challenge's CSV files take six digits; no picture is that wide.
_MAX_PX = 999_999


def write_predictions(path: str | os.PathLike, predictions: Sequence[Mapping]) -> None:
    """Write a COCO result list, compact, complete or not at all.

    Args:
        path: The JSON file to write.
        predictions: Entries with ``image_id``, ``category_id``, ``bbox`` (xywh),
            ``score`` and, unless they are a detector's, ``keypoints`` (x, y, score of
            every key point), all in pixels of the original image.
    """
    with OutputFiles() as outputs:
        file = outputs.open(path)
        entries = JsonList(file)
        entries.extend(predictions)
        entries.close()
        file.write('\n')


def read_predictions(
    path: str | os.PathLike, benchmark: garments.Named = 'fashionai'
) -> list[dict]:
    """Read a COCO result list of garments, and check every entry.

    Args:
        path: The JSON file.
        benchmark: Whose garments they are. Defaults to FashionAI.

    Returns:
        list[dict]: As :func:`write_predictions` takes them, with the K key points of
        the entry's category or all of the benchmark's. Ids that are written as
        fractions, 7.0, are whole numbers.

    Raises:
        FormatError: If the file is not such a list: an entry lacks a key, is of an
            unknown category, has another number of key points or one that is not a
            finite position, or a box that is none. The message names the file and the
            first few entries.
        OSError: If the file cannot be opened.
    """
    entries = read_json(path)
    if not isinstance(entries, list):
        raise FormatError(
            f'{path} must hold a list of predictions (image_id, category_id, score, '
            f'keypoints), as `tools/test.py --out` writes it, but holds a '
            f'{type(entries).__name__}'
        )
    problems = {i: _problem(entry, benchmark) for i, entry in enumerate(entries)}
    problems = [f'entry {i}: {found}' for i, found in problems.items() if found]
    if problems:
        raise FormatError(
            f'{path}: {len(problems)} of {len(entries)} entries (from 0) are not '
            f'predictions: {first_few(problems, "; ")}'
        )
    for entry in entries:
        for key in ('image_id', 'category_id'):
            entry[key] = int(entry[key])
    return entries


def named_pictures(entries: Iterable[Mapping]) -> dict[int, str]:
    """What entries call their pictures, by the pictures' ids.

    Those of ``predict`` do, which has no annotation file and numbers pictures itself.
    Frames of a video are left out: their annotations name pictures of their own.
    """
    return {
        entry['image_id']: entry['image']
        for entry in entries
        if isinstance(entry.get('image'), str) and entry.get('frame') is None
    }


def check_pictures(
    path: str | os.PathLike,
    named: Mapping[int, str],
    ann_file: str | os.PathLike,
    listed: Iterable[tuple[int, str]],
    mend: str = 'predict with `test`',
) -> None:
    """Refuse predictions whose ids are those of other pictures in an annotation file.

    Args:
        path: The file of the predictions, for the error.
        named: What they call their pictures, see :func:`named_pictures`. Suffixes do
            not count, and folders do where they are those of another listed picture.
        ann_file: The annotation file, for the error.
        listed: Id and file name of each of its pictures.
        mend: What numbers pictures as that file does, for the error.

    Raises:
        FormatError: If a picture has another name there.
    """
    if not named:
        return
    listed = list(listed)
    known = {tail for _, name in listed for tail in _tails(name)}
    for image_id, name in listed:
        told = named.get(image_id, name)
        # Paths may lead from several folders: what they have in common is their end.
        common = [tail for tail in _tails(told) if tail in known]
        if not common or common[-1] not in _tails(name):
            raise FormatError(
                f'{path}: image {image_id} is {told!r}, and in {ann_file} it is '
                f'{name!r}: the predictions number their pictures otherwise, as '
                f'`predict` does; to fix it: {mend}, or give each entry the image_id '
                'that its picture has there'
            )


def _tails(name: str) -> list[str]:
    """A picture's name without its suffix, and with more and more of its folders."""
    path = PurePosixPath(name.replace('\\', '/'))
    parts = (*path.parent.parts, path.stem)
    return ['/'.join(parts[-num:]) for num in range(1, len(parts) + 1)]


def first_few(items: Sequence[str], separator: str = ', ', limit: int = 3) -> str:
    """The first items as text, and how many more there are."""
    more = [f'and {len(items) - limit} more'] if len(items) > limit else []
    return separator.join([*items[:limit], *more])


def _problem(entry, benchmark: garments.Named) -> str | None:
    """What is wrong with an entry, or None."""
    if not isinstance(entry, dict):
        return f'is a {type(entry).__name__}, not an object'
    missing = {'image_id', 'category_id', 'score', 'keypoints'} - set(entry)
    if missing:
        return f'lacks {sorted(missing)}'
    if whole_id(entry['image_id']) is None:
        return f'image_id {entry["image_id"]!r} is not a whole number'
    if not _is_finite(entry['score']):
        return f'score {entry["score"]!r} is not a finite number'
    if fault := box_fault(entry.get('bbox')):
        return fault
    try:
        garment = garments.category_of_id(benchmark, entry['category_id'])
    except ValueError as error:
        return str(error)
    values = entry['keypoints']
    if not isinstance(values, list) or len(values) % 3:
        return 'keypoints is not a flat list of x, y, score of every key point'
    for i, value in enumerate(values):
        if not _is_finite(value):
            return f'keypoints[{i}] is {value!r}, not a finite number'
    try:
        points = np.array(values, float)
        own = own_points(points.reshape(-1, 3), garment, 'it')
    except FormatError as error:
        return str(error)
    for name, xy in zip(garment.keypoints, own[:, :2]):
        if abs(xy).max() > _MAX_PX:
            return f'{name} at {tuple(xy.tolist())} is not a position in pixels'
    far = np.flatnonzero(abs(points) > _MAX_PX)  # other categories' points, and scores
    if far.size:
        value = values[far[0]]
        return f'keypoints[{far[0]}] is {value!r}; no position or score is that large'
    return None


def box_fault(box: Any) -> str:
    """What is wrong with the ``bbox`` of an entry; '' also where there is none."""
    if not box or (
        isinstance(box, list) and len(box) == 4 and all(map(_is_finite, box))
    ):
        return ''
    return f'bbox is {reprlib.repr(box)}, not four finite numbers x, y, width, height'


def _is_finite(value) -> bool:
    # Python's JSON reader lets NaN, Infinity and whole numbers of any size pass.
    return type(value) in (int, float) and abs(value) <= sys.float_info.max
