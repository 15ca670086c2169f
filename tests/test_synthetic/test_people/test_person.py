from collections import Counter

import numpy as np
import pytest

from fashion_mmpose.garments import categories
from fashion_mmpose.synthetic.clothes.body import sample_body
from fashion_mmpose.synthetic.clothes.wardrobe import (
    BOTTOMS,
    DRESSES,
    OUTWEAR,
    TOPS,
    cut_out,
    sample_frame,
    sample_under,
    sleeve_length,
)
from fashion_mmpose.synthetic.people.person import layers_of, plan, sample_person

CATEGORIES = categories('deepfashion2')
TOLERANCE = 1e-9


def test_groups_hold_every_category_once():
    assert sorted((*TOPS, *OUTWEAR, *BOTTOMS, *DRESSES)) == sorted(CATEGORIES)


@pytest.mark.parametrize('category', [None, *CATEGORIES])
def test_plan(category):
    for seed in range(200):
        outer, inner, lower = plan(np.random.default_rng(seed), category, flat=False)
        assert category is None or category in (outer, inner, lower)
        assert outer not in BOTTOMS and (lower is None or lower in BOTTOMS)
        if outer in DRESSES:
            assert lower is None
        if inner is not None:
            assert outer in (*OUTWEAR, 'vest_dress', 'sling_dress')
            assert inner in (*TOPS, *DRESSES)
            # No sleeve is longer than the one over it.
            if sleeve_length(outer) == 'short':
                assert sleeve_length(inner) in ('short', None)
            # Under a dress is a shirt; under outwear is what has a lower half.
            if outer in OUTWEAR:
                assert (inner in DRESSES) == (lower is None)


@pytest.mark.parametrize(
    'category, expected',
    [('skirt', (None, None, 'skirt')), ('vest', ('vest', None, None))],
)
def test_what_lies_flat_is_alone(category, expected):
    assert plan(np.random.default_rng(0), category, flat=True) == expected


def test_coats_are_rarely_short_sleeved():
    rng = np.random.default_rng(5)
    worn = Counter(c for _ in range(4000) for c in plan(rng, None, False) if c)
    total = sum(worn.values())
    assert worn['short_sleeved_shirt'] / total == pytest.approx(0.24, abs=0.02)
    assert worn['short_sleeved_outwear'] / total == pytest.approx(0.007, abs=0.004)
    assert worn['trousers'] / total == pytest.approx(0.175, abs=0.02)
    assert set(worn) == set(CATEGORIES)


def test_vest_leaves_less_of_the_shoulder():
    rng = np.random.default_rng(1)
    for _ in range(20):
        frame = sample_frame(rng, sample_body(rng), 'vest')
        vest = cut_out(rng, frame, 'vest')
        assert vest.sleeves is None and vest.neck == frame.neck
        assert frame.neck[0] + 0.05 < vest.shoulder[0] <= frame.shoulder[0] + TOLERANCE
        assert cut_out(rng, frame, 'short_sleeved_shirt') is frame


def test_sling_hangs_from_the_shoulders_by_straps():
    rng = np.random.default_rng(2)
    for _ in range(20):
        frame = sample_frame(rng, sample_body(rng), 'sling_dress')
        sling = cut_out(rng, frame, 'sling_dress')
        assert sling.cut == 'sling'
        assert frame.neck[0] < sling.shoulder[0] < frame.shoulder[0]
        assert frame.neck[1] < sling.shoulder[1] < frame.shoulder[1]
        assert sling.shoulder[1] < sling.neck[1] < sling.armpit[1]
        assert sling.neck[0] < sling.armpit[0]


@pytest.mark.parametrize('outer', ['long_sleeved_outwear', 'sling_dress'])
def test_what_is_worn_under_fits_inside(outer):
    rng = np.random.default_rng(3)
    for _ in range(30):
        body = sample_body(rng)
        over = sample_frame(rng, body, outer)
        under = sample_under(rng, body, over, 'long_sleeved_shirt')
        assert under.armpit[0] < over.armpit[0] and under.waist[0] < over.waist[0]
        assert under.shoulder[0] < over.shoulder[0]
        if over.sleeves is not None:
            for side in (-1, 1):
                inside, around = under.sleeves[side], over.sleeves[side]
                assert inside.length < around.length
                t = np.linspace(0, inside.length, 9)
                assert (inside.half_width(t) <= around.half_width(t) + 0.02).all()


@pytest.mark.slow
def test_view_of_a_person():
    rng = np.random.default_rng(4)
    people = [sample_person(rng, 'vest') for _ in range(120)]
    for person in people:
        flat = person.wearer.looks is None
        aside = person.back_view or abs(person.wearer.pose.turn) > 0.45
        assert person.viewpoint == (1 if flat else 3 if aside else 2)
        assert 'vest' in [worn.category for worn in person.garments()]
    assert {person.viewpoint for person in people} == {1, 2, 3}
    assert not any(
        sample_person(rng, None, may_lie=False).viewpoint == 1 for _ in range(40)
    )


def person_in(outer: str, inner: str):
    """Somebody in both garments, with an arm in front of the trunk on either side."""
    for seed in range(2000):
        person = sample_person(np.random.default_rng(seed), outer, may_lie=False)
        worn = [each.category for each in person.garments()]
        arms = person.wearer.arms.values()
        if worn[-2:] == [inner, outer] and all(arm.front for arm in arms):
            return person
    raise AssertionError(f'nobody wears {inner} under {outer}')


@pytest.mark.parametrize(
    'outer, inner, below',
    [
        pytest.param('long_sleeved_outwear', 'short_sleeved_shirt', True, id='coat'),
        pytest.param('vest_dress', 'short_sleeved_shirt', False, id='pinafore'),
    ],
)
def test_sleeves_of_a_shirt_lie_below_a_coat_and_above_a_pinafore(outer, inner, below):
    person = person_in(outer, inner)
    layers = layers_of(np.random.default_rng(0), person, 10, 100.0, (200, 200, 200))
    order = [(layer.garment, layer.part) for layer in layers if layer.part is not None]
    number = 10 + len(person.garments()) - 1
    bodies = [i for i, row in enumerate(order) if row[0] == number and 'body' in row[1]]
    for side in ('left', 'right'):
        sleeve = order.index((number - 1, f'sleeve_{side}'))
        assert (sleeve < min(bodies)) == below
    assert {row[0] for row in order} == set(range(10, number + 1))


@pytest.mark.slow
def test_shirt_under_a_coat_is_tucked_or_loose():
    seen = set()
    for seed in range(40):
        person = sample_person(
            np.random.default_rng(seed), 'long_sleeved_outwear', may_lie=False
        )
        if person.inner is None or person.lower is None:
            continue
        layers = layers_of(np.random.default_rng(0), person, 0, 100.0, (200, 200, 200))
        order = [(layer.garment, layer.part) for layer in layers]
        # From below: 0 the lower garment, 1 the shirt, 2 the coat.
        lower = min(i for i, row in enumerate(order) if row[0] == 0 and row[1])
        shirt = order.index((1, 'body'))
        assert (lower > shirt) == person.tucked
        seen.add(person.tucked)
    assert seen == {True, False}
