"""What is sewn on garments: collars, buttons, pockets, belts, bands, stitching.

Trims lie on the garment and move no landmark.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fashion_mmpose.synthetic.painting.canvas import Layer, Stroke
from fashion_mmpose.synthetic.painting.curves import (
    Pen,
    Piece,
    box,
    centroid,
    ellipse,
    point,
    ribbon,
    sent,
)
from fashion_mmpose.synthetic.painting.surfaces import palette
from fashion_mmpose.synthetic.painting.surfaces.fabric import Cloth, solid
from fashion_mmpose.synthetic.painting.surfaces.palette import Color

from .body import SIDES
from .bottoms import SkirtStyle, TrouserStyle
from .parts import Part
from .tops import TopStyle

# Free edges of garments, from one anchor to the next along the outline.
_EDGES = (
    ('hem_left', 'hem_right'),
    ('hem_left', 'front_left'),
    ('hem_right', 'front_right'),
    ('neckline_right', 'neckline_left'),
    ('cuff_left_out', 'cuff_left_in'),
    ('cuff_right_out', 'cuff_right_in'),
    ('bottom_left_out', 'bottom_left_in'),
    ('bottom_right_out', 'bottom_right_in'),
    ('waist_left', 'waistband_left'),
    ('waist_right', 'waistband_right'),
    ('waistband_right', 'waist_end'),
)

_PRINT_SHARE = 0.3  # of tops without collar and buttons
# Corners and middles between which the strokes of a letter run.
_LETTER = np.array([[x, y] for x in (-0.5, 0, 0.5) for y in (-0.5, 0, 0.5)])


@dataclass(frozen=True)
class Trims:
    """Additions to a garment's body.

    Attributes:
        strokes: Lines and buttons on the last part of the body.
        layers: Pieces of cloth over it.
    """

    strokes: tuple[Stroke, ...] = ()
    layers: tuple[Layer, ...] = ()

    def mapped(self, function) -> Trims:
        """The trims with all their points sent through ``function``."""
        lines = [stroke.points for stroke in self.strokes]
        lines += [line for layer in self.layers for line in layer.lines]
        moved = sent(function, lines)
        return Trims(
            tuple(stroke.moved(moved) for stroke in self.strokes),
            tuple(layer.moved(moved) for layer in self.layers),
        )


def thread_color(cloth: Cloth) -> Color:
    """A colour in which lines are just visible on the cloth."""
    bright = palette.luminance(cloth.color) > 0.22
    return palette.scaled(cloth.color, 0.74 if bright else 1.7)


def edge_strokes(part: Part, color: Color, inset: float, band: bool) -> list[Stroke]:
    """Stitching along a part's free edges, or bands of cloth.

    Args:
        part: The part.
        color: Colour of thread or band.
        inset: Distance from the edge in scene units.
        band: Whether the strip is filled.
    """
    strokes = []
    for piece in part.pieces:
        center = centroid(piece.outline)
        for first, last in _EDGES:
            if first not in piece.anchors or last not in piece.anchors:
                continue
            start, stop = piece.anchors[first], piece.anchors[last]
            # The neckline ends where the outline begins.
            ring = piece.outline[start:] if stop < start else None
            edge = piece.outline[start : stop + 1] if ring is None else ring
            inward = center - centroid(edge)
            line = edge + inward * inset / max(float(np.linalg.norm(inward)), 1e-6)
            if band:
                strokes.append(Stroke(np.concatenate([edge, line[::-1]]), color))
            else:
                strokes.append(Stroke(line, color, 0.008))
    return strokes


def _layer(outline: np.ndarray, cloth: Cloth, strokes=()) -> Layer:
    piece = Piece(outline, {}, box(outline))
    return Layer((piece,), cloth, hides=False, shadow=0.25, strokes=tuple(strokes))


def _line(a: np.ndarray, b: np.ndarray, num: int = 12) -> np.ndarray:
    return np.linspace(a, b, num)


def _collar_half(style: TopStyle, side: int, kind: str) -> np.ndarray:
    """Outline of one side of a shirt collar, a stand collar or a lapel."""
    (x, y), depth = style.neck, style.depth
    top, middle = point(side * x, y), point(0.0, y + depth)
    if style.opening is not None:
        middle[0] = side * style.opening[0]

    def off(base: np.ndarray, dx: float, dy: float) -> np.ndarray:
        return base + point(side * dx, dy)

    fold = off(top, -0.01, -0.04)
    pen = Pen(fold)
    if kind == 'shirt':
        tip = point(side * (0.55 * x + 0.08), y + 0.7 * depth + 0.14)
        pen.curve(off(top, 0.09, 0.02), off(tip, 0.05, -0.1), tip)
        pen.line(off(middle, 0, 0.02))
        pen.curve(off(middle, 0, -0.3 * depth), off(top, -0.03, 0.1), fold)
    elif kind == 'stand':
        pen.line(off(top, 0.015, 0.01))
        pen.curve(
            off(top, -0.03, 0.6 * depth), off(middle, 0.1, 0.03), off(middle, 0, 0.03)
        )
        pen.line(off(middle, 0, -0.06))
        pen.curve(off(middle, 0.1, -0.07), off(top, -0.05, 0.4 * depth), fold)
    else:
        notch = point(side * (x + 0.09), y + 0.45 * depth)
        pen.curve(off(top, 0.08, 0.0), off(notch, 0.03, -0.1), notch)
        pen.line(off(notch, -0.05, 0.04)).line(off(notch, 0.04, 0.09))
        pen.curve(off(notch, 0.02, 0.25), off(middle, 0.06, -0.1), middle)
        pen.curve(off(middle, 0, -0.3 * depth), off(top, -0.03, 0.1), fold)
    return pen.piece().outline


def _buttons(rng: np.random.Generator, style: TopStyle, color: Color) -> list[Stroke]:
    """A placket with buttons, or a zip."""
    top = style.neck[1] + style.depth + 0.03
    low = style.hem[1] + style.hem_drop - 0.03
    if rng.random() < 0.25:
        return [Stroke(_line(point(0, top), point(0, low)), color, 0.03)]
    strokes = [
        Stroke(_line(point(x, top - 0.02), point(x, low)), color, 0.008)
        for x in (-0.035, 0.035)
    ]
    shine = palette.contrasting(rng, color, palette.CLOTH, 0.3)
    radius = rng.uniform(0.014, 0.026)
    return strokes + [
        Stroke(ellipse(point(0, y), radius, radius, 12), shine)
        for y in np.arange(top + 0.05, low - 0.04, rng.uniform(0.13, 0.24))
    ]


def _pockets(
    rng: np.random.Generator, x: float, y: float, color: Color
) -> list[Stroke]:
    """A pair of patch pockets."""
    w, h = rng.uniform(0.14, 0.2), rng.uniform(0.16, 0.24)
    shape = np.array([[0, 0], [1, 0], [1, 0.85], [0.5, 1], [0, 0.85], [0, 0]])
    return [
        Stroke(point(side * x - w / 2, y) + shape * (w, h), color, 0.012)
        for side in SIDES
    ]


def _belt(
    rng: np.random.Generator, left: np.ndarray, right: np.ndarray, color: Color
) -> list[Layer]:
    """A belt with a buckle, or a ribbon with loose ends."""
    line = _line(left, right)
    line[:, 1] += 0.02 * np.sin(np.pi * np.linspace(0, 1, len(line)))
    middle, half = line[len(line) // 2], rng.uniform(0.025, 0.055)
    if rng.random() < 0.6:
        metal = palette.contrasting(rng, color, palette.CLOTH, 0.3)
        buckle = Stroke(ellipse(middle, 0.045, 0.8 * half, 6), metal)
        return [_layer(ribbon(line, half), solid(color, 0.2), [buckle])]
    cloth = solid(palette.scaled(color, 0.88))
    ends = [
        _layer(ribbon(_line(middle, middle + point(dx, 0.4)), 0.022), cloth)
        for dx in rng.uniform(-0.1, 0.14, 2)
    ]
    return [*ends, _layer(ribbon(line, half), solid(color, 0.2))]


def _print(rng: np.random.Generator, center: np.ndarray, cloth: Cloth) -> list[Stroke]:
    """A print on the chest: rows of letters, blots, or both."""
    color = palette.contrasting(rng, cloth.color, palette.CLOTH + palette.PLAIN, 0.25)
    strokes: list[Stroke] = []
    if rng.random() < 0.45:
        for _ in range(int(rng.integers(1, 6))):
            shape = ellipse(point(0, 0), *rng.uniform(0.04, 0.2, 2), 24)
            shape *= 1 + 0.25 * rng.normal(0, 1, (len(shape), 1))
            spot = center + rng.uniform(-0.15, 0.15, 2)
            tint = palette.pick(rng, palette.CLOTH + palette.PLAIN)
            strokes.append(Stroke(spot + shape, tint))
    if not strokes or rng.random() < 0.5:
        height = rng.uniform(0.05, 0.17)
        for row in range(int(rng.integers(1, 4))):
            number = int(rng.integers(2, 9))
            width = min(height * rng.uniform(0.5, 0.9), 0.62 / number)
            for column in range(number):
                x = (column - (number - 1) / 2) * width * 1.25
                corners = rng.permutation(_LETTER)[: int(rng.integers(3, 6))]
                letter = corners * (width, height) + point(x, 1.35 * height * row)
                strokes.append(Stroke(center + letter, color, height * 0.16))
    return strokes


def top_trims(
    rng: np.random.Generator, style: TopStyle, cloth: Cloth, back_view: bool
) -> Trims:
    """Random trims for the body of a top that hangs straight."""
    thread = thread_color(cloth)
    strokes: list[Stroke] = []
    layers: list[Layer] = []
    opens = style.opening is not None
    if (
        not back_view
        and style.cut == 'set-in'
        and rng.random() < (0.9 if opens else 0.3)
    ):
        kinds = ['lapel', 'stand', 'shirt'] if opens else ['shirt', 'stand']
        kind = kinds[rng.integers(len(kinds))]
        layers += [_layer(_collar_half(style, s, kind), cloth) for s in SIDES]
        if not opens:
            strokes += _buttons(rng, style, thread)
    if opens and not back_view and style.opening[1] < 0.02:
        strokes += _buttons(rng, style, thread)
    fall = style.hem[1] - style.armpit[1]
    if not opens and not layers and rng.random() < _PRINT_SHARE:
        y = style.armpit[1] + rng.uniform(0.0, 0.3) * min(fall, 1.0)
        strokes += _print(rng, point(rng.normal(0, 0.04), y), cloth)
    if not back_view and rng.random() < (0.6 if opens else 0.12):
        low = style.armpit[1] + 0.55 * fall
        y = low if opens else style.armpit[1] + 0.03
        strokes += _pockets(rng, 0.56 * style.armpit[0], y, thread)
    if style.marked_waist:
        x, y = style.waist
        if rng.random() < 0.7:
            own = palette.scaled(cloth.color, 0.7)
            color = own if rng.random() < 0.4 else palette.pick(rng, palette.CLOTH)
            layers += _belt(rng, point(-x, y), point(x, y), color)
        else:
            strokes.append(Stroke(_line(point(-x, y), point(x, y)), thread, 0.012))
    return Trims(tuple(strokes), tuple(layers))


def bottom_trims(
    rng: np.random.Generator, style: SkirtStyle | TrouserStyle, cloth: Cloth
) -> Trims:
    """Random trims for a skirt or trousers that hang straight."""
    thread = thread_color(cloth)
    x, y = style.waist
    strokes: list[Stroke] = []
    layers: list[Layer] = []
    if isinstance(style, TrouserStyle):
        fly = np.array([[0.035, y + 0.06], [0.035, y + 0.3], [0.0, y + 0.38]])
        strokes.append(Stroke(fly, thread, 0.008))
        for side in SIDES:
            pocket = [[side * 0.62 * x, y + 0.07], [side * (x + 0.02), y + 0.27]]
            strokes.append(Stroke(np.array(pocket), thread, 0.012))
    elif rng.random() < 0.35:
        for side in np.linspace(-1, 1, int(rng.integers(4, 9))):
            pleat = [
                [side * 0.9 * x, y + 0.08],
                [side * 0.9 * style.hem[0], style.hem[1] - 0.03],
            ]
            strokes.append(Stroke(_line(*np.array(pleat)), thread, 0.01))
    if rng.random() < 0.25:
        color = palette.pick(rng, palette.CLOTH)
        ends = point(-0.99 * x, y + 0.05), point(0.99 * x, y + 0.05)
        layers += _belt(rng, *ends, color)
    return Trims(tuple(strokes), tuple(layers))
