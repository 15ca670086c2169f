"""Student's t-distribution, whose tails are longer than the Gaussian's."""

from functools import lru_cache
from statistics import NormalDist

import numpy as np

_GAUSSIAN = 200.0  # from so many degrees of freedom on nobody sees a difference
_STEPS = 4001


def quantile(level: float, dof: float = np.inf) -> float:
    """How many of its scale a value is off at most with a probability of ``level``.

    Args:
        level: Between 0 and 1; of both sides together.
        dof: Degrees of freedom, above 0; infinite for the Gaussian.
    """
    if dof >= _GAUSSIAN:
        return NormalDist().inv_cdf((1 + level) / 2)
    angles, shares = _shares(dof)
    return float(np.sqrt(dof) * np.tan(np.interp(level, shares, angles)))


def radius(level: float, dof: float = np.inf) -> float:
    """As :func:`quantile` for points in the plane: the radius of their ellipse."""
    if dof >= _GAUSSIAN:
        return float(np.sqrt(-2 * np.log1p(-level)))
    return float(np.sqrt(dof * ((1 - level) ** (-2 / dof) - 1)))


@lru_cache(maxsize=256)
def _shares(dof: float) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of values below sqrt(dof) * tan(angle), on both sides together."""
    # Denser toward a right angle, where the tails are.
    angles = np.pi / 2 * (1 - np.linspace(1, 0, _STEPS) ** 3)
    heights = np.cos(angles[:-1]) ** (dof - 1)
    heights = np.append(heights, 0.0 if dof > 1 else 1.0)
    areas = np.diff(angles) * (heights[1:] + heights[:-1]) / 2
    shares = np.concatenate(([0.0], np.cumsum(areas)))
    return angles, shares / shares[-1]
