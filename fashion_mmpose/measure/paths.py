"""The way of a tape measure, in the plane on which a garment lies.

P: places that the tape passes. Units are those of the plane.
"""

import numpy as np

from fashion_mmpose.garments import Measure

_STEPS = 12  # straight pieces of a seam between two places


def path_of(points: np.ndarray, measure: Measure) -> np.ndarray:
    """The way that a measurement takes.

    Args:
        points: Landmarks of the garment, shape (K, 2).
        measure: What is measured.

    Returns:
        np.ndarray: Its corners, shape (n, 2): the P places themselves, or, along a
        seam, points of a smooth curve through them.
    """
    places = np.stack([points[list(place)].mean(axis=0) for place in measure.places])
    return smooth(places) if measure.is_curved else places


def length_of(points: np.ndarray, measure: Measure) -> float:
    """What is measured between landmarks (K, 2), in their unit; doubled for a girth."""
    steps = np.diff(path_of(points, measure), axis=0)
    return measure.times * float(np.hypot(steps[:, 0], steps[:, 1]).sum())


def smooth(places: np.ndarray) -> np.ndarray:
    """A smooth curve through places: a centripetal Catmull-Rom spline.

    It makes no loops and hardly leaves the corners where a sleeve is bent. At both
    ends it goes on as a mirror image, which leaves its ends without bend.

    Args:
        places: Shape (P, 2), P at least 2.

    Returns:
        np.ndarray: Shape (12 * (P - 1) + 1, 2); ``places`` where these are only two.
    """
    if len(places) == 2:
        return places
    ends = 2 * places[0] - places[1], 2 * places[-1] - places[-2]
    knots = np.vstack((ends[0], places, ends[1]))
    gaps = np.sqrt(np.linalg.norm(np.diff(knots, axis=0), axis=1))
    gaps = np.maximum(gaps, 1e-9)[:, None]
    before, here, after = gaps[:-2], gaps[1:-1], gaps[2:]
    p0, p1, p2, p3 = knots[:-3], knots[1:-2], knots[2:-1], knots[3:]
    # Tangents at both ends of a piece, in units of the piece.
    first = here * ((p1 - p0) / before - (p2 - p0) / (before + here)) + (p2 - p1)
    last = here * ((p3 - p2) / after - (p3 - p1) / (here + after)) + (p2 - p1)
    t = (np.arange(_STEPS) / _STEPS)[:, None, None]
    pieces = (
        (2 * t**3 - 3 * t**2 + 1) * p1
        + (t**3 - 2 * t**2 + t) * first
        + (3 * t**2 - 2 * t**3) * p2
        + (t**3 - t**2) * last
    )
    return np.vstack((pieces.transpose(1, 0, 2).reshape(-1, 2), places[-1:]))
