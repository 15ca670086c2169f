"""The plane on which things of known size lie, from their corners in a picture.

n: corners. Four corners of something small tell the perspective badly, and a garment
reaches far beyond them. So the fit also knows what pictures of garments are like: the
camera looks at the plane more or less from above.
"""

from dataclasses import dataclass

import cv2
import numpy as np

# Standard deviation of the slope between the camera's axis and the vertical in x and in
# y, times the picture's longer side over the focal length: about 15 degrees.
_SLOPE = 0.27
_STEPS = 30
_TINY = 1e-6


@dataclass(frozen=True, eq=False)
class PlaneFit:
    """A homography, and how sure it is.

    Attributes:
        homography: From pixels to the plane, shape (3, 3).
        deviations: Pairs of homographies, (D, 2, 3, 3): what it would be if one of D
            independent causes of its error were a standard deviation up or down.
    """

    homography: np.ndarray
    deviations: np.ndarray


def tell_plane(places: np.ndarray) -> bool:
    """Whether points in a plane, (n, 2), tell a homography of it.

    Four of them do, of which no three are on a line: not what is all on one line, nor
    all but one point of it.
    """
    spread = places - places.mean(axis=0)
    x, y = (spread / max(np.abs(spread).max(), _TINY)).T
    zero, one = np.zeros_like(x), np.ones_like(x)
    # The equations of a homography that leaves each point where it is.
    first = np.stack([x, y, one, zero, zero, zero, -x * x, -x * y, -x], axis=1)
    second = np.stack([zero, zero, zero, x, y, one, -y * x, -y * y, -y], axis=1)
    return bool(np.linalg.matrix_rank(np.concatenate((first, second)), _TINY) == 8)


def fit_plane(
    points: np.ndarray,
    places: np.ndarray,
    covariances: np.ndarray,
    size_wh: tuple[int, int],
    together: np.ndarray | None = None,
) -> PlaneFit | None:
    """The most likely homography, by Levenberg and Marquardt's method.

    Args:
        points: The corners in pixels, shape (n, 2), n at least 4.
        places: Where they are in the plane, shape (n, 2).
        covariances: Of the points, shape (n, 2, 2).
        size_wh: Width and height of the picture.
        together: How far a standard deviation of what moves all corners together moves
            each, in pixels, shape (n, 2); None for nothing. Defaults to None.

    Returns:
        PlaneFit | None: None where the corners tell no plane.
    """
    unit = float(max(size_wh))
    centre = np.array(size_wh, np.float64) / 2
    to_unit = np.array(
        [[1 / unit, 0, -centre[0] / unit], [0, 1 / unit, -centre[1] / unit], [0, 0, 1]]
    )
    seen = (points - centre) / unit
    whiten = np.linalg.inv(np.linalg.cholesky(covariances / unit**2))
    moved = np.zeros_like(seen) if together is None else together / unit

    def misfit(values: np.ndarray) -> np.ndarray:
        expected = _through(places, np.linalg.inv(_matrix(values)))
        off = expected + values[8] * moved - seen
        white = (whiten @ off[..., None]).ravel()
        return np.concatenate((white, values[6:8] / _SLOPE, values[8:]))

    first = cv2.findHomography(seen, np.asarray(places, np.float64))[0]
    if first is None:
        return None
    values = np.append((first / first[2, 2]).ravel()[:8], 0.0)
    values, jacobian = _least_squares(misfit, values)
    spreads, axes = np.linalg.eigh(np.linalg.pinv(jacobian.T @ jacobian))
    steps = np.sqrt(np.maximum(spreads, 0)) * axes
    deviations = [
        [_matrix(values + step) @ to_unit, _matrix(values - step) @ to_unit]
        for step in steps.T
    ]
    return PlaneFit(_matrix(values) @ to_unit, np.array(deviations))


def _least_squares(function, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the sum of the squares is least, and the derivatives there."""
    damping = 1e-3
    rest = function(values)
    jacobian = _derivatives(function, values)
    for _ in range(_STEPS):
        normal = jacobian.T @ jacobian
        scaled = normal + damping * np.diag(np.diag(normal))
        step = np.linalg.lstsq(scaled, -jacobian.T @ rest, rcond=None)[0]
        tried = function(values + step)
        if not tried @ tried < rest @ rest:
            damping *= 10
            if damping > 1e8:
                break
            continue
        gain = rest @ rest - tried @ tried
        values, rest = values + step, tried
        jacobian = _derivatives(function, values)
        damping = max(damping / 10, 1e-12)
        if gain < 1e-9 * (1 + tried @ tried):
            break
    return values, jacobian


def _derivatives(function, values: np.ndarray) -> np.ndarray:
    columns = []
    for i, value in enumerate(values):
        step = np.zeros_like(values)
        step[i] = _TINY * max(abs(value), 1e-2)
        columns.append(
            (function(values + step) - function(values - step)) / 2 / step[i]
        )
    return np.stack(columns, axis=1)


def _matrix(values: np.ndarray) -> np.ndarray:
    return np.append(values[:8], 1.0).reshape(3, 3)


def _through(points: np.ndarray, homography: np.ndarray) -> np.ndarray:
    flat = np.ascontiguousarray(points, np.float64)[:, None]
    return cv2.perspectiveTransform(flat, homography)[:, 0]
