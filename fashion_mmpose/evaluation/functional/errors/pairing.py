"""Which prediction is of which garment, and what is wrong with the others.

Average precision asks at ten thresholds whether a prediction is right. To say what is
wrong with it, it must be known of which garment it is, however poor it is: a prediction
is of the garment that it is most similar to, from an OKS of 0.1 on, as in the published
taxonomy for persons, or otherwise of the one whose box it fills. What is left over is

- a ``duplicate``: of a garment that a better one is of already;
- of the ``wrong category``: it fills the box of a garment of another one;
- ``background``: of no annotated garment.

A garment that no prediction is of is ``missed``, or of the ``wrong category`` where a
prediction of another category fills its box.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.evaluation.functional.oks.matching import Groups, similarities
from fashion_mmpose.evaluation.functional.oks.score import category_groups, image_ranks
from fashion_mmpose.evaluation.functional.oks.truth import is_ignored
from fashion_mmpose.formats.coco.columns import GarmentColumns
from fashion_mmpose.formats.deepfashion2.results import Results

GARMENT_TYPES = ('found', 'wrong category', 'missed', 'duplicate', 'background')
FOUND, WRONG_CATEGORY, MISSED, DUPLICATE, BACKGROUND = range(len(GARMENT_TYPES))
IGNORED = -1  # counts neither as right nor as wrong
FILLED = 0.5  # lowest intersection over union with the box of a garment


@dataclass(frozen=True)
class Pairing:
    """N annotated garments and D predictions, told apart.

    Attributes:
        items: The annotated garment that each prediction is of, -1 for none, (D, ).
        detections: The prediction that is of each annotated garment, -1, (N, ).
        similarity: OKS of the two, NaN where there is none, (N, ).
        item_types: Places in :data:`GARMENT_TYPES`, or :data:`IGNORED`, (N, ).
        detection_types: The same of the predictions, (D, ).
        best_scores: The score that would rank each prediction best: its OKS with the
            garment that it is the most similar one of; 0 for the others, (D, ).
    """

    items: np.ndarray
    detections: np.ndarray
    similarity: np.ndarray
    item_types: np.ndarray
    detection_types: np.ndarray
    best_scores: np.ndarray


def pair_garments(
    truth: GarmentColumns,
    detections: Results,
    benchmark: garments.Named = 'deepfashion2',
    located: float = 0.1,
    ignored: np.ndarray | None = None,
) -> Pairing:
    """Tell of which garments predictions are.

    Args:
        truth: N annotated garments.
        detections: D predictions in the same images.
        benchmark: Whose categories these are. Defaults to DeepFashion2.
        located: Lowest OKS at which a prediction is of a garment; at 0 the image and
            the category are enough. Defaults to 0.1.
        ignored: Which garments do not count, bool, (N, ). Defaults to those that the
            OKS ignores.

    Raises:
        ValueError: If a prediction is of an image that ``truth`` does not have.
    """
    ignored = is_ignored(truth) if ignored is None else ignored
    work = _Work(truth, detections, ignored)
    known: Mapping[str, garments.Garment] = garments.benchmark(benchmark).garments
    sigmas = garments.layout_sigmas(benchmark)
    for garment in known.values():
        groups = category_groups(truth, detections, garment, work.ranks)
        work.surplus[groups.detection_rows] = False
        oks = similarities(truth, detections, garment, groups, sigmas)
        work.pair_category(groups, oks, located)
    work.tell_wrong_categories()
    return work.result()


class _Work:
    """What is known while the categories are gone through."""

    def __init__(
        self, truth: GarmentColumns, detections: Results, ignored: np.ndarray
    ) -> None:
        self.truth, self.found = truth, detections
        self.ranks = image_ranks(truth, detections)
        self.ignored = ignored
        self.items = np.full(len(detections), -1)
        self.detections = np.full(len(truth.ids), -1)
        self.similarity = np.full(len(truth.ids), np.nan)
        self.best_scores = np.zeros(len(detections))
        self.item_types = np.where(self.ignored, IGNORED, MISSED).astype(np.int8)
        self.detection_types = np.full(len(detections), BACKGROUND, np.int8)
        # More than an image and a category may have.
        self.surplus = np.ones(len(detections), bool)
        self.extents = _extents(detections)
        x, y, width, height = truth.boxes.T
        self.boxes = np.stack((x, y, x + width, y + height), axis=1)

    def pair_category(self, groups: Groups, oks: np.ndarray, located: float) -> None:
        """Pair what is of one category, and tell what is too many of it."""
        places = groups.pairs
        found, items = groups.detection_rows[places[0]], groups.truth_rows[places[1]]
        counts = ~self.ignored[items]
        filled = self._overlaps(found, items) >= FILLED
        near = counts & (oks >= located)
        self._pair(found[near], items[near], places[0][near], oks[near])
        # A prediction so poor that no landmark is near is still of the box that it
        # fills; OKS compares several of those.
        poor = counts & filled & (self.items[found] < 0) & (self.detections[items] < 0)
        self._pair(found[poor], items[poor], places[0][poor], oks[poor])
        left = self.items[found] < 0
        self.detection_types[found[left & (near | filled) & counts]] = DUPLICATE
        forgiven = left & filled & ~counts
        self.detection_types[found[forgiven]] = IGNORED
        best = assign(items[counts], found[counts], np.lexsort((-oks[counts],)))
        self.best_scores[found[counts][best]] = oks[counts][best]

    def _pair(
        self, found: np.ndarray, items: np.ndarray, ranks: np.ndarray, oks: np.ndarray
    ) -> None:
        chosen = assign(items, found, np.lexsort((-oks, ranks)))
        self.items[found[chosen]] = items[chosen]
        self.detections[items[chosen]] = found[chosen]
        self.similarity[items[chosen]] = oks[chosen]
        self.detection_types[found[chosen]] = FOUND
        self.item_types[items[chosen]] = FOUND

    def tell_wrong_categories(self) -> None:
        """Compare what is left over with the garments of other categories."""
        self.detection_types[self.surplus] = IGNORED
        left = np.flatnonzero(self.detection_types == BACKGROUND)
        truth_ranks, found_ranks = self.ranks
        left = left[np.lexsort((-self.found.scores[left], found_ranks[left]))]
        rows = np.flatnonzero(~self.ignored)
        rows = rows[np.argsort(truth_ranks[rows], kind='stable')]
        groups = Groups(rows, truth_ranks[rows], left, found_ranks[left])
        places = groups.pairs
        found, items = left[places[0]], rows[places[1]]
        overlaps = self._overlaps(found, items)
        others = self.found.category_ids[found] != self.truth.category_ids[items]
        wrong = others & (overlaps >= FILLED)
        self.detection_types[found[wrong]] = WRONG_CATEGORY
        missed = wrong & (self.item_types[items] == MISSED)
        self.item_types[items[missed]] = WRONG_CATEGORY

    def _overlaps(self, found: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Intersection over union of predicted points' extents and annotated boxes."""
        return pair_iou(self.extents[found], self.boxes[items])

    def result(self) -> Pairing:
        return Pairing(
            items=self.items,
            detections=self.detections,
            similarity=self.similarity,
            item_types=self.item_types,
            detection_types=self.detection_types,
            best_scores=self.best_scores,
        )


def assign(items: np.ndarray, found: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Take pairs one after the other, each side once: places of the pairs."""
    taken_items, taken_found = set(), set()
    chosen = []
    for place, item, detection in zip(
        order.tolist(), items[order].tolist(), found[order].tolist()
    ):
        if item not in taken_items and detection not in taken_found:
            taken_items.add(item)
            taken_found.add(detection)
            chosen.append(place)
    return np.array(chosen, int)


def _extents(detections: Results) -> np.ndarray:
    """x1, y1, x2, y2 of the own points of every prediction, shape (D, 4)."""
    if not len(detections):
        return np.zeros((0, 4))
    low = np.minimum.reduceat(detections.points, detections.starts[:-1], axis=0)
    high = np.maximum.reduceat(detections.points, detections.starts[:-1], axis=0)
    return np.concatenate((low, high), axis=1)


def pair_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of P pairs of boxes, xyxy, both (P, 4)."""
    inner = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    inner = inner.clip(min=0).prod(axis=1)
    areas = (a[:, 2:] - a[:, :2]).prod(axis=1) + (b[:, 2:] - b[:, :2]).prod(axis=1)
    return inner / np.maximum(areas - inner, np.spacing(1))
