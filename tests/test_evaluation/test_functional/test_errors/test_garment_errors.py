"""The types of wrong garments, swaps between them, and what errors cost."""

import math

import numpy as np
import pytest
from constructed_errors import ConstructedRun, outline

from fashion_mmpose import garments
from fashion_mmpose.evaluation.functional.errors import (
    ALL_POINTS,
    GARMENT_TYPES,
    POINT_TYPES,
    SCORES,
    ErrorCosts,
    NEMeasure,
    OKSMeasure,
    analyse_errors,
    error_costs,
)
from fashion_mmpose.evaluation.functional.oks.score import evaluate_oks

SHIRT = garments.garment('deepfashion2', 'short_sleeved_shirt')
FAR = (3000.0, 3000.0)


@pytest.fixture
def run():
    """Nine shirts in nine pictures, found as they are."""
    made = ConstructedRun()
    for image_id in range(1, 10):
        made.perfect('short_sleeved_shirt', image_id)
    return made


def judged(run, measure=None):
    measure = measure or OKSMeasure()
    analysis = analyse_errors(run.truth, run.results, run.benchmark, measure)
    return analysis, error_costs(run.truth, run.results, analysis, measure)


def types_of(analysis):
    """How many key points, garments and predictions there are of each type."""
    points = [POINT_TYPES[i] for i in analysis.types if i >= 0]
    items = [GARMENT_TYPES[i] for i in analysis.pairing.item_types if i >= 0]
    found = [GARMENT_TYPES[i] for i in analysis.pairing.detection_types if i >= 0]
    return tuple(
        {name: names.count(name) for name in dict.fromkeys(names)}
        for names in (points, items, found)
    )


def test_nothing_is_wrong(run):
    analysis, costs = judged(run)
    num = 9 * len(SHIRT.keypoints)
    assert types_of(analysis) == ({'good': num}, {'found': 9}, {'found': 9})
    assert costs.score == pytest.approx(1) and set(costs.without.values()) == {
        costs.score
    }


def test_where_all_are_missed_the_cost_is_unknown():
    """Nothing would be left to score: -1 of the OKS is no score, and so is NaN."""
    run = ConstructedRun()
    run.garment('short_sleeved_shirt', 1)
    _, costs = judged(run)
    assert costs.score == 0 and costs.without['missed'] == -1
    assert math.isnan(costs.cost('missed'))
    assert costs.cost('duplicate') == 0


@pytest.mark.parametrize(
    'kind, place',
    [
        ('jitter', lambda own, i: own[i] + 0.9 * unit(i)),
        ('miss', lambda own, i: own[i] + 3000 + 500 * i),
        ('inversion', lambda own, i: own[SHIRT.flip[i]]),
        ('neighbour', lambda own, i: own[i + 1]),
    ],
)
def test_key_points_of_one_type_cost_what_they_cost(run, kind, place):
    """A tenth picture, of which most points are wrong in one way."""
    own = run.garment('short_sleeved_shirt', 10)
    chosen = [i for i in range(6, 24) if i != SHIRT.flip[i]]
    if kind == 'neighbour':
        chosen = [i for i in chosen if i not in (14, 15)]
    points = own.copy()
    for i in chosen:
        points[i] = place(own, i)
    run.predict('short_sleeved_shirt', 10, points)
    analysis, costs = judged(run)
    counts, items, _ = types_of(analysis)
    assert counts == {'good': 250 - len(chosen), kind: len(chosen)}
    assert items == {'found': 10}
    assert costs.cost(kind) > 0.01
    others = {'jitter', 'miss', 'inversion', 'neighbour', 'swap'} - {kind}
    assert all(costs.cost(name) == 0 for name in others)
    assert costs.without[ALL_POINTS] == pytest.approx(1)


def unit(i):
    """A right angle's leg of a landmark's unit, in pixels, both ways."""
    return np.full(2, 2 * SHIRT.sigmas[i] * 400 / np.sqrt(2))


@pytest.mark.parametrize('category', ['short_sleeved_shirt', 'short_sleeved_outwear'])
@pytest.mark.parametrize('mirrored', [False, True])
def test_swaps_between_garments(run, category, mirrored):
    """Numbers 7 to 12, a sleeve, are one place in shirts and coats."""
    own = run.garment('short_sleeved_shirt', 10)
    other = run.perfect(category, 10, corner=FAR)
    sleeve = np.arange(6, 12)
    flip = garments.garment('deepfashion2', category).flip
    points = own.copy()
    points[sleeve] = other[np.array(flip)[sleeve] if mirrored else sleeve]
    run.predict('short_sleeved_shirt', 10, points)
    analysis, costs = judged(run)
    assert types_of(analysis)[0]['swap'] == 6
    assert costs.cost('swap') > 0.01
    assert costs.without['swap'] == pytest.approx(1)


