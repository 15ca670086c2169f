"""Sleeves and trouser legs: tubes of cloth along a limb."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fashion_mmpose.synthetic.painting.curves import (
    Pen,
    Piece,
    crossing,
    ellipse,
    point,
    ramp,
    smooth_step,
)

from .body import SIDES, Limb
from .parts import Part

Seams = dict[str, np.ndarray]


@dataclass(frozen=True)
class TubeStyle:
    """A sleeve or a trouser leg, in scene units.

    Attributes:
        length: Along the limb, from its root.
        top: Half width at the root.
        bottom: Half width at the open end.
        puff: Extra half width midway.
        slant: How much further down the outer corner of the end lies.
    """

    length: float
    top: float
    bottom: float
    puff: float = 0.0
    slant: float = 0.0

    def half_width(self, t: np.ndarray | float) -> np.ndarray | float:
        """Half width at distance ``t`` from the root."""
        if isinstance(t, float):  # numpy takes five times as long
            u = min(max(t / self.length, 0.0), 1.0)
            wave = math.sin(math.pi * u)
        else:
            u = np.minimum(np.maximum(t / self.length, 0), 1)
            wave = np.sin(np.pi * u)
        return self.top + (self.bottom - self.top) * u + self.puff * wave


def _frames(limb: Limb, style: TubeStyle, lead: float = 0.0) -> list[np.ndarray]:
    """Cloth rectangles (4, 2) along both bones, as :class:`Piece` wants them.

    Both begin where the tube does, ``lead`` before the limb's root, so that the
    pattern runs on across elbow or knee.
    """
    half = max(style.top, style.bottom)
    frames = []
    for bone, end in ((0, limb.joint), (1, limb.end)):
        inward = limb.inward(bone) * half
        start = end - limb.direction(bone) * (lead + sum(limb.lengths[: bone + 1]))
        left = inward if limb.side > 0 else -inward
        frames.append(np.array([start + left, start - left, end - left, end + left]))
    return frames


def _mouth(
    pen: Pen, inner: np.ndarray, along: np.ndarray, style: TubeStyle, ends: str
) -> None:
    """Down to the outer corner of the open end and across to its ``inner`` corner.

    ``ends`` is the anchors' common beginning, e.g. ``'cuff_left'``.
    """
    outer = pen.tip + along * style.slant
    bulge = along * 0.25 * style.bottom
    pen.line(outer, f'{ends}_out')
    pen.curve(
        outer + (inner - outer) * 0.3 + bulge,
        outer + (inner - outer) * 0.7 + bulge,
        inner,
        f'{ends}_in',
    )


def _lower(
    limb: Limb, style: TubeStyle, ends: str, frame: np.ndarray
) -> tuple[Piece, Piece]:
    """What lies below elbow or knee: the rounded joint and the tube."""
    start, along, inward = limb.joint, limb.direction(1), limb.inward(1)
    reach = style.length - limb.lengths[0]
    t = ramp(0, reach, 8)
    half = style.half_width(limb.lengths[0] + t)
    outer = start + along * t - inward * half
    inner = start + along * t + inward * half
    pen = Pen(outer[0]).through(outer[1:])
    _mouth(pen, inner[-1], along, style, ends)
    pen.through(inner[-2::-1])
    return Piece(ellipse(start, half[0, 0], half[0, 0]), {}, frame), pen.piece(frame)


def _tube(
    pen: Pen,
    limb: Limb,
    style: TubeStyle,
    pit: np.ndarray,
    t_first: float,
    ends: str,
    frame: np.ndarray,
) -> tuple[tuple[Piece, ...], Seams]:
    """Down the outer side of the limb and up its inner side to ``pit`` (2,).

    Starts at the outer side at distance ``t_first``; ``frame`` is the cloth's below
    the joint. Where the limb stands off, the
    inner side reaches exactly ``pit``; where it hangs close, it lies over it.

    Returns:
        The pieces below elbow or knee, none for a short tube; and the seams of what
        lies above, the outer one from where ``pen`` began.
    """
    along, inward = limb.direction(0), limb.inward(0)
    t_pit, gap = float((pit - limb.root) @ along), float((pit - limb.root) @ inward)
    # A tube that barely passes the joint does not bend there.
    bone = limb.lengths[0]
    bends = style.length > bone + style.half_width(bone)
    t_end = bone if bends else style.length
    t_outer = ramp(t_first, t_end, 9)
    pen.through(limb.root + along * t_outer - inward * style.half_width(t_outer))
    outer = pen.drawn

    # The shortest tube still has an inner seam.
    t = ramp(max(t_end, t_pit + 0.06), t_pit, 9)
    widest = max(style.half_width(t_pit), gap)
    blend = smooth_step((t - t_pit) / max(0.3, 0.5 * abs(gap)))
    inner = limb.root + along * t
    inner += inward * (widest + (style.half_width(t) - widest) * blend)
    if bends:
        pen.through(inner)
        return _lower(limb, style, ends, frame), {'outer': outer, 'inner': inner[::-1]}
    corner = outer[-1] + along * style.slant
    _mouth(pen, inner[0], along, style, ends)
    pen.through(inner[1:])
    outer = np.concatenate([outer, corner[None]])
    return (), {'outer': outer, 'inner': inner[::-1]}


def _below(limb: Limb, tube: Piece, ends: str) -> Seams:
    """Seams of the tube below elbow or knee."""
    outer = tube.outline[: tube.anchors[f'{ends}_out'] + 1]
    return {
        'outer': outer,
        'inner': tube.outline[: tube.anchors[f'{ends}_in'] - 1 : -1],
    }


def _joined(limb: Limb, upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """A seam past elbow or knee: cut where its two ends cross, else bridged.

    On the inner side of a bend each end of the seam runs into the other tube; on the
    outer side the rounded joint lies between them.
    """
    hit = crossing(upper, lower)
    if hit is not None:
        i, j, spot = hit
        return np.concatenate([upper[: i + 1], spot[None], lower[j + 1 :]])
    start, stop = upper[-1] - limb.joint, lower[0] - limb.joint
    (x0, y0), (x1, y1) = start.tolist(), stop.tolist()
    first, last = np.arctan2((y0, y1), (x0, x1)).tolist()
    turn = (last - first + np.pi) % (2 * np.pi) - np.pi
    t = ramp(0, 1, 8)[1:-1, 0]
    near, far = math.sqrt(x0 * x0 + y0 * y0), math.sqrt(x1 * x1 + y1 * y1)
    angle, reach = first + turn * t, near + (far - near) * t
    arc = limb.joint + np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=1)
    return np.concatenate([upper, arc, lower])


def _parts(
    name: str,
    limb: Limb,
    upper: Piece,
    lower: tuple[Piece, ...],
    seams: Seams,
    ends: str,
) -> list[Part]:
    """One part, or two where the lower end of the tube lies over its upper end."""
    side = SIDES[limb.side]

    def named(seams: Seams) -> Seams:
        return {f'{seam}_{side}': line for seam, line in seams.items()}

    if not lower:
        return [Part(name, (upper,), seams=named(seams))]
    below = _below(limb, lower[-1], ends)
    corners = [piece.outline[i] for piece in lower for i in piece.anchors.values()]
    if any((corner - limb.joint) @ limb.direction(0) < 0.03 for corner in corners):
        # Both ends are seen whole, each on its own part.
        return [
            Part(name, (upper,), seams=named(seams)),
            Part(f'{name}_end', lower, seams=named(below)),
        ]
    whole = {seam: _joined(limb, seams[seam], line) for seam, line in below.items()}
    return [Part(name, (upper, *lower), seams=named(seams | whole))]


def sleeve(
    limb: Limb, style: TubeStyle, shoulder: np.ndarray, armpit: np.ndarray
) -> list[Part]:
    """A sleeve on the armhole from ``shoulder`` to ``armpit``, each (2,)."""
    side = SIDES[limb.side]
    along, inward = limb.direction(0), limb.inward(0)
    t_cap = min(0.45 * style.length, 0.3)
    cap = limb.root + along * t_cap - inward * style.half_width(t_cap)
    reach = 0.4 * np.linalg.norm(cap - shoulder)
    pen = Pen(shoulder)
    pen.curve(shoulder + point(limb.side, 0.4) * 0.8 * reach, cap - along * reach, cap)
    frames = _frames(limb, style)
    ends = f'cuff_{side}'
    lower, seams = _tube(pen, limb, style, armpit, t_cap, ends, frames[1])
    # The seam lies a little inside the body, so that no gap opens between them.
    pen.curve(
        pen.tip + (armpit - pen.tip) * 0.3 + point(-limb.side * 0.06, -0.1),
        shoulder + point(-limb.side * 0.12, 0.16),
        shoulder,
    )
    return _parts(f'sleeve_{side}', limb, pen.piece(frames[0]), lower, seams, ends)


def trouser_leg(
    limb: Limb,
    style: TubeStyle,
    waistband: tuple[float, float],
    crotch: np.ndarray,
    front: bool,
) -> list[Part]:
    """Half of a pair of trousers: from the waistband's middle to one leg's end.

    Args:
        limb: The leg, from the hip joint.
        style: Style of the tube around it.
        waistband: Half width and height of the upper edge's corner.
        crotch: (2,) where the inner seams meet.
        front: Whether this half lies in front, and so carries the crotch.
    """
    side = SIDES[limb.side]
    x, y = limb.side * waistband[0], waistband[1]
    hip = limb.root - limb.inward(0) * style.top
    drop = hip[1] - y
    pen = Pen(point(0, y + 0.03), f'waist_{side}')
    pen.curve(
        point(0.4 * x, y + 0.03),
        point(0.8 * x, y + 0.01),
        point(x, y),
        f'waistband_{side}',
    )
    pen.curve(
        point(x, y) + point(limb.side * 0.02, 0.4 * drop),
        hip - limb.direction(0) * 0.5 * drop,
        hip,
    )
    frames = _frames(limb, style, limb.root[1] - y)
    ends = f'bottom_{side}'
    lower, seams = _tube(pen, limb, style, crotch, 0.05, ends, frames[1])
    pen.line(crotch, 'crotch' if front else None)
    upper = pen.piece(frames[0])
    # The pen began at the middle of the waistband.
    start = upper.anchors[f'waistband_{side}']
    seams = {
        'waist': seams['outer'][start::-1],
        'outer': seams['outer'][start:],
        'inner': np.concatenate([crotch[None], seams['inner']]),
    }
    return _parts(f'leg_{side}', limb, upper, lower, seams, ends)
