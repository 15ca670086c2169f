"""What every annotation tool's export holds, in one form."""

import reprlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fashion_mmpose.errors import FormatError

ABSENT, OCCLUDED, VISIBLE = 0, 1, 2  # COCO's v
# Words by which tools without a switch for it say that a point is covered.
OCCLUDED_WORDS = frozenset({'occluded', 'hidden', 'invisible', 'not_visible'})

_FAR = 1e9  # pixels

Point = tuple[float, float, int]  # x, y in pixels and COCO's v


@dataclass(frozen=True)
class LabelledGarment:
    """A garment as it was labelled.

    Attributes:
        where: What it is called in messages, e.g. ``'a.xml, image a.png, skeleton 2'``.
        category: The tool's name for its category; None where the tool has none.
        points: Key points by the tool's names for them.
        box: x1, y1, x2, y2 in pixels; None where the tool has none.
        kept: Further fields of the annotation, which are written as they are.
        number: The annotation's own id, if it has one.
    """

    where: str
    category: str | None
    points: Mapping[str, Point]
    box: tuple[float, float, float, float] | None = None
    kept: Mapping[str, Any] = field(default_factory=dict)
    number: int | None = None


@dataclass(frozen=True)
class LabelledImage:
    """A picture as it was labelled.

    Attributes:
        where: What it is called in messages.
        names: What its file may be called below the folder of the pictures, the likely
            one first.
        size: Width and height in pixels, as the tool says; None if it does not.
        garments: What was labelled in it.
        number: The image's own id, if it has one.
        fault: Why its garments cannot be read; empty if they can.
    """

    where: str
    names: tuple[str, ...]
    size: tuple[int, int] | None
    garments: tuple[LabelledGarment, ...]
    number: int | None = None
    fault: str = ''


@dataclass(frozen=True)
class Labels:
    """An export.

    Attributes:
        path: Its file or folder.
        images: The pictures in their order.
        declared: For each category that the export describes its key points in order,
            also where no garment has them.
        notes: What was left out of it, and how much.
        folder: Where its pictures lie, if the export tells.
    """

    path: str
    images: Sequence[LabelledImage]
    declared: Mapping[str, Sequence[str]] = field(default_factory=dict)
    notes: Sequence[str] = ()
    folder: str | None = None


class Faults:
    """What of an export cannot be taken over: an error, or left out and noted.

    Args:
        skip: Whether it is left out.
        notes: A list that gets the notes; a new one by default.

    Attributes:
        notes: What was left out, and why.
    """

    def __init__(self, skip: bool, notes: list[str] | None = None) -> None:
        self._skip = skip
        self.notes = [] if notes is None else notes

    @contextmanager
    def left_out(self) -> Iterator[None]:
        """For one thing, which is left out if that raises an error of its form.

        Raises:
            FormatError: That error, if nothing is to be left out.
        """
        try:
            yield
        except FormatError as error:
            if not self._skip:
                raise
            self.notes.append(f'left out: {error}')


def visibility(occluded: bool) -> int:
    """COCO's v of a labelled point."""
    return OCCLUDED if occluded else VISIBLE


def number(value: Any, where: str, what: str) -> float:
    """The value, if it is a finite number.

    Raises:
        FormatError: If it is none; the message names the place.
    """
    try:
        # XML has its numbers as text.
        found = float(value) if type(value) in (int, float, str) else None
    except (ValueError, OverflowError):
        found = None
    # What is not a number is not below any.
    if found is None or not abs(found) <= _FAR:
        raise FormatError(f'{where}: {what} is {reprlib.repr(value)}, not a number')
    return found


def numbers(values: Any, count: int, where: str, what: str) -> tuple[float, ...]:
    """So many finite numbers of a list.

    Raises:
        FormatError: If it is no such list; the message names the place.
    """
    if not isinstance(values, (list, tuple)) or len(values) != count:
        raise FormatError(
            f'{where}: {what} is {reprlib.repr(values)}, expected {count} numbers'
        )
    return tuple(number(value, where, what) for value in values)


def text(value: Any, where: str, what: str) -> str:
    """The value, if it is text.

    Raises:
        FormatError: If it is none; the message names the place.
    """
    if not isinstance(value, str) or not value.strip():
        raise FormatError(f'{where}: {what} is {reprlib.repr(value)}, not a name')
    return value.strip()


def pixels(value: Any, where: str, what: str) -> int:
    """The value, if it is a number of pixels.

    Raises:
        FormatError: If it is none; the message names the place.
    """
    found = number(value, where, what)
    if found < 1 or not found.is_integer():
        raise FormatError(f'{where}: {what} is {value!r}, not a number of pixels')
    return int(found)


def add_point(points: dict[str, Point], name: str, point: Point, where: str) -> None:
    """Note a key point of a garment.

    Raises:
        FormatError: If the garment has one of that name already.
    """
    if name in points:
        raise FormatError(
            f'{where}: the key point {name!r} is labelled twice; to fix it: delete one '
            'of them in the tool, or give each garment its own group'
        )
    points[name] = point


def extent(points: Sequence[Sequence[float]]) -> tuple[float, float, float, float]:
    """x1, y1, x2, y2 around corners, in whatever order they come."""
    xs, ys = zip(*((x, y) for x, y in points))
    return min(xs), min(ys), max(xs), max(ys)
