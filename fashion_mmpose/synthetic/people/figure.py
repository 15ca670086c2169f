"""The wearer before it is bent: skin, head, hair, limbs, shoes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fashion_mmpose.synthetic.clothes.body import SIDES, Body, Limb
from fashion_mmpose.synthetic.painting.canvas import Layer, Stroke
from fashion_mmpose.synthetic.painting.curves import (
    Pen,
    Piece,
    box,
    ellipse,
    point,
    ramp,
    ribbon,
)
from fashion_mmpose.synthetic.painting.parsing import Parsing
from fashion_mmpose.synthetic.painting.surfaces import palette
from fashion_mmpose.synthetic.painting.surfaces.fabric import solid
from fashion_mmpose.synthetic.painting.surfaces.palette import Color
from fashion_mmpose.synthetic.shares import choose

# Shares of the way along a bone and along a hand or a foot.
_BONE, _SHORT = ramp(0, 1, 10), ramp(0, 1, 6)


def _tapered(*ends: tuple[float, float]) -> np.ndarray:
    """(B, N) half widths of bones that bulge between those of their ends."""
    t = _BONE[:, 0]
    return np.array([a + (b - a) * t + 0.012 * np.sin(np.pi * t) for a, b in ends])


# Half widths of upper arm and forearm, thigh and shin, palm and thumb, and a foot.
_ARM, _LEG = (
    _tapered((0.095, 0.07), (0.07, 0.045)),
    _tapered((0.2, 0.12), (0.12, 0.065)),
)
_HAND = np.array([[5, 6, 6.5, 6, 4.5, 2], [2] * 6]) / 100
_FOOT = np.array([7, 8, 9, 9, 8, 5]) / 100
_LASH = np.array([[-0.05, 0], [-0.02, -0.024], [0.02, -0.024], [0.05, 0]])
_BROW = np.array([[-0.05, -0.06], [0, -0.075], [0.05, -0.065]])
_HAIR_LENGTHS = ((0.3, 0.0), (0.2, 0.15), (0.25, 0.45), (0.25, 0.75))


@dataclass(frozen=True)
class Looks:
    """What a wearer looks like.

    Attributes:
        skin: BGR.
        hair: BGR.
        shoes: BGR.
        hair_length: Below the chin, in scene units.
        bangs: Share of the forehead that the hair covers.
        face: Whether the face is seen; False from the back.
        doll: Whether it is a mannequin, without hair and face.
        headless: Whether there is no head at all.
    """

    skin: Color
    hair: Color
    shoes: Color
    hair_length: float
    bangs: float
    face: bool
    doll: bool
    headless: bool


def sample_looks(rng: np.random.Generator, back_view: bool) -> Looks:
    """A random wearer; one in eight is a mannequin."""
    doll = rng.random() < 0.12
    skin = palette.pick(rng, palette.WALL[:8] if doll else palette.SKIN, 5)
    return Looks(
        skin=skin,
        hair=palette.pick(rng, palette.HAIR, 5),
        shoes=palette.pick(rng, palette.CLOTH),
        hair_length=choose(rng, _HAIR_LENGTHS),
        bangs=rng.uniform(0.15, 0.45),
        face=not back_view,
        doll=doll,
        headless=doll and rng.random() < 0.6,
    )


def _shape(outline: np.ndarray) -> Piece:
    return Piece(outline, {}, box(outline))


def _skin(outlines: Iterable[np.ndarray], looks: Looks, **more) -> Layer:
    *others, last = outlines
    # Skin has no pattern that lies on each piece, and its light asks for one frame.
    pieces = (*(Piece(outline) for outline in others), _shape(last))
    # Without a head nothing tells a parser that this is the shape of somebody.
    parsing = Parsing.BACKGROUND if looks.headless else Parsing.BODY_SKIN
    return Layer(pieces, solid(looks.skin), parsing=parsing, **more)


def _hair(piece: Piece, looks: Looks, relief: float, **more) -> Layer:
    cloth = solid(looks.hair, relief)
    return Layer((piece,), cloth, parsing=Parsing.HAIR, **more)


def _bones(limbs: Sequence[Limb], half_widths: np.ndarray) -> np.ndarray:
    """(L, 2, N, 2) outlines of the skin along both bones of L limbs."""
    ends = np.array([[limb.root, limb.joint, limb.end] for limb in limbs])
    start, way = ends[:, :2, None], (ends[:, 1:] - ends[:, :2])[:, :, None]
    return ribbon(start + way * _BONE, half_widths)


def arms(limbs: Sequence[Limb], looks: Looks) -> list[tuple[Layer, Layer]]:
    """Of each arm, from the shoulder to the elbow and on to the finger tips."""
    wrist = np.array([limb.end for limb in limbs])[:, None]
    along = np.array([limb.direction(1) for limb in limbs])[:, None]
    inward = np.array([limb.inward(1) for limb in limbs])[:, None]
    palm = wrist + along * 0.22 * _SHORT
    thumb = wrist + inward * (0.03 + 0.06 * _SHORT) + along * 0.13 * _SHORT
    hands = ribbon(np.stack([palm, thumb], axis=1), _HAND)
    start, tip = wrist + along * 0.13 + inward * 0.015, wrist + along * 0.12
    lines = np.concatenate([start, tip + along * 0.07], axis=1)
    color = palette.scaled(looks.skin, 0.75)
    layers = []
    for limb, bones, hand, line in zip(limbs, _bones(limbs, _ARM), hands, lines):
        elbow = ellipse(limb.joint, 0.07, 0.07)
        upper = ellipse(limb.root, 0.1, 0.1), bones[0], elbow
        lower, strokes = (elbow, bones[1], *hand), (Stroke(line, color, 0.008),)
        layers.append(
            (
                _skin(upper, looks, shadow=0.15),
                _skin(lower, looks, shadow=0.25, strokes=strokes),
            )
        )
    return layers


def hanging_arm(upper: Layer, lower: Layer) -> Layer:
    """The arm in one, without a crease at the elbow."""
    return replace(lower, pieces=(*upper.pieces, *lower.pieces))


def legs(limbs: Sequence[Limb], looks: Looks) -> list[Layer]:
    """Each leg from the hip joint to the ground, shoe included."""
    feet = [
        limb.end + np.concatenate([limb.side * 0.07 * _SHORT, 0.02 + 0.2 * _SHORT], 1)
        for limb in limbs
    ]
    shoes = ribbon(np.array(feet), _FOOT)
    layers = []
    for limb, (thigh, shin), shoe in zip(limbs, _bones(limbs, _LEG), shoes):
        outlines = thigh, ellipse(limb.joint, 0.12, 0.12), shin, shoe
        # Shoes are seen as such on a mannequin, too.
        strokes = (Stroke(shoe, looks.shoes, parsing=Parsing.OTHERS),)
        layers.append(_skin(outlines, looks, shadow=0.25, strokes=strokes))
    return layers


def trunk(body: Body, looks: Looks) -> Layer:
    """Neck, shoulders and trunk."""
    (nx, ny), (sx, sy) = body.neck, body.shoulder
    (wx, wy), (hx, hy) = body.waist, body.hip
    chin = body.head[0] + 0.8 * body.head[2]
    half = Pen(point(nx, chin))
    half.curve(point(nx, ny - 0.1), point(nx + 0.05, ny + 0.03), point(sx, sy))
    half.curve(point(sx, sy + 0.2), point(body.chest, -0.1), point(body.chest, 0))
    half.curve(point(body.chest, 0.2), point(wx, wy - 0.3), point(wx, wy))
    half.curve(point(wx, wy + 0.2), point(hx, hy - 0.2), point(hx, hy))
    half.line(point(0.05, body.crotch_y))
    right = half.drawn
    pen = Pen(right[0]).through(right).through(right[::-1] * point(-1, 1))
    shadow = palette.scaled(looks.skin, 0.9)
    bones = tuple(
        Stroke(
            np.array(
                [[s * 0.06, ny + 0.19], [s * 0.2, ny + 0.14], [s * 0.36, ny + 0.13]]
            ),
            shadow,
            0.014,
        )
        for s in SIDES
        if looks.face
    )
    return _skin((pen.drawn,), looks, shadow=0.2, strokes=bones)


def hair_behind(body: Body, looks: Looks) -> Layer | None:
    """The hair behind the neck."""
    if looks.doll or looks.headless:
        return None
    y, rx, ry = body.head
    low = y + ry + looks.hair_length
    pen = Pen(point(0, y - ry - 0.09))
    pen.curve(
        point(-rx - 0.16, y - ry - 0.08),
        point(-rx - 0.1, y),
        point(-rx - 0.08, y + 0.2),
    )
    pen.curve(point(-rx - 0.1, low - 0.2), point(-rx - 0.02, low), point(-0.12, low))
    pen.line(point(0.12, low))
    pen.curve(
        point(rx + 0.02, low), point(rx + 0.1, low - 0.2), point(rx + 0.08, y + 0.2)
    )
    pen.curve(
        point(rx + 0.1, y), point(rx + 0.16, y - ry - 0.08), point(0, y - ry - 0.09)
    )
    return _hair(pen.piece(), looks, 0.5, shadow=0.2)


def head(body: Body, looks: Looks) -> list[Layer]:
    """Face and the hair over it; from the back, hair alone."""
    if looks.headless:
        return []
    y, rx, ry = body.head
    pen = Pen(point(0, y - ry))
    for s in (1, -1):
        pen.curve(
            point(s * rx * 1.25, y - s * ry),
            point(s * rx * 0.95, y + s * 0.45 * ry),
            point(0, y + s * ry),
        )
    dark = palette.scaled(looks.skin, 0.45)
    lips = palette.scaled(
        (looks.skin[0] * 0.62, looks.skin[1] * 0.55, looks.skin[2] * 0.9), 1
    )
    strokes = []
    if looks.face and not looks.doll:
        for s in SIDES:
            eye = point(s * 0.105, y + 0.02)
            strokes.append(Stroke(ellipse(eye, 0.042, 0.02, 14), (245, 245, 245)))
            strokes.append(Stroke(ellipse(eye, 0.02, 0.022, 10), dark))
            strokes.append(Stroke(eye + _LASH, palette.scaled(looks.hair, 0.6), 0.014))
            strokes.append(Stroke(eye + _BROW, palette.scaled(looks.hair, 0.9), 0.014))
        nose = np.array([[0.0, y + 0.04], [0.018, y + 0.12], [-0.012, y + 0.13]])
        strokes.append(Stroke(nose, palette.scaled(looks.skin, 0.82), 0.011))
        strokes.append(Stroke(ellipse(point(0, y + 0.215), 0.062, 0.02, 16), lips))
    layers = [
        Layer(
            (pen.piece(),),
            solid(looks.skin),
            shadow=0.3,
            strokes=tuple(strokes),
            parsing=Parsing.FACE_SKIN if looks.face else Parsing.HAIR,
        )
    ]
    if not looks.doll:
        layers.append(_hair(_cap(body, looks), looks, 0.5, shadow=0.1))
    return layers


def _cap(body: Body, looks: Looks) -> Piece:
    """Hair on the skull, down to the bangs, or all over it from the back."""
    y, rx, ry = body.head
    if not looks.face:
        return _shape(ellipse(point(0, y + 0.02), rx + 0.08, ry + 0.08))
    edge, low = y - ry * (1 - 2 * looks.bangs), y + 0.15
    pen = Pen(point(0, y - ry - 0.07))
    pen.curve(
        point(rx + 0.18, y - ry - 0.06), point(rx + 0.09, y), point(rx + 0.03, low)
    )
    pen.curve(point(rx - 0.03, y - 0.1), point(rx * 0.6, edge), point(0.1, edge))
    pen.curve(point(-0.1, edge), point(-rx + 0.02, y - 0.1), point(-rx - 0.03, low))
    pen.curve(
        point(-rx - 0.09, y), point(-rx - 0.18, y - ry - 0.06), point(0, y - ry - 0.07)
    )
    return pen.piece()


def locks(rng: np.random.Generator, body: Body, looks: Looks) -> list[Layer]:
    """Long hair that falls over the shoulders in front."""
    if looks.doll or looks.headless or looks.hair_length < 0.4:
        return []
    y, rx, _ = body.head
    layers = []
    for side in SIDES:
        if rng.random() < 0.35:
            continue
        end = y + 0.36 + looks.hair_length * rng.uniform(0.7, 1.3)
        t = np.linspace(0, 1, 12)
        x = side * (rx + 0.02 + 0.05 * np.sin(3 * t + rng.uniform(0, 2)) - 0.04 * t)
        line = np.stack([x, y + (end - y) * t], axis=1)
        half = 0.1 * np.sin(np.pi * (0.25 + 0.73 * t)) + 0.01
        layers.append(_hair(_shape(ribbon(line, half)), looks, 0.6))
    return layers