def test_other_landmarks_of_other_garments_are_no_swaps(run):
    own = run.garment('short_sleeved_shirt', 10)
    other = run.perfect('skirt', 10, corner=FAR)
    points = own.copy()
    points[8] = other[3]
    run.predict('short_sleeved_shirt', 10, points)
    assert 'swap' not in types_of(judged(run)[0])[0]


def test_a_missed_garment(run):
    run.garment('short_sleeved_shirt', 10)
    analysis, costs = judged(run)
    assert types_of(analysis)[1:] == ({'found': 9, 'missed': 1}, {'found': 9})
    # Nine of ten are found: precision is 1 at 91 of the 101 recalls.
    assert costs.score == pytest.approx(91 / 101)
    assert costs.without['missed'] == pytest.approx(1)
    assert costs.cost('wrong category') == costs.cost('background') == 0


def test_a_wrong_category(run):
    run.garment('short_sleeved_shirt', 10)
    vest = garments.garment('deepfashion2', 'vest')
    run.predict('vest', 10, outline(vest, (110.0, 110.0), 380.0))
    run.perfect('vest', 11)
    analysis, costs = judged(run)
    _, items, found = types_of(analysis)
    assert items == {'found': 10, 'wrong category': 1}
    assert found == {'found': 10, 'wrong category': 1}
    assert costs.score < costs.without['wrong category'] == pytest.approx(1)
    assert costs.cost('missed') == 0


def test_a_background(run):
    run.predict('short_sleeved_shirt', 9, outline(SHIRT, FAR), score=0.99)
    analysis, costs = judged(run)
    assert types_of(analysis)[2] == {'found': 9, 'background': 1}
    # The first of ten predictions is wrong: precision is never above nine tenths.
    assert costs.score == pytest.approx(0.9)
    assert costs.without['background'] == pytest.approx(1)
    assert costs.without[SCORES] == pytest.approx(1)
    assert costs.cost('duplicate') == 0


def test_a_duplicate(run):
    run.predict('short_sleeved_shirt', 9, outline(SHIRT) + 2, score=0.95)
    run.predict('short_sleeved_shirt', 9, outline(SHIRT) + 1, score=0.94)
    analysis, costs = judged(run)
    assert types_of(analysis)[2] == {'found': 9, 'duplicate': 2}
    # The second of eleven predictions is wrong, and the last one.
    assert costs.score == pytest.approx((12 + 89 * 0.9) / 101)
    assert costs.without['duplicate'] == pytest.approx(1)
    # The best scored one of the three is the prediction of the garment.
    assert analysis.pairing.items.tolist() == [*range(8), -1, 8, -1]


def test_duplicates_that_are_better_than_what_they_repeat_cost_less_than_nothing(run):
    own = run.garment('short_sleeved_shirt', 10)
    run.predict('short_sleeved_shirt', 10, own + 40, score=0.95)
    run.predict('short_sleeved_shirt', 10, own, score=0.94)
    analysis, costs = judged(run)
    assert types_of(analysis)[2] == {'found': 10, 'duplicate': 1}
    # Only the duplicate, the lower scored of the two, is near the tenth shirt.
    assert costs.without['duplicate'] < costs.score
    assert costs.cost('duplicate') == costs.without['duplicate'] - costs.score
    assert costs.cost(ALL_POINTS) > 0


def test_costs_of_an_error_that_falls():
    costs = ErrorCosts(0.2, {'jitter': 0.15, 'miss': 0.25}, rises=False)
    assert costs.cost('jitter') == pytest.approx(0.05)
    assert costs.cost('miss') == pytest.approx(-0.05)


def test_a_prediction_that_fills_the_box_is_of_its_garment(run):
    points = run.garment('short_sleeved_shirt', 10)
    run.predict('short_sleeved_shirt', 10, points[::-1])
    analysis, _ = judged(run)
    assert types_of(analysis)[1:] == ({'found': 10}, {'found': 10})
    assert analysis.pairing.similarity[-1] < 0.1


def test_scores_that_rank_the_wrong_first():
    run = ConstructedRun()
    for image_id in range(1, 6):
        run.garment('short_sleeved_shirt', image_id)
        run.predict('short_sleeved_shirt', image_id, outline(SHIRT), score=0.2)
        wrong = outline(SHIRT, (120.0, 120.0))
        run.predict('short_sleeved_shirt', image_id, wrong, score=0.8)
    _, costs = judged(run)
    assert costs.score < 0.8
    assert costs.without[SCORES] == pytest.approx(1)


