"""Predictions as COCO results and as a Tianchi submission."""

import json

import numpy as np
import pytest

from fashion_mmpose.formats import FormatError, read_tianchi
from fashion_mmpose.formats.predictions import write_predictions, write_submission

IMAGES = [
    dict(id=1, file_name='Images/skirt/a.jpg', category_id=4),
    dict(id=2, file_name='Images/trousers/b.jpg', category_id=5),
]


def prediction(image_id, category_id, points, score=0.5):
    keypoints = [value for x, y in points for value in (x, y, 0.9)]
    return dict(
        image_id=image_id,
        category_id=category_id,
        bbox=[0, 0, 9, 9],
        score=score,
        keypoints=keypoints,
    )


SKIRT = prediction(1, 4, [(10.4, 20.6), (30, -2.2), (11, 515), (31, 40)])
TROUSERS = prediction(2, 5, [(i, 2 * i) for i in range(7)])


def test_submission(tmp_path):
    path = tmp_path / 'submission.csv'
    write_submission(path, [TROUSERS, SKIRT], IMAGES)
    table = read_tianchi(path, predictions=True)
    assert table.image_ids == ['Images/skirt/a.jpg', 'Images/trousers/b.jpg']
    assert table.categories == ['skirt', 'trousers']
    skirt, trousers = table.keypoints
    np.testing.assert_array_equal(
        skirt[15:19], [[10, 21, 1], [30, -2, 1], [11, 515, 1], [31, 40, 1]]
    )
    np.testing.assert_array_equal(skirt[[*range(15), *range(19, 24)]], -1)
    np.testing.assert_array_equal(trousers[[15, 16, 19, 23], 0], [0, 1, 2, 6])
    np.testing.assert_array_equal(trousers[[0, 17, 18]], -1)


def test_submission_from_the_full_layout(tmp_path):
    points = [(i, 100 + i) for i in range(24)]
    path = tmp_path / 'submission.csv'
    write_submission(path, [prediction(1, 4, points)], IMAGES[:1])
    row = read_tianchi(path, predictions=True).keypoints[0]
    np.testing.assert_array_equal(row[15:19, 0], [15, 16, 17, 18])
    np.testing.assert_array_equal(row[14], -1)


def test_best_box_of_the_own_category_is_written(tmp_path):
    better = prediction(1, 4, [(1, 1)] * 4, score=0.7)
    other = prediction(1, 5, [(2, 2)] * 7, score=0.99)
    path = tmp_path / 'submission.csv'
    write_submission(path, [SKIRT, better, other, SKIRT], IMAGES[:1])
    row = read_tianchi(path, predictions=True).keypoints[0]
    np.testing.assert_array_equal(row[15], [1, 1, 1])


@pytest.mark.parametrize(
    'predictions, message',
    [
        pytest.param([SKIRT], "1 of 2 images .*'Images/trousers/b.jpg'", id='missing'),
        pytest.param(
            [SKIRT, prediction(2, 4, [(1, 1)] * 4)], '1 of 2 images', id='category'
        ),
        pytest.param(
            [SKIRT, TROUSERS, prediction(3, 4, [(1, 1)] * 4)], 'image 3, which', id='id'
        ),
        pytest.param(
            [SKIRT, prediction(2, 5, [(1, 1)] * 4)],
            'has 4 key points; trousers has 7',
            id='k',
        ),
    ],
)
def test_refused_submissions(tmp_path, predictions, message):
    path = tmp_path / 'submission.csv'
    with pytest.raises(FormatError, match=message):
        write_submission(path, predictions, IMAGES)
    assert not any(tmp_path.iterdir())


def test_json(tmp_path):
    path = tmp_path / 'predictions.json'
    write_predictions(path, [SKIRT])
    assert json.loads(path.read_text()) == [SKIRT]
    with pytest.raises(ValueError):
        write_predictions(path, [dict(score=float('nan'))])
    assert json.loads(path.read_text()) == [SKIRT]
