"""Key points of one category in the full layout of its benchmark, and back.

Networks, files and annotations hold a garment's points in one of two layouts: the K of
its category, or all of the benchmark (24 of FashionAI, 294 of DeepFashion2), of which K
are its own.
"""

import numpy as np

from fashion_mmpose.errors import FormatError

from .lookup import Named, benchmark
from .table import Garment

ABSENT = -1  # what FashionAI's raw cells say of a point that is not there


def own_points(
    points: np.ndarray, garment: Garment, what: str = 'the array'
) -> np.ndarray:
    """The garment's own points.

    K: its key points, D: numbers of each.

    Args:
        points: Shape (K, D), or all points of the full layout.
        garment: The garment.
        what: What the points are, for the error.

    Returns:
        np.ndarray: Shape (K, D).

    Raises:
        FormatError: If the number of points fits neither layout.
    """
    if _is_full(points, garment, what):
        return points[list(garment.channels)]
    return points


def full_layout(
    points: np.ndarray,
    garment: Garment,
    what: str = 'the array',
    absent: float = ABSENT,
) -> np.ndarray:
    """The garment's points in the full layout, those of other categories absent.

    Args:
        points: Shape (K, D), or all points of the full layout, which are returned as
            they are.
        garment: The garment.
        what: What the points are, for the error.
        absent: All numbers of points of other categories. Defaults to -1, as in the
            challenge's cells; 0 is COCO's.

    Returns:
        np.ndarray: Shape (24, D) for FashionAI, (294, D) for DeepFashion2, and so on,
        of the input's number type.

    Raises:
        FormatError: If the number of points fits neither layout.
    """
    if _is_full(points, garment, what):
        return points
    full = np.full((garment.layout_size, *points.shape[1:]), absent, dtype=points.dtype)
    full[list(garment.channels)] = points
    return full


def layout_sigmas(dataset: Named) -> np.ndarray:
    """Constants of the OKS of a benchmark's full layout, shape (C, ), float64."""
    whole = benchmark(dataset)
    sigmas = np.empty(len(whole.keypoints))
    for garment in whole.garments.values():
        sigmas[list(garment.channels)] = garment.sigmas
    return sigmas


def _is_full(points: np.ndarray, garment: Garment, what: str) -> bool:
    num_keypoints = garment.layout_size
    if len(points) not in (num_keypoints, len(garment.channels)):
        raise FormatError(
            f'{what} has {len(points)} key points; expected {num_keypoints} or the '
            f'{len(garment.channels)} of {garment.name}'
        )
    return len(points) == num_keypoints
