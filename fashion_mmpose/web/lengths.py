"""What tells centimetres in a picture on the page, and what is measured by it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fashion_mmpose.measure import (
    AnyScale,
    Marker,
    Measured,
    Scale,
    find_scale,
    in_pixels,
    known_length,
    sheet,
)
from fashion_mmpose.measure.scaling.targets import SHEETS

from .corrected import Corrected

KINDS = {
    'nothing (lengths are pixels)': 'none',
    'a length that I know: click its two ends': 'length',
    'a sheet of paper or a card in the picture': 'sheet',
    'an ArUco marker in the picture (4x4)': 'marker',
}
SHEET_NAMES = tuple(SHEETS)
_HAND_ERROR = 1.0  # pixels of the view; as precisely as somebody clicks
_VIEW_SIDE = 1600


@dataclass(frozen=True, eq=False)
class Ruling:
    """What tells centimetres in a picture.

    Attributes:
        kind: One of the values of :data:`KINDS`.
        centimetres: The known length, or the side of the marker.
        sheet_name: One of :data:`SHEET_NAMES`, or a size such as ``'20x30'``.
        ends: Both ends of the known length in pixels, shape (2, 2); None for none yet.
    """

    kind: str = 'none'
    centimetres: float = 10.0
    sheet_name: str = 'a4'
    ends: np.ndarray | None = None


def hand_error(size: tuple[int, int]) -> float:
    """How far off a point is that somebody puts by hand, in pixels.

    A large picture is shown smaller than it is.
    """
    return _HAND_ERROR * max(1.0, max(size) / _VIEW_SIDE)


def scale_of(
    ruling: Ruling, size: tuple[int, int], read: Callable[[], np.ndarray]
) -> tuple[AnyScale, str]:
    """The scale of a picture, and why it is not in centimetres.

    Args:
        ruling: What tells centimetres.
        size: Width and height of the picture.
        read: Gives its pixels (BGR, uint8, shape (H, W, 3)) where they are needed.

    Returns:
        tuple: The scale; and a message, empty where there is nothing to say.
    """
    try:
        if ruling.kind == 'length':
            return _by_length(ruling, hand_error(size))
        if ruling.kind == 'sheet':
            return find_scale(read(), sheet(ruling.sheet_name)), ''
        if ruling.kind == 'marker':
            return find_scale(read(), Marker(_positive(ruling.centimetres))), ''
    except ValueError as error:  # what is not found is one, too
        return in_pixels(), f'lengths are in pixels: {error}'
    return in_pixels(), ''


def _by_length(ruling: Ruling, error: float) -> tuple[AnyScale, str]:
    if ruling.ends is None:
        return in_pixels(), 'lengths are in pixels: click both ends of what you know'
    return known_length(ruling.ends, _positive(ruling.centimetres), error), ''


def _positive(value: float) -> float:
    if not 0 < value < np.inf:
        raise ValueError(f'{value:g} cm is not positive')
    return value


def measure_all(
    garments: list[Corrected], scale: AnyScale, size: tuple[int, int]
) -> list[list[Measured]]:
    """The lengths of garments, corrections included.

    Args:
        garments: Those of one picture.
        scale: See :func:`scale_of`.
        size: Width and height of the picture.
    """
    error = hand_error(size)
    return [each.measured(error).measurements(scale) for each in garments]


def corners_of(scale: AnyScale) -> list[list[float]]:
    """What the scale was taken from in the picture, x and y of each point."""
    if not isinstance(scale, Scale) or scale.corners is None:
        return []
    return np.asarray(scale.corners, float).round(1).tolist()
