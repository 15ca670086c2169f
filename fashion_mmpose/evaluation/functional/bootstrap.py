"""How sure a score is, and whether one run is better than another.

Pictures are drawn again, with replacement, and scored again (the percentile bootstrap;
garments of one picture stay together). Runs on the same pictures are drawn alike, so
that their difference is as sure as it can be.

R: runs. B: rounds. I: images.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.formats.coco.columns import GarmentColumns
from fashion_mmpose.formats.deepfashion2.results import Results

from .oks.matching import match, similarities
from .oks.score import THRESHOLDS, category_groups, curves, image_ranks
from .oks.truth import is_ignored

OKS_NUMBERS = ('AP', 'AP.5', 'AP.75', 'AR')
_ROUNDS_AT_ONCE = 64


@dataclass(frozen=True)
class Resampled:
    """Scores of R runs in B rounds.

    Attributes:
        numbers: Each number by its name, shape (R, B).
        per_category: The first of them by category, shape (R, B); NaN in rounds
            without a garment of it.
    """

    numbers: dict[str, np.ndarray]
    per_category: dict[str, np.ndarray]


@dataclass(frozen=True)
class Difference:
    """How a second run differs from a first one.

    Attributes:
        low: Lower end of the interval of the difference, second minus first.
        high: Upper end.
        p: Two-sided p-value of the hypothesis that there is none.
    """

    low: float
    high: float
    p: float


def interval(samples: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """The ends between which that share of the samples (B, ) lies; NaN for none."""
    samples = samples[np.isfinite(samples)]
    if not samples.size:
        return float('nan'), float('nan')
    tail = (1 - level) / 2
    low, high = np.quantile(samples, (tail, 1 - tail))
    return float(low), float(high)


def paired_difference(
    first: np.ndarray, second: np.ndarray, level: float = 0.95
) -> Difference:
    """Compare two runs that were drawn alike.

    Args:
        first: Scores in B rounds, shape (B, ).
        second: Scores of the other run in the same rounds.
        level: Of the interval. Defaults to 0.95.
    """
    differences = second - first
    differences = differences[np.isfinite(differences)]
    low, high = interval(differences, level)
    # The round that was measured counts as one that shows no difference, so that no
    # number of rounds gives a p of 0.
    sides = [(differences <= 0).sum(), (differences >= 0).sum()]
    p = min(1.0, 2 * (min(sides) + 1) / (len(differences) + 1))
    return Difference(low, high, float(p))


def resample_oks(
    truth: GarmentColumns,
    runs: Sequence[Results],
    benchmark: garments.Named = 'deepfashion2',
    rounds: int = 500,
    seed: int = 0,
) -> Resampled:
    """The landmark score of pictures drawn again.

    Which prediction is right does not depend on other pictures: it is found once, and
    each round counts a picture as often as it was drawn.

    Args:
        truth: I images and their annotated garments.
        runs: Predictions of R runs in these images.
        benchmark: Whose sigmas count. Defaults to DeepFashion2.
        rounds: Defaults to 500.
        seed: Of the drawing. Defaults to 0.

    Returns:
        Resampled: :data:`OKS_NUMBERS`, and AP by category.
    """
    known = garments.benchmark(benchmark).garments
    matches = [_matches(truth, found, benchmark) for found in runs]
    shape = (len(runs), rounds)
    numbers = {name: np.full(shape, np.nan) for name in OKS_NUMBERS}
    per_category = {name: np.full(shape, np.nan) for name in known}
    half, three_quarters = 0, 5  # places of 0.5 and 0.75 in THRESHOLDS
    for turn, weights in enumerate(_draws(len(truth.images.ids), rounds, seed)):
        for run, categories in enumerate(matches):
            scored = {
                name: each.curves(weights)
                for name, each in categories.items()
                if weights[each.truth_images].any()
            }
            if not scored:
                continue
            precision = np.stack([curve for curve, _ in scored.values()])
            recall = np.stack([highest for _, highest in scored.values()])
            for name, value in zip(
                OKS_NUMBERS,
                (
                    precision.mean(),
                    precision[:, half].mean(),
                    precision[:, three_quarters].mean(),
                    recall.mean(),
                ),
            ):
                numbers[name][run, turn] = value
            for name, curve in zip(scored, precision):
                per_category[name][run, turn] = curve.mean()
    return Resampled(numbers, per_category)


@dataclass(frozen=True)
class _Matches:
    """What is right of a category. D: predictions by falling score. G: garments.

    Attributes:
        matched: Shape (thresholds, D), bool.
        forgiven: Shape (thresholds, D), bool.
        images: Places of the predictions' images, shape (D, ).
        truth_images: Those of the garments that are to be found, shape (G, ).
    """

    matched: np.ndarray
    forgiven: np.ndarray
    images: np.ndarray
    truth_images: np.ndarray

    def curves(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Precision and recall where images count that often, see :func:`curves`."""
        return curves(
            self.matched,
            self.forgiven,
            int(weights[self.truth_images].sum()),
            weights[self.images],
        )


