"""Landmarks that hold still where the garment does."""

import numpy as np

from fashion_mmpose.garments import GarmentPrediction

# Measured on drawn videos, see benchmarks/tracking.py: accelerations of a landmark in
# lengths of its garment's diagonal, a second squared; and what a landmark errs where
# its network does not say, in diagonals.
ACCELERATION = 2.0
ERROR = 0.01
DEFAULT_FPS = 25.0


class PointSmoother:
    """A Kalman filter on every landmark of a track.

    A landmark moves with a velocity that changes by chance. The less sure the network
    is of one (its covariance, in which x and y count alone), the longer the filter
    trusts the movement instead. It looks at no frame to come, so nothing waits.

    Args:
        fps: Frames per second; None where nobody knows. Defaults to None.
        acceleration: See :data:`ACCELERATION`.
    """

    def __init__(
        self, fps: float | None = None, acceleration: float = ACCELERATION
    ) -> None:
        self._step = 1 / (fps or DEFAULT_FPS)
        self._acceleration = acceleration
        self._category = ''

    def update(self, found: GarmentPrediction) -> np.ndarray:
        """The landmarks in the next frame.

        Args:
            found: The garment in that frame. With another category than before, the
                filter begins anew.

        Returns:
            np.ndarray: x, y in pixels, shape (K, 2), float32.
        """
        points = found.keypoints.astype(np.float64)
        diagonal = _diagonal(found)
        noise = np.full(points.shape, (ERROR * diagonal) ** 2)
        if found.covariances is not None:
            own = np.diagonal(found.covariances, axis1=1, axis2=2)
            # Of points that a calibration does not know they are NaN.
            noise = np.where(np.isnan(own), noise, np.maximum(own, noise / 100))
        if found.category != self._category:
            self._category = found.category
            self._position, self._velocity = points, np.zeros_like(points)
            # Variances of position and velocity, and their covariance.
            self._pp, self._pv = noise, np.zeros_like(noise)
            self._vv = np.full(points.shape, diagonal**2)
            return found.keypoints
        self._predict(diagonal)
        gain = self._pp / (self._pp + noise)
        gain_v = self._pv / (self._pp + noise)
        off = points - self._position
        self._position = self._position + gain * off
        self._velocity = self._velocity + gain_v * off
        self._vv = self._vv - gain_v * self._pv
        self._pv = (1 - gain) * self._pv
        self._pp = (1 - gain) * self._pp
        return self._position.astype(np.float32)

    def skip(self, found: GarmentPrediction) -> None:
        """Let a frame pass in which the garment was not seen.

        Args:
            found: Where it is seen again.
        """
        if self._category:
            self._predict(_diagonal(found))

    def _predict(self, diagonal: float) -> None:
        dt = self._step
        change = (self._acceleration * diagonal) ** 2
        self._position = self._position + dt * self._velocity
        self._pp = self._pp + 2 * dt * self._pv + dt**2 * self._vv + change * dt**4 / 4
        self._pv = self._pv + dt * self._vv + change * dt**3 / 2
        self._vv = self._vv + change * dt**2


def _diagonal(found: GarmentPrediction) -> float:
    return float(np.hypot(*(found.bbox[2:] - found.bbox[:2]))) or 1.0
