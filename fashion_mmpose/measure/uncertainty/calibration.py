"""From the spread and the height of heatmaps to errors that are what they say.

A network has learnt heatmaps of one width, whatever it errs. A calibration, fitted to
its errors on a validation set, makes covariances of their spread, and probabilities of
their scores.
"""

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.json_file import encode, read_json
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.garments import GarmentPrediction

SUFFIX = '.calibration.json'
LEAST_SCORE = 0.05  # lower ones say no more
MEASURES = ('NE', 'OKS')  # that have a unit to tell near from far in


@dataclass(frozen=True)
class ScoreCurve:
    """How likely a point of some score lies near its landmark.

    Between its knots the curve is straight, and beyond them level.

    Attributes:
        measure: Whose unit the tolerance has: ``'NE'``, the garment's normaliser, or
            ``'OKS'``, ``2 * sigma * sqrt(area)`` of the landmark.
        tolerance: Points are near up to so many units.
        scores: Of the knots, rising, m of them.
        probabilities: Shares of such points that are near, not falling, m of them.
    """

    measure: str
    tolerance: float
    scores: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """Probabilities of points with these scores, in the same shape, float64."""
        return np.interp(scores, self.scores, self.probabilities)

    def to_dict(self) -> dict:
        """Plain values, which :meth:`from_dict` takes."""
        return dict(
            measure=self.measure,
            tolerance=self.tolerance,
            curve=[list(knot) for knot in zip(self.scores, self.probabilities)],
        )

    @classmethod
    def from_dict(cls, content: Any) -> 'ScoreCurve':
        """The curve of plain values.

        Args:
            content: See :meth:`to_dict`.

        Raises:
            KeyError: If something is missing; this and the others are for
                :meth:`Calibration.from_dict`, which says where it is from.
            TypeError: If something is of another kind.
            ValueError: If the values are those of no such curve.
        """
        knots = [(float(score), float(share)) for score, share in content['curve']]
        scores, shares = (tuple(column) for column in zip(*knots))
        tolerance, name = float(content['tolerance']), content['measure']
        rises = all(low < high for low, high in pairwise(scores))
        keeps = all(low <= high for low, high in pairwise(shares))
        is_share = 0 <= shares[0] <= shares[-1] <= 1
        is_finite = np.isfinite([*scores, *shares, tolerance]).all()
        is_good = rises and keeps and is_share and is_finite and tolerance > 0
        if not is_good or name not in MEASURES:
            raise ValueError('no curve')
        return cls(name, tolerance, scores, shares)


@dataclass(frozen=True)
class Calibration:
    """How covariances follow from the spread of heatmaps.

    The covariance of a point is ``scale**2 * spread / score**power`` and, in x and in
    y, ``(floor * size)**2``, ``size`` being the square root of the box's area. Errors
    are distributed as Student's t of that scale.

    Attributes:
        scales: Scale of each key point, by its name.
        floors: Floor of each key point, by its name.
        power: Of the score.
        dof: Degrees of freedom.
        curve: What makes probabilities of scores; None where nobody has fitted it, as
            in files of earlier versions.
    """

    scales: Mapping[str, float]
    floors: Mapping[str, float]
    power: float
    dof: float
    curve: ScoreCurve | None = None

    def applied(self, found: GarmentPrediction) -> GarmentPrediction:
        """A prediction with calibrated covariances, if it has some, and probabilities.

        Args:
            found: As the network gives it.
        """
        if self.curve is not None:
            probabilities = self.curve(found.scores).astype(np.float32)
            found = replace(found, probabilities=probabilities)
        if found.covariances is None:
            return found
        known = [name in self.scales for name in found.names]
        scales = np.array([self.scales.get(name, np.nan) for name in found.names])
        floors = np.array([self.floors.get(name, np.nan) for name in found.names])
        x1, y1, x2, y2 = found.bbox.astype(np.float64)
        covariances = calibrated(
            found.covariances.astype(np.float64),
            found.scores.astype(np.float64),
            np.full(len(known), math.sqrt(max((x2 - x1) * (y2 - y1), 0.0))),
            scales,
            floors,
            self.power,
        )
        return replace(found, covariances=covariances.astype(np.float32), dof=self.dof)

    def to_dict(self) -> dict:
        """Plain values, which :meth:`from_dict` takes."""
        points = {
            name: [float(f'{scale:.4g}'), float(f'{self.floors[name]:.4g}')]
            for name, scale in self.scales.items()
        }
        numbers = dict(power=round(self.power, 4), dof=round(self.dof, 3))
        own = {} if self.curve is None else dict(scores=self.curve.to_dict())
        return dict(numbers, **own, keypoints=points)

    @classmethod
    def from_dict(cls, content: object, source: str) -> 'Calibration':
        """The calibration of plain values.

        Args:
            content: See :meth:`to_dict`.
            source: Where it comes from, for the error.

        Raises:
            FormatError: If it is none.
        """
        try:
            points = {
                str(name): (float(scale), float(floor))
                for name, (scale, floor) in content['keypoints'].items()  # type: ignore
            }
            power, dof = float(content['power']), float(content['dof'])  # type: ignore
            values = [value for pair in points.values() for value in pair]
            is_good = dof > 0 and all(0 <= v < math.inf for v in (power, *values))
            told = content.get('scores')  # type: ignore
            curve = None if told is None else ScoreCurve.from_dict(told)
        except (AttributeError, KeyError, TypeError, ValueError):
            is_good, points, power, dof, curve = False, {}, 0.0, 0.0, None
        if not is_good:
            raise FormatError(
                f'{source} is no calibration; to fix it: make it anew with '
                '`fashion-mmpose calibrate`'
            )
        scales = {name: pair[0] for name, pair in points.items()}
        floors = {name: pair[1] for name, pair in points.items()}
        return cls(scales, floors, power, dof, curve)


