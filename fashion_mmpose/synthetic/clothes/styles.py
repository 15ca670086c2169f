"""Random shapes of garments, of the sizes that the FashionAI benchmark shows.

All numbers are in scene units and follow the distances between annotated points of
the benchmark's test_a split, measured in units of each image's normaliser.
"""

from __future__ import annotations

import numpy as np

from fashion_mmpose.synthetic.shares import choose

from .body import SIDES, Body
from .bottoms import SkirtStyle, TrouserStyle
from .tops import TopStyle
from .tubes import TubeStyle


def _normal(
    rng: np.random.Generator, mean: float, spread: float, low: float, high: float
) -> float:
    return min(max(rng.normal(mean, spread), low), high)


def _sleeves(
    rng: np.random.Generator, body: Body, rows, tightness: float
) -> dict[int, TubeStyle] | None:
    span = choose(rng, rows)
    if span is None:
        return None
    arm = body.upper_arm + body.forearm
    length = rng.uniform(*span) * arm
    top = _normal(rng, 0.18, 0.025, 0.14, 0.25) / tightness
    bottom = choose(rng, [(0.75, rng.uniform(0.085, 0.14)), (0.25, top * 1.3)])
    if length < 0.5 * arm:
        bottom = max(bottom, top * rng.uniform(0.75, 1.05))
    puff = max(0.0, rng.normal(0, 0.035))
    slant = rng.normal(0, 0.02)
    rolled = rng.normal(0, 0.03)  # the two sides are never quite the same
    return {
        side: TubeStyle(length + side * rolled, top, bottom, puff, slant)
        for side in SIDES
    }


def _top(
    rng: np.random.Generator,
    body: Body,
    hem: tuple[float, float],
    neck_width: float,
    sleeves,
    **more,
) -> TopStyle:
    ease = rng.uniform(0.92, 1.22)
    half = 0.46 * ease
    armpit = (half, rng.uniform(-0.04, 0.06) + (rng.random() < 0.1) * 0.12)
    shoulder = (
        half * _normal(rng, 1.15, 0.12, 0.94, 1.4),
        armpit[1] - 2 * half * _normal(rng, 0.52, 0.08, 0.38, 0.7),
    )
    neck_x = min(half * _normal(rng, neck_width, 0.13, 0.28, 0.9), shoulder[0] - 0.09)
    slope = rng.uniform(0.36, 0.6)
    neck = (neck_x, shoulder[1] - slope * (shoulder[0] - neck_x))
    fall = hem[1] - armpit[1]
    waist_y = armpit[1] + min(_normal(rng, 0.54, 0.1, 0.34, 0.78), 0.6 * fall)
    straight = half + (hem[0] - half) * (waist_y - armpit[1]) / fall
    waist_x = min(straight, half * rng.uniform(0.78, 1.02))
    style = dict(
        neck=neck,
        depth=choose(
            rng, [(0.6, rng.uniform(0.08, 0.22)), (0.4, rng.uniform(0.2, 0.5))]
        ),
        roundness=choose(
            rng, [(0.3, rng.uniform(0, 0.2)), (0.7, rng.uniform(0.8, 1.3))]
        ),
        shoulder=shoulder,
        armpit=armpit,
        waist=(waist_x, waist_y),
        hem=hem,
        hem_drop=rng.normal(0.02, 0.05),
        skew=rng.normal(0, 0.03),
        sleeves=_sleeves(rng, body, sleeves, rng.uniform(0.9, 1.2)),
    )
    style |= more
    # A sharper V than this would run together in the pixels above its tip.
    style['depth'] = min(style['depth'], 1.8 * neck_x + 0.15 * style['roundness'])
    return TopStyle(**style)


# Share and range of the length over that of the arm or leg; None: no sleeves.
_BLOUSE_SLEEVES = (
    (0.035, None),
    (0.3, (0.2, 0.45)),
    (0.2, (0.45, 0.75)),
    (0.465, (0.78, 1)),
)
_OUTWEAR_SLEEVES = (
    (0.025, None),
    (0.08, (0.25, 0.5)),
    (0.2, (0.5, 0.8)),
    (0.695, (0.82, 1)),
)
_DRESS_SLEEVES = (
    (0.2, None),
    (0.28, (0.22, 0.5)),
    (0.17, (0.5, 0.8)),
    (0.35, (0.8, 1)),
)
_TROUSER_LEGS = ((0.22, (0.2, 0.36)), (0.18, (0.4, 0.75)), (0.6, (0.78, 1.03)))

_BLOUSE_CUTS = ((0.945, 'set-in'), (0.04, 'raglan'), (0.015, 'strap'))
_DRESS_CUTS = ((0.89, 'set-in'), (0.03, 'raglan'), (0.08, 'strap'))


