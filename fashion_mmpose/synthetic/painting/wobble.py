"""Smooth irregularity: nothing that is worn hangs straight or alike on both sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_WAVES = 7
_LOG_LENGTHS = np.log((0.35, 2.6))  # of a wave, in scene units


@dataclass(frozen=True)
class Wobble:
    """A smooth displacement of the plane: a sum of waves.

    W: number of waves; none leaves all points where they are.

    Attributes:
        waves: (W, 2) wave vectors, in radians per scene unit.
        phases: (W,) in radians.
        moves: (W, 2) displacement at the crest of each wave, in scene units.
    """

    waves: np.ndarray
    phases: np.ndarray
    moves: np.ndarray

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """The displaced points (N, 2)."""
        return points + np.sin(points @ self.waves.T + self.phases) @ self.moves


STILL = Wobble(np.zeros((0, 2)), np.zeros(0), np.zeros((0, 2)))


def sample_wobble(rng: np.random.Generator, steepness: float) -> Wobble:
    """Random waves of all lengths, the long ones higher.

    Args:
        rng: Source of randomness.
        steepness: Mean change of the displacement of one wave along it; far below 1,
            so that nothing folds over.
    """
    lengths = np.exp(rng.uniform(*_LOG_LENGTHS, _WAVES))
    turns = rng.uniform(0, 2 * np.pi, _WAVES)
    waves = np.stack([np.cos(turns), np.sin(turns)], 1) * (2 * np.pi / lengths)[:, None]
    moves = rng.normal(0, 1, (_WAVES, 2)) * (steepness * lengths / (2 * np.pi))[:, None]
    return Wobble(waves, rng.uniform(0, 2 * np.pi, _WAVES), moves)
