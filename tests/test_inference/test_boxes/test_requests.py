"""What a caller says of the garments in each picture."""

from types import SimpleNamespace

import numpy as np
import pytest

from fashion_mmpose.inference.boxes.requests import (
    boxes_of_category,
    read_requests,
    whole_picture,
)
from fashion_mmpose.inference.detections import Detections

KNOWN = ('blouse', 'skirt')
ONE = [[1, 2, 3, 5]]
TWO = [[1, 2, 3, 5], [0, 0, 9, 9.5]]


def detections(bboxes=TWO, scores=(0.75, 0.5), labels=('skirt', 'hat')):
    return Detections(np.array(bboxes), np.array(scores, np.float32), labels)


def read(category=None, bboxes=None, known=KNOWN, num=2, detector=False):
    """Category, boxes and their labels for each of the pictures, at most two."""
    found = read_requests(category, bboxes, known, num, detector)
    rows = []
    for _, request in zip(range(num or 2), found):
        given = request.boxes
        boxes = None if given is None else (given.bboxes.tolist(), given.labels)
        rows.append((request.category, boxes))
    return rows


@pytest.mark.parametrize(
    'given, expected',
    [
        pytest.param(dict(category='skirt'), [('skirt', None)] * 2, id='a name'),
        pytest.param(
            dict(category=['skirt', 'blouse']),
            [('skirt', None), ('blouse', None)],
            id='a name for each',
        ),
        pytest.param(
            dict(category=iter(['skirt', 'blouse']), num=None),
            [('skirt', None), ('blouse', None)],
            id='names from an iterator',
        ),
        pytest.param(dict(known=['skirt']), [('skirt', None)] * 2, id='only one known'),
        pytest.param(dict(detector=True), [(None, None)] * 2, id='detector'),
        pytest.param(
            dict(category=['skirt', None], detector=True),
            [('skirt', None), (None, None)],
            id='detector, one filtered',
        ),
        pytest.param(
            dict(category='skirt', bboxes=[ONE, []]),
            [(None, (ONE, ('skirt',))), (None, ([], ()))],
            id='boxes',
        ),
        pytest.param(
            dict(category=[('skirt', 'blouse'), 'skirt'], bboxes=[TWO, np.array(ONE)]),
            [(None, (TWO, ('skirt', 'blouse'))), (None, (ONE, ('skirt',)))],
            id='categories of boxes',
        ),
        pytest.param(
            dict(category=[[], ['skirt']], bboxes=[[], ONE]),
            [(None, ([], ())), (None, (ONE, ('skirt',)))],
            id='no categories of no boxes',
        ),
        pytest.param(
            dict(bboxes=[None, ONE], known=['skirt']),
            [('skirt', None), (None, (ONE, ('skirt',)))],
            id='boxes of one picture only',
        ),
        pytest.param(
            dict(category=[['skirt', 'skirt']], bboxes=[TWO], num=1),
            [(None, (TWO, ('skirt', 'skirt')))],
            id='a single picture',
        ),
        pytest.param(
            dict(bboxes=[detections()], num=1),
            [(None, (TWO, ('skirt', 'hat')))],
            id='what a detector gave',
        ),
        pytest.param(
            dict(category='skirt', bboxes=[detections(), detections([], (), ())]),
            [('skirt', (TWO, ('skirt', 'hat'))), ('skirt', ([], ()))],
            id='detected before, to be filtered',
        ),
    ],
)
def test_requests(given, expected):
    assert read(**given) == expected


def test_given_boxes_are_sure():
    (request,) = read_requests('skirt', [TWO], KNOWN, 1, False)
    assert request.boxes.scores.tolist() == [1, 1]
    assert request.boxes.bboxes.dtype == np.float32
    (request,) = read_requests(None, [detections()], KNOWN, 1, False)
    assert request.boxes.scores.tolist() == [0.75, 0.5]
    assert request.boxes.bboxes.dtype == np.float32


