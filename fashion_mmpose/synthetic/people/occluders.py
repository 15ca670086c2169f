"""Things in front of garments: bags, scarves, foreground, banners."""

from __future__ import annotations

import cv2
import numpy as np

from fashion_mmpose.synthetic.clothes.body import Limb
from fashion_mmpose.synthetic.painting.canvas import Camera, Layer, Stroke
from fashion_mmpose.synthetic.painting.curves import (
    Pen,
    Piece,
    box,
    ellipse,
    point,
    ribbon,
)
from fashion_mmpose.synthetic.painting.parsing import Parsing
from fashion_mmpose.synthetic.painting.surfaces import palette
from fashion_mmpose.synthetic.painting.surfaces.fabric import Cloth, solid
from fashion_mmpose.synthetic.shares import choose_side

from .scene import Wearer


def _layer(
    outline: np.ndarray,
    cloth: Cloth,
    strokes=(),
    parsing: Parsing = Parsing.OTHERS,
    **more,
) -> Layer:
    piece = Piece(outline, {}, box(outline))
    return Layer((piece,), cloth, strokes=tuple(strokes), parsing=parsing, **more)


def _bag(rng: np.random.Generator, top: np.ndarray) -> list[Layer]:
    """A handbag that hangs from ``top`` (2,)."""
    color = palette.pick(rng, palette.CLOTH)
    w, h = rng.uniform(0.2, 0.36), rng.uniform(0.28, 0.5)
    drop = rng.uniform(0.12, 0.3)
    arch = np.linspace(-1, 1, 14)[:, None]
    handle = top + np.concatenate([0.6 * w * arch, drop * arch**2], axis=1)
    corner = top + point(-w, drop)
    pen = Pen(corner)
    pen.curve(
        corner + point(-0.06, h), corner + point(-0.04, h), corner + point(0.03, h)
    )
    pen.line(corner + point(2 * w - 0.03, h))
    pen.curve(
        corner + point(2 * w + 0.04, h),
        corner + point(2 * w + 0.06, h),
        corner + point(2 * w, 0),
    )
    dark = palette.scaled(color, 0.7)
    flap = corner + np.array([[0, 0.4 * h], [w, 0.55 * h], [2 * w, 0.4 * h]])
    clasp = ellipse(corner + point(w, 0.55 * h), 0.03, 0.03, 10)
    strokes = [Stroke(flap, dark, 0.014), Stroke(clasp, (90, 190, 215))]
    leather = solid(color, 0.15)
    return [
        _layer(ribbon(handle, 0.018), solid(dark)),
        _layer(pen.piece().outline, leather, strokes),
    ]


def _shoulder_bag(rng: np.random.Generator, wearer: Wearer) -> list[Layer]:
    """A bag at the hip, on a strap across the chest or down one side."""
    side = choose_side(rng)
    hip = point(side * rng.uniform(0.4, 0.62), rng.uniform(0.6, 1.1))
    x, y = wearer.body.shoulder
    start = point((-side if rng.random() < 0.6 else side) * 0.62 * x, y - 0.12)
    bag = _bag(rng, hip)[1:]
    strap = np.linspace(start, hip + point(0, 0.2), 16)
    return [_layer(ribbon(strap, rng.uniform(0.016, 0.035)), bag[0].cloth), *bag]


def _hand_bag(rng: np.random.Generator, wearer: Wearer) -> list[Layer]:
    """A bag in a hand, or on the bend of an arm."""
    arm: Limb = wearer.arms[choose_side(rng)]
    spot = arm.end + arm.direction(1) * 0.12
    if abs(arm.angles[1]) > 40:
        spot = arm.joint * 0.5 + arm.end * 0.5
    return _bag(rng, spot - point(0, 0.02))


def _scarf(rng: np.random.Generator, wearer: Wearer) -> list[Layer]:
    """A scarf round the neck with one end in front."""
    color = palette.pick(rng, palette.CLOTH)
    cloth = solid(color, 0.6)
    half = rng.uniform(0.2, 0.32)
    t = np.linspace(-1, 1, 16)
    y = wearer.body.neck[1] - 0.03
    loop = np.stack([half * t, y + 0.16 * (1 - t**2)], axis=1)
    x = rng.uniform(-0.15, 0.15)
    end = np.linspace(
        point(x, y + 0.12), point(x + rng.normal(0, 0.08), rng.uniform(-0.1, 0.5)), 12
    )
    return [
        _layer(ribbon(end, rng.uniform(0.05, 0.1)), cloth),
        _layer(ribbon(loop, 0.1 * (1.25 - t**2 * 0.5)), cloth),
    ]


