"""Measurements of a predicted garment, with intervals.

K: key points of its category. Variances are propagated to first order: every landmark
and every cause of the scale's error is moved up and down by a standard deviation.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from fashion_mmpose.garments import Garment, Measure

from .paths import length_of, path_of
from .scaling.scale import (
    CENTIMETRES,
    Lens,
    Scale,
    TargetError,
    in_pixels,
    known_length,
    transform,
)
from .table import measures_of, reference_of
from .uncertainty.student import quantile

LEVEL = 0.95
MIN_SCORE = 0.2  # of points that are measured; as of those that are drawn


@dataclass(frozen=True)
class KnownLength:
    """A scale by a length between two landmarks of the garment itself.

    Attributes:
        first: Name of a key point.
        second: Name of another one.
        length: Centimetres between them.
        lens: The lens of the camera, or None.
    """

    first: str
    second: str
    length: float
    lens: Lens | None = None

    def missing(self, kind: Garment) -> str:
        """Name of a key point that the garment does not have; empty if it has both."""
        names = (self.first, self.second)
        return next((name for name in names if name not in kind.keypoints), '')

    def ends(self, kind: Garment) -> tuple[int, int]:
        """Indices of both key points.

        Raises:
            ValueError: If the garment does not have them.
        """
        if name := self.missing(kind):
            raise ValueError(
                f'a {kind.name} has no key point {name!r} that the scale is taken '
                f'from; it has {", ".join(kind.keypoints)}'
            )
        return kind.keypoints.index(self.first), kind.keypoints.index(self.second)

    def scale(self, points: np.ndarray, kind: Garment) -> Scale:
        """The scale that landmarks (K, 2) give, as if they were exact."""
        ends = points[list(self.ends(kind))]
        return known_length(ends, self.length, 0.0, self.lens)


AnyScale = Scale | KnownLength


@dataclass(frozen=True, eq=False)
class Measured:
    """One measurement of one garment.

    Attributes:
        name: What was measured.
        unit: ``'cm'`` or ``'px'``.
        value: The length; None where it is absent.
        error: Its scale of error, a standard deviation where ``dof`` is infinite; None
            where it is not known.
        dof: Degrees of freedom of the error, which is distributed as Student's t.
        reason: Why the length, or its error, is absent; else empty.
        code: What it is called in the trade or a company, or empty.
        ratio: The length over the garment's reference, see
            :data:`.table.REFERENCES`; None where one of them is absent.
        ratio_to: Name of the reference.
        path: The way that was measured, in pixels of the picture, shape (n, 2).
        probability: How likely the least sure of its points lies near its landmark;
            None where nobody knows, and of lengths of several pictures.
        shared_error: The part of its error that other pictures with the same scale
            have alike, a standard deviation; 0 where the scale is the picture's own.
    """

    name: str
    unit: str
    value: float | None = None
    error: float | None = None
    reason: str = ''
    code: str = ''
    ratio: float | None = None
    ratio_to: str = ''
    path: np.ndarray | None = field(default=None, repr=False)
    dof: float = np.inf
    probability: float | None = None
    shared_error: float = 0.0

    def interval(self, level: float = LEVEL) -> tuple[float, float] | None:
        """What the true length lies in with a probability of ``level``.

        Returns:
            tuple | None: Lower and upper limit; None where the error is not known.
        """
        if self.value is None or self.error is None:
            return None
        reach = quantile(level, self.dof) * self.error
        return max(0.0, self.value - reach), self.value + reach

    def to_dict(self) -> dict:
        """Plain values: everything but the path, with the interval of 95 %."""
        low, high = self.interval() or (None, None)
        entry: dict[str, Any] = dict(
            measurement=self.name,
            code=self.code,
            value=self.value,
            unit=self.unit,
            error=self.error,
            low=low,
            high=high,
            ratio=self.ratio,
            ratio_to=self.ratio_to,
            reason=self.reason,
            probability=self.probability,
        )
        digits = 3 if self.unit == CENTIMETRES else 2
        shares: dict[str, int] = dict.fromkeys(('ratio', 'probability'), 4)
        for key in ('value', 'error', 'low', 'high', *shares):
            if entry[key] is not None:
                entry[key] = round(entry[key], shares.get(key, digits))
        return entry


def measure(
    keypoints: np.ndarray,
    kind: Garment,
    scale: AnyScale | None = None,
    scores: np.ndarray | None = None,
    covariances: np.ndarray | None = None,
    measures: Sequence[Measure] | None = None,
    min_score: float = MIN_SCORE,
    dof: float = np.inf,
    probabilities: np.ndarray | None = None,
) -> list[Measured]:
    """Measure a garment.

    Args:
        keypoints: Landmarks in pixels of the picture, shape (K, 2); NaN for absent
            ones.
        kind: The category.
        scale: What tells centimetres; None for pixels. Defaults to None.
        scores: Scores of the points, shape (K, ); None for points that are certain.
        covariances: Of the points, in pixels, shape (K, 2, 2); None where they are not
            known, and then no length has an error.
        measures: What is measured; None for what the table, or the description of the
            garment, says. Defaults to None.
        min_score: Points that score less are absent. Defaults to 0.2.
        dof: Degrees of freedom of the points' errors. Defaults to infinite, Gaussian
            errors.
        probabilities: How likely the points lie near their landmarks, shape (K, );
            None where nobody knows. Defaults to None.

    Returns:
        list[Measured]: One per measurement, absent ones included.

    Raises:
        TypeError: If the scale is none, such as a marker that is still to be found.
        ValueError: If these are not the landmarks of the category, or it has not those
            that the scale is taken from.
    """
    points = np.asarray(keypoints, np.float64)
    if points.shape != (len(kind.keypoints), 2):
        raise ValueError(
            f'the key points are of shape {points.shape}; to fix it: give x and y of '
            f'each key point of a {kind.name}, ({len(kind.keypoints)}, 2)'
        )
    scale = in_pixels() if scale is None else scale
    if not isinstance(scale, AnyScale):
        raise TypeError(
            f'{scale!r} is no scale; to fix it: give what find_scale(image, target), '
            'pixels_per_cm or known_length returns, or a KnownLength'
        )
    measures = measures_of(kind) if measures is None else measures
    absent = _absent(points, kind, scores, min_score)
    own: tuple[int, ...] = ()
    if isinstance(scale, KnownLength):
        own = scale.ends(kind)
    found = [
        _one(measure, points, kind, scale, own, covariances, absent, dof)
        for measure in measures
    ]
    if probabilities is not None:
        found = [
            replace(each, probability=float(min(probabilities[list(used)])))
            for each, used in zip(found, (_used(one, own) for one in measures))
        ]
    return _with_ratios(found)


def _used(measure: Measure, own: tuple[int, ...]) -> tuple[int, ...]:
    """The key points of a measurement, and those of the garment's own scale."""
    return tuple(dict.fromkeys((*own, *(i for place in measure.places for i in place))))


