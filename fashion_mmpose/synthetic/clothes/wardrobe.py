"""Random shapes of the 13 garments of the DeepFashion2 benchmark.

Numbers are in scene units, as in :mod:`.styles`, from which the shapes derive.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fashion_mmpose.synthetic.painting.curves import lerp

from . import styles
from .body import SIDES, Body
from .bottoms import SkirtStyle, TrouserStyle
from .tops import TopStyle
from .tubes import TubeStyle

TOPS = ('short_sleeved_shirt', 'long_sleeved_shirt', 'vest', 'sling')
OUTWEAR = ('short_sleeved_outwear', 'long_sleeved_outwear')
BOTTOMS = ('shorts', 'trousers', 'skirt')
DRESSES = ('short_sleeved_dress', 'long_sleeved_dress', 'vest_dress', 'sling_dress')

# Share and range of the length over that of the arm or leg; None: no sleeves.
_SLEEVES = {
    'short': ((1.0, (0.16, 0.44)),),
    'long': ((0.25, (0.58, 0.8)), (0.75, (0.8, 1.0))),
    None: ((1.0, None),),
}
_LEGS = {
    'shorts': ((1.0, (0.16, 0.36)),),
    'trousers': ((0.3, (0.5, 0.78)), (0.7, (0.78, 1.03))),
}
_SET_IN = ((1.0, 'set-in'),)
_UNBUTTONED_SHARE = 0.6  # of coats that would be closed; closed they look like shirts


def sleeve_length(category: str) -> str | None:
    """``'short'`` or ``'long'``; None for a garment without sleeves."""
    first = category.split('_')[0]
    return first if first in ('short', 'long') else None


def sample_frame(rng: np.random.Generator, body: Body, category: str) -> TopStyle:
    """A top, outwear or dress whose shoulders are still whole.

    The wearer's body follows this shape; :func:`cut_out` makes a vest or sling of it.
    """
    sleeves = _SLEEVES[sleeve_length(category)]
    if category in OUTWEAR:
        coat = styles.sample_outwear(rng, body, sleeves)
        if coat.opening[0] < 0 and rng.random() < _UNBUTTONED_SHARE:
            return replace(coat, opening=tuple(rng.uniform((0, 0.08), (0.12, 0.34))))
        return coat
    if category in DRESSES:
        return styles.sample_dress(rng, body, sleeves, _SET_IN)
    return styles.sample_blouse(rng, body, sleeves, _SET_IN)


def cut_out(rng: np.random.Generator, frame: TopStyle, category: str) -> TopStyle:
    """The garment itself: ``frame`` with the shoulders that its category leaves."""
    kind = category.split('_')[0]
    if kind not in ('vest', 'sling'):
        return frame
    neck, shoulder = np.array(frame.neck), np.array(frame.shoulder)
    if kind == 'vest':
        width = min(rng.uniform(0.1, 0.26), shoulder[0] - neck[0])
        end = lerp(neck, shoulder, width / (shoulder[0] - neck[0]))
        return replace(frame, shoulder=tuple(end.tolist()))
    top = lerp(neck, shoulder, rng.uniform(0.15, 0.6))
    x, y = frame.armpit
    corner_x = min(top[0] * rng.uniform(0.9, 1.1), x - 0.16)
    corner_y = y - rng.uniform(0.14, 0.3)
    return replace(
        frame,
        cut='sling',
        neck=(float(corner_x), float(corner_y)),
        shoulder=tuple(top.tolist()),
        depth=rng.uniform(0.01, 0.14),
    )


def sample_bottom(
    rng: np.random.Generator, body: Body, category: str
) -> SkirtStyle | TrouserStyle:
    """A skirt, shorts or trousers."""
    if category == 'skirt':
        return styles.sample_skirt(rng, body)
    return styles.sample_trousers(rng, body, _LEGS[category])


def _inside(own: TubeStyle, outer: TubeStyle) -> TubeStyle:
    """A sleeve that fits into another one."""
    return replace(
        own,
        length=min(own.length, outer.length - 0.02),
        top=min(own.top, 0.9 * outer.top),
        bottom=min(own.bottom, 0.9 * outer.bottom),
        puff=min(own.puff, outer.puff),
        slant=0.0,
    )


def sample_under(
    rng: np.random.Generator, body: Body, outer: TopStyle, category: str
) -> TopStyle:
    """A top or dress that is worn under another garment, its shoulders whole.

    Args:
        rng: Source of randomness.
        body: Who wears it.
        outer: The garment over it, its shoulders whole.
        category: Category of the garment; with sleeves only if those of ``outer``, if
            it has any, are as long.
    """
    own = sample_frame(rng, body, category)
    (ax, ay), (wx, wy), (sx, sy) = outer.armpit, outer.waist, outer.shoulder
    ease = 0.04
    sleeves = own.sleeves
    if sleeves is not None and outer.sleeves is not None:
        sleeves = {s: _inside(sleeves[s], outer.sleeves[s]) for s in SIDES}
    neck_x = min(own.neck[0], sx - 0.14) * rng.uniform(0.8, 1.0)
    hem_y = max(own.hem[1], wy + 0.2)
    # No wider than the outer garment is at that height.
    room = float(np.interp(hem_y, (wy, outer.hem[1]), (wx, outer.hem[0]))) - ease
    return replace(
        own,
        sleeves=sleeves,
        neck=(neck_x, min(outer.neck[1], sy - 0.05) + 0.01),
        shoulder=(sx - ease, sy + 0.015),
        armpit=(ax - ease, ay - 0.01),
        waist=(min(own.waist[0], wx - ease), wy),
        hem=(max(min(own.hem[0], room), 0.32), hem_y),
    )
