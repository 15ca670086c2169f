"""Which detection finds which garment, for all images of a category at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.formats.coco.columns import GarmentColumns
from fashion_mmpose.formats.deepfashion2.results import Results

# Point pairs that are compared at a time: buffers that stay in the cache.
CHUNK = 1 << 16


@dataclass(frozen=True)
class Groups:
    """A category's items and detections, sorted by image.

    G: items. D: detections, of each image by falling score.

    Attributes:
        truth_rows: The items' rows, shape (G, ).
        truth_images: Their images, ascending, shape (G, ).
        detection_rows: The detections' rows, shape (D, ).
        detection_images: Their images, ascending, shape (D, ).
    """

    truth_rows: np.ndarray
    truth_images: np.ndarray
    detection_rows: np.ndarray
    detection_images: np.ndarray

    @cached_property
    def images(self) -> np.ndarray:
        """The M images that have both."""
        return np.intersect1d(self.truth_images, self.detection_images)

    @cached_property
    def truth_spans(self) -> tuple[np.ndarray, np.ndarray]:
        """First item of each of the M images, and how many there are."""
        return _spans(self.truth_images, self.images)

    @cached_property
    def detection_spans(self) -> tuple[np.ndarray, np.ndarray]:
        """First detection of each of the M images, and how many there are."""
        return _spans(self.detection_images, self.images)

    @cached_property
    def pair_starts(self) -> np.ndarray:
        """Where each image's pairs begin, shape (M + 1, )."""
        counts = self.truth_spans[1] * self.detection_spans[1]
        return np.concatenate([[0], counts.cumsum()])

    @cached_property
    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Places (0 to D - 1, 0 to G - 1) of all pairs, by detection, then item."""
        firsts, counts = self.truth_spans
        detected_firsts, detected_counts = self.detection_spans
        image = np.repeat(np.arange(len(self.images)), np.diff(self.pair_starts))
        inside = np.arange(len(image)) - self.pair_starts[image]
        detection, item = np.divmod(inside, counts[image])
        return detected_firsts[image] + detection, firsts[image] + item


def _spans(sorted_images: np.ndarray, images: np.ndarray) -> tuple:
    firsts = np.searchsorted(sorted_images, images, side='left')
    ends = np.searchsorted(sorted_images, images, side='right')
    return firsts, ends - firsts


def point_similarity(
    found: np.ndarray, truth: np.ndarray, areas: np.ndarray, sigmas: Sequence[float]
) -> np.ndarray:
    """Object key point similarity of pairs of garments.

    The mean over labelled points of exp(-d^2 / (2 * area * (2 * sigma)^2)). P: pairs,
    K: points.

    Args:
        found: x, y in pixels of the picture, shape (P, K, 2).
        truth: x, y and COCO's visibility (v > 0 is labelled), shape (P, K, 3).
        areas: Of the annotated garments, square pixels, shape (P, ).
        sigmas: Of the points, shape (K, ).

    Returns:
        np.ndarray: Shape (P, ), in [0, 1]; 0 where no point is labelled.
    """
    variances = (2 * np.array(sigmas)) ** 2
    distance = ((found - truth[..., :2]) ** 2).sum(axis=2)  # (P, K)
    counted = truth[..., 2] > 0
    area = areas[:, None] + np.spacing(1)
    closeness = np.exp(-distance / variances / area / 2) * counted
    return closeness.sum(axis=1) / counted.sum(axis=1).clip(min=1)


def similarities(
    truth: GarmentColumns,
    detections: Results,
    garment: garments.Garment,
    groups: Groups,
    slot_sigmas: np.ndarray,
) -> np.ndarray:
    """Object key point similarity of all pairs, shape (P, ), in [0, 1].

    Args:
        truth: The items.
        detections: The detections.
        garment: The category of all of them.
        groups: Which are compared.
        slot_sigmas: Of the full layout, shape (C, ), see
            :func:`fashion_mmpose.garments.layout_sigmas`.
    """
    detection, item = groups.pairs
    detection, item = groups.detection_rows[detection], groups.truth_rows[item]
    own = np.arange(len(garment.channels))
    result = np.empty(len(item))
    size = max(1, CHUNK // len(own))
    for start in range(0, len(item), size):
        part = slice(start, start + size)
        labelled = truth.points[truth.starts[item[part], None] + own]  # (p, K, 3)
        found = detections.points[detections.starts[detection[part], None] + own]
        areas = truth.areas[item[part]]
        result[part] = point_similarity(found, labelled, areas, garment.sigmas)
    points = truth.points[:, 2] > 0
    labels = np.concatenate([[0], points.cumsum()])
    labels = labels[truth.starts[item + 1]] - labels[truth.starts[item]]
    for pair in np.flatnonzero(labels == 0):
        result[pair] = _unlabelled(
            truth,
            detections,
            garment,
            slot_sigmas,
            int(item[pair]),
            int(detection[pair]),
        )
    return result


def _unlabelled(
    truth: GarmentColumns,
    detections: Results,
    garment: garments.Garment,
    sigmas: np.ndarray,
    item: int,
    detection: int,
) -> float:
    """Similarity with ground truth that has a box only.

    Distances are those from the box, grown to three times its size, and all slots of
    the official result count.
    """
    x, y, width, height = truth.boxes[item]
    low = np.array([x - width, y - height])
    high = np.array([x + 2 * width, y + 2 * height])
    slots = detections.slots.get(detection)
    if slots is None:
        start, end = detections.starts[detection : detection + 2]
        own = detections.points[start:end]
        slots = np.repeat(own[:1], len(sigmas), axis=0)
        slots[list(garment.channels)] = own
    distance = (low - slots).clip(min=0) + (slots - high).clip(min=0)
    squared = (distance**2).sum(axis=1)
    area = truth.areas[item] + np.spacing(1)
    return float(np.exp(-squared / (2 * sigmas) ** 2 / area / 2).mean())


def match(
    groups: Groups,
    similarity: np.ndarray,
    ignored: np.ndarray,
    crowd: np.ndarray,
    thresholds: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Give every detection, from the best score on, the most similar item left.

    An item that counts is preferred to an ignored one; crowds are never used up. It is
    COCO's greedy matching, done for the n-th detections of all images at once.

    Args:
        groups: G items and D detections.
        similarity: Similarity of all pairs, shape (P, ).
        ignored: Items that do not count, shape (G, ), bool.
        crowd: Items that may be matched again, shape (G, ), bool.
        thresholds: Lowest similarity of a match, shape (H, ).

    Returns:
        tuple: Whether a detection is matched, and whether with an ignored item; both
        bool, shape (D, H).
    """
    shape = (len(groups.detection_rows), len(thresholds))
    matched, forgiven = np.zeros(shape, bool), np.zeros(shape, bool)
    firsts, counts = groups.truth_spans
    detected_firsts, detected_counts = groups.detection_spans
    # Ignored items come last in their image.
    order = np.lexsort((ignored, groups.truth_images))
    ignored, crowd = ignored[order], crowd[order]
    used = np.zeros((len(ignored), len(thresholds)), bool)
    all_thresholds = np.arange(len(thresholds))
    for rank in range(detected_counts.max(initial=0)):
        images = np.flatnonzero(detected_counts > rank)
        best = np.tile(np.minimum(thresholds, 1 - 1e-10), (len(images), 1))
        choice = np.full(best.shape, -1)
        pair_starts = groups.pair_starts[images] + rank * counts[images]
        for place in range(counts[images].max()):
            here = np.flatnonzero(counts[images] > place)
            item = firsts[images[here]] + place
            value = similarity[pair_starts[here] + order[item] - firsts[images[here]]]
            chosen = choice[here]
            counts_already = (chosen >= 0) & ~ignored[chosen]
            better = (
                (value[:, None] >= best[here])
                & (crowd[item, None] | ~used[item])
                & ~(counts_already & ignored[item, None])
            )
            best[here] = np.where(better, value[:, None], best[here])
            choice[here] = np.where(better, item[:, None], chosen)
        found = choice >= 0
        rows = detected_firsts[images] + rank
        matched[rows] = found
        forgiven[rows] = found & ignored[choice]
        used[choice[found], np.broadcast_to(all_thresholds, found.shape)[found]] = True
    return matched, forgiven