def calibrated(
    spreads: np.ndarray,
    scores: np.ndarray,
    sizes: np.ndarray,
    scales: np.ndarray | float,
    floors: np.ndarray | float,
    power: float,
) -> np.ndarray:
    """Covariances of points, see :class:`Calibration`.

    Args:
        spreads: Of their heatmaps, shape (n, 2, 2).
        scores: Shape (n, ).
        sizes: Square roots of the areas of their garments' boxes, shape (n, ).
        scales: Shape (n, ), or one for all.
        floors: Shape (n, ), or one for all.
        power: Of the score.

    Returns:
        np.ndarray: Shape (n, 2, 2).
    """
    factors = np.square(scales) * np.clip(scores, LEAST_SCORE, 1.0) ** -power
    least = np.square(floors * sizes)
    return factors[:, None, None] * spreads + least[:, None, None] * np.eye(2)


def beside(weights: str | os.PathLike) -> Path:
    """The file that holds the calibration of weights: beside them, named like them.

    A checkpoint ``best.pth`` and the ``best.onnx`` that was made of it share one,
    ``best.calibration.json``.
    """
    path = Path(weights)
    return path.with_name(f'{path.stem}{SUFFIX}')


@contextmanager
def replaced_weights(
    path: str | os.PathLike, made_of: str | os.PathLike | None = None
) -> Iterator[IO[bytes]]:
    """A file to write weights to, without the calibration of those that it replaces.

    Args:
        path: The file; it appears complete or not at all.
        made_of: What has the same calibration, such as the checkpoint of a graph.
    """
    own = made_of is not None and beside(made_of).resolve() == beside(path).resolve()
    is_stale = os.path.exists(path) and not own
    with OutputFiles() as outputs:
        yield outputs.open_binary(path)
    if is_stale:
        beside(path).unlink(missing_ok=True)


def read_calibration(path: str | os.PathLike) -> Calibration:
    """Read a calibration.

    Raises:
        FormatError: If it is none.
        OSError: If it cannot be read.
    """
    content = read_json(path)
    content = content if isinstance(content, Mapping) else {}
    return Calibration.from_dict(content.get('calibration'), str(path))


def write_calibration(
    path: str | os.PathLike, calibration: Calibration, report: Mapping
) -> None:
    """Write a calibration, and what it reached, as JSON.

    Args:
        path: The file.
        calibration: The calibration.
        report: Plain values, for readers.
    """
    content = dict(calibration=calibration.to_dict(), report=dict(report))
    with OutputFiles() as outputs:
        outputs.open(path).write(f'{encode(content)}\n')
