"""Tests for fashion_mmpose.formats.coco."""

import io
import json

import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.formats.coco.annotations import (
    coco_categories,
    keypoint_boxes,
    write_coco,
)


def test_one_category():
    (skirt,) = coco_categories('fashionai', 'skirt')
    assert skirt == dict(
        id=4,
        name='skirt',
        supercategory='clothes',
        keypoints=[
            'waistband_left',
            'waistband_right',
            'hemline_left',
            'hemline_right',
        ],
        skeleton=[[1, 3], [3, 4], [4, 2], [2, 1]],
    )


def test_all_categories_share_the_full_layout():
    entries = coco_categories('fashionai')
    assert [(e['id'], e['name']) for e in entries] == [
        (1, 'blouse'),
        (2, 'outwear'),
        (3, 'dress'),
        (4, 'skirt'),
        (5, 'trousers'),
    ]
    assert all(e['keypoints'] == list(garments.keypoints('fashionai')) for e in entries)
    assert entries[3]['skeleton'] == [[16, 18], [18, 19], [19, 17], [17, 16]]


@pytest.mark.parametrize(
    'points, margin, expected',
    [
        pytest.param([(30, 40, 2), (50, 45, 1)], 10, [20, 30, 40, 25], id='extent'),
        pytest.param([(30, 40, 2), (0, 0, 0)], 10, [20, 30, 20, 20], id='absent point'),
        pytest.param([(0, 5, 2), (100, 80, 2)], 10, [0, 0, 100, 80], id='clipped'),
        pytest.param([(30, 40, 2), (30, 40, 2)], 10, [20, 30, 20, 20], id='one pixel'),
        pytest.param([(0, 0, 0), (0, 0, 0)], 10, [0, 0, 100, 80], id='no point'),
        pytest.param([(30, 40, 2), (30, 50, 2)], 0, [0, 0, 100, 80], id='no area'),
    ],
)
def test_boxes(points, margin, expected):
    boxes = keypoint_boxes(np.array([points]), np.array([[100, 80]]), margin)
    assert boxes.tolist() == [expected]
    assert boxes.dtype == np.int64


def test_boxes_keep_fractions():
    points = np.array([[(30.5, 40, 2), (50, 45.25, 2)]])
    boxes = keypoint_boxes(points, np.array([[100, 80]]), 0)
    assert boxes.tolist() == [[30.5, 40, 19.5, 5.25]]


@pytest.mark.parametrize('count', [0, 1, 4096, 4097])
def test_pieces_make_one_file(count):
    file = io.StringIO()
    images = ({'id': i} for i in range(count))
    write_coco(file, {'split': 'a'}, [{'id': 1}], images, [])
    assert json.loads(file.getvalue()) == dict(
        info={'split': 'a'},
        categories=[{'id': 1}],
        images=[{'id': i} for i in range(count)],
        annotations=[],
    )
    assert ': ' not in file.getvalue()
