"""Intervals and tests by pictures that are drawn again."""

import numpy as np
import pytest
from constructed_errors import ConstructedRun

from fashion_mmpose import garments
from fashion_mmpose.evaluation.functional.bootstrap import (
    OKS_NUMBERS,
    interval,
    paired_difference,
    resample_means,
    resample_oks,
)
from fashion_mmpose.evaluation.functional.oks.score import evaluate_oks
from fashion_mmpose.evaluation.functional.oks.truth import annotation_columns
from fashion_mmpose.formats.deepfashion2.results import result_columns

CATEGORIES = ('short_sleeved_shirt', 'skirt', 'vest')


def noisy_run(noise, num_images=12, seed=3):
    """Garments with predictions off by so many pixels, some far off, some twice."""
    rng = np.random.default_rng(seed)
    run = ConstructedRun()
    for image_id in range(1, num_images + 1):
        category = CATEGORIES[image_id % 3]
        points = run.garment(category, image_id)
        for _ in range(rng.integers(1, 3)):
            error = rng.normal(0, noise * rng.choice([1, 4]), points.shape)
            run.predict(category, image_id, points + error, float(rng.random()))
    return run


def drawn_again(run, draw):
    """The same pictures as often as they were drawn, each with an id of its own."""
    annotations, entries, image_ids = [], [], []
    for new_id, place in enumerate(draw, 1):
        old_id = run.image_ids[place]
        image_ids.append(new_id)
        for item in run.annotations:
            if item['image_id'] == old_id:
                number = len(annotations) + 1
                annotations.append(dict(item, id=number, image_id=new_id))
    for entry in run.entries:
        for new_id, place in enumerate(draw, 1):
            if entry['image_id'] == run.image_ids[place]:
                entries.append(dict(entry, image_id=new_id))
    return annotation_columns(annotations, image_ids), result_columns(entries)


def test_a_round_is_the_score_of_the_pictures_drawn():
    run = noisy_run(15)
    samples = resample_oks(run.truth, [run.results], rounds=20, seed=7)
    rng = np.random.default_rng(7)
    seen = []
    for turn in range(20):
        draw = rng.integers(0, 12, 12)
        score = evaluate_oks(*drawn_again(run, draw))
        for name in OKS_NUMBERS:
            value = samples.numbers[name][0, turn]
            assert value == pytest.approx(score.numbers[name], abs=1e-12)
        for name in CATEGORIES:
            value = samples.per_category[name][0, turn]
            expected = score.per_category[name]['AP']
            if expected == -1:
                assert np.isnan(value)
            else:
                assert value == pytest.approx(expected, abs=1e-12)
        seen.append(score.numbers['AP'])
    assert len(set(seen)) > 10


def test_runs_are_drawn_alike():
    run = noisy_run(15)
    twice = resample_oks(run.truth, [run.results, run.results], rounds=10)
    for samples in twice.numbers.values():
        assert (samples[0] == samples[1]).all()
    difference = paired_difference(*twice.numbers['AP'])
    assert (difference.low, difference.high, difference.p) == (0, 0, 1)


def test_a_better_run_is_told_from_a_worse_one():
    worse, better = noisy_run(30, 60), noisy_run(8, 60)
    samples = resample_oks(worse.truth, [worse.results, better.results], rounds=99)
    difference = paired_difference(*samples.numbers['AP'])
    assert difference.low > 0 and difference.p == pytest.approx(0.02)
    measured = [evaluate_oks(run.truth, run.results) for run in (worse, better)]
    for score, drawn in zip(measured, samples.numbers['AP']):
        low, high = interval(drawn)
        assert low < score.numbers['AP'] < high


def test_means_are_those_of_what_was_drawn():
    rng = np.random.default_rng(0)
    groups = np.array([10, 10, 20, 30, 30, 30])
    sums, counts = rng.random((2, 6)), rng.integers(1, 5, (2, 6))
    is_even = {'even': np.array([0, 1, 0, 1, 0, 1], bool)}
    samples = resample_means(groups, sums, counts, is_even, rounds=100, seed=4)
    draws = np.random.default_rng(4)
    for turn in range(100):
        drawn = np.array([10, 20, 30])[draws.integers(0, 3, 3)]
        rows = np.concatenate([np.flatnonzero(groups == each) for each in drawn])
        for run in range(2):
            mean = sums[run, rows].sum() / counts[run, rows].sum()
            assert samples.numbers['mean'][run, turn] == pytest.approx(mean)
        even = rows[rows % 2 == 1]
        if len(even):
            mean = sums[0, even].sum() / counts[0, even].sum()
            assert samples.per_category['even'][0, turn] == pytest.approx(mean)
        else:
            assert np.isnan(samples.per_category['even'][0, turn])


@pytest.mark.slow
def test_the_interval_covers_as_often_as_it_says():
    """Of 200 samples of known mean, about 95 % of the intervals hold it."""
    rng = np.random.default_rng(1)
    held = 0
    for turn in range(200):
        values = rng.exponential(1, (1, 80))
        samples = resample_means(
            np.arange(80), values, np.ones((1, 80)), {}, rounds=200, seed=turn
        )
        low, high = interval(samples.numbers['mean'][0])
        held += low <= 1 <= high
    assert 0.88 <= held / 200 <= 0.98


def test_nothing_to_draw():
    run = ConstructedRun()
    run.image(1)
    samples = resample_oks(run.truth, [run.results], rounds=3)
    assert np.isnan(samples.numbers['AP']).all()
    assert np.isnan(interval(samples.numbers['AP'][0])).all()
    assert set(samples.per_category) == set(garments.categories('deepfashion2'))
