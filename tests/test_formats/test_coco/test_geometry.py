"""Boxes and key points against the pictures that they are of."""

import json

import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.coco import geometry
from fashion_mmpose.formats.coco.annotations import coco_categories
from fashion_mmpose.formats.coco.columns import read_columns
from fashion_mmpose.formats.coco.geometry import Boxes, check_boxes, check_points

SIZE = 300, 400
# Boxes all over a picture of that size.
BOXES = np.array(
    [
        [10, 20, 100, 120],
        [150, 40, 140, 200],
        [100, 200, 190, 190],
        [200, 300, 90, 100],
        [0, 0, 300, 400],
    ],
    float,
)
CORNERS = np.concatenate([BOXES[:, :2], BOXES[:, :2] + BOXES[:, 2:]], axis=1)


def check(boxes, size=SIZE):
    sizes = np.tile(np.array(size, np.int32), (len(boxes), 1))
    return check_boxes(
        Boxes('boxes.json', lambda i: f'box {i}', np.asarray(boxes, float), sizes)
    )


def test_boxes_that_fit():
    assert check(BOXES) == []
    assert check(np.zeros((0, 4))) == []
    # A detector's box leads out a little.
    assert check(BOXES + [-3, -3, 6, 6]) == []


@pytest.mark.parametrize(
    'boxes, size, what, first',
    [
        (CORNERS, SIZE, 'are corners x1, y1, x2, y2', 'box 1'),
        (BOXES[:-1] / [300, 400, 300, 400], SIZE, 'are fractions', 'box 0'),
        (BOXES, SIZE[::-1], 'width and height are exchanged', 'box 2'),
        (BOXES, (75, 100), 'pictures of another size', 'box 0'),
        (BOXES + [5000, 0, 0, 0], SIZE, 'lie far outside', 'box 0'),
    ],
    ids=['corners', 'fractions', 'exchanged', 'halved', 'elsewhere'],
)
def test_another_form_is_refused(boxes, size, what, first):
    with pytest.raises(FormatError, match=f'^boxes.json: the boxes .*{what}') as error:
        check(boxes, size)
    message = str(error.value)
    assert f'{first} has the bbox' in message and '; to fix it: ' in message
    assert f'in a picture of {size[0]} x {size[1]} px' in message


@pytest.mark.parametrize(
    'odd, what',
    [
        ([400, 10, 20, 20], 'have no pixel in their picture'),
        ([-90, 10, 80, 20], 'have no pixel in their picture'),
        ([60, 100, 150, 0], 'have no pixel in their picture'),
        ([60, 100, -5, 50], 'have no pixel in their picture'),
        ([0.1, 0.2, 0.3, 0.4], 'have no pixel in their picture'),
        ([200, 10, 180, 20], 'lead out of their picture by more than 5%'),
        ([-50, 10, 180, 20], 'lead out of their picture by more than 5%'),
    ],
)
def test_single_ones_are_counted(odd, what):
    boxes = np.insert(np.tile(BOXES, (2, 1)), 3, odd, axis=0)
    (note,) = check(boxes)
    assert note.startswith(f'boxes.json: 1 of 11 boxes {what}')
    assert note.endswith(': box 3')


@pytest.mark.parametrize('number', [1e7, -1e308, np.inf, np.nan])
def test_no_pixels(number):
    boxes = BOXES.copy()
    boxes[2, 1] = number
    with pytest.raises(FormatError, match='boxes.json: box 2 has the bbox .*no pixels'):
        check(boxes)


def test_the_first_ones_are_named():
    boxes = np.concatenate([np.tile(BOXES, (4, 1)), [[0, 0, 5, 0]] * 5])
    assert check(boxes) == [
        'boxes.json: 5 of 25 boxes have no pixel in their picture: box 20, box 21, '
        'box 22 and 2 more'
    ]


def test_unknown_sizes_fit_everything():
    sizes = np.array([SIZE, (0, 0), SIZE])
    boxes = np.array([BOXES[0], [900, 900, 10, 10], [20, 20, 10, 0]], float)
    notes = check_boxes(Boxes('b.json', lambda i: f'box {i}', boxes, sizes))
    assert notes == ['b.json: 1 of 2 boxes have no pixel in their picture: box 2']


