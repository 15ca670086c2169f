"""Detector boxes in COCO's result form, read into arrays."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.json_file import decode, map_file
from fashion_mmpose.formats.coco.geometry import MAX_PX
from fashion_mmpose.formats.coco.ids import Id, whole_id
from fashion_mmpose.formats.coco.results import named_pictures


@dataclass(frozen=True)
class BoxColumns:
    """Boxes of a detector, each with the category that it was detected as.

    N: boxes, in the order of the file.

    Attributes:
        image_ids: Shape (N, ), int64.
        category_ids: Shape (N, ), int16, each of them in the table.
        boxes: x, y, width, height in pixels of the image, width and height positive,
            shape (N, 4), float64.
        scores: 0 to 1, shape (N, ), float64.
        pictures: What the boxes call their pictures, by the images' ids; empty where
            they do not.
    """

    image_ids: np.ndarray
    category_ids: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray
    pictures: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.scores)

    def take(self, which: np.ndarray) -> 'BoxColumns':
        """The boxes of these indices, or where a mask is True."""
        return BoxColumns(
            self.image_ids[which],
            self.category_ids[which],
            self.boxes[which],
            self.scores[which],
            self.pictures,
        )


class _Box(msgspec.Struct, gc=False):
    image_id: Id | None = None
    category_id: Id | None = None
    bbox: list[float] | None = None
    score: float | None = None
    image: Any = None
    frame: Any = None


def read_boxes(path: str | os.PathLike, benchmark: garments.Named) -> BoxColumns:
    """Read a JSON list of ``image_id``, ``category_id``, ``bbox`` (xywh) and ``score``.

    Args:
        path: The JSON.
        benchmark: The benchmark whose categories are detected, or the name of a
            built-in one.

    Returns:
        BoxColumns: All boxes.

    Raises:
        FileNotFoundError: If there is no such file.
        FormatError: If the file is not what it should be; the message names the file
            and the box.
    """
    path = os.fspath(path)
    entries = _decode(path)
    for index, entry in enumerate(entries):
        if (
            entry.bbox is None
            or len(entry.bbox) != 4
            or None
            in (
                entry.image_id,
                entry.category_id,
                entry.score,
            )
        ):
            raise FormatError(f'{path}: box {index} {_fault(entry)}')
        if whole_id(entry.image_id) is None:
            raise FormatError(
                f'{path}: box {index}: image_id {entry.image_id} is no whole number'
            )
    num = len(entries)
    category_ids = _category_ids(path, entries, benchmark)
    boxes = np.array([e.bbox for e in entries], np.float64).reshape(num, 4)
    wild = np.flatnonzero(~(np.abs(boxes) <= MAX_PX).all(axis=1))
    if len(wild):
        raise FormatError(
            f'{path}: box {wild[0]} has the bbox {boxes[wild[0]].tolist()}, which are '
            'no pixels; to fix it: write finite numbers of pixels'
        )
    flat = np.flatnonzero((boxes[:, 2:] <= 0).any(axis=1))
    if len(flat):
        raise FormatError(
            f'{path}: box {flat[0]}: width and height must be positive: '
            f'{boxes[flat[0]].tolist()}'
        )
    scores = np.fromiter((e.score for e in entries), np.float64, num)
    odd = np.flatnonzero(~((scores >= 0) & (scores <= 1)))
    if len(odd):
        raise FormatError(
            f'{path}: box {odd[0]}: the score {scores[odd[0]]:g} is not between 0 and 1'
        )
    return BoxColumns(
        image_ids=np.fromiter((e.image_id for e in entries), np.int64, num),
        category_ids=category_ids,
        boxes=boxes,
        scores=scores,
        pictures=named_pictures(
            dict(image_id=int(e.image_id or 0), image=e.image, frame=e.frame)
            for e in entries
            if e.image is not None
        ),
    )


_NEEDED = 'image_id', 'category_id', 'bbox', 'score'


def _decode(path: str) -> list[_Box]:
    hint = (
        'it must hold a list of boxes: image_id, category_id, bbox (x, y, w, h: four '
        'finite numbers) and score; data_converters/detections_to_coco.py brings the '
        'boxes of other tools into this form'
    )
    try:
        with map_file(path, 'box file') as data:
            return decode(data, list[_Box])
    except msgspec.ValidationError as error:
        raise FormatError(f'{path}: {error}; {hint}') from None
    except FormatError as error:
        raise FormatError(f'{error}; {hint}') from None


def _fault(entry: _Box) -> str:
    missing = [name for name in _NEEDED if getattr(entry, name) is None]
    if missing:
        return f'has no {sorted(missing)}'
    return f'has the bbox {entry.bbox}, expected four finite numbers x, y, w, h'


def _category_ids(
    path: str, entries: list[_Box], benchmark: garments.Named
) -> np.ndarray:
    first = {}
    for index, entry in enumerate(entries):
        first.setdefault(entry.category_id, index)
    for category_id, index in first.items():
        try:
            garments.category_of_id(benchmark, category_id)
        except ValueError as error:
            raise FormatError(f'{path}: box {index}: {error}') from None
    return np.fromiter((e.category_id for e in entries), np.int16, len(entries))
