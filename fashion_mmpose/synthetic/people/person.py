"""People in several garments at once, as the DeepFashion2 benchmark shows them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from fashion_mmpose.synthetic.clothes.body import flat_pose, sample_body, sample_pose
from fashion_mmpose.synthetic.clothes.bottoms import SkirtStyle, TrouserStyle
from fashion_mmpose.synthetic.clothes.parts import Garment
from fashion_mmpose.synthetic.clothes.tops import TopStyle, top
from fashion_mmpose.synthetic.clothes.trim import Trims, bottom_trims, top_trims
from fashion_mmpose.synthetic.clothes.wardrobe import (
    BOTTOMS,
    DRESSES,
    OUTWEAR,
    TOPS,
    cut_out,
    sample_bottom,
    sample_frame,
    sample_under,
    sleeve_length,
)
from fashion_mmpose.synthetic.painting.canvas import Layer
from fashion_mmpose.synthetic.painting.surfaces.fabric import sample_cloth
from fashion_mmpose.synthetic.painting.surfaces.palette import Color
from fashion_mmpose.synthetic.shares import choose, choose_side

from . import figure
from .outfit import finish, fit_body, lower_garment, place_limbs, tuck_in
from .scene import Item, Wearer, worn

# Share of each category in its group, and of the groups. With these the drawn items
# are as unequal as the benchmark's: 24 % short sleeve tops, under 1 % short sleeve
# outwear.
_SHARES = {
    TOPS: (0.57, 0.29, 0.12, 0.02),
    OUTWEAR: (0.14, 0.86),
    BOTTOMS: (0.3, 0.45, 0.25),
    DRESSES: (0.35, 0.18, 0.35, 0.12),
}
_DRESS_SHARE = 0.28
_COAT_SHARE = 0.08
_DRESS_OVER_SHIRT_SHARE = 0.2  # of vest and sling dresses
_COAT_OVER_DRESS_SHARE = 0.3
_FLAT_SHARE = 0.12
_BACK_SHARE = 0.04
_SIDE_SHARE = 0.07
_TUCKED_SHARE = 0.2


@dataclass(frozen=True)
class Worn:
    """A garment on a figure.

    Attributes:
        category: Name of a category of DeepFashion2.
        style: Its shape before it was bent.
        wearer: The figure.
        back_view: Whether the figure is seen from behind.
    """

    category: str
    style: TopStyle | SkirtStyle | TrouserStyle
    wearer: Wearer
    back_view: bool = False

    @cached_property
    def garment(self) -> Garment:
        """Its parts, bent; of many sampled people one is drawn."""
        wearer = self.wearer
        if not isinstance(self.style, TopStyle):
            return lower_garment(self.style, wearer.legs, wearer.pose)
        made = top(self.style, wearer.arms, self.back_view)
        return made.mapped(wearer.pose.bend)


@dataclass(frozen=True)
class Person:
    """A dressed figure, or garments that lie flat.

    Attributes:
        wearer: The figure.
        upper: The outermost top, outwear or dress; None where only a skirt or
            trousers lie flat.
        inner: What is worn under ``upper``, or None.
        lower: Skirt, shorts or trousers, or None.
        tucked: Whether ``lower`` lies over the top, or over ``inner`` if there is one.
        back_view: Whether the figure is seen from behind.
    """

    wearer: Wearer
    upper: Worn | None
    inner: Worn | None = None
    lower: Worn | None = None
    tucked: bool = False
    back_view: bool = False

    def garments(self) -> list[Worn]:
        """All garments, from below to above."""
        layers = (self.lower, self.inner, self.upper)
        return [worn for worn in layers if worn is not None]

    @property
    def viewpoint(self) -> int:
        """1 not worn, 2 from the front, 3 from the side or from behind."""
        if self.wearer.looks is None:
            return 1
        return 3 if self.back_view or abs(self.wearer.pose.turn) > 0.45 else 2


def _pick(
    rng: np.random.Generator,
    group: tuple[str, ...],
    sleeves: tuple[str | None, ...] = ('long', 'short', None),
) -> str:
    """A category of a group, with its share, among those with such sleeves."""
    rows = [
        (share, category)
        for share, category in zip(_SHARES[group], group)
        if sleeve_length(category) in sleeves
    ]
    total = sum(share for share, _ in rows)
    return choose(rng, [(share / total, category) for share, category in rows])


def _coat_for(rng: np.random.Generator, inner: str) -> str:
    """Outwear over a garment: sleeves at least as long as those inside."""
    if sleeve_length(inner) == 'long':
        return _pick(rng, OUTWEAR, ('long',))
    return _pick(rng, OUTWEAR)


def _under_coat(rng: np.random.Generator, coat: str, group: tuple[str, ...]) -> str:
    """What is worn under outwear: no sleeves longer than its own."""
    if sleeve_length(coat) == 'short':
        return _pick(rng, group, ('short', None))
    return _pick(rng, group)


def plan(
    rng: np.random.Generator, first: str | None, flat: bool
) -> tuple[str | None, str | None, str | None]:
    """The categories of what somebody wears.

    Args:
        rng: Source of randomness.
        first: A category that must be among them; None for any.
        flat: Whether that one lies flat, alone.

    Returns:
        tuple: Outermost garment, the one under it and the skirt or trousers, each a
        category or None.
    """
    if first is None:
        first = _pick(rng, DRESSES if rng.random() < _DRESS_SHARE else TOPS)
    if flat:
        return (None, None, first) if first in BOTTOMS else (first, None, None)
    if first in OUTWEAR:
        if rng.random() < _COAT_OVER_DRESS_SHARE:
            return first, _under_coat(rng, first, DRESSES), None
        return first, _under_coat(rng, first, TOPS), _pick(rng, BOTTOMS)
    coat = rng.random() < _COAT_SHARE
    if first in DRESSES:
        if coat:
            return _coat_for(rng, first), first, None
        bare = sleeve_length(first) is None
        if bare and rng.random() < _DRESS_OVER_SHIRT_SHARE:
            return first, _pick(rng, TOPS, ('short', 'long')), None
        return first, None, None
    upper, lower = first, first
    if first in BOTTOMS:
        upper = _pick(rng, TOPS)
    else:
        lower = _pick(rng, BOTTOMS)
    if coat:
        return _coat_for(rng, upper), upper, lower
    return upper, None, lower


def sample_person(
    rng: np.random.Generator, first: str | None, may_lie: bool = True
) -> Person:
    """Somebody in random garments.

    Args:
        rng: Source of randomness.
        first: A category that must be among them; None for any.
        may_lie: Whether a garment may lie flat without a wearer.
    """
    flat = may_lie and rng.random() < _FLAT_SHARE
    pose = flat_pose(rng) if flat else sample_pose(rng)
    if not flat and rng.random() < _SIDE_SHARE:
        pose = replace(pose, turn=rng.uniform(0.5, 0.75) * choose_side(rng))
    outer, inner, lower = plan(rng, first, flat)
    body = sample_body(rng)
    frame = sample_frame(rng, body, TOPS[0] if outer is None else outer)
    lower_style = None if lower is None else sample_bottom(rng, body, lower)
    shirt = None if inner is None else sample_under(rng, body, frame, inner)

    tucked = lower is not None and rng.random() < _TUCKED_SHARE
    if tucked and shirt is not None:
        shirt = tuck_in(shirt, lower_style.waist)
    elif tucked and frame.opening is None:
        frame = tuck_in(frame, lower_style.waist)
    back_view = frame.opening is None and not flat and rng.random() < _BACK_SHARE
    body = fit_body(body, frame if shirt is None else shirt)
    arms, legs = place_limbs(body, pose, frame)
    looks = None if flat else figure.sample_looks(rng, back_view)
    wearer = Wearer(body, pose, looks, arms, legs)

    def dressed(style: TopStyle, category: str) -> Worn:
        return Worn(category, cut_out(rng, style, category), wearer, back_view)

    return Person(
        wearer=wearer,
        upper=None if outer is None else dressed(frame, outer),
        inner=None if shirt is None else dressed(shirt, inner),
        lower=None if lower is None else Worn(lower, lower_style, wearer),
        tucked=tucked,
        back_view=back_view,
    )


def layers_of(
    rng: np.random.Generator, person: Person, number: int, unit: float, backdrop: Color
) -> list[Layer]:
    """A person's layers in random materials, back to front.

    Args:
        rng: Source of randomness.
        person: Who.
        number: Number of the first of the person's garments; the others count on, in
            the order of :meth:`Person.garments`.
        unit: Image pixels per scene unit, for the scale of the patterns.
        backdrop: Mean colour behind, from which the garments differ.
    """
    bend = person.wearer.pose.bend
    items: dict[int, Item] = {}
    for count, worn_one in enumerate(person.garments()):
        cloth = sample_cloth(rng, unit, backdrop)
        backdrop = cloth.color
        style = worn_one.style
        if not isinstance(style, TopStyle):
            trims = bottom_trims(rng, style, cloth)
        elif worn_one is person.inner:
            trims = Trims()
        else:
            trims = top_trims(rng, style, cloth, person.back_view)
        edges = finish(rng, worn_one.garment, cloth)
        items[id(worn_one)] = Item(
            worn_one.garment, cloth, True, edges, trims.mapped(bend), number + count
        )

    def item(worn_one: Worn | None) -> Item | None:
        return None if worn_one is None else items[id(worn_one)]

    return worn(
        rng,
        person.wearer,
        item(person.upper),
        item(person.lower),
        item(person.inner),
        tucked=person.tucked and person.inner is None,
        inner_loose=not person.tucked,
    )