def _absent(
    points: np.ndarray, kind: Garment, scores: np.ndarray | None, min_score: float
) -> dict[int, str]:
    """Why key points cannot be measured, by their indices."""
    absent = {}
    for i, name in enumerate(kind.keypoints):
        if not np.isfinite(points[i]).all():
            absent[i] = f'{name} is not there'
        elif scores is not None and not scores[i] >= min_score:
            absent[i] = f'{name} scores {scores[i]:.2f}, below {min_score:g}'
    return absent


def _one(
    measure: Measure,
    points: np.ndarray,
    kind: Garment,
    scale: AnyScale,
    own: tuple[int, ...],
    covariances: np.ndarray | None,
    absent: dict[int, str],
    dof: float,
) -> Measured:
    used = _used(measure, own)
    unit = scale.unit if isinstance(scale, Scale) else CENTIMETRES
    reasons = [absent[i] for i in used if i in absent]
    if own and not reasons and np.linalg.norm(np.diff(points[list(own)], axis=0)) < 2:
        reasons = ['the ends of the known length are one point']
    if reasons:
        return Measured(
            measure.name, unit, reason='; '.join(reasons), code=measure.code
        )

    rows = list(used)

    def length(moved: np.ndarray) -> float:
        try:
            here = scale if isinstance(scale, Scale) else scale.scale(moved, kind)
        except TargetError:  # an end of the known length is where nothing is seen
            return np.nan
        return length_of(_spread(here.to_plane(moved[rows]), rows), measure)

    value = length(points)
    if not np.isfinite(value):
        reason = 'a landmark lies where the lens file says that nothing is seen'
        return Measured(measure.name, unit, reason=reason, code=measure.code)
    fixed = scale if isinstance(scale, Scale) else scale.scale(points, kind)
    # A lens bends for all of them alike.
    straight = fixed.straight(points[rows])

    def places_by(other: Scale) -> np.ndarray:
        return _spread(transform(straight, other.homography), rows)

    of_scale = sum(
        _variance(value, *(length_of(places_by(other), measure) for other in pair))
        for pair in fixed.deviating()
    )
    error, own_dof, reason = None, np.inf, 'the covariances of the points are not known'
    if covariances is not None:
        parts = _of_points(length, value, points, used, covariances)
        total = float(parts.sum() + of_scale)
        error, reason = float(np.sqrt(total)), ''
        if np.isfinite(dof) and parts.any():
            # Welch and Satterthwaite: the tails of a sum are shorter than its parts'.
            own_dof = dof * total**2 / float(parts @ parts)
        if not np.isfinite(error):
            error, reason = None, 'the covariance of a point is not finite'
    path = fixed.to_picture(path_of(places_by(fixed), measure))
    return Measured(
        measure.name,
        unit,
        value,
        error,
        reason,
        measure.code,
        path=path,
        dof=own_dof,
        shared_error=float(np.sqrt(of_scale)) if fixed.is_shared else 0.0,
    )


