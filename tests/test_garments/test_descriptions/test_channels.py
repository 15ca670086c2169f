"""The order of a described benchmark's channels, where a category has all points."""

import json

import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.garments import GarmentPrediction, full_layout, own_points

CORNERS = ['top_left', 'top_right', 'bottom_left', 'bottom_right']
STRAPS = ['strap_left', 'strap_right']
BAGS = dict(name='bags', categories=dict(clutch=CORNERS, tote=[*STRAPS, *CORNERS]))


def test_complete_category_has_the_layout():
    bags = garments.benchmark_from(BAGS)
    clutch, tote = bags.garments.values()
    assert bags.keypoints == (*STRAPS, *CORNERS)
    assert tote.channels == (0, 1, 2, 3, 4, 5)
    assert clutch.channels == (2, 3, 4, 5)
    points = np.arange(12.0).reshape(6, 2)
    np.testing.assert_array_equal(own_points(points, tote), points)
    np.testing.assert_array_equal(full_layout(points, tote), points)
    np.testing.assert_array_equal(own_points(points, clutch), points[2:])


def test_prediction_comes_back_from_its_entry():
    bags = garments.benchmark_from(BAGS)
    points = np.arange(12, dtype=np.float32).reshape(6, 2)
    given = GarmentPrediction(
        image_id=1,
        image='a.jpg',
        frame=None,
        benchmark='bags',
        category='tote',
        bbox=np.array([0, 0, 12, 12], np.float32),
        bbox_score=1.0,
        keypoints=points,
        scores=np.linspace(0.5, 1, 6, dtype=np.float32),
        definition=bags,
    )
    for in_full_layout in (False, True):
        again = GarmentPrediction.from_coco(given.to_coco(in_full_layout), bags)
        np.testing.assert_array_equal(again.keypoints, given.keypoints)
        np.testing.assert_allclose(again.scores, given.scores, atol=1e-4)


def test_order_without_a_complete_category():
    categories = dict(clutch=[*CORNERS, 'clasp'], tote=[*STRAPS, *CORNERS])
    bags = garments.benchmark_from(dict(name='bags', categories=categories))
    assert bags.keypoints == (*CORNERS, 'clasp', *STRAPS)
    assert 'layout' not in garments.describe(bags)


@pytest.mark.parametrize(
    'description',
    [
        pytest.param(BAGS, id='of a category'),
        pytest.param(
            dict(
                name='bags',
                categories=dict(clutch=CORNERS, strap=STRAPS),
                layout=[*STRAPS, *CORNERS],
            ),
            id='given',
        ),
    ],
)
def test_description_keeps_the_order(description):
    bags = garments.benchmark_from(description)
    stored = json.loads(json.dumps(garments.describe(bags)))
    assert stored['layout'] == [*STRAPS, *CORNERS]
    assert garments.benchmark_from(stored) == bags


def test_networks_of_earlier_versions_are_refused():
    """Their channels are in another order, which their descriptions do not tell."""
    stored = garments.describe(garments.benchmark_from(BAGS))
    del stored['layout']
    with pytest.raises(FormatError, match=r"'tote' has all .* train again") as error:
        garments.benchmark_from(stored, 'old.pth')
    assert str(error.value).startswith('old.pth: ')


def test_stored_descriptions_of_the_same_order_are_still_read():
    categories = dict(tote=[*STRAPS, *CORNERS], clutch=CORNERS)
    bags = garments.benchmark_from(dict(name='bags', categories=categories))
    stored = garments.describe(bags)
    assert 'layout' not in stored
    assert garments.benchmark_from(stored) == bags


@pytest.mark.parametrize(
    'changes, message',
    [
        pytest.param(
            dict(categories=dict(tote=[*STRAPS, *CORNERS], bag=[*CORNERS, *STRAPS])),
            "'tote' and 'bag' have all key points .* different orders; to fix it: list",
            id='two orders',
        ),
        pytest.param(
            dict(layout=[*CORNERS, *STRAPS]),
            "layout has another order than 'tote'.*; to fix it: leave",
            id='other than a category',
        ),
        pytest.param(
            dict(layout=CORNERS),
            r"layout lacks the key points \['strap_left', 'strap_right'\]; to fix it",
            id='too few',
        ),
        pytest.param(
            dict(layout=[*STRAPS, *CORNERS, 'clasp']),
            "layout: there is no key point 'clasp'",
            id='unknown',
        ),
        pytest.param(
            dict(layout=[*STRAPS, *STRAPS, *CORNERS]),
            "layout has the key point 'strap_left' twice",
            id='twice',
        ),
        pytest.param(dict(layout='tote'), 'layout: .* is no list', id='text'),
    ],
)
def test_refused(changes, message: str):
    with pytest.raises(FormatError, match=message) as error:
        garments.benchmark_from(BAGS | changes, 'source')
    assert str(error.value).startswith('source')