def sample_blouse(
    rng: np.random.Generator, body: Body, sleeves=_BLOUSE_SLEEVES, cuts=_BLOUSE_CUTS
) -> TopStyle:
    """A blouse, shirt or sweater; ``sleeves`` and ``cuts`` are rows (share, kind)."""
    hem = (
        _normal(rng, 0.51, 0.1, 0.36, 0.78),
        _normal(rng, 1.02, 0.28, 0.45, 1.6),
    )
    cut = choose(rng, cuts)
    if cut == 'strap':
        return _top(rng, body, hem, 0.6, [(1.0, None)], cut=cut)
    return _top(rng, body, hem, 0.52, sleeves, cut=cut)


def sample_outwear(
    rng: np.random.Generator, body: Body, sleeves=_OUTWEAR_SLEEVES
) -> TopStyle:
    """A jacket or coat; its front opens. ``sleeves`` are rows (share, length)."""
    length = choose(rng, [(0.65, rng.uniform(0.6, 1.4)), (0.35, rng.uniform(1.4, 2.8))])
    hem = (_normal(rng, 0.5 + 0.06 * length, 0.08, 0.38, 0.9), length)
    opening = choose(
        rng,
        [
            (0.45, (-0.04, -0.04)),
            (0.35, (rng.uniform(0, 0.14), rng.uniform(0.1, 0.32))),
            (0.2, (0.0, rng.uniform(0.0, 0.12))),
        ],
    )
    return _top(
        rng,
        body,
        hem,
        0.44,
        sleeves,
        opening=opening,
        depth=rng.uniform(0.12, 0.6),
        roundness=rng.uniform(0, 1),
        marked_waist=rng.random() < 0.185,
    )


def sample_dress(
    rng: np.random.Generator, body: Body, sleeves=_DRESS_SLEEVES, cuts=_DRESS_CUTS
) -> TopStyle:
    """A dress; about two in three have a waist. Rows as in :func:`sample_blouse`."""
    length = _normal(rng, 2.35, 0.55, 1.4, 3.5)
    flare = abs(rng.normal(0.22, 0.22))
    hem = (min(0.46 + flare + 0.05 * length, 1.35), length)
    cut = choose(rng, cuts)
    marked = rng.random() < 0.695
    style = dict(cut=cut, marked_waist=marked, depth=rng.uniform(0.08, 0.5))
    if cut == 'strap':
        sleeves = [(1.0, None)]
    dress = _top(rng, body, hem, 0.6, sleeves, **style)
    if not marked:
        return dress
    waist = (dress.armpit[0] * rng.uniform(0.76, 0.9), dress.waist[1])
    return TopStyle(**vars(dress) | dict(waist=waist))


def sample_skirt(rng: np.random.Generator, body: Body) -> SkirtStyle:
    """A skirt from mini to floor, from pencil to circle."""
    waist = (body.waist[0] * rng.uniform(0.97, 1.12), body.waist[1])
    length = choose(rng, [(0.3, rng.uniform(0.8, 1.4)), (0.7, rng.uniform(1.3, 2.75))])
    ratio = min(max(np.exp(rng.normal(0.5, 0.32)), 1.0), 3.2)
    hip_y = waist[1] + 0.42
    hem_x = max(waist[0] * ratio, 0.4)
    share = 0.42 / length
    hip_x = max(body.hip[0] + 0.02, waist[0] + (hem_x - waist[0]) * share)
    return SkirtStyle(
        waist=waist,
        hip=(hip_x, hip_y),
        hem=(hem_x, waist[1] + length),
        hem_drop=rng.uniform(-0.02, 0.09) + 0.05 * (ratio - 1),
        skew=rng.normal(0, 0.05) + (rng.random() < 0.06) * rng.normal(0, 0.3),
    )


def sample_trousers(
    rng: np.random.Generator, body: Body, legs=_TROUSER_LEGS
) -> TrouserStyle:
    """Trousers from shorts to long ones, from skinny to wide; ``legs`` are rows
    (share, length)."""
    leg = body.thigh + body.shin
    span = choose(rng, legs)
    length = rng.uniform(*span) * leg
    top = rng.uniform(0.235, 0.28)
    bottom = choose(
        rng, [(0.6, rng.uniform(0.1, 0.18)), (0.4, rng.uniform(0.18, 0.36))]
    )
    if length < 0.4 * leg:
        bottom = rng.uniform(0.19, 0.32)
    puff = rng.normal(0, 0.015)
    tube = TubeStyle(length, top, bottom, puff, rng.normal(0, 0.015))
    return TrouserStyle(
        waist=(
            body.waist[0] * rng.uniform(1.0, 1.16),
            body.waist[1] + rng.uniform(0, 0.14),
        ),
        crotch_y=body.crotch_y + rng.uniform(-0.03, 0.1),
        legs=dict.fromkeys(SIDES, tube),
    )
