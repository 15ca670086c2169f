"""Silhouettes of garments that hang from the shoulders: blouse, outwear, dress."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fashion_mmpose.synthetic.painting.curves import Pen, Piece, lerp, point

from .body import SIDES, Limb
from .parts import Garment, Part
from .tubes import TubeStyle, sleeve

_STRAP = 0.05  # width of a sling's strap


@dataclass(frozen=True)
class TopStyle:
    """Shape of a top, in scene units; pairs are half width and height (y).

    Attributes:
        neck: Where the neckline meets the shoulder line.
        depth: Depth of the neckline's middle below its ends.
        roundness: 0 is a V, 1 a round neckline, beyond that it gets square.
        shoulder: End of the shoulder seam.
        armpit: Where sleeve and body meet.
        waist: Narrowest place of the side seam.
        hem: Corner of the lower edge.
        hem_drop: Drop of the lower edge's middle below its corners.
        skew: Skew of the lower edge: the right corner lies that much lower.
        sleeves: Style of the sleeve on each side (-1, 1), or None.
        cut: ``'set-in'``, ``'raglan'`` (no shoulder seam), ``'strap'`` (a neckline
            that leaves only straps) or ``'sling'`` (thin straps on a straight upper
            edge, of which ``neck`` is the corner and ``shoulder`` the strap's top).
        opening: None for a closed front, else the distance of each front edge from
            the middle, at the neck and at the hem; negative where they overlap.
        marked_waist: Whether the waist is a place that one can see.
    """

    neck: tuple[float, float]
    depth: float
    roundness: float
    shoulder: tuple[float, float]
    armpit: tuple[float, float]
    waist: tuple[float, float]
    hem: tuple[float, float]
    hem_drop: float = 0.0
    skew: float = 0.0
    sleeves: dict[int, TubeStyle] | None = None
    cut: str = 'set-in'
    opening: tuple[float, float] | None = None
    marked_waist: bool = False


def _half(style: TopStyle, side: int) -> Piece:
    """Open path from the neck over shoulder, armpit and side seam to the hem."""
    name = SIDES[side]

    def at(pair: tuple[float, float], dy: float = 0.0) -> np.ndarray:
        return point(side * pair[0], pair[1] + dy)

    neck, shoulder, armpit = at(style.neck), at(style.shoulder), at(style.armpit)
    waist, hem = at(style.waist), at(style.hem, 0.5 * side * style.skew)
    pen = Pen(neck, f'neckline_{name}')
    if style.cut == 'strap':
        edge = neck + point(side * 0.06, 0.02)
        pen.line(edge)
        hollow = edge + point(0, 0.3), armpit + point(-side * 0.2, 0.02)
    elif style.cut == 'sling':
        edge = neck + point(side * _STRAP, 0.005)
        pen.line(edge)
        hollow = (
            lerp(edge, armpit, 0.4) + point(-side * 0.03, 0.04),
            armpit + (point(-side * 0.08, -0.02)),
        )
    else:
        seam = None if style.cut == 'raglan' else f'shoulder_{name}'
        middle = lerp(neck, shoulder, 0.5) + point(0, -0.02)
        pen.curve(lerp(neck, middle, 0.6), lerp(shoulder, middle, 0.6), shoulder, seam)
        hollow = shoulder + point(-side * 0.05, 0.18), armpit + point(-side * 0.1, -0.1)
    pen.curve(*hollow, armpit, f'armpit_{name}')
    drop = waist[1] - armpit[1]
    pen.curve(
        lerp(armpit, waist, 0.2) + point(0, 0.1 * drop),
        waist + point(0, -0.35 * drop),
        waist,
        f'waistline_{name}' if style.marked_waist else None,
    )
    fall = hem[1] - waist[1]
    pen.curve(
        waist + point(0.12 * (hem[0] - waist[0]), 0.3 * fall),
        lerp(hem, waist, 0.35) + point(side * 0.04 * fall, 0),
        hem,
        f'hem_{name}',
    )
    return pen.path()


def _neckline(neck: tuple[float, float], depth: float, roundness: float) -> Piece:
    """Open path along the right half of a neckline, from the shoulder to the middle."""
    x, y = neck
    top, bottom = point(x, y), point(0.0, y + depth)
    round_1, round_2 = point(0.97 * x, y + 0.65 * depth), point(0.6 * x, y + depth)
    c1 = lerp(lerp(top, bottom, 1 / 3), round_1, roundness)
    c2 = lerp(lerp(top, bottom, 2 / 3), round_2, roundness)
    return Pen(top).curve(c1, c2, bottom, 'center_front').path()


def front(style: TopStyle, halves: dict[int, Piece], neckline: Piece) -> Piece:
    """The body of a top whose front is closed, of its ``halves`` (-1, 1) and the right
    half of its neckline."""
    left, right = halves[-1], halves[1]
    a, b = left.outline[-1], right.outline[-1]
    sag = point(0, style.hem_drop * 4 / 3)
    pen = Pen(left.outline[0]).follow(left)
    pen.curve(lerp(a, b, 0.3) + sag, lerp(a, b, 0.7) + sag, b).retrace(right)
    mirrored = neckline.outline[::-1] * point(-1, 1)
    return pen.follow(neckline).through(mirrored).piece()


def panel(style: TopStyle, side: int, half: Piece) -> Piece:
    """One half of the body of a top that opens in front, of that ``half``."""
    hem = half.outline[-1]
    top = point(side * style.opening[0], style.neck[1] + style.depth)
    bottom = point(side * style.opening[1], style.hem[1] + style.hem_drop)
    pen = Pen(half.outline[0]).follow(half)
    pen.curve(
        lerp(hem, bottom, 0.3),
        bottom + 0.3 * (hem - bottom) * (1, 0),
        bottom,
        f'front_{SIDES[side]}',
    )
    pen.line(top, f'lapel_{SIDES[side]}')
    pen.curve(
        top + point(0, -0.3 * style.depth),
        lerp(half.outline[0], top, 0.35),
        half.outline[0],
    )
    return pen.piece()


def _strap(style: TopStyle, side: int) -> Piece:
    """A thin strap from the upper edge of a sling to the shoulder."""
    corner = point(side * style.neck[0], style.neck[1])
    top, half = point(side * style.shoulder[0], style.shoulder[1]), 0.5 * _STRAP
    inner, outer = top - point(side * half, 0), top + point(side * half, 0)
    pen = Pen(corner, f'corner_{SIDES[side]}')
    pen.line(inner).line(top, f'shoulder_{SIDES[side]}').line(outer)
    return pen.line(corner + point(side * _STRAP, 0.005)).piece()


def _neck_seams(piece: Piece, name: str) -> dict[str, np.ndarray]:
    """Both halves of the neckline of a closed piece, from its ends to its middle."""
    middle = piece.anchors['center_front']
    return {
        f'{name}_left': piece.outline[middle:][::-1],
        f'{name}_right': piece.between('neckline_right', 'center_front'),
    }


def _side_seams(piece: Piece, side: int) -> dict[str, np.ndarray]:
    """Seams on one side of the body, from the shoulder down to the hem."""
    name = SIDES[side]
    seams = {f'side_{name}': piece.between(f'armpit_{name}', f'hem_{name}')}
    if f'shoulder_{name}' in piece.anchors:
        seams[f'armhole_{name}'] = piece.between(f'shoulder_{name}', f'armpit_{name}')
    if f'front_{name}' in piece.anchors:
        seams[f'hem_{name}'] = piece.between(f'hem_{name}', f'front_{name}')
        seams[f'front_{name}'] = piece.between(f'lapel_{name}', f'front_{name}')
        seams[f'neck_{name}'] = piece.outline[piece.anchors[f'lapel_{name}'] :][::-1]
    else:
        line = piece.between(f'hem_{name}', f'hem_{SIDES[-side]}')
        seams[f'hem_{name}'] = line[: len(line) // 2 + 1]
    return seams


def _straps(style: TopStyle) -> tuple[tuple[Piece, ...], dict[str, np.ndarray]]:
    """The straps of a sling and the seams on them; none for any other cut."""
    if style.cut != 'sling':
        return (), {}
    straps = {SIDES[side]: _strap(style, side) for side in SIDES}
    seams = {
        f'strap_{name}': strap.between(f'corner_{name}', f'shoulder_{name}')
        for name, strap in straps.items()
    }
    return tuple(straps.values()), seams


def arm_root(style: TopStyle, side: int) -> np.ndarray:
    """(2,) centre of the armhole: where the arm begins."""
    (x0, y0), (x1, y1) = style.shoulder, style.armpit
    x = x0 + 0.2 * (x1 - x0) - 0.05
    if style.sleeves is None:
        x = x1 + 0.03
    return point(side * x, y0 + 0.25 * (y1 - y0))


def top(style: TopStyle, arms: dict[int, Limb], back_view: bool = False) -> Garment:
    """The parts of a top.

    Args:
        style: Shape of the top.
        arms: Arm of each side (-1, 1), rooted at :func:`arm_root`.
        back_view: Whether it is seen from behind. The sides keep the names that they
            have in the picture, and the middle of the neckline is out of sight.
    """
    halves = {side: _half(style, side) for side in SIDES}
    far = front(style, halves, _neckline(style.neck, 0.05, 1.0))
    far_seams, middle = _neck_seams(far, 'back'), {}
    if style.opening is None or back_view:
        neckline = _neckline(style.neck, style.depth, style.roundness)
        near = front(style, halves, neckline)
        near_seams, outer = _neck_seams(near, 'neck'), near.anchors
        if back_view:
            far, near = near, far
            far_seams, near_seams = near_seams, far_seams
            middle = {k: i for k, i in far.anchors.items() if k == 'center_front'}
            outer = {k: i for k, i in near.anchors.items() if k not in middle}
        straps, seams = _straps(style)
        seams |= near_seams
        for side in SIDES:
            seams |= _side_seams(near, side)
        pieces = (*straps, replace(near, anchors=outer))
        body = [Part('body', pieces, seams=seams)]
    else:
        panels = {side: panel(style, side, halves[side]) for side in SIDES}
        body = [
            Part(f'body_{SIDES[s]}', (piece,), seams=_side_seams(piece, s))
            for s, piece in panels.items()
        ]
    lining = replace(far, anchors=middle)
    behind = [Part('far', (lining,), lining=True, seams=far_seams)]
    over = []
    for side, tube in (style.sleeves or {}).items():
        corner = point(side * style.shoulder[0], style.shoulder[1])
        pit = point(side * style.armpit[0], style.armpit[1])
        group = over if arms[side].front else behind
        group += sleeve(arms[side], tube, corner, pit)
    return Garment(behind, body, over)