def _matches(
    truth: GarmentColumns, found: Results, benchmark: garments.Named
) -> dict[str, _Matches]:
    """Of every category that has garments to be found."""
    sigmas = garments.layout_sigmas(benchmark)
    ranks = image_ranks(truth, found)
    matches = {}
    for name, garment in garments.benchmark(benchmark).garments.items():
        groups = category_groups(truth, found, garment, ranks)
        ignored = is_ignored(truth)[groups.truth_rows]
        if ignored.all():
            continue
        pairs = similarities(truth, found, garment, groups, sigmas)
        crowd = truth.iscrowd[groups.truth_rows]
        matched, forgiven = match(groups, pairs, ignored, crowd, THRESHOLDS)
        order = np.argsort(-found.scores[groups.detection_rows], kind='stable')
        matches[name] = _Matches(
            matched=np.ascontiguousarray(matched[order].T),
            forgiven=np.ascontiguousarray(forgiven[order].T),
            images=groups.detection_images[order],
            truth_images=groups.truth_images[~ignored],
        )
    return matches


def resample_means(
    groups: np.ndarray,
    sums: np.ndarray,
    counts: np.ndarray,
    categories: dict[str, np.ndarray],
    rounds: int = 500,
    seed: int = 0,
) -> Resampled:
    """Means over groups drawn again, such as the normalized error over pictures.

    N: what is averaged, such as annotated garments.

    Args:
        groups: The group, such as the picture, of each, shape (N, ).
        sums: What each of them adds in each of R runs, shape (R, N).
        counts: Over how many it is averaged, shape (R, N).
        categories: Which of them are of a category, by its name: bool, shape (N, ).
        rounds: Defaults to 500.
        seed: Of the drawing. Defaults to 0.

    Returns:
        Resampled: ``mean``, and the same by category.
    """
    _, group = np.unique(groups, return_inverse=True)
    num_groups = int(group.max(initial=-1)) + 1
    chosen = {'': np.ones(len(group), bool)} | categories
    means = {name: np.empty((len(sums), rounds)) for name in chosen}
    draws = _draws(num_groups, rounds, seed)
    for start in range(0, rounds, _ROUNDS_AT_ONCE):
        stop = min(start + _ROUNDS_AT_ONCE, rounds)
        weights = np.stack([next(draws) for _ in range(stop - start)])[:, group]
        for name, mask in chosen.items():
            part = weights[:, mask].T.astype(float)  # (n, rounds)
            total = counts[:, mask] @ part
            with np.errstate(invalid='ignore', divide='ignore'):
                means[name][:, start:stop] = (sums[:, mask] @ part) / total
    return Resampled({'mean': means.pop('')}, means)


def _draws(num: int, rounds: int, seed: int) -> Iterator[np.ndarray]:
    """How often each of so many was drawn, round by round."""
    rng = np.random.default_rng(seed)
    for _ in range(rounds):
        yield np.bincount(rng.integers(0, num, num), minlength=num)
