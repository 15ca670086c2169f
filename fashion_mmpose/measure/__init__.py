"""Lengths of garments: what is measured, in which unit, and how sure it is.

A :class:`fashion_mmpose.garments.Measure` says which way a tape measure would take from
landmark to landmark; :mod:`.table` has those of both benchmarks. A :class:`Scale` maps
pixels of a picture to the plane on which the garment lies, in centimetres where
something of known size tells them: a :class:`Marker`, a :class:`Board` or a sheet of
paper that :func:`find_scale` finds in the picture, or a length that is known.
"""

from .measured import AnyScale, KnownLength, Measured, measure
from .scaling.lens import LensEstimate, estimate_lens, read_lens, write_lens
from .scaling.scale import (
    Lens,
    LensError,
    Scale,
    TargetError,
    from_corners,
    in_pixels,
    known_length,
    pixels_per_cm,
)
from .table import measures_of
from .scaling.targets import Board, Marker, Sheet, find_scale, sheet

__all__ = [
    'AnyScale',
    'Board',
    'KnownLength',
    'Lens',
    'LensError',
    'LensEstimate',
    'Marker',
    'Measured',
    'Scale',
    'Sheet',
    'TargetError',
    'estimate_lens',
    'find_scale',
    'from_corners',
    'in_pixels',
    'known_length',
    'measure',
    'measures_of',
    'pixels_per_cm',
    'read_lens',
    'sheet',
    'write_lens',
]
