"""The two scores whose errors are told, OKS and NE, seen alike.

Either measures a distance from a landmark in a unit of its own:

- **OKS**: the unit is ``2 * sigma * sqrt(area)``, so that a landmark's part of the
  similarity is ``exp(-d^2 / 2)``. Good is a similarity of at least 0.85, and near one
  of at least 0.5, as in the published taxonomy for persons.
- **NE**: the unit is the garment's normaliser. Good is up to 0.05 of it, near up to
  0.10; the best networks of the challenge had a mean error of 0.033 to 0.041.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.evaluation.functional.normalized_error import (
    NormalizedErrorResult,
    normalized_error,
    normalizers,
)
from fashion_mmpose.evaluation.functional.oks.score import evaluate_oks
from fashion_mmpose.evaluation.functional.oks.truth import is_ignored
from fashion_mmpose.formats.coco.columns import GarmentColumns, labelled_counts
from fashion_mmpose.formats.deepfashion2.results import Results

from .points import Tolerance


class Measure(Protocol):
    """A score, as the taxonomy needs it.

    Attributes:
        name: What the headline number is called.
        rises: Whether more of it is better.
        tolerance: What is good and what is near.
        located: Lowest OKS at which a prediction is of a garment.
        counts_occluded: Whether occluded landmarks count as visible ones do.
    """

    @property
    def name(self) -> str: ...

    @property
    def rises(self) -> bool: ...

    @property
    def tolerance(self) -> Tolerance: ...

    @property
    def located(self) -> float: ...

    @property
    def counts_occluded(self) -> bool: ...

    def units(
        self, truth: GarmentColumns, rows: np.ndarray, garment: garments.Garment
    ) -> np.ndarray:
        """Pixels that count as 1, of the items in these rows (P, ): shape (P, K)."""
        ...

    def ignored(self, truth: GarmentColumns) -> np.ndarray:
        """Which items are neither missed nor wrongly found, shape (N, ), bool."""
        ...

    def score(
        self, truth: GarmentColumns, detections: Results, items: np.ndarray
    ) -> float:
        """The headline number.

        Args:
            truth: N annotated garments.
            detections: D predictions.
            items: The item that each prediction is of, -1 for none, shape (D, ).
        """
        ...


@dataclass(frozen=True)
class OKSMeasure:
    """The official landmark score of DeepFashion2, for any benchmark.

    Attributes:
        benchmark: Whose sigmas count.
        categories: The categories that are scored; None for all.
    """

    benchmark: garments.Named = 'deepfashion2'
    categories: Sequence[str] | None = None
    name: str = 'AP'
    rises: bool = True
    tolerance: Tolerance = Tolerance(
        good=math.sqrt(-2 * math.log(0.85)), near=math.sqrt(-2 * math.log(0.5))
    )
    located: float = 0.1
    counts_occluded: bool = True

    def units(
        self, truth: GarmentColumns, rows: np.ndarray, garment: garments.Garment
    ) -> np.ndarray:
        """See :meth:`Measure.units`."""
        areas = truth.areas[rows, None] + np.spacing(1)
        return 2 * np.array(garment.sigmas) * np.sqrt(areas)

    def ignored(self, truth: GarmentColumns) -> np.ndarray:
        """See :meth:`Measure.ignored`: crowds, and what has no landmark."""
        return is_ignored(truth)

    def score(
        self, truth: GarmentColumns, detections: Results, items: np.ndarray
    ) -> float:
        """See :meth:`Measure.score`; the matching is the official one."""
        result = evaluate_oks(truth, detections, self.benchmark, self.categories)
        return result.numbers['AP']


@dataclass(frozen=True)
class NEMeasure:
    """FashionAI's normalized error, for any benchmark that has normalisers.

    A prediction is of a garment when it is in its picture and of its category, however
    far off.

    Attributes:
        benchmark: Whose normalisers count.
        rule: One of :data:`..normalized_error.RULES`.
    """

    benchmark: garments.Named = 'fashionai'
    rule: str = 'skip_short'
    name: str = 'NE'
    rises: bool = False
    tolerance: Tolerance = Tolerance(good=0.05, near=0.10)
    located: float = 0.0
    counts_occluded: bool = False

    def units(
        self, truth: GarmentColumns, rows: np.ndarray, garment: garments.Garment
    ) -> np.ndarray:
        """See :meth:`Measure.units`; NaN where the rule skips the item."""
        dense, category_ids = self._dense(truth, rows)
        norm_px, skipped = normalizers(
            dense, category_ids, self.rule, garments.benchmark(self.benchmark)
        )
        units = np.where(skipped, np.nan, norm_px)
        return np.repeat(units[:, None], len(garment.channels), axis=1)

    def ignored(self, truth: GarmentColumns) -> np.ndarray:
        """See :meth:`Measure.ignored`: what has no landmark.

        The challenge knows no crowds; a picture's garment counts, whatever it is.
        """
        return labelled_counts(truth.points, truth.starts) == 0

    def score(
        self, truth: GarmentColumns, detections: Results, items: np.ndarray
    ) -> float:
        """See :meth:`Measure.score`."""
        return self.result(truth, detections, items).ne

    def result(
        self, truth: GarmentColumns, detections: Results, items: np.ndarray
    ) -> NormalizedErrorResult:
        """The whole score, an item of the truth being an image of the challenge."""
        dense, category_ids = self._dense(truth, np.arange(len(truth.ids)))
        found = np.zeros((*dense.shape[:2], 2))
        answered = np.zeros(len(dense), bool)
        known = garments.benchmark(self.benchmark).garments.values()
        for garment in known:
            of_item = (items >= 0) & (detections.category_ids == garment.category_id)
            rows = np.flatnonzero(of_item)
            own = np.arange(len(garment.channels))
            points = detections.points[detections.starts[rows, None] + own]
            found[items[rows, None], list(garment.channels)] = points
            answered[items[rows]] = True
        return normalized_error(
            found, dense, category_ids, answered, self.rule, self.benchmark
        )

    def _dense(
        self, truth: GarmentColumns, rows: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Items in the full layout, (P, C, 3), and their categories, (P, )."""
        whole = garments.benchmark(self.benchmark)
        dense = np.zeros((len(rows), len(whole.keypoints), 3))
        category_ids = truth.category_ids[rows]
        for garment in whole.garments.values():
            places = np.flatnonzero(category_ids == garment.category_id)
            own = np.arange(len(garment.channels))
            points = truth.points[truth.starts[rows[places], None] + own]
            dense[places[:, None], list(garment.channels)] = points
        return dense, category_ids


def measure_of(
    benchmark: garments.Named, rule: str = 'skip_short'
) -> OKSMeasure | NEMeasure:
    """The score of a benchmark: NE of FashionAI's, OKS of all others.

    Args:
        benchmark: A benchmark, or the name of a built-in one.
        rule: Of the normalized error. Defaults to ``'skip_short'``.
    """
    whole = garments.benchmark(benchmark)
    return NEMeasure(whole, rule) if whole.name == 'fashionai' else OKSMeasure(whole)
