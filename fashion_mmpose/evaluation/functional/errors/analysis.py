"""All errors of a run: of every key point, every garment and every prediction."""

from dataclasses import dataclass

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.evaluation.functional.oks.matching import Groups
from fashion_mmpose.evaluation.functional.oks.score import image_ranks
from fashion_mmpose.formats.coco.columns import GarmentColumns
from fashion_mmpose.formats.deepfashion2.results import Results
from fashion_mmpose.garments.shared import shared_places

from .measures import Measure, OKSMeasure
from .pairing import Pairing, pair_garments
from .points import UNSEEN, PointErrors, classify_points

_CHUNK = 1 << 18  # points that are compared at a time


@dataclass(frozen=True)
class ErrorAnalysis:
    """What is wrong with a run. N: annotated garments, T: all their key points.

    The arrays of key points have the places of ``GarmentColumns.points``.

    Attributes:
        pairing: Which prediction is of which garment.
        types: Of the key points, places in :data:`.points.POINT_TYPES`;
            :data:`.points.UNSEEN` where they do not count or their garment was not
            found; shape (T, ).
        distances: From the landmarks in their units, NaN where unseen, shape (T, ).
        mended: Distances that a correction leaves, see :class:`.points.PointErrors`.
        found_points: x, y in pixels, NaN where the garment was not found, (T, 2).
        point_units: Pixels that are 1; NaN where the measure skips the garment, (T, ).
        counted: Whether a key point counts in the measure, found or not, bool, (T, ).
    """

    pairing: Pairing
    types: np.ndarray
    distances: np.ndarray
    mended: np.ndarray
    found_points: np.ndarray
    point_units: np.ndarray
    counted: np.ndarray


def analyse_errors(
    truth: GarmentColumns,
    detections: Results,
    benchmark: garments.Named = 'deepfashion2',
    measure: Measure | None = None,
) -> ErrorAnalysis:
    """Tell the errors of a run.

    Args:
        truth: N annotated garments.
        detections: Predictions in the same images.
        benchmark: Whose garments these are. Defaults to DeepFashion2.
        measure: The score in whose units distances are. Defaults to the OKS of the
            benchmark.

    Raises:
        ValueError: If a prediction is of an image that ``truth`` does not have.
    """
    measure = measure or OKSMeasure(benchmark)
    ignored = measure.ignored(truth)
    pairing = pair_garments(truth, detections, benchmark, measure.located, ignored)
    others = _Others(truth, detections, benchmark, measure)
    num_points = len(truth.points)
    types = np.full(num_points, UNSEEN, np.int8)
    distances, mended = np.full(num_points, np.nan), np.full(num_points, np.nan)
    units, found_points = np.full(num_points, np.nan), np.full((num_points, 2), np.nan)
    lowest = 1 if measure.counts_occluded else 2
    for garment in garments.benchmark(benchmark).garments.values():
        rows = np.flatnonzero(truth.category_ids == garment.category_id)
        own = np.arange(len(garment.channels))
        size = max(1, _CHUNK // len(own))
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            unit = measure.units(truth, part, garment)
            units[truth.starts[part, None] + own] = unit
            is_found = pairing.detections[part] >= 0
            part, unit = part[is_found], unit[is_found]
            places = truth.starts[part, None] + own
            labelled = truth.points[places]
            starts = detections.starts[pairing.detections[part], None]
            found = detections.points[starts + own]
            errors: PointErrors = classify_points(
                found,
                labelled,
                unit,
                garment,
                measure.tolerance,
                others.distances(found, part, garment),
                (labelled[..., 2] >= lowest) & np.isfinite(unit),
            )
            types[places], distances[places] = errors.types, errors.distances
            mended[places], found_points[places] = errors.mended, found
    counted = (truth.points[:, 2] >= lowest) & np.isfinite(units)
    counted &= ~np.repeat(ignored, np.diff(truth.starts))
    return ErrorAnalysis(
        pairing, types, distances, mended, found_points, units, counted
    )


class _Others:
    """The same landmarks of the other garments of a picture.

    Landmarks of two categories are the same where they are one place of the body, see
    :mod:`fashion_mmpose.garments.shared`; those of benchmarks whose categories share
    their key points are the same where they have one name.
    """

    def __init__(
        self,
        truth: GarmentColumns,
        detections: Results,
        benchmark: garments.Named,
        measure: Measure,
    ) -> None:
        whole = garments.benchmark(benchmark)
        self.truth, self.measure = truth, measure
        self.known = {g.category_id: g for g in whole.garments.values()}
        self.places = np.arange(len(whole.keypoints))
        if whole.name == 'deepfashion2':
            self.places = np.array(shared_places())
        self.ranks, _ = image_ranks(truth, detections)
        self.by_image = np.argsort(self.ranks, kind='stable')

    def distances(
        self, found: np.ndarray, rows: np.ndarray, garment: garments.Garment
    ) -> np.ndarray:
        """From the nearest of them, in the units of the other garment.

        A unit grows with its garment: a small garment is not reached from afar.

        Args:
            found: x, y in pixels, shape (P, K, 2).
            rows: The garments that they are of, shape (P, ).
            garment: Their category.

        Returns:
            np.ndarray: Shape (P, K), infinite where there is none.
        """
        nearest = np.full(found.shape[:2], np.inf)
        order = np.argsort(self.ranks[rows], kind='stable')
        groups = Groups(
            self.by_image,
            self.ranks[self.by_image],
            rows[order],
            self.ranks[rows][order],
        )
        ours, theirs = groups.pairs
        ours, theirs = order[ours], self.by_image[theirs]
        different = rows[ours] != theirs
        ours, theirs = ours[different], theirs[different]
        kinds = self.truth.category_ids[theirs]
        for category_id in np.unique(kinds).tolist():
            other = self.known[category_id]
            chosen = kinds == category_id
            for mine, yours in self._same(garment, other):
                landmarks = self.truth.points[
                    self.truth.starts[theirs[chosen], None] + yours
                ]
                units = self.measure.units(self.truth, theirs[chosen], other)
                away = found[ours[chosen][:, None], mine] - landmarks[..., :2]
                away = np.linalg.norm(away, axis=-1) / units[:, yours]
                away[(landmarks[..., 2] == 0) | np.isnan(away)] = np.inf
                np.minimum.at(nearest, (ours[chosen][:, None], mine), away)
        return nearest

    def _same(
        self, garment: garments.Garment, other: garments.Garment
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Key points that are the same, and the same in a mirror; pairs of (k, )."""
        mine = self.places[list(garment.channels)]
        yours = {
            place: i
            for i, place in enumerate(self.places[list(other.channels)].tolist())
        }
        both = [(i, yours[p]) for i, p in enumerate(mine.tolist()) if p in yours]
        own, same = np.array(both, int).reshape(-1, 2).T
        return [(own, same), (own, np.array(other.flip)[same])]
