"""The figure that wears the garments: proportions, pose and limbs.

Scene frame: x to the right and y down in the picture, the origin midway between
the armpits of a top and 1 unit their distance, so that a body has a chest of about
one unit. ``side`` is -1 for the left of the picture and +1 for its right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fashion_mmpose.synthetic.painting.curves import point
from fashion_mmpose.synthetic.painting.wobble import STILL, Wobble, sample_wobble
from fashion_mmpose.synthetic.shares import choose, choose_side

SIDES = {-1: 'left', 1: 'right'}


@dataclass(frozen=True)
class Body:
    """Proportions in scene units: half widths (x) and heights (y).

    ``neck`` is its half width and the height of its base, ``head`` the height of its
    centre and its radii along x and y.
    """

    shoulder: tuple[float, float]
    chest: float
    waist: tuple[float, float]
    hip: tuple[float, float]
    crotch_y: float
    thigh: float
    shin: float
    upper_arm: float
    forearm: float
    head: tuple[float, float, float]
    neck: tuple[float, float]


def sample_body(rng: np.random.Generator) -> Body:
    """A grown-up of the long-legged kind that fashion pictures show."""
    hip = rng.uniform(0.45, 0.54)
    crotch_y = rng.uniform(1.28, 1.42)
    return Body(
        shoulder=(rng.uniform(0.5, 0.55), rng.uniform(-0.48, -0.42)),
        chest=0.42,
        waist=(rng.uniform(0.34, 0.41), rng.uniform(0.52, 0.64)),
        hip=(hip, crotch_y - rng.uniform(0.3, 0.36)),
        crotch_y=crotch_y,
        thigh=rng.uniform(1.0, 1.12),
        shin=rng.uniform(1.0, 1.15),
        upper_arm=rng.uniform(0.89, 1.01),
        forearm=rng.uniform(0.79, 0.92),
        head=(rng.uniform(-1.33, -1.24), rng.uniform(0.25, 0.28), 0.36),
        neck=(rng.uniform(0.12, 0.15), -0.69),
    )


@dataclass(frozen=True)
class Limb:
    """Two bones. Angles are in degrees from straight down, positive away from the
    body, negative across it.

    Attributes:
        side: -1 or 1.
        root: (2,) shoulder or hip joint.
        angles: Direction of the first and the second bone.
        lengths: Lengths of the two bones.
        front: Whether the limb passes in front of the trunk.
    """

    side: int
    root: np.ndarray
    angles: tuple[float, float]
    lengths: tuple[float, float]
    front: bool = True

    @cached_property
    def _axes(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Directions along and across each bone."""
        turns = [math.radians(angle) for angle in self.angles]
        return [
            (
                point(self.side * math.sin(turn), math.cos(turn)),
                point(-self.side * math.cos(turn), math.sin(turn)),
            )
            for turn in turns
        ]

    def direction(self, bone: int) -> np.ndarray:
        """(2,) unit vector along the bone, away from the trunk."""
        return self._axes[bone][0]

    def inward(self, bone: int) -> np.ndarray:
        """(2,) unit vector across the bone, to the body of a hanging limb."""
        return self._axes[bone][1]

    @cached_property
    def joint(self) -> np.ndarray:
        """(2,) elbow or knee."""
        return self.root + self.direction(0) * self.lengths[0]

    @cached_property
    def end(self) -> np.ndarray:
        """(2,) wrist or ankle."""
        return self.joint + self.direction(1) * self.lengths[1]


@dataclass(frozen=True)
class Pose:
    """How the whole figure bends.

    Attributes:
        sway: Sideways swing of the hips, in scene units.
        turn: Rotation about the vertical, in radians; 0 faces the camera.
        arms: Angles and ``front`` of the left and of the right arm.
        legs: Angles of the left and of the right leg.
        near_leg: Side of the leg in front.
        wobble: Irregularity of the figure and of all that it wears.
    """

    sway: float
    turn: float
    arms: dict[int, tuple[float, float, bool]]
    legs: dict[int, tuple[float, float]]
    near_leg: int
    wobble: Wobble = STILL

    def bend(self, points: np.ndarray) -> np.ndarray:
        """Sends points (N, 2) of the straight figure to the posed one."""
        x, y = points[:, 0], points[:, 1]
        # The chest is a cylinder: turning it moves its front, not its sides.
        bulge = np.maximum(1 - (x / 0.8) ** 2, 0)
        x = x * math.cos(self.turn) + 0.3 * math.sin(self.turn) * bulge
        height = np.minimum(np.maximum((y + 0.8) / 3.4, -0.5), 1.2)
        bent = np.empty(points.shape)
        bent[:, 0] = x + self.sway * np.sin(height * np.pi)
        bent[:, 1] = y
        return self.wobble(bent)


# share, upper arm, forearm (degrees: mean and spread), in front of the trunk
_ARM_POSES = (
    (0.38, ((8, 4), (4, 5), True)),  # hanging
    (0.12, ((13, 5), (0, 8), False)),  # hands behind the back
    (0.13, ((25, 8), (20, 10), True)),  # away from the body
    (0.11, ((44, 8), (-42, 10), True)),  # hand on the hip
    (0.12, ((22, 6), (-12, 7), True)),  # hand in the pocket
    (0.05, ((20, 7), (-138, 10), True)),  # hand at the neck
    (0.06, ((12, 5), (-75, 12), True)),  # across the body
    (0.03, ((120, 25), (150, 20), True)),  # raised
)


def _arm_pose(rng: np.random.Generator) -> tuple[float, float, bool]:
    upper, lower, front = choose(rng, _ARM_POSES)
    return rng.normal(*upper), rng.normal(*lower), front


def sample_pose(rng: np.random.Generator) -> Pose:
    """A standing pose; the two arms often do the same."""
    left = _arm_pose(rng)
    if rng.random() < 0.5:
        right = (left[0] + rng.normal(0, 4), left[1] + rng.normal(0, 6), left[2])
    else:
        right = _arm_pose(rng)
    legs = {}
    for side in SIDES:
        hip = rng.normal(4.5, 3.5)
        legs[side] = (hip, hip - abs(rng.normal(0, 4)))
    if rng.random() < 0.06:
        legs[choose_side(rng)] = (rng.normal(-9, 3), rng.normal(-7, 4))
    return Pose(
        sway=rng.normal(0, 0.05),
        turn=rng.normal(0, 0.26),
        arms={-1: left, 1: right},
        legs=legs,
        near_leg=choose_side(rng),
        wobble=sample_wobble(rng, rng.uniform(0.01, 0.09)),
    )


def flat_pose(rng: np.random.Generator) -> Pose:
    """A garment laid out on a table: straight, sleeves and legs spread evenly."""
    spread = rng.uniform(10, 55)
    elbow = spread - rng.uniform(-5, 30)
    leg = rng.uniform(0, 9)
    return Pose(
        sway=rng.normal(0, 0.02),
        turn=0.0,
        arms={
            side: (spread + rng.normal(0, 3), elbow + rng.normal(0, 5), True)
            for side in SIDES
        },
        legs={side: (leg + rng.normal(0, 1), leg) for side in SIDES},
        near_leg=choose_side(rng),
        wobble=sample_wobble(rng, rng.uniform(0.01, 0.1)),
    )
