"""Suppression of garments that were found twice, by object key point similarity."""

import numpy as np


def oks_nms(
    points: np.ndarray,
    areas: np.ndarray,
    scores: np.ndarray,
    sigmas: np.ndarray,
    threshold: float,
    soft: bool = False,
) -> np.ndarray:
    """Keep a garment unless a better one is too similar, or lower its score.

    The similarity of two garments is the mean over points of
    exp(-d^2 / (2 * area * (2 * sigma)^2)), the area being the mean of theirs.

    N: garments, K: points.

    Args:
        points: Shape (N, K, 2), pixels.
        areas: Areas of their boxes, square pixels, shape (N, ).
        scores: Shape (N, ).
        sigmas: Shape (K, ).
        threshold: The similarity above which a garment goes; with ``soft`` the width of
            the decay.
        soft: Whether garments stay, their scores multiplied by
            exp(-similarity^2 / threshold) for every better one, as in `Soft-NMS`_.
            Defaults to False.

    Returns:
        np.ndarray: The new scores, shape (N, ); minus infinity for those that go.

    .. _`Soft-NMS`: https://arxiv.org/abs/1704.04503
    """
    scores = np.array(scores, float)
    left = np.argsort(-scores, kind='stable')
    variances = (2 * np.asarray(sigmas)) ** 2
    while len(left):
        best, left = left[0], left[1:]
        distance = ((points[left] - points[best]) ** 2).sum(axis=2)
        area = (areas[left] + areas[best])[:, None] / 2 + np.spacing(1)
        similarity = np.exp(-distance / variances / area / 2).mean(axis=1)
        if soft:
            scores[left] *= np.exp(-(similarity**2) / threshold)
            left = left[np.argsort(-scores[left], kind='stable')]
        else:
            scores[left[similarity > threshold]] = -np.inf
            left = left[similarity <= threshold]
    return scores