def test_ignored_garments_are_neither_missed_nor_wrongly_found(run):
    points = run.perfect('short_sleeved_shirt', 10)
    run.annotations[-1]['num_keypoints'] = 0
    run.annotations[-1]['keypoints'][:, 2] = 0
    analysis, costs = judged(run)
    assert types_of(analysis)[1:] == ({'found': 9}, {'found': 9})
    assert costs.score == pytest.approx(1) and len(points)


def test_landmarks_of_crowds_do_not_count(run):
    points = run.perfect('short_sleeved_shirt', 10)
    run.annotations[-1]['iscrowd'] = 1
    analysis, _ = judged(run)
    assert types_of(analysis)[1:] == ({'found': 9}, {'found': 9})
    assert analysis.counted.sum() == (analysis.types >= 0).sum()
    assert not analysis.counted[-len(points) :].any()


def test_without_predictions(run):
    run.entries.clear()
    analysis, costs = judged(run)
    assert types_of(analysis) == ({}, {'missed': 9}, {})
    assert costs.score == 0


def test_without_garments(run):
    run.annotations.clear()
    analysis, costs = judged(run)
    assert types_of(analysis) == ({}, {}, {'background': 9})
    assert costs.score == -1 and set(costs.without.values()) == {-1}


def test_the_score_is_the_official_one():
    rng = np.random.default_rng(5)
    run = ConstructedRun()
    for image_id in range(1, 30):
        category = ('short_sleeved_shirt', 'skirt')[image_id % 2]
        points = run.garment(category, image_id)
        noise = rng.normal(0, 15, points.shape)
        run.predict(category, image_id, points + noise, float(rng.random()))
    _, costs = judged(run)
    assert costs.score == evaluate_oks(run.truth, run.results).numbers['AP']
    assert all(costs.without[name] >= costs.score for name in costs.without)


# ------------------------------------------------------------------------------- NE


BLOUSE = garments.garment('fashionai', 'blouse')


@pytest.fixture
def blouses():
    """Ten blouses; the points of the last one are returned, too."""
    made = ConstructedRun('fashionai')
    for image_id in range(1, 10):
        made.perfect('blouse', image_id)
    return made, made.garment('blouse', 10)


def width(points):
    ends = points[list(BLOUSE.normalizer)]
    return np.linalg.norm(ends[0] - ends[1])


@pytest.mark.parametrize(
    'kind, share, left',
    [('good', 0.04, 0.04), ('jitter', 0.08, 0.05), ('miss', 0.11, 0.10)],
)
def test_normalized_errors(blouses, kind, share, left):
    run, points = blouses
    size = width(points)
    moved = points.copy()
    moved[4, 0] += share * size
    run.predict('blouse', 10, moved)
    analysis, costs = judged(run, NEMeasure())
    assert types_of(analysis)[0].get(kind, 0) >= 1
    assert costs.score == pytest.approx(share / 130)
    if kind != 'good':
        assert costs.without[kind] == pytest.approx(left / 130)
    assert SCORES not in costs.without


def test_normalized_errors_do_not_count_occluded_points(blouses):
    run, points = blouses
    run.annotations[-1]['keypoints'][3, 2] = 1
    moved = points.copy()
    moved[3] += 500
    run.predict('blouse', 10, moved)
    analysis, costs = judged(run, NEMeasure())
    assert types_of(analysis)[0] == {'good': 129}
    assert costs.score == 0


def test_normalized_errors_know_no_crowds(blouses):
    run, points = blouses
    run.annotations[-1]['iscrowd'] = 1
    run.predict('blouse', 10, points)
    analysis, costs = judged(run, NEMeasure())
    assert types_of(analysis) == ({'good': 130}, {'found': 10}, {'found': 10})
    assert costs.score == 0


def test_garments_without_prediction_cost_normalized_error(blouses):
    run, _ = blouses
    run.predict('dress', 10, outline(garments.garment('fashionai', 'dress')))
    analysis, costs = judged(run, NEMeasure())
    assert types_of(analysis)[1:] == (
        {'found': 9, 'wrong category': 1},
        {'found': 9, 'wrong category': 1},
    )
    assert costs.score == pytest.approx(0.1)
    assert costs.without['wrong category'] == 0
    assert costs.without['missed'] == pytest.approx(0.1)


def test_an_image_that_the_rule_skips_is_not_seen(blouses):
    run, points = blouses
    run.annotations[-1]['keypoints'][list(BLOUSE.normalizer)] = 0
    run.predict('blouse', 10, points + 100)
    analysis, costs = judged(run, NEMeasure())
    assert types_of(analysis)[0] == {'good': 9 * 13}
    assert costs.score == 0
