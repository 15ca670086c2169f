"""Fits probabilities to scores: isotonic regression, which a sample cannot bend far."""

import numpy as np
from scipy.optimize import isotonic_regression

from fashion_mmpose import garments
from fashion_mmpose.evaluation.functional.errors import NEMeasure, measure_of
from fashion_mmpose.evaluation.functional.reliability import (
    calibration_error,
    reliability,
)
from fashion_mmpose.measure.uncertainty.calibration import ScoreCurve

from .errors import PointErrors

_MOST_KNOTS = 50
_LEAST_POINTS = 20  # of a knot


def default_tolerance(benchmark: garments.Named) -> float:
    """Up to how many units the error report calls points of a benchmark near."""
    return measure_of(benchmark).tolerance.near


def near_points(errors: PointErrors, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """Scores of the points whose garments have a unit, and whether each is near.

    Args:
        errors: Points whose truth is known.
        tolerance: Points are near up to so many units.

    Returns:
        tuple: Two arrays of the shape (n, ).
    """
    known = np.isfinite(errors.units)
    off = np.linalg.norm(errors.offsets[known], axis=1)
    return errors.scores[known], off <= tolerance * errors.units[known]


def fit_scores(
    errors: PointErrors, benchmark: garments.Named, tolerance: float
) -> ScoreCurve | None:
    """The curve of shares of near points over scores.

    Points are taken together by their scores, at least 20 and at most a fiftieth of
    all, before the regression.

    Args:
        errors: Points whose truth is known.
        benchmark: Whose points these are.
        tolerance: Points are near up to so many units.

    Returns:
        ScoreCurve | None: None where no garment has a unit, as where the ends of all
        normalisers are missing.
    """
    scores, near = near_points(errors, tolerance)
    if not len(scores):
        return None
    order = np.argsort(scores, kind='stable')
    num = int(np.clip(len(scores) // _LEAST_POINTS, 1, _MOST_KNOTS))
    groups = np.array_split(order, num)
    middles = np.round([scores[group].mean() for group in groups], 5)
    counts = np.array([len(group) for group in groups], float)
    hits = np.array([near[group].sum() for group in groups], float)
    # Groups of one score are one knot.
    middles, places = np.unique(middles, return_inverse=True)
    counts = np.bincount(places, counts)
    hits = np.bincount(places, hits)
    # No share of a sample is certain (Jeffreys).
    shares = (hits + 0.5) / (counts + 1)
    fitted = isotonic_regression(shares, weights=counts).x.round(4)
    inner = np.zeros(len(fitted), bool)
    inner[1:-1] = (fitted[1:-1] == fitted[:-2]) & (fitted[1:-1] == fitted[2:])
    return ScoreCurve(
        measure='NE' if isinstance(measure_of(benchmark), NEMeasure) else 'OKS',
        tolerance=round(tolerance, 4),
        scores=tuple(middles[~inner].tolist()),
        probabilities=tuple(fitted[~inner].tolist()),
    )


def score_error(scores: np.ndarray, near: np.ndarray) -> float:
    """Expected calibration error of scores, or of probabilities, in ten bins.

    Args:
        scores: Shape (n, ).
        near: Which of the points are, shape (n, ), bool.

    Returns:
        float: NaN where all scores are whole numbers, which promise nothing.
    """
    bins = reliability(scores, near)
    return calibration_error(bins) if bins else float('nan')
