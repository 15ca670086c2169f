"""DeepFashion2's official landmark results: a COCO result list of 294 slots each."""

import json
import math
import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO

import msgspec
import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.json_file import JsonDecoder, JsonList, decode, map_file
from fashion_mmpose.formats.coco.geometry import MAX_PX
from fashion_mmpose.formats.coco.ids import Id, whole_id
from fashion_mmpose.formats.coco.results import named_pictures

NUM_SLOTS = len(garments.keypoints('deepfashion2'))
_DECIMALS = 4  # of a pixel, and of a point's score


@dataclass(frozen=True)
class Results:
    """Predicted garments in columns. N: entries, T: all their own points together.

    Attributes:
        image_ids: Shape (N, ), int64.
        category_ids: Shape (N, ), int16.
        scores: Shape (N, ), float64.
        points: x, y in pixels of the image, shape (T, 2), float64; entry i owns
            ``points[starts[i]:starts[i + 1]]``, its category's landmarks in order.
        starts: Shape (N + 1, ), int64.
        areas: Square pixels, shape (N, ), float64: of the boxes if the entries have
            some, otherwise of the extent of all slots, as COCO's tools take it.
        slots: All slots, (294, 2), of the entries that were asked for.
        point_scores: The third number of each of ``points``, shape (T, ): a score from
            0 to 1, or whatever else a tool writes there.
        pictures: What the entries call their pictures, by the images' ids; empty where
            they do not.
    """

    image_ids: np.ndarray
    category_ids: np.ndarray
    scores: np.ndarray
    points: np.ndarray
    starts: np.ndarray
    areas: np.ndarray
    slots: dict[int, np.ndarray]
    point_scores: np.ndarray
    pictures: dict[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.scores)


def result_columns(entries: Sequence[dict]) -> Results:
    """Entries in memory, in columns as :func:`read_results` reads them from a file.

    Args:
        entries: See :func:`write_results`.
    """
    rows = [entry['keypoints'] for entry in entries]
    starts = np.cumsum([0, *map(len, rows)])
    rows = np.concatenate(rows) if rows else np.zeros((0, 3))

    def column(name: str) -> list:
        return [entry[name] for entry in entries]

    return _columns(
        column('image_id'),
        column('category_id'),
        column('score'),
        rows,
        starts,
        named_pictures(entries),
    )


def garment_columns(
    predicted: Sequence[tuple[garments.GarmentPrediction, float]],
) -> Results:
    """The same of garments and their scores: no entry is made of each."""
    starts = np.cumsum([0, *(len(each.scores) for each, _ in predicted)])
    rows = np.empty((starts[-1], 3))
    for (each, _), start, end in zip(predicted, starts.tolist(), starts[1:].tolist()):
        rows[start:end, :2] = each.keypoints
        rows[start:end, 2] = each.scores
    return _columns(
        [each.image_id for each, _ in predicted],
        [each.garment.category_id for each, _ in predicted],
        [score for _, score in predicted],
        rows,
        starts,
        {},
    )


def _columns(
    image_ids: list[int],
    category_ids: list[int],
    scores: list[float],
    rows: np.ndarray,
    starts: np.ndarray,
    pictures: dict[int, str],
) -> Results:
    """Columns of entries with the points ``rows``, x, y, score, shape (T, 3)."""
    points = rows[:, :2]
    areas = np.zeros(0)
    if len(points):
        # Unused slots hold a copy of an own point.
        low = np.minimum.reduceat(points, starts[:-1], axis=0)
        high = np.maximum.reduceat(points, starts[:-1], axis=0)
        areas = (high - low).prod(axis=1)
    return Results(
        image_ids=np.array(image_ids, np.int64),
        category_ids=np.array(category_ids, np.int16),
        scores=np.array(scores, np.float64),
        points=points,
        starts=starts,
        areas=areas,
        slots={},
        point_scores=rows[:, 2],
        pictures=pictures,
    )


# --------------------------------------------------------------------------- writing


def write_results(file: TextIO, entries: Iterable[dict]) -> int:
    """Write the official list, entry by entry.

    The slots of other categories hold a copy of the entry's first own point, so that
    they do not stretch its extent.

    Args:
        file: Open for writing.
        entries: ``image_id``, ``category_id``, ``score`` and ``keypoints`` (K, 3): x, y
            in pixels of the image and the score of the category's own points.

    Returns:
        int: How many there were.

    Raises:
        ValueError: If a number is not finite.
    """
    results = JsonList(file)
    for entry in entries:
        results.add(_encode(entry))
    results.close()
    file.write('\n')
    return results.count


def _encode(entry: dict) -> str:
    garment = garments.category_of_id('deepfashion2', entry['category_id'])
    rows = np.asarray(entry['keypoints'], float).tolist()
    if not all(map(math.isfinite, (entry['score'], *(v for row in rows for v in row)))):
        raise ValueError(
            f'image {entry["image_id"]}: the prediction of a {garment.name} has '
            'numbers that are not finite'
        )
    own = [f'{_compact(x)},{_compact(y)},{_compact(score)}' for x, y, score in rows]
    x, y, _ = rows[0]
    unused = f'{_compact(x)},{_compact(y)},0'
    first, last = garment.channels[0], garment.channels[-1]
    slots = [unused] * first + own + [unused] * (NUM_SLOTS - last - 1)
    return (
        f'{{"image_id":{entry["image_id"]},"category_id":{entry["category_id"]},'
        f'"score":{json.dumps(float(entry["score"]))},"keypoints":[{",".join(slots)}]}}'
    )


