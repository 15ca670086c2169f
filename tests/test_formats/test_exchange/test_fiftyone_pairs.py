"""Which boxes and key points of a picture in FiftyOne are of one garment."""

import pytest

from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.exchange.fiftyone_pairs import Pairs


def entries(*told):
    """Entries of a label and an index each, told apart by their place."""
    return [
        dict(label=label, index=index, place=place)
        for place, (label, index) in enumerate(told)
    ]


def paired(boxes, points):
    """Places of the pairs, of the bare boxes and of those that are unclear."""
    pairs = Pairs.of(entries(*boxes), entries(*points), 'a.jpg')
    whole = [(box.get('place'), found['place']) for box, found in pairs.whole]
    left = ([box['place'] for box in each] for each in (pairs.bare, pairs.unclear))
    return whole, *left


def test_the_index_tells():
    boxes = ('skirt', 1), ('vest', 2)
    assert paired(boxes, boxes[::-1]) == ([(1, 0), (0, 1)], [], [])


def test_copies_have_the_index_of_their_original():
    boxes = ('skirt', 1), ('vest', 2), ('skirt', 1), ('skirt', 1)
    points = ('vest', 2), ('skirt', 1), ('skirt', 1), ('skirt', 1)
    assert paired(boxes, points) == ([(1, 0), (0, 1), (2, 2), (3, 3)], [], [])


@pytest.mark.parametrize('counts', [(1, 2), (3, 2)])
def test_other_numbers_of_copies_are_refused(counts):
    boxes, points = ([('skirt', 4)] * count for count in counts)
    message = (
        f'a.jpg: {counts[0]} boxes and {counts[1]} sets of key points have the index 4'
    )
    with pytest.raises(FormatError, match=message):
        paired(boxes, points)


def test_boxes_and_key_points_alone():
    """Garments of other labels are others; of the same label they may be the same."""
    boxes = ('skirt', None), ('vest', 3), ('sling', None), ('skirt', 1)
    points = ('skirt', 1), ('sling', None)
    assert paired(boxes, points) == ([(3, 0), (None, 1)], [0, 1], [2])