def _necklace(rng: np.random.Generator, wearer: Wearer) -> list[Layer]:
    """A thin chain, too thin to hide a landmark."""
    t = np.linspace(-1, 1, 20)
    drop = rng.uniform(0.2, 0.6)
    y = wearer.body.neck[1] - 0.03
    chain = np.stack([0.17 * t, y + drop * (1 - t**2)], axis=1)
    gold = (90, 190, 215)
    pendant = ellipse(point(0, y + drop), 0.03, 0.04, 12)
    return [
        _layer(outline, solid(gold), hides=False, shadow=0.1)
        for outline in (ribbon(chain, 0.007), pendant)
    ]


def _leaves(rng: np.random.Generator, size_wh: np.ndarray) -> list[np.ndarray]:
    """Leaves that hang into the picture from a corner, in pixels."""
    corner = rng.integers(0, 2, 2) * size_wh
    inward = np.where(corner > 0, -1, 1)
    leaves = []
    for _ in range(int(rng.integers(3, 8))):
        tip = corner + inward * rng.uniform(0.05, 0.4, 2) * size_wh
        base = corner + inward * rng.uniform(-0.05, 0.12, 2) * size_wh
        t = np.linspace(0, 1, 12)
        half = 0.05 * size_wh.max() * np.sin(np.pi * t) * rng.uniform(0.5, 1)
        leaves.append(ribbon(base + (tip - base) * t[:, None], half + 0.5))
    return leaves


def _banner(rng: np.random.Generator, size_wh: np.ndarray) -> list[np.ndarray]:
    """A strip along one edge, or a label, as shops lay over their pictures."""
    width, height = size_wh
    depth = rng.uniform(0.06, 0.13)
    spans = {
        'bottom': ((0, 1 - depth), (1, 1)),
        'top': ((0, 0), (1, depth)),
        'left': ((0, 0), (depth, 1)),
        'label': (spot := rng.uniform(0, 0.8, 2), spot + (0.2, depth)),
    }
    low, high = spans[str(rng.choice(list(spans)))]
    return [box(np.array([low, high], dtype=np.float64) * (width, height))]


_WORN = ((0.09, _shoulder_bag), (0.1, _hand_bag), (0.04, _necklace), (0.05, _scarf))
_LAID = ((0.05, _leaves), (0.05, _banner))


def sample_occluders(
    rng: np.random.Generator,
    wearer: Wearer,
    camera: Camera,
    size_wh: tuple[int, int],
) -> list[Layer]:
    """Things in front of a dressed figure; often none.

    Args:
        rng: Source of randomness.
        wearer: Who carries them; nothing is carried where a garment lies flat.
        camera: The view, for what belongs to the picture and not to the scene.
        size_wh: Size of the picture in pixels.
    """
    layers: list[Layer] = []
    if wearer.looks is not None:
        for share, make in _WORN:
            if rng.random() < share:
                layers += [
                    layer.mapped(wearer.pose.bend) for layer in make(rng, wearer)
                ]
    for share, make in _LAID:
        if rng.random() < share:
            color = palette.pick(rng, palette.CLOTH + palette.WALL)
            layers += [
                _layer(
                    camera.unproject(outline),
                    solid(color),
                    shadow=0.2,
                    parsing=Parsing.BACKGROUND,
                )
                for outline in make(rng, np.array(size_wh))
            ]
    return layers


def write_text(rng: np.random.Generator, image: np.ndarray) -> None:
    """Letters on a background (H, W, 3), like a shop's name; paints in place."""
    letters = ''.join(rng.choice(list('ABEHIKLMNORSTUV'), int(rng.integers(3, 8))))
    height, width = image.shape[:2]
    spot = (rng.uniform(0.02, 0.6, 2) * (width, height)).astype(int) + (0, 20)
    color = palette.contrasting(rng, palette.mean_of(image), palette.CLOTH, 0.3)
    size = rng.uniform(0.5, 1.3)
    fonts = (
        cv2.FONT_HERSHEY_SIMPLEX,
        cv2.FONT_HERSHEY_DUPLEX,
        cv2.FONT_HERSHEY_TRIPLEX,
    )
    font = fonts[rng.integers(len(fonts))]
    cv2.putText(image, letters, spot.tolist(), font, size, color, 2, cv2.LINE_AA)
