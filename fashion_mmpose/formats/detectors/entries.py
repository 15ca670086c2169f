"""Checks of what stands in an entry of a detector's boxes."""

import math
import reprlib
from collections.abc import Mapping

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.coco.ids import whole_id


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


def is_row(value) -> bool:
    """Whether it is a list of any kind but an array."""
    return isinstance(value, (list, tuple))


def need(path, where: str, entry, keys: tuple[str, ...]) -> None:
    """Refuse an entry that is no mapping or lacks a key."""
    missing = [key for key in keys if not isinstance(entry, dict) or key not in entry]
    if missing:
        raise FormatError(f'{path}: {where} has no {missing}')


def whole_number(path, where: str, key: str, value) -> int:
    """The value, if it is a whole number, perhaps written as 7.0."""
    number = whole_id(value)
    if number is None:
        raise FormatError(
            f'{path}: {where}: {key} {reprlib.repr(value)} is not a whole number'
        )
    return number


def known_category(path, where: str, key: str, value, ids: Mapping[int, int]) -> int:
    """The id of the category that a detector's number stands for."""
    number = whole_number(path, where, key, value)
    if number not in ids:
        raise FormatError(
            f'{path}: {where}: {key} is {value}, expected one of {sorted(ids)}'
        )
    return ids[number]


def numbers_of(path, where: str, values, count: int) -> list[float]:
    """So many finite numbers, of a list or an array."""
    if isinstance(values, np.ndarray):
        values = values.tolist()
    try:
        # A text is no number, though Python and numpy read one from it.
        plain = is_row(values) and all(map(_is_number, values))
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
