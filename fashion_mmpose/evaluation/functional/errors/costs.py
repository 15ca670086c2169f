"""What each type of error costs: the score of a run that does not make it.

One type is corrected at a time, everything else stays as it is:

- A key point of an error type moves towards its landmark: a jitter to where it is good,
  a miss to where it is a jitter, and what was confused with another landmark as near to
  the own one as it was to that one.
- Predictions that are duplicates, or of the background, are left out.
- Missed garments are left out of the ground truth; where the category is wrong, the
  garment and the prediction both are.
- Scores are those that rank best: the OKS of each prediction (*optimal rescoring*).

These are the corrections of Ronchi and Perona (ICCV 2017). Costs of single types do not
add up to what is missing from a perfect score: an error may hide another one.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from fashion_mmpose.evaluation.functional.oks.truth import take
from fashion_mmpose.formats.coco.columns import GarmentColumns
from fashion_mmpose.formats.deepfashion2.results import Results

from .analysis import ErrorAnalysis
from .measures import Measure
from .pairing import BACKGROUND, DUPLICATE, IGNORED, MISSED, WRONG_CATEGORY
from .points import CONFUSIONS, JITTER, MISS, POINT_TYPES

SCORES = 'scores'
ALL_POINTS = 'all key points'


@dataclass(frozen=True)
class ErrorCosts:
    """A score, and what it would be.

    Attributes:
        score: As the run is.
        without: The score without each type of errors, by its name; -1 or NaN if
            nothing is left to be found.
        rises: Whether more of the score is better.
    """

    score: float
    without: dict[str, float]
    rises: bool

    def cost(self, name: str) -> float:
        """What a type costs; more is worse, whichever way the score goes.

        Below 0 where the score is worse without it, as where duplicates are better
        than what they repeat. NaN if nothing is left without it, such as where all
        garments are missed.
        """
        without = self.without[name]
        if not without >= 0:
            return math.nan
        return without - self.score if self.rises else self.score - without


def error_costs(
    truth: GarmentColumns,
    detections: Results,
    analysis: ErrorAnalysis,
    measure: Measure,
) -> ErrorCosts:
    """Correct one type of errors after the other, and score.

    Args:
        truth: The annotated garments.
        detections: The predictions.
        analysis: Their errors, in the units of the measure.
        measure: The score.

    Returns:
        ErrorCosts: For the types of key points but ``good``; ``all key points``, which
        puts those that are not good onto their landmarks; ``wrong category``,
        ``missed``, ``duplicate``, ``background``; and, where predictions are ranked,
        ``scores``.
    """
    items = analysis.pairing.items
    without = {}
    for kind in (JITTER, *CONFUSIONS, MISS):
        moved = _moved(truth, detections, analysis, analysis.types == kind)
        without[POINT_TYPES[kind]] = measure.score(truth, moved, items)
    on_landmarks = replace(analysis, mended=np.zeros_like(analysis.mended))
    moved = _moved(truth, detections, on_landmarks, analysis.types > 0)
    without[ALL_POINTS] = measure.score(truth, moved, items)
    pairing = analysis.pairing
    nothing = IGNORED - 1  # no type
    for name, item_type, detection_type in (
        ('wrong category', WRONG_CATEGORY, WRONG_CATEGORY),
        ('missed', MISSED, nothing),
        ('duplicate', nothing, DUPLICATE),
        ('background', nothing, BACKGROUND),
    ):
        kept_items = pairing.item_types != item_type
        kept = pairing.detection_types != detection_type
        # The items' places afterwards; at the end that of no item, which is -1.
        rows = np.append(np.cumsum(kept_items) - 1, -1)
        of_item = rows[items][kept]
        without[name] = measure.score(
            take(truth, kept_items), _kept(detections, kept), of_item
        )
    if measure.rises:
        ranked = replace(detections, scores=pairing.best_scores)
        without[SCORES] = measure.score(truth, ranked, items)
    return ErrorCosts(measure.score(truth, detections, items), without, measure.rises)


def _moved(
    truth: GarmentColumns,
    detections: Results,
    analysis: ErrorAnalysis,
    chosen: np.ndarray,
) -> Results:
    """The predictions, the chosen key points (T, ) at their mended distances."""
    rows = np.flatnonzero(chosen)
    landmarks = truth.points[rows, :2]
    away = analysis.found_points[rows] - landmarks
    pixels = analysis.mended[rows] * analysis.point_units[rows]
    scale = pixels / np.linalg.norm(away, axis=1).clip(min=np.spacing(1))
    item = np.searchsorted(truth.starts, rows, side='right') - 1
    detection = analysis.pairing.detections[item]
    points = detections.points.copy()
    points[detections.starts[detection] + rows - truth.starts[item]] = (
        landmarks + away * scale[:, None]
    )
    return replace(detections, points=points)


def _kept(detections: Results, mask: np.ndarray) -> Results:
    """A part of the predictions; those whose slots are all known stay so."""
    sizes = np.diff(detections.starts)
    places = np.cumsum(mask) - 1
    return Results(
        image_ids=detections.image_ids[mask],
        category_ids=detections.category_ids[mask],
        scores=detections.scores[mask],
        points=detections.points[np.repeat(mask, sizes)],
        point_scores=detections.point_scores[np.repeat(mask, sizes)],
        starts=np.cumsum([0, *sizes[mask]]),
        areas=detections.areas[mask],
        slots={
            int(places[row]): slots
            for row, slots in detections.slots.items()
            if mask[row]
        },
    )
