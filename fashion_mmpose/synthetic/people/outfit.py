"""What a picture shows: a wearer, the garment in question and what goes with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from fashion_mmpose.synthetic.clothes import styles
from fashion_mmpose.synthetic.clothes.body import (
    SIDES,
    Body,
    Limb,
    Pose,
    flat_pose,
    sample_body,
    sample_pose,
)
from fashion_mmpose.synthetic.clothes.bottoms import (
    SkirtStyle,
    TrouserStyle,
    skirt,
    trousers,
)
from fashion_mmpose.synthetic.clothes.parts import Garment
from fashion_mmpose.synthetic.clothes.tops import TopStyle, arm_root, top
from fashion_mmpose.synthetic.clothes.trim import (
    bottom_trims,
    edge_strokes,
    thread_color,
    top_trims,
)
from fashion_mmpose.synthetic.painting.canvas import Layer, Stroke
from fashion_mmpose.synthetic.painting.curves import point
from fashion_mmpose.synthetic.painting.surfaces import palette
from fashion_mmpose.synthetic.painting.surfaces.fabric import Cloth, sample_cloth
from fashion_mmpose.synthetic.painting.surfaces.palette import Color

from . import figure
from .scene import Item, Wearer, worn

_SAMPLERS = {
    'blouse': styles.sample_blouse,
    'outwear': styles.sample_outwear,
    'dress': styles.sample_dress,
    'skirt': styles.sample_skirt,
    'trousers': styles.sample_trousers,
}

_FLAT_SHARE = 0.14
_BACK_SHARE = 0.045
_TUCKED_TOP_SHARE = 0.07
_LOOSE_TOP_SHARE = 0.24


@dataclass(frozen=True)
class Outfit:
    """Shapes before they have a material.

    Attributes:
        own: The garment that the picture is about, bent.
        upper_style: Style of the top.
        upper: The top, bent; None where a skirt or trousers lie flat.
        lower_style: Style of the skirt or trousers, or None.
        lower: Skirt or trousers, bent, or None.
        inner: What is worn under an open front, bent, or None.
        wearer: The figure.
        tucked: Whether the lower garment lies over the upper one.
        back_view: Whether the figure is seen from behind.
    """

    own: Garment
    upper_style: TopStyle
    upper: Garment | None
    lower_style: SkirtStyle | TrouserStyle | None
    lower: Garment | None
    inner: Garment | None
    wearer: Wearer
    tucked: bool
    back_view: bool

    def anchor(self, name: str) -> tuple[str, np.ndarray] | None:
        """The uppermost own part with that anchor, and the anchor's position (2,)."""
        for part in reversed(self.own.parts()):
            anchors = part.anchors()
            if name in anchors:
                return part.name, anchors[name]
        return None

    def anchors(self, names: Iterable[str]) -> np.ndarray:
        """(N, 2) positions of those of the names that the garment has."""
        found = [self.anchor(name) for name in names]
        return np.array([row[1] for row in found if row is not None])


def tuck_in(style: TopStyle, waist: tuple[float, float]) -> TopStyle:
    """The top with its hem inside a waistband (half width, height)."""
    x, y = waist
    return replace(
        style,
        waist=(max(x + 0.04, 0.8 * style.armpit[0]), y - 0.12),
        hem=(x - 0.03, y + 0.1),
        hem_drop=0.0,
        skew=0.0,
    )


def fit_body(body: Body, style: TopStyle) -> Body:
    """The body slim enough for its top."""
    x, y = arm_root(style, 1)
    # Sleeves that hang behind the trunk must not be cut off by bare shoulders.
    inset = 0.0 if style.sleeves is None else 0.1
    head_y, *radii = body.head
    # The neck ends where the garment's neckline is.
    head_y += style.neck[1] - body.neck[1]
    return replace(
        body,
        neck=(body.neck[0], style.neck[1]),
        head=(head_y, *radii),
        shoulder=(x - 0.02 - inset, y - 0.07 - 0.5 * inset),
        chest=style.armpit[0] - 0.04 - inset,
        waist=(min(body.waist[0], style.waist[0] - 0.03), body.waist[1]),
        hip=(min(body.hip[0], 0.42), body.hip[1]),
    )


def place_limbs(
    body: Body, pose: Pose, style: TopStyle
) -> tuple[dict[int, Limb], dict[int, Limb]]:
    """Arms and legs by their side (-1, 1), the arms rooted in the top's armholes."""
    arms, legs = {}, {}
    for side in SIDES:
        *angles, before = pose.arms[side]
        bones = body.upper_arm, body.forearm
        arms[side] = Limb(side, arm_root(style, side), tuple(angles), bones, before)
        hip = point(side * 0.24, body.hip[1])
        legs[side] = Limb(side, hip, pose.legs[side], (body.thigh, body.shin))
    return arms, legs


