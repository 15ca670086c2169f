"""Whether scores are probabilities: how often what scores that much is right."""

from collections.abc import Sequence

import numpy as np

Bin = tuple[float, float, int]


def reliability(scores: np.ndarray, right: np.ndarray, num: int = 10) -> list[Bin]:
    """Mean score, share that is right and number, of bins of equal width.

    Args:
        scores: Shape (n, ).
        right: Shape (n, ), bool.
        num: Bins from 0 to 1. Defaults to 10.

    Returns:
        list: The bins that hold something; none where all scores are whole numbers,
        such as a visibility, because these promise nothing. Scores beyond 0 and 1, as
        heatmaps may have, count as these.
    """
    if are_whole(scores):
        return []
    scores = scores.clip(0, 1)
    places = np.minimum((scores * num).astype(int), num - 1)
    return [
        (float(scores[mask].mean()), float(right[mask].mean()), int(mask.sum()))
        for mask in (places == place for place in np.unique(places))
    ]


def are_whole(scores: np.ndarray) -> bool:
    """Whether all scores are whole numbers, which promise nothing; so do none."""
    return bool((scores == np.rint(scores)).all())


def calibration_error(bins: Sequence[Bin]) -> float:
    """Expected calibration error: the mean gap between score and share."""
    total = sum(count for _, _, count in bins)
    return sum(abs(score - share) * count for score, share, count in bins) / total
