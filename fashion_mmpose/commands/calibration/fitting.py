"""Fits a calibration to the errors of a network, by maximum likelihood.

Errors follow Student's t in the plane, whose logarithm of the density is, up to a
constant, ``-log(det S) / 2 - (dof + 2) / 2 * log(1 + q / dof)`` with the scale S and
the squared distance q. What all points share is fitted first, then each group of
landmarks its own scale and floor, which a small sample cannot move far from the common
ones, and what they share once more.
"""

from collections.abc import Callable, Mapping

import numpy as np
from scipy.optimize import minimize

from fashion_mmpose.measure.uncertainty.calibration import Calibration, calibrated

from .errors import PointErrors, squared_distances

LEVELS = np.linspace(0.05, 0.95, 19)
_LEAST_FLOOR = 1e-5  # of the garment's size
_MOST_DOF = 200.0
_ROUNDS = 2
# A group's scale and floor stay near the common ones as if so many points said so.
_WEIGHT_OF_SCALE, _WEIGHT_OF_FLOOR = 20.0, 2.0


def fit(errors: PointErrors, groups: Mapping[str, str]) -> Calibration:
    """The calibration under which errors are most likely.

    Args:
        errors: Points whose truth is known.
        groups: The group of every key point; groups without points get what all share.
    """

    own = np.array([groups[name] for name in errors.names], object)
    rows = {group: own == group for group in {*groups.values()}}
    start = np.array([np.log(0.3), np.log(1e-3), 1.0, np.log(4.0)])
    scale, floor, power, dof = _bounded(
        _least(lambda values: _loss(errors, *_bounded(values)), start)
    )
    for _ in range(_ROUNDS):
        pairs = dict.fromkeys(rows, (scale, floor))
        for group, here in rows.items():
            if here.any():
                points = errors.chosen(here)
                pairs[group] = _fit_group(points, scale, floor, power, dof)
        # Groups that differ have looked like long tails.
        scales, floors = np.array([pairs[group] for group in own]).T

        def shared_loss(
            values: np.ndarray, scales: np.ndarray = scales, floors: np.ndarray = floors
        ) -> float:
            factor, _, *others = _bounded(values)
            return _loss(errors, factor * scales, floors, *others)

        start = np.array([0.0, 0.0, power, np.log(dof)])
        factor, _, power, dof = _bounded(_least(shared_loss, start))
        scale *= factor
        pairs = {group: (factor * own, least) for group, (own, least) in pairs.items()}
    return Calibration(
        scales={name: pairs[group][0] for name, group in groups.items()},
        floors={name: pairs[group][1] for name, group in groups.items()},
        power=power,
        dof=dof,
    )


def _least(loss: Callable[[np.ndarray], float], start: np.ndarray) -> np.ndarray:
    options = dict(xatol=1e-3, fatol=1e-6, maxiter=2000)
    return minimize(loss, start, method='Nelder-Mead', options=options).x


def _fit_group(
    errors: PointErrors, scale: float, floor: float, power: float, dof: float
) -> tuple[float, float]:
    common = np.log((scale, floor))
    weights = np.array((_WEIGHT_OF_SCALE, _WEIGHT_OF_FLOOR)) / 2

    def loss(values: np.ndarray) -> float:
        own = np.exp(values)
        misfit = len(errors) * _loss(errors, *own, power, dof)
        return misfit + float(weights @ (values - common) ** 2)

    # From the common floor, and from one that matters.
    starts = common, np.array((common[0], np.log(max(floor, 3e-3))))
    best = min((_least(loss, start) for start in starts), key=loss)
    own_scale, own_floor = np.exp(np.maximum(best, np.log(_LEAST_FLOOR)))
    return float(own_scale), float(own_floor)


def _bounded(values: np.ndarray) -> tuple[float, float, float, float]:
    scale, floor = np.exp(np.clip(values[:2], np.log(_LEAST_FLOOR), 5))
    power = float(np.clip(values[2], 0, 6))
    dof = float(np.exp(np.clip(values[3], 0, np.log(_MOST_DOF))))
    return float(scale), float(floor), power, dof


def _loss(
    errors: PointErrors,
    scale: float | np.ndarray,
    floor: float | np.ndarray,
    power: float,
    dof: float,
) -> float:
    """The mean negative logarithm of the density."""
    covariances = calibrated(
        errors.spreads, errors.scores, errors.sizes, scale, floor, power
    )
    squares, determinants = squared_distances(errors.offsets, covariances)
    tails = (dof + 2) / 2 * np.log1p(squares / dof)
    return float((np.log(determinants) / 2 + tails).mean())


def folds(errors: PointErrors, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Two halves of the garments, each to fit with and to look at the other: rows."""
    owners = np.unique(errors.owners)
    chosen = np.random.default_rng(seed).permutation(owners)[: len(owners) // 2]
    first = np.isin(errors.owners, chosen)
    return [(first, ~first), (~first, first)]