@pytest.mark.parametrize(
    'given, message',
    [
        pytest.param(dict(), r"category= is missing: .*\['blouse'", id='no category'),
        pytest.param(
            dict(category='hat'),
            r"category: there is no network for 'hat'; choose from \['blouse', 'skirt'",
            id='unknown',
        ),
        pytest.param(
            dict(category=['skirt']), 'category= has 1 entries for 2 pictures', id='few'
        ),
        pytest.param(
            dict(category='skirt', bboxes=[ONE] * 3),
            'bboxes= has 3 entries for 2 pictures',
            id='many boxes',
        ),
        pytest.param(
            dict(category=['skirt', 'hat']),
            "picture 1: there is no network for 'hat'",
            id='unknown in a list',
        ),
        pytest.param(
            dict(category=['skirt', None]),
            'picture 1: category= is missing, and no detector',
            id='none in a list',
        ),
        pytest.param(
            dict(bboxes=[None, ONE]),
            'picture 0: category= is missing, and no detector',
            id='no boxes and no category',
        ),
        pytest.param(
            dict(bboxes=[ONE, ONE]),
            'picture 0: category= is missing for its boxes',
            id='boxes of nothing',
        ),
        pytest.param(
            dict(category=['skirt', ['skirt']], bboxes=[ONE, TWO]),
            'picture 1 has 2 boxes and 1 categories',
            id='too few categories of boxes',
        ),
        pytest.param(
            dict(category=[['skirt', 'hat'], 'skirt'], bboxes=[TWO, ONE]),
            "picture 0: there is no network for 'hat'",
            id='unknown category of a box',
        ),
        pytest.param(
            dict(category=[['skirt'], 'skirt'], detector=True),
            'picture 0: there are 1 categories for its boxes, but no array',
            id='categories of no boxes',
        ),
        pytest.param(
            dict(category='skirt', bboxes=[[1, 2, 3, 5], ONE]),
            r'picture 0: its boxes must be .*shape \(n, 4\), not \(4,\)',
            id='one box without its list',
        ),
        pytest.param(
            dict(category='skirt', bboxes=[[[1, 2, 3, 5, 0.9]], ONE]),
            r'shape \(n, 4\), not \(1, 5\)',
            id='with scores',
        ),
        pytest.param(
            dict(category='skirt', bboxes=[[[1, 2, 3], [1, 2]], ONE]),
            'picture 0: its boxes are no array',
            id='ragged',
        ),
        pytest.param(
            dict(category='skirt', bboxes=[ONE, [[0, 0, 1, 1], [5, 6, 5, 9]]]),
            r'picture 1: box 1 \[5.0, 6.0, 5.0, 9.0\] .* has no area',
            id='no width',
        ),
        pytest.param(
            dict(category='skirt', bboxes=[[[0, 0, np.nan, 1]], ONE]),
            'picture 0: box 0 .* has no area',
            id='not a number',
        ),
        pytest.param(
            dict(bboxes=[detections(), detections([[3, 0, 1, 1]] * 2)]),
            'picture 1: box 0 .* has no area',
            id='bad detection',
        ),
        pytest.param(
            dict(bboxes=[detections(labels=('skirt',))] * 2),
            'picture 0 has 2 boxes, 2 scores and 1 labels',
            id='detections that do not fit together',
        ),
    ],
)
def test_errors(given, message):
    with pytest.raises(ValueError, match=message):
        read(**given)


def test_boxes_of_category():
    found = detections(
        [*TWO, [4, 4, 6, 6]], (0.9, 0.5, 0.25), ('skirt', 'hat', 'skirt')
    )
    assert boxes_of_category(found, None) is found
    skirts = boxes_of_category(found, 'skirt')
    assert skirts.bboxes.tolist() == [[1, 2, 3, 5], [4, 4, 6, 6]]
    assert skirts.scores.tolist() == np.float32([0.9, 0.25]).tolist()
    assert skirts.labels == ('skirt', 'skirt')
    none = boxes_of_category(found, 'blouse')
    assert none.bboxes.shape == (0, 4) and none.labels == () and len(none.scores) == 0


def test_whole_picture():
    whole = whole_picture(np.zeros((30, 40, 3), np.uint8), 'skirt')
    assert whole.bboxes.tolist() == [[0, 0, 40, 30]]
    assert whole.scores.tolist() == [1] and whole.labels == ('skirt',)


def of_supervision(names=('Skirt', 'blouse'), confidence=(0.25, 0.75)):
    """What supervision's ``Detections`` has."""
    return SimpleNamespace(
        xyxy=np.array(TWO),
        confidence=confidence and np.array(confidence),
        class_id=np.array([1, 0]),
        data=dict(class_name=np.array(names)) if names else {},
    )


def test_detections_of_supervision():
    """Their classes name the categories, and boxes stay in their order."""
    (request, _) = read_requests(None, [of_supervision()] * 2, KNOWN, 2, False)
    assert request.boxes.labels == ('skirt', 'blouse')
    assert request.boxes.bboxes.tolist() == TWO
    assert request.boxes.scores.tolist() == [0.25, 0.75]
    (request,) = read_requests(None, [of_supervision(confidence=None)], KNOWN, 1, False)
    assert request.boxes.scores.tolist() == [1, 1]
    expected = [(None, (TWO, ('skirt', 'skirt')))]
    for found in (of_supervision(), of_supervision(names=None)):
        assert read('skirt', [found], num=1) == expected
        (request,) = read_requests('skirt', [found], KNOWN, 1, False)
        assert request.boxes.scores.tolist() == [0.25, 0.75]
    with pytest.raises(ValueError, match="picture 0: there is no network for 'hat'"):
        read(None, [of_supervision(('hat', 'skirt'))], num=1)
    with pytest.raises(ValueError, match='picture 0: category= is missing'):
        read(None, [of_supervision(names=None)], num=1)


def test_detections_of_supervision_for_a_single_network():
    """Their classes are not taken for the only one that there is a network for."""
    with pytest.raises(ValueError, match="no network for 'blouse'; choose from "):
        read(None, [of_supervision()], known=['skirt'], num=1)
    found = of_supervision(('Skirt', 'skirt'))
    expected = [(None, (TWO, ('skirt', 'skirt')))]
    assert read(None, [found], known=['skirt'], num=1) == expected
    assert read(None, [of_supervision(None)], known=['skirt'], num=1) == expected


def test_pictures_without_boxes_need_no_category():
    supervision = pytest.importorskip(
        'supervision', reason='`make setup` brings supervision'
    )
    none = supervision.Detections.empty()  # which names no classes
    expected = [(None, ([], ())), (None, (TWO, ('skirt', 'blouse')))]
    assert read(None, [none, of_supervision()]) == expected
    assert read([None, ['skirt', 'blouse']], [[], TWO]) == expected


def test_boxes_that_are_filled_again():
    """They wait for their batch: all pictures would get the last ones."""

    def boxes():
        own = np.array([[0, 0, 1, 1]], np.float32)
        for far in range(1, 4):
            own[0, 2] = far
            yield own

    found = read_requests('skirt', boxes(), KNOWN, 3, False)
    assert [each.boxes.bboxes[0, 2] for each in list(found)] == [1, 2, 3]
