"""Who wears what: the layers of a picture, back to front, and the view of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from fashion_mmpose.synthetic.clothes.body import Body, Limb, Pose
from fashion_mmpose.synthetic.clothes.parts import Garment, Part
from fashion_mmpose.synthetic.clothes.trim import Trims
from fashion_mmpose.synthetic.painting.canvas import Camera, Layer, Stroke
from fashion_mmpose.synthetic.painting.curves import sent
from fashion_mmpose.synthetic.painting.surfaces.fabric import Cloth

from . import figure
from .figure import Looks


@dataclass(frozen=True)
class Wearer:
    """A figure in its pose.

    Attributes:
        body: Proportions.
        pose: How it bends.
        looks: Skin and hair; None where a garment lies flat and nobody is there.
        arms: Arm of each side (-1, 1), unbent.
        legs: Leg of each side, unbent.
    """

    body: Body
    pose: Pose
    looks: Looks | None
    arms: dict[int, Limb]
    legs: dict[int, Limb]


@dataclass(frozen=True)
class Item:
    """A garment and what it is made of.

    Attributes:
        garment: Its parts, already bent.
        cloth: Its material.
        own: Whether it is a garment that is annotated.
        edges: Strokes along the free edges of each part, by its name.
        trims: What is sewn on its body, already bent.
        number: Number of the garment among those that are annotated.
    """

    garment: Garment
    cloth: Cloth
    own: bool = False
    edges: Mapping[str, tuple[Stroke, ...]] = field(default_factory=dict)
    trims: Trims = Trims()
    number: int = 0

    def layers(self, parts: list[Part]) -> list[Layer]:
        """Layers of some of its parts."""
        return [
            Layer(
                part.pieces,
                self.cloth,
                part=part.name if self.own else None,
                garment=self.number,
                shade=0.55 if part.lining else 1.0,
                strokes=(
                    *self.edges.get(part.name, ()),
                    *(self.trims.strokes if part is self.garment.body[-1] else ()),
                ),
            )
            for part in parts
        ]

    def front(self) -> list[Layer]:
        """Layers of the body and of what is sewn on it."""
        return [*self.layers(self.garment.body), *self.trims.layers]

    def over(self) -> list[Layer]:
        """Layers in front of the body."""
        return self.layers(self.garment.over)

    def has_sleeves(self) -> bool:
        """Whether it has parts beside its body and its back."""
        return bool(self.garment.over or self.garment.behind[1:])


def _hangs(arm: Limb) -> bool:
    """Whether the forearm stays beside the trunk."""
    return arm.front and arm.angles[1] > -6


def _figure(rng: np.random.Generator, wearer: Wearer) -> Sequence[list[Layer]]:
    """What is seen of a wearer: behind the garments, legs and trunk, forearms that
    cross the body, the head; nothing where nobody is there.
    """
    body, pose, looks = wearer.body, wearer.pose, wearer.looks
    if looks is None:
        return [], [], [], []
    limbs = list(wearer.arms.values())
    arms = list(zip(limbs, figure.arms(limbs, looks)))
    hair = figure.hair_behind(body, looks)
    behind = [] if hair is None else [hair]
    behind += [figure.hanging_arm(*arm) for limb, arm in arms if not limb.front]
    order = sorted(wearer.legs.values(), key=lambda leg: leg.side == pose.near_leg)
    skin = figure.legs(order, looks)
    # Trunk and shoulders are one skin, without a crease between them.
    trunk = figure.trunk(body, looks)
    pieces = trunk.pieces
    forearms = []
    for limb, (upper, lower) in arms:
        if limb.front:
            pieces += upper.pieces
            if _hangs(limb):
                pieces += lower.pieces
            else:
                forearms.append(lower)
    skin.append(replace(trunk, pieces=pieces))
    head = [*figure.head(body, looks), *figure.locks(rng, body, looks)]
    groups = (behind, skin, forearms, head)
    lines = [line for group in groups for layer in group for line in layer.lines]
    bent = sent(pose.bend, lines)
    return [[layer.moved(bent) for layer in group] for group in groups]


def worn(
    rng: np.random.Generator,
    wearer: Wearer,
    upper: Item | None,
    lower: Item | None = None,
    inner: Item | None = None,
    tucked: bool = False,
    inner_loose: bool = False,
) -> list[Layer]:
    """A dressed figure, or the garments alone if nobody wears them.

    Args:
        rng: Source of randomness.
        wearer: The figure.
        upper: A top or dress; None only where nobody wears it.
        lower: A skirt or trousers.
        inner: What is worn under ``upper``.
        tucked: Whether the lower garment lies over the upper one.
        inner_loose: Whether ``inner`` lies over the lower garment.
    """
    below = [] if lower is None else lower.front()
    if upper is None:
        return below
    behind, skin, forearms, head = _figure(rng, wearer)
    layers = [*behind, *upper.layers(upper.garment.behind[:1])]
    if inner is not None:
        layers += inner.layers(inner.garment.behind)
    layers += upper.layers(upper.garment.behind[1:])
    layers += skin
    under = [] if inner is None else inner.front()
    sleeves = [] if inner is None else inner.over()
    if upper.has_sleeves():
        # Sleeves inside sleeves are under the body, too.
        under, sleeves = [*under, *sleeves], []
    layers += [] if inner_loose else under
    if tucked:
        layers += upper.front()
    layers += below
    layers += under if inner_loose else []
    if not tucked:
        layers += upper.front()
    return [*layers, *forearms, *sleeves, *upper.over(), *head]


def sample_camera(
    rng: np.random.Generator,
    points: np.ndarray,
    kept: np.ndarray,
    size_wh: tuple[int, int],
    fill: float,
    max_turn: float,
) -> Camera:
    """A view in which the garment fills a share of the picture.

    Args:
        rng: Source of randomness.
        points: (N, 2) key points of the garment in scene units.
        kept: (M, 2) those of them that shall not be cut off.
        size_wh: Size of the picture in pixels.
        fill: Extent of the points over that of the picture; above 1 some are cut off.
        max_turn: Spread of the rotation in the picture, in degrees.
    """
    center = (points.min(0) + points.max(0)) / 2
    turn = min(max(rng.normal(0, max_turn / 2), -max_turn), max_turn)
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    move = np.array([[1, 0, -center[0]], [0, 1, -center[1]], [0, 0, 1.0]])
    rotate = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1.0]])
    tilt = np.array([[1, 0, 0], [0, 1, 0], [*rng.normal(0, 0.025, 2), 1.0]])
    view = tilt @ rotate @ move
    seen = cv2.perspectiveTransform(points[:, None], view)[:, 0]
    low, high = seen.min(0), seen.max(0)
    size = np.array(size_wh, dtype=np.float64)
    scale = fill * float(np.min(size / np.maximum(high - low, 0.6)))
    room = np.maximum(size - scale * (high - low), 0) / 2
    offset = np.clip(rng.normal(0, 0.3, 2), -0.85, 0.85) * room
    shift = size / 2 + offset - scale * (low + high) / 2
    inside = scale * cv2.perspectiveTransform(kept[:, None], view)[:, 0] + shift
    shift += np.clip(0, 0.03 * size - inside.min(0), 0.97 * size - inside.max(0))
    place = np.array([[scale, 0, shift[0]], [0, scale, shift[1]], [0, 0, 1.0]])
    return Camera(place @ view, scale)