def _spread(places: np.ndarray, rows: list[int]) -> np.ndarray:
    """Places of the key points that are used, by their indices; the others are NaN."""
    spread = np.full((max(rows) + 1, 2), np.nan)
    spread[rows] = places
    return spread


def _of_points(
    length: Callable[[np.ndarray], float],
    value: float,
    points: np.ndarray,
    used: Iterable[int],
    covariances: np.ndarray,
) -> np.ndarray:
    """The variance of a length that each of its landmarks causes."""
    parts = []
    for i in used:
        if not np.isfinite(covariances[i]).all():
            return np.array([np.nan])
        part = 0.0
        spreads, axes = np.linalg.eigh(np.asarray(covariances[i], np.float64))
        for spread, axis in zip(np.sqrt(np.maximum(spreads, 0)), axes.T):
            if not spread:  # The length stays as it is.
                continue
            shift = np.zeros_like(points)
            shift[i] = spread * axis
            part += _variance(value, length(points + shift), length(points - shift))
        parts.append(part)
    return np.array(parts)


def _variance(value: float, up: float, down: float) -> float:
    """What a cause contributes that moves a length up and down.

    Of points that lie together every way leads apart: both are longer then.
    """
    return ((up - value) ** 2 + (down - value) ** 2) / 2


def _with_ratios(found: Sequence[Measured]) -> list[Measured]:
    """The same with each length over the reference of the garment."""
    by_name = {each.name: each for each in found if each.value}
    name = reference_of(by_name)
    if not name:
        return list(found)
    reference = by_name[name].value
    return [
        each
        if each.value is None or not reference
        else replace(each, ratio=each.value / reference, ratio_to=name)
        for each in found
    ]
