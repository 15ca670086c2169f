"""What is wrong with a predicted key point, as far as its distances tell.

The types are those of Ronchi and Perona, "Benchmarking and Error Diagnosis in
Multi-Instance Pose Estimation" (ICCV 2017, https://arxiv.org/abs/1707.05388), which
were made for persons, and one that garments add:

- ``good``: as near to its landmark as people who annotate are to each other.
- ``jitter``: near its own landmark, and no other one is nearer.
- ``inversion``: at the mirror image of its landmark, left for right.
- ``swap``: at that landmark, or its mirror image, of another garment in the picture.
- ``neighbour``: at the landmark before or after it along the outline.
- ``miss``: near none of these.

Where several landmarks are near, the nearest one decides; its own does where the point
is good. Distances are multiples of a landmark's unit, see :mod:`.measures`.

P: garments of a category. K: its key points.
"""

from dataclasses import dataclass

import numpy as np

from fashion_mmpose import garments

POINT_TYPES = ('good', 'jitter', 'inversion', 'swap', 'neighbour', 'miss')
GOOD, JITTER, INVERSION, SWAP, NEIGHBOUR, MISS = range(len(POINT_TYPES))
CONFUSIONS = (INVERSION, SWAP, NEIGHBOUR)
UNSEEN = -1  # the landmark does not count, or its garment was not found


@dataclass(frozen=True)
class Tolerance:
    """The two distances that separate the types, in units of the landmarks.

    Attributes:
        good: Points up to here are good.
        near: Up to here a point belongs to a landmark.
    """

    good: float
    near: float


@dataclass(frozen=True)
class PointErrors:
    """The errors of P garments, each array of shape (P, K).

    Attributes:
        types: Places in :data:`POINT_TYPES`; :data:`UNSEEN` where nothing is counted.
        distances: From the own landmarks, in units; NaN where nothing is counted.
        mended: Distances that are left when the error is corrected: the distance from
            the landmark that was confused with the own one; the limit between good and
            jitter, or between jitter and miss, where nothing was confused.
    """

    types: np.ndarray
    distances: np.ndarray
    mended: np.ndarray


def classify_points(
    found: np.ndarray,
    truth: np.ndarray,
    units: np.ndarray,
    garment: garments.Garment,
    tolerance: Tolerance,
    swapped: np.ndarray | None = None,
    counted: np.ndarray | None = None,
) -> PointErrors:
    """Tell the errors of the points of garments that were found.

    Args:
        found: x, y in pixels of the picture, shape (P, K, 2).
        truth: x, y and COCO's visibility (v > 0 is labelled), shape (P, K, 3).
        units: Pixels that count as 1, shape (P, K), > 0.
        garment: The category: its mirrors and its outline.
        tolerance: What is good and what is near.
        swapped: Distances from the same landmarks of other garments in the picture, in
            units, shape (P, K); infinite where there are none, as they are by default.
        counted: The points that the score counts, shape (P, K), bool; the labelled ones
            by default.
    """
    if counted is None:
        counted = truth[..., 2] > 0
    own = _distances(found, truth, units)
    other = np.full((len(POINT_TYPES), *own.shape), np.inf)
    flip = np.array(garment.flip)
    paired = flip != np.arange(len(flip))
    other[INVERSION][:, paired] = _distances(found, truth[:, flip], units)[:, paired]
    other[NEIGHBOUR] = _neighbour_distances(found, truth, units, garment)
    if swapped is not None:
        other[SWAP] = swapped
    other[MISS] = tolerance.near  # what no landmark is nearer than
    other[JITTER] = own
    # The first of equal distances: the own landmark wins a tie.
    order = (JITTER, INVERSION, SWAP, NEIGHBOUR, MISS)
    nearest = np.array(order)[np.argmin(other[list(order)], axis=0)]
    types = np.where(own <= tolerance.good, GOOD, nearest)
    mended = np.take_along_axis(other, nearest[None], axis=0)[0]
    mended = np.where(types == GOOD, own, mended)
    mended = np.where(types == JITTER, tolerance.good, mended)
    return PointErrors(
        types=np.where(counted, types, UNSEEN).astype(np.int8),
        distances=np.where(counted, own, np.nan),
        mended=np.where(counted, mended, np.nan),
    )


def _distances(found: np.ndarray, truth: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Shape (P, K); infinite where the landmark is not labelled."""
    distances = np.linalg.norm(found - truth[..., :2], axis=-1) / units
    return np.where(truth[..., 2] > 0, distances, np.inf)


def _neighbour_distances(
    found: np.ndarray, truth: np.ndarray, units: np.ndarray, garment: garments.Garment
) -> np.ndarray:
    """From the nearer of the landmarks beside the own one, shape (P, K)."""
    nearest = np.full(units.shape, np.inf)
    for ends in garment.links:
        for point, beside in (ends, ends[::-1]):
            if garment.flip[point] == beside:  # both ends of a straight hem
                continue
            distances = _distances(
                found[:, [point]], truth[:, [beside]], units[:, [point]]
            )
            nearest[:, point] = np.minimum(nearest[:, point], distances[:, 0])
    return nearest
