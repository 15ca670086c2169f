"""Columns of a detector's boxes. FashionAIDataset's tests try what it refuses, too."""

import json

import numpy as np
import pytest

from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.detectors.box_columns import read_boxes


def box(**changes):
    return dict(
        dict(image_id=7, category_id=9, bbox=[1, 2.5, 30, 40], score=0.5), **changes
    )


@pytest.fixture
def write(tmp_path):
    def write_text(text):
        path = tmp_path / 'boxes.json'
        path.write_text(text)
        return path

    return write_text


def test_columns(write):
    boxes = [box(), box(image_id=3, category_id=1, score=1, segmentation=[])]
    columns = read_boxes(write(json.dumps(boxes)), 'deepfashion2')
    assert columns.image_ids.tolist() == [7, 3]
    assert columns.category_ids.tolist() == [9, 1]
    assert columns.boxes.tolist() == [[1, 2.5, 30, 40]] * 2
    assert columns.scores.tolist() == [0.5, 1]
    part = columns.take(np.array([False, True]))
    assert len(part) == 1 and part.image_ids.tolist() == [3]


def test_whole_ids_with_a_fraction(write):
    boxes = [box(image_id=79952.0, category_id=9.0)]
    columns = read_boxes(write(json.dumps(boxes)), 'deepfashion2')
    assert columns.image_ids.tolist() == [79952]
    assert columns.category_ids.tolist() == [9]


def test_no_box(write):
    columns = read_boxes(write('[]'), 'deepfashion2')
    assert len(columns) == 0 and columns.boxes.shape == (0, 4)


@pytest.mark.parametrize(
    'boxes, message',
    [
        pytest.param([box(), box(score=None)], r"box 1 has no \['score'\]", id='null'),
        pytest.param([box(), box(score=1.5)], 'box 1: the score 1.5 is not', id='1.5'),
        pytest.param([box(score=-0.1)], 'box 0: the score -0.1 is not', id='-0.1'),
        pytest.param([box(bbox=[1, 2, 3, 4, 5])], 'box 0 has the bbox', id='five'),
        pytest.param([box(bbox=[1, 2, 3, -4])], 'box 0: width and height', id='turned'),
        pytest.param([box(image_id=0.5)], 'box 0: image_id 0.5 is no', id='half'),
        pytest.param([box(category_id=9.5)], 'box 0: unknown .* id 9.5', id='kind'),
        pytest.param([box(), box(category_id=14)], 'box 1: unknown .* id 14', id='id'),
        pytest.param(
            [box(score='high')],
            r'boxes.json: Expected .*str. - at `\$\[0\].score`; it must hold a list',
            id='text',
        ),
        pytest.param(dict(boxes=[]), 'got `object`; it must hold a list', id='object'),
    ],
)
def test_bad_boxes(write, boxes, message):
    with pytest.raises(FormatError, match=message):
        read_boxes(write(json.dumps(boxes)), 'deepfashion2')


def test_no_json(write):
    with pytest.raises(FormatError, match='box file .* is not valid JSON: .*four'):
        read_boxes(write('[{"score": NaN}]'), 'deepfashion2')
    with pytest.raises(FileNotFoundError, match='box file none.json does not exist'):
        read_boxes('none.json', 'deepfashion2')
