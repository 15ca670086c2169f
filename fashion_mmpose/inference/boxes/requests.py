"""What a caller says of the garments in each picture."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, replace
from itertools import count, repeat
from typing import Any

import numpy as np

from fashion_mmpose.formats.category_names import named_alike
from fashion_mmpose.inference.detections import Detections
from fashion_mmpose.media.reading import Picture

Categories = str | Iterable[str | Sequence[str]] | None
Boxes = Iterable[np.ndarray | Sequence[Sequence[float]] | Detections] | None


@dataclass(frozen=True)
class Request:
    """What is asked for in one picture.

    Attributes:
        category: Garments of this category only; None for all that are found.
        boxes: Where they are; None where a detector, or nobody, shall find them.
    """

    category: str | None = None
    boxes: Detections | None = None


class Requests(Iterator[Request]):
    """One request per picture, in order.

    Args:
        entries: The requests.
        lengths: How many there are by what they come from, where that is known.
    """

    def __init__(self, entries: Iterator[Request], lengths: Mapping[str, int]) -> None:
        self._entries = entries
        self._lengths = lengths
        self._num_pictures = 0
        self._is_counted = True

    def __next__(self) -> Request:
        return next(self._entries)

    def of(self, picture: Picture) -> Request | None:
        """What is asked for in the next picture, which may be unreadable.

        Raises:
            ValueError: If there is no entry for it, or the entry is bad.
        """
        self._num_pictures += 1
        if not picture.source.is_single:
            # Videos seldom have just as many frames as they say.
            self._is_counted = False
            # Entries are for the frames of a video that can be read: what says that
            # it breaks off, or cannot be opened, has none.
            if picture.error:
                return None
        request = next(self, None)
        if request is None and not picture.error:
            raise ValueError(
                f'category= or bboxes= has no entry for picture {picture.image_id}'
            )
        return request

    def end(self) -> None:
        """Refuse entries that are left when there are no more pictures.

        Raises:
            ValueError: If there are more than pictures.
        """
        for what, length in self._lengths.items():
            if self._is_counted and length > self._num_pictures:
                raise ValueError(_other_number(what, length, self._num_pictures))


def _other_number(what: str, length: int, num_pictures: int) -> str:
    return f'{what}= has {length} entries for {num_pictures} pictures'


def read_requests(
    category: Categories,
    bboxes: Boxes,
    known: Sequence[str],
    num_pictures: int | None,
    has_detector: bool,
) -> Requests:
    """One request per picture, in order.

    Args:
        category: A name for all pictures; or for each picture a name, or the names of
            its boxes.
        bboxes: For each picture its boxes: x1, y1, x2, y2 in pixels, shape (n, 4),
            what a detector gave, or supervision's ``Detections``, whose
            ``data['class_name']`` names the categories where ``category`` does not,
            and whose ``confidence`` scores the boxes. Others score 1.
        known: The categories that there are networks for.
        num_pictures: How many pictures come; None where nobody knows.
        has_detector: Whether boxes can be found.

    Raises:
        ValueError: If a category is needed, or there is no network for it, or there
            are not as many entries as pictures. A bad entry is found when it is its
            turn; too many are, where nobody knows how many pictures come, when
            :meth:`Requests.end` says that no more do.
    """
    if isinstance(category, str):
        _check_known([category], known, 'category')
    only = known[0] if len(known) == 1 else None
    if category is None and bboxes is None and not has_detector and only is None:
        raise ValueError(
            f'category= is missing: there are networks for {list(known)}, and no '
            'detector tells garments apart'
        )
    is_same = category is None or isinstance(category, str)
    lengths = {}
    for what, entries in (('category', category), ('bboxes', bboxes)):
        if isinstance(entries, str) or not isinstance(entries, Sized):
            continue
        lengths[what] = len(entries)
        if num_pictures not in (None, len(entries)):
            raise ValueError(_other_number(what, len(entries), num_pictures))
    boxes = repeat(None) if bboxes is None else iter(bboxes)
    names = repeat(category) if is_same else iter(category)
    entries = zip(count(), names, boxes)
    requests = (
        _request(place, name, found, known, only, has_detector)
        for place, name, found in entries
    )
    return Requests(requests, lengths)


def _request(
    place: int,
    name: str | Sequence[str] | None,
    boxes,
    known: Sequence[str],
    only: str | None,
    has_detector: bool,
) -> Request:
    what = f'picture {place}'
    if name is not None:
        _check_known([name] if isinstance(name, str) else name, known, what)
    scores = None
    if hasattr(boxes, 'xyxy'):
        name = _names_of_supervision(boxes, known, what) if name is None else name
        boxes, scores = boxes.xyxy, boxes.confidence
    if isinstance(boxes, Detections):
        boxes = replace(boxes, bboxes=_corners(boxes.bboxes, what))
        if not len(boxes.bboxes) == len(boxes.scores) == len(boxes.labels):
            raise ValueError(
                f'{what} has {len(boxes.bboxes)} boxes, {len(boxes.scores)} scores and '
                f'{len(boxes.labels)} labels'
            )
    elif boxes is not None:
        # An empty list of names is one: of no boxes.
        names = only if name is None else name
        return Request(None, _given(boxes, scores, names, known, what))
    if name is not None and not isinstance(name, str):
        raise ValueError(
            f'{what}: there are {len(name)} categories for its boxes, but no array of '
            'boxes'
        )
    if boxes is None and not has_detector:
        name = name or only
        if name is None:
            raise ValueError(
                f'{what}: category= is missing, and no detector tells garments apart; '
                f'there are networks for {list(known)}'
            )
    return Request(name, boxes)


def _names_of_supervision(
    found: Any, known: Sequence[str], what: str
) -> list[str] | None:
    """The categories of supervision's ``Detections``; None where no classes do."""
    names = (getattr(found, 'data', None) or {}).get('class_name')
    if names is None:
        return None
    labels = [named_alike(known, each) or each for each in map(str, names)]
    _check_known(labels, known, what)
    return labels