def _compact(number: float) -> str:
    rounded = round(number, _DECIMALS)
    return str(int(rounded)) if rounded == int(rounded) else str(rounded)


# --------------------------------------------------------------------------- reading


class _Entry(msgspec.Struct, gc=False):
    image_id: Id
    category_id: Id
    score: float
    keypoints: list[float]
    bbox: list[float] | None = None
    image: Any = None
    frame: Any = None


def read_results(
    path: str | os.PathLike, whole: Collection[tuple[int, int]] = ()
) -> Results:
    """Read the official list, as any tool writes it.

    Args:
        path: The JSON: entries with ``image_id``, ``category_id``, ``score`` and
            ``keypoints``, three numbers for every slot, or for the category's own
            landmarks only.
        whole: (image id, category id) of entries whose slots are all kept.

    Returns:
        Results: The entries in the order of the file.

    Raises:
        FileNotFoundError: If there is no such file.
        FormatError: If it is not such a list; the message names the entry.
    """
    whole = set(whole)
    known = {
        g.category_id: g for g in garments.benchmark('deepfashion2').garments.values()
    }
    entries = JsonDecoder(_Entry)
    heads, points, slots, named = [], [], {}, []
    has_boxes = False
    with map_file(path, 'result file') as data:
        for index, raw in enumerate(_split(path, data)):
            try:
                entry = entries.decode(raw)
                garment = known[entry.category_id]
                image_id = whole_id(entry.image_id)
                if image_id is None:
                    raise FormatError(f'image_id {entry.image_id} is no whole number')
                own, all_slots = _own_points(entry, garment)
            except (msgspec.DecodeError, FormatError) as error:
                raise FormatError(f'{path}: entry {index}: {error}') from None
            except KeyError:
                raise FormatError(
                    f'{path}: entry {index}: category_id {entry.category_id} is not '
                    f'one of DeepFashion2, 1 to {len(known)}'
                ) from None
            if index == 0:
                # COCO's tools look at the first entry to decide for all.
                has_boxes = bool(entry.bbox)
            area = _area(path, index, entry, all_slots, has_boxes)
            heads.append((image_id, garment.category_id, entry.score, area))
            points.append(own)
            if entry.image is not None:
                named.append(
                    dict(image_id=image_id, image=entry.image, frame=entry.frame)
                )
            if (image_id, garment.category_id) in whole:
                slots[index] = all_slots
    counts = [len(own) for own in points]
    rows = np.concatenate(points) if points else np.zeros((0, 3))
    columns = list(zip(*heads)) or [()] * 4
    return Results(
        image_ids=np.array(columns[0], np.int64),
        category_ids=np.array(columns[1], np.int16),
        scores=np.array(columns[2], float),
        points=rows[:, :2].copy(),
        starts=np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(
            np.int64
        ),
        areas=np.array(columns[3], float),
        slots=slots,
        point_scores=rows[:, 2].copy(),
        pictures=named_pictures(named),
    )


def _split(path: str | os.PathLike, data) -> list[msgspec.Raw]:
    try:
        return decode(data, list[msgspec.Raw])
    except msgspec.ValidationError as error:
        raise FormatError(
            f'{path} must hold a list of results (image_id, category_id, score, '
            f'keypoints): {error}'
        ) from None


def _own_points(
    entry: _Entry, garment: garments.Garment
) -> tuple[np.ndarray, np.ndarray]:
    """x, y, score of the own points (K, 3), and x, y of all slots (n, 2)."""
    numbers = np.array(entry.keypoints)
    num_own = len(garment.channels)
    if len(numbers) not in (3 * NUM_SLOTS, 3 * num_own):
        raise FormatError(
            f'it has {len(numbers)} key point numbers; expected {3 * NUM_SLOTS}, or '
            f'the {3 * num_own} of a {garment.name}'
        )
    if not np.isfinite(numbers).all() or not math.isfinite(entry.score):
        raise FormatError('its numbers must be finite')
    rows = numbers.reshape(-1, 3)
    xy = rows[:, :2]
    if np.abs(xy).max() > MAX_PX:
        raise FormatError(
            f'it has a key point at {xy[np.abs(xy).max(axis=1).argmax()].tolist()}, '
            'which are no pixels'
        )
    if len(xy) == num_own:
        return rows, _filled(xy, garment)
    first, last = garment.channels[0], garment.channels[-1]
    # A view would keep all slots in memory.
    return rows[first : last + 1].copy(), xy


def _filled(own: np.ndarray, garment: garments.Garment) -> np.ndarray:
    slots = np.repeat(own[:1], NUM_SLOTS, axis=0)
    slots[list(garment.channels)] = own
    return slots


def _area(path, index: int, entry: _Entry, slots: np.ndarray, has_boxes: bool) -> float:
    if not has_boxes:
        return float(np.prod(slots.max(axis=0) - slots.min(axis=0)))
    if entry.bbox is None or len(entry.bbox) != 4:
        others = ', as entry 0 has' if index else ''
        raise FormatError(
            f'{path}: entry {index} must have a bbox of four numbers{others}'
        )
    if not all(abs(value) <= MAX_PX for value in entry.bbox):
        raise FormatError(
            f'{path}: entry {index} has the bbox {entry.bbox}, which are no pixels'
        )
    return entry.bbox[2] * entry.bbox[3]
