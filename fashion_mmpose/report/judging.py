"""A run with all that is measured of it, and the tables of a report."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.evaluation.functional.bootstrap import (
    Resampled,
    resample_means,
    resample_oks,
)
from fashion_mmpose.evaluation.functional.errors import (
    ErrorAnalysis,
    ErrorCosts,
    NEMeasure,
    analyse_errors,
    error_costs,
)
from fashion_mmpose.evaluation.functional.errors.pairing import IGNORED
from fashion_mmpose.evaluation.functional.errors.points import UNSEEN
from fashion_mmpose.evaluation.functional.normalized_error import MISSING_ERROR
from fashion_mmpose.evaluation.functional.oks.score import evaluate_oks

from .material import Material, Run


@dataclass(frozen=True)
class Judged:
    """A run and what is wrong with it. N: annotated garments, T: all key points.

    Attributes:
        run: The predictions.
        analysis: Their errors.
        costs: What they cost.
        numbers: The headline numbers by name.
        per_category: The first number and others by category, by name.
        errors: Distances from the landmarks as shares of the garment's size, the root
            of its box's area or its normaliser; NaN where a key point is not seen,
            shape (T, ).
        quality: OKS of each garment, or minus its NE; what is not found is worst; NaN
            where it does not count; shape (N, ).
        doubts: What the score should not be read without, in lines.
    """

    run: Run
    analysis: ErrorAnalysis
    costs: ErrorCosts
    numbers: dict[str, float]
    per_category: dict[str, dict[str, float]]
    errors: np.ndarray
    quality: np.ndarray
    doubts: tuple[str, ...]


def judge(material: Material, run: Run) -> Judged:
    """Measure a run."""
    truth, measure = material.truth, material.measure
    analysis = analyse_errors(truth, run.detections, material.benchmark, measure)
    costs = error_costs(truth, run.detections, analysis, measure)
    doubts: tuple[str, ...] = ()
    if isinstance(measure, NEMeasure):
        result = measure.result(truth, run.detections, analysis.pairing.items)
        numbers = dict(NE=result.ne)
        per_category = {
            name: dict(NE=float(row['ne'])) for name, row in result.per_category.items()
        }
        sizes = analysis.point_units
    else:
        score = evaluate_oks(truth, run.detections, material.benchmark)
        numbers, per_category = score.numbers, score.per_category
        doubts = score.notes
        sizes = np.repeat(np.sqrt(truth.areas), np.diff(truth.starts))
    with np.errstate(invalid='ignore', divide='ignore'):
        errors = analysis.distances * analysis.point_units / sizes
    return Judged(
        run=run,
        analysis=analysis,
        costs=costs,
        numbers=numbers,
        per_category=per_category,
        errors=errors,
        quality=_quality(material, analysis),
        doubts=doubts,
    )


def _quality(material: Material, analysis: ErrorAnalysis) -> np.ndarray:
    counts = analysis.pairing.item_types != IGNORED
    if isinstance(material.measure, NEMeasure):
        sums, numbers = item_errors(material, analysis)
        with np.errstate(invalid='ignore', divide='ignore'):
            return np.where(counts, -sums / numbers, np.nan)
    similarity = np.nan_to_num(analysis.pairing.similarity)
    return np.where(counts, similarity, np.nan)


def item_errors(
    material: Material, analysis: ErrorAnalysis
) -> tuple[np.ndarray, np.ndarray]:
    """Normalized errors of each garment: their sum and their number, both (N, )."""
    seen = analysis.types != UNSEEN
    errors = np.where(seen, np.nan_to_num(analysis.distances), MISSING_ERROR)
    errors = np.where(analysis.counted, errors, 0)
    return (
        sums_of_items(errors, material.truth.starts),
        sums_of_items(analysis.counted, material.truth.starts),
    )


def sums_of_items(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Sums over each garment's key points: (T, ) to (N, )."""
    total = np.concatenate([[0], np.cumsum(values, dtype=float)])
    return total[starts[1:]] - total[starts[:-1]]


def resample(material: Material, runs: Sequence[Judged], rounds: int) -> Resampled:
    """The headline numbers of pictures drawn again, alike for all runs."""
    truth, measure = material.truth, material.measure
    if not isinstance(measure, NEMeasure):
        found = [judged.run.detections for judged in runs]
        return resample_oks(truth, found, material.benchmark, rounds)
    errors = [item_errors(material, judged.analysis) for judged in runs]
    sums, counts = (np.stack(each) for each in zip(*errors))
    if measure.rule == 'image_mean':
        sums = sums / np.maximum(counts, 1)
        counts = np.minimum(counts, 1)
    known = material.benchmark.garments.values()
    categories = {g.name: truth.category_ids == g.category_id for g in known}
    drawn = resample_means(truth.image_ids, sums, counts, categories, rounds)
    return Resampled({measure.name: drawn.numbers['mean']}, drawn.per_category)


@dataclass(frozen=True)
class LandmarkRow:
    """What a run makes of one landmark of one category.

    Attributes:
        category: The garment.
        name: The landmark; the number in the benchmark's figure for DeepFashion2.
        mirror: Its mirror image, or ``''`` on the axis.
        count: How many are counted.
        seen: How many of them are of garments that were found.
        score: Mean similarity, or mean normalized error; NaN where none is seen.
        median_px: Median distance in pixels.
        shares: Of the types of key points among those seen.
        occluded: Share of the counted ones that are occluded.
    """

    category: str
    name: str
    mirror: str
    count: int
    seen: int
    score: float
    median_px: float
    shares: tuple[float, ...]
    occluded: float


def landmark_rows(material: Material, judged: Judged) -> list[LandmarkRow]:
    """Every landmark that is counted somewhere, in the order of the benchmark."""
    truth, analysis = material.truth, judged.analysis
    is_oks = not isinstance(material.measure, NEMeasure)
    pixels = analysis.distances * analysis.point_units
    rows = []
    for garment in material.benchmark.garments.values():
        items = np.flatnonzero(truth.category_ids == garment.category_id)
        names = point_names(material.benchmark, garment)
        for i, name in enumerate(names):
            places = truth.starts[items] + i
            places = places[analysis.counted[places]]
            if not len(places):
                continue
            seen = places[analysis.types[places] != UNSEEN]
            distances = analysis.distances[seen]
            values = np.exp(-(distances**2) / 2) if is_oks else distances
            mirror = garment.flip[i]
            rows.append(
                LandmarkRow(
                    category=garment.name,
                    name=name,
                    mirror='' if mirror == i else names[mirror],
                    count=len(places),
                    seen=len(seen),
                    score=mean(values),
                    median_px=float(np.median(pixels[seen])) if len(seen) else np.nan,
                    shares=type_shares(analysis.types[seen]),
                    occluded=mean(truth.points[places, 2] == 1),
                )
            )
    return rows


def point_names(
    benchmark: garments.Benchmark, garment: garments.Garment
) -> tuple[str, ...]:
    """Names of a garment's key points; DeepFashion2's are the numbers of its figure."""
    if benchmark.name == 'deepfashion2':
        return tuple(str(i + 1) for i in range(len(garment.keypoints)))
    return garment.keypoints


def type_shares(types: np.ndarray) -> tuple[float, ...]:
    """Shares of the types of key points, of those that are seen; NaN for none."""
    counts = np.bincount(types[types != UNSEEN], minlength=6)
    total = counts.sum()
    return tuple((counts / total).tolist()) if total else (float('nan'),) * 6


def mean(values: np.ndarray) -> float:
    """The mean; NaN for none."""
    return float(np.mean(values)) if len(values) else float('nan')
