"""Silhouettes of garments that hang from the waist: skirt and trousers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fashion_mmpose.synthetic.painting.curves import Pen, lerp, point

from .body import SIDES, Limb
from .parts import Garment, Part
from .tubes import TubeStyle, trouser_leg


@dataclass(frozen=True)
class SkirtStyle:
    """Shape of a skirt, in scene units; pairs are half width and height (y).

    Attributes:
        waist: Corner of the waistband.
        hip: A place that the side seam passes.
        hem: Corner of the lower edge.
        hem_drop: Drop of the lower edge's middle below its corners.
        skew: Skew of the lower edge: the right corner lies that much lower.
    """

    waist: tuple[float, float]
    hip: tuple[float, float]
    hem: tuple[float, float]
    hem_drop: float = 0.0
    skew: float = 0.0


def skirt(style: SkirtStyle) -> Garment:
    """A skirt, one part."""
    (wx, wy), (hx, hy), (x, y) = style.waist, style.hip, style.hem
    left, right = point(-x, y - style.skew / 2), point(x, y + style.skew / 2)
    sag = point(0, style.hem_drop * 4 / 3)
    lip = 0.03  # the waistband dips in the middle
    bow = 0.45 * (hy - wy)
    fall = np.hypot(x - hx, y - hy)
    slope = {s: point(s * (x - hx), y - hy) / fall for s in SIDES}
    hip = {s: point(s * hx, hy) for s in SIDES}
    waist = {s: point(s * wx, wy) for s in SIDES}

    pen = Pen(point(0, wy + lip), 'waist_left')
    pen.curve(
        point(-0.4 * wx, wy + lip),
        point(-0.8 * wx, wy + 0.01),
        waist[-1],
        'waistband_left',
    )
    pen.curve(waist[-1] + (-0.04, bow), hip[-1] - 0.16 * slope[-1], hip[-1])
    pen.curve(
        hip[-1] + 0.3 * fall * slope[-1], lerp(left, hip[-1], 0.3), left, 'hem_left'
    )
    pen.curve(
        lerp(left, right, 0.3) + sag, lerp(left, right, 0.7) + sag, right, 'hem_right'
    )
    pen.curve(lerp(right, hip[1], 0.3), hip[1] + 0.3 * fall * slope[1], hip[1])
    pen.curve(
        hip[1] - 0.16 * slope[1], waist[1] + (0.04, bow), waist[1], 'waistband_right'
    )
    pen.curve(
        point(0.8 * wx, wy + 0.01),
        point(0.4 * wx, wy + lip),
        point(0, wy + lip),
        'waist_end',
    )
    piece = pen.piece()
    hem_line = piece.between('hem_left', 'hem_right')
    middle = len(hem_line) // 2
    seams = {
        'waist_left': piece.between('waistband_left', 'waist_left'),
        'waist_right': piece.between('waistband_right', 'waist_end'),
        'side_left': piece.between('waistband_left', 'hem_left'),
        'side_right': piece.between('waistband_right', 'hem_right'),
        'hem_left': hem_line[: middle + 1],
        'hem_right': hem_line[: middle - 1 : -1],
    }
    return Garment([], [Part('skirt', (piece,), seams=seams)], [])


@dataclass(frozen=True)
class TrouserStyle:
    """Shape of a pair of trousers, in scene units.

    Attributes:
        waist: Half width and height (y) of the waistband's corner.
        crotch_y: Height of the crotch.
        legs: Style of the leg on each side (-1, 1), from the hip joint.
    """

    waist: tuple[float, float]
    crotch_y: float
    legs: dict[int, TubeStyle]


def trousers(style: TrouserStyle, limbs: dict[int, Limb], near_leg: int) -> Garment:
    """A pair of trousers: two halves.

    Args:
        style: Shape of the trousers.
        limbs: Leg of each side (-1, 1), from the hip joint.
        near_leg: Side of the leg that passes in front.
    """
    crotch = point(0, style.crotch_y)
    halves = [
        part
        for s in sorted(SIDES, key=lambda s: s == near_leg)
        for part in trouser_leg(
            limbs[s], style.legs[s], style.waist, crotch, s == near_leg
        )
    ]
    return Garment([], halves, [])