def _given(
    boxes,
    scores,
    name: str | Sequence[str] | None,
    known: Sequence[str],
    what: str,
) -> Detections:
    """A caller's boxes, their scores, None for 1, and the categories of both."""
    bboxes = _corners(boxes, what)
    if name is None and len(bboxes):
        raise ValueError(
            f'{what}: category= is missing for its boxes; there are networks for '
            f'{list(known)}'
        )
    name = () if name is None else name  # no boxes need no category
    names = (name,) * len(bboxes) if isinstance(name, str) else tuple(name)
    if len(names) != len(bboxes):
        raise ValueError(
            f'{what} has {len(bboxes)} boxes and {len(names)} categories for them'
        )
    if scores is None:
        scores = np.ones(len(bboxes))
    return Detections(bboxes, np.asarray(scores, np.float32), names)


def _corners(boxes, what: str) -> np.ndarray:
    """x1, y1, x2, y2 of boxes, shape (n, 4), float32, which all have an area."""
    try:
        # A copy: they wait for their batch, and a generator may fill one array again.
        bboxes = np.array(boxes, np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f'{what}: its boxes are no array: {error}') from error
    if bboxes.size == 0:
        bboxes = bboxes.reshape(0, 4)
    if bboxes.ndim != 2 or bboxes.shape[1] != 4:
        raise ValueError(
            f'{what}: its boxes must be x1, y1, x2, y2 of each, shape (n, 4), not '
            f'{bboxes.shape}'
        )
    has_area = np.isfinite(bboxes).all(axis=1) & (bboxes[:, 2:] > bboxes[:, :2]).all(1)
    if not has_area.all():
        bad = int(np.flatnonzero(~has_area)[0])
        raise ValueError(
            f'{what}: box {bad} {bboxes[bad].tolist()} (x1, y1, x2, y2) has no area'
        )
    return bboxes


def _check_known(names: Sequence[str], known: Sequence[str], what: str) -> None:
    strangers = [name for name in names if name not in known]
    if strangers:
        raise ValueError(
            f'{what}: there is no network for {strangers[0]!r}; choose from '
            f'{list(known)}'
        )


def boxes_of_category(found: Detections, category: str | None) -> Detections:
    """The boxes of one category; all for None."""
    if category is None:
        return found
    kept = [i for i, label in enumerate(found.labels) if label == category]
    return Detections(
        found.bboxes[kept], found.scores[kept], tuple(found.labels[i] for i in kept)
    )


def whole_picture(pixels: np.ndarray, category: str) -> Detections:
    """A picture (H, W, 3) as one garment, scored 1."""
    height, width = pixels.shape[:2]
    return Detections(
        np.array([[0, 0, width, height]], np.float32),
        np.ones(1, np.float32),
        (category,),
    )