# ------------------------------------------------------------------ in a COCO file


def coco(boxes, points=None, size=SIZE):
    """Skirts with these boxes and four points each, in pictures of that size."""
    garment = garments.garment('fashionai', 'skirt')
    points = [[20, 30, 2]] * 4 if points is None else points
    return dict(
        categories=coco_categories('fashionai', 'skirt'),
        images=[dict(id=5, file_name='a.jpg', width=size[0], height=size[1])],
        annotations=[
            dict(
                id=100 + i,
                image_id=5,
                category_id=garment.category_id,
                bbox=box,
                keypoints=np.ravel(points).tolist(),
            )
            for i, box in enumerate(np.asarray(boxes).tolist())
        ],
    )


def read(tmp_path, content):
    path = tmp_path / 'train.json'
    path.write_text(json.dumps(content))
    return read_columns(path, 'fashionai', 'skirt')


def test_a_file_keeps_its_notes(tmp_path):
    assert read(tmp_path, coco(BOXES)).notes == ()
    (note,) = read(tmp_path, coco([*BOXES.tolist(), [60, 100, 150, 0]])).notes
    assert note.endswith(
        'train.json: 1 of 6 boxes have no pixel in their picture: annotation 105 '
        '(image 5)'
    )


def test_a_file_of_another_form_is_refused(tmp_path):
    with pytest.raises(FormatError, match=r'are corners.*annotation 101 \(image 5\)'):
        read(tmp_path, coco(CORNERS))
    with pytest.raises(FormatError, match='exchanged'):
        read(tmp_path, coco(BOXES, size=SIZE[::-1]))


def test_points_far_outside(tmp_path):
    far = [[20, 30, 2], [900, 30, 1], [0, 0, 0], [5000, 5000, 0]]
    content = coco(BOXES)
    content['annotations'][2]['keypoints'] = np.ravel(far).tolist()
    (note,) = read(tmp_path, content).notes
    assert '1 of 5 garments have key points outside of their picture' in note
    assert note.endswith('annotation 102 (image 5)')
    with pytest.raises(FormatError, match='5 of 5 garments have key points outside'):
        read(tmp_path, coco(BOXES, far))
    with pytest.raises(FormatError, match='annotation 100 .*key point at .20.0, 1'):
        read(tmp_path, coco(BOXES, [[20, 1e20, 2]] * 4))
    # What is not labelled is nowhere.
    assert read(tmp_path, coco(BOXES, [[5000, 5000, 0]] * 4)).notes == ()


@pytest.mark.parametrize('block', [1, 2, 3, 100])
def test_many_points_are_checked_in_blocks(monkeypatch, block):
    """As if they were one: garments have 3, 0, 2, 1 and 4 points."""
    monkeypatch.setattr(geometry, '_BLOCK', block)
    starts = np.array([0, 3, 3, 5, 6, 10])
    sizes = np.tile(np.array(SIZE, np.int32), (5, 1))
    points = np.tile(np.array([20, 30, 2], np.float32), (10, 1))

    def notes():
        return check_points('a.json', lambda i: f'garment {i}', points, starts, sizes)

    assert notes() == []
    points[4, 0], points[9, 1] = 900, 1200
    points[0] = 900, 900, 0  # not labelled
    points[5, 2] = 0
    assert str(refused(notes)).startswith(
        'a.json: 2 of 5 garments have key points outside of their picture by more than '
        '25% of it: garment 2, garment 4; to fix it: '
    )
    points[5, 2] = points[9, 1] = 1
    assert notes() == [
        'a.json: 1 of 5 garments have key points outside of their picture by more than '
        '25% of it: garment 2'
    ]
    points[7, 0] = points[8, 0] = np.inf
    wild = 'a.json: garment 4 has a key point at [inf, 30.0]'
    assert str(refused(notes)).startswith(wild)


def refused(call) -> FormatError:
    """The error of a call."""
    with pytest.raises(FormatError) as caught:
        call()
    return caught.value