def lower_garment(
    style: SkirtStyle | TrouserStyle, legs: dict[int, Limb], pose: Pose
) -> Garment:
    """A skirt or trousers on a figure."""
    if isinstance(style, SkirtStyle):
        return skirt(style).mapped(pose.bend)
    return trousers(style, legs, pose.near_leg).mapped(pose.bend)


def sample_outfit(rng: np.random.Generator, category: str) -> Outfit:
    """A random outfit around a garment of a FashionAI category."""
    flat = rng.random() < _FLAT_SHARE
    back_view = not flat and rng.random() < _BACK_SHARE
    pose = flat_pose(rng) if flat else sample_pose(rng)
    body = sample_body(rng)
    style = _SAMPLERS[category](rng, body)
    about_top = isinstance(style, TopStyle)
    upper_style = style if about_top else styles.sample_blouse(rng, body)
    lower_style = None
    if not about_top:
        lower_style = style
    elif category != 'dress' and not flat:
        other = 'trousers' if rng.random() < 0.6 else 'skirt'
        lower_style = _SAMPLERS[other](rng, body)
    tucked = (
        lower_style is not None
        and upper_style.opening is None
        and rng.random() < (_TUCKED_TOP_SHARE if about_top else 1 - _LOOSE_TOP_SHARE)
    )
    if tucked:
        upper_style = tuck_in(upper_style, lower_style.waist)
        style = upper_style if about_top else style
    body = fit_body(body, upper_style)
    arms, legs = place_limbs(body, pose, upper_style)
    lower = None if lower_style is None else lower_garment(lower_style, legs, pose)
    upper = None
    if about_top or not flat:
        upper = top(upper_style, arms, back_view).mapped(pose.bend)
    inner = None
    if upper_style.opening is not None and not (flat or back_view):
        neck = upper_style.neck
        shirt = replace(
            upper_style,
            opening=None,
            sleeves=None,
            depth=rng.uniform(0.08, 0.3),
            roundness=1.0,
            neck=(0.8 * neck[0], neck[1]),
            marked_waist=False,
            hem=(0.46, min(upper_style.hem[1] - 0.05, rng.uniform(0.7, 1.1))),
            waist=(0.42, 0.5),
        )
        inner = replace(top(shirt, arms).mapped(pose.bend), behind=[])
    return Outfit(
        own=upper if about_top else lower,
        upper_style=upper_style,
        upper=upper,
        lower_style=lower_style,
        lower=lower,
        inner=inner,
        wearer=Wearer(
            body,
            pose,
            None if flat else figure.sample_looks(rng, back_view),
            arms,
            legs,
        ),
        tucked=tucked,
        back_view=back_view,
    )


def dress_up(
    rng: np.random.Generator, outfit: Outfit, unit: float, backdrop: Color
) -> list[Layer]:
    """The layers of an outfit in random materials, back to front.

    Args:
        rng: Source of randomness.
        outfit: The shapes.
        unit: Image pixels per scene unit, for the scale of the patterns.
        backdrop: Mean colour behind, from which the garment differs.
    """
    cloth = sample_cloth(rng, unit, backdrop)
    other = sample_cloth(rng, unit, cloth.color)
    bend = outfit.wearer.pose.bend

    def item(garment: Garment | None) -> Item | None:
        if garment is None:
            return None
        own = garment is outfit.own
        material = cloth if own else other
        if garment is outfit.lower:
            trims = bottom_trims(rng, outfit.lower_style, material)
        else:
            trims = top_trims(rng, outfit.upper_style, material, outfit.back_view)
        return Item(
            garment, material, own, finish(rng, garment, material), trims.mapped(bend)
        )

    upper, lower, inner = item(outfit.upper), item(outfit.lower), None
    if outfit.inner is not None:
        inner = Item(outfit.inner, sample_cloth(rng, unit, cloth.color))
    return worn(rng, outfit.wearer, upper, lower, inner, outfit.tucked)


def finish(
    rng: np.random.Generator, garment: Garment, cloth: Cloth
) -> dict[str, tuple[Stroke, ...]]:
    """The same finish on all free edges of a garment: none, stitching or bands."""
    finish = rng.random()
    if finish < 0.2:
        return {}
    band = finish > 0.8
    color = (
        palette.contrasting(rng, cloth.color, palette.CLOTH)
        if band
        else thread_color(cloth)
    )
    inset = rng.uniform(0.03, 0.07)
    return {
        part.name: tuple(edge_strokes(part, color, inset, band))
        for part in garment.parts()
        if not part.lining
    }
