"""Predictions of several networks as one submission."""

import json

import numpy as np
import pytest

from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.fashionai.submission import (
    make_submission,
    order_images,
    read_images,
)
from fashion_mmpose.formats.fashionai.tianchi import read_tianchi, write_tianchi


def image(image_id, name, category_id, width=200, height=400):
    return dict(
        id=image_id,
        file_name=name,
        width=width,
        height=height,
        category_id=category_id,
    )


A = image(1, 'Images/skirt/a.jpg', 4)
B = image(2, 'Images/trousers/b.jpg', 5)
C = image(3, 'Images/skirt/c.jpg', 4, width=100, height=100)
D = image(4, 'Images/skirt/d.jpg', 4, width=300, height=500)


def prediction(image_id, category_id, points, score=0.5):
    keypoints = [value for x, y in points for value in (x, y, 0.9)]
    return dict(
        image_id=image_id, category_id=category_id, score=score, keypoints=keypoints
    )


SKIRT = prediction(1, 4, [(10.4, 20.6), (30, -2.2), (11, 515), (-1, -1)])
TROUSERS = prediction(2, 5, [(i, 2 * i) for i in range(7)])


# -------------------------------------------------------------------------- the rows


def test_rows(tmp_path):
    path = tmp_path / 'submission.csv'
    made = make_submission({'t.json': [TROUSERS], 's.json': [SKIRT]}, [A, B])
    assert not made.filled.any()
    made.write(path)
    table = read_tianchi(path, predictions=True)
    assert table.image_ids == ['Images/skirt/a.jpg', 'Images/trousers/b.jpg']
    assert table.categories == ['skirt', 'trousers']
    skirt, trousers = table.keypoints
    # Outside of the picture, and at (-1, -1), a point is as predicted, and there.
    np.testing.assert_array_equal(
        skirt[15:19], [[10, 21, 1], [30, -2, 1], [11, 515, 1], [-1, -1, 1]]
    )
    np.testing.assert_array_equal(skirt[[*range(15), *range(19, 24)]], -1)
    np.testing.assert_array_equal(trousers[[15, 16, 19, 23], 0], [0, 1, 2, 6])
    np.testing.assert_array_equal(trousers[[0, 17, 18]], -1)


def test_full_layout():
    points = [(i, 100 + i) for i in range(24)]
    row = make_submission({'p': [prediction(1, 4, points)]}, [A]).keypoints[0]
    np.testing.assert_array_equal(row[15:19, 0], [15, 16, 17, 18])
    np.testing.assert_array_equal(row[[*range(15), *range(19, 24)]], -1)


def test_best_box_of_the_own_category():
    better = prediction(1, 4, [(1, 1)] * 4, score=0.7)
    other = prediction(1, 5, [(2, 2)] * 7, score=0.99)
    made = make_submission({'p': [SKIRT, better, other, SKIRT]}, [A])
    np.testing.assert_array_equal(made.keypoints[0, 15], [1, 1, 1])


def test_boxes_of_other_categories_may_come_from_another_file():
    other = prediction(1, 5, [(2, 2)] * 7)
    made = make_submission({'p': [SKIRT], 'q': [other, TROUSERS]}, [A, B])
    np.testing.assert_array_equal(made.keypoints[0, 16], [30, -2.2, 1])


@pytest.mark.parametrize(
    'predictions, message',
    [
        pytest.param(
            {'p': [SKIRT]},
            "1 of 2 images have no prediction of their category: 'Images/trousers/b",
            id='missing',
        ),
        pytest.param(
            {'p': [SKIRT, prediction(2, 4, [(1, 1)] * 4)]},
            '1 of 2 images have no prediction',
            id='other category',
        ),
        pytest.param(
            {'p': [SKIRT, TROUSERS], 'q': [prediction(3, 4, [(1, 1)] * 4)]},
            r'1 predictions are of images .* have: image 3 \(q, entry 0\).*: give the',
            id='unknown image',
        ),
        pytest.param(
            {'p': [SKIRT, TROUSERS], 'q': [SKIRT]},
            r"1 images are predicted by two files: 'Images/skirt/a.jpg' \(p, q\); give",
            id='two files',
        ),
        pytest.param(
            {'p': [SKIRT, prediction(2, 5, [(1, 1)] * 4)]},
            "'Images/trousers/b.jpg' has 4 key points; expected 24 or the 7 of trouse",
            id='key points',
        ),
    ],
)
@pytest.mark.parametrize('allow_missing', [False, True])
def test_refused(predictions, message, allow_missing):
    if allow_missing and 'no prediction' in message:
        message = '1 images of category trousers have no prediction, nor has any'
    with pytest.raises(FormatError, match=message):
        make_submission(predictions, [A, B], allow_missing)


def test_the_way_out_fits_the_case():
    match = r'nothing of trousers is predicted: name the lists .*--ann-file with skirt'
    with pytest.raises(FormatError, match=match):
        make_submission({'p': [SKIRT]}, [A, B])
    of_predict = dict(prediction(3, 4, [(1, 1)] * 4), image='skirt/a.jpg')
    with pytest.raises(FormatError, match='predict with `--save-csv`, which writes'):
        make_submission({'p': [of_predict]}, [A])


def test_the_first_few_missing_are_named():
    images = [image(i, f'{i}.jpg', 4) for i in range(5)]
    message = "5 of 5 .*: '0.jpg', '1.jpg', '2.jpg', and 2 more; .*: predict them too"
    with pytest.raises(FormatError, match=message):
        make_submission({}, images)


# -------------------------------------------------------------------- the mean shape


def test_mean_shape():
    # As fractions (0.1, 0.2) and (0.5, 0.4): on average (0.3, 0.3).
    first = prediction(1, 4, [(20, 80)] * 3 + [(200, 0)])
    second = prediction(3, 4, [(50, 40)] * 3 + [(0, 100)])
    made = make_submission({'p': [first, second, TROUSERS]}, [A, D, B, C], True)
    assert made.filled.tolist() == [False, True, False, False]
    expected = [[90, 150, 1]] * 3 + [[150, 250, 1]]  # of 300 x 500 px
    np.testing.assert_allclose(made.keypoints[1, 15:19], expected)
    np.testing.assert_array_equal(made.keypoints[1, [*range(15), *range(19, 24)]], -1)
    # The others stay as they are.
    np.testing.assert_allclose(made.keypoints[0, 15], [20, 80, 1])
    np.testing.assert_allclose(made.keypoints[3, 18], [0, 100, 1])
    np.testing.assert_allclose(made.keypoints[2, 16], [1, 2, 1])


def test_nothing_to_fill_needs_no_sizes():
    bare = {key: A[key] for key in ('id', 'file_name', 'category_id')}
    made = make_submission({'p': [SKIRT]}, [bare], True)
    np.testing.assert_allclose(made.keypoints[0, 15], [10.4, 20.6, 1])


@pytest.mark.parametrize('width', [None, 0, '200'])
def test_mean_shape_needs_sizes(width):
    with pytest.raises(FormatError, match="'Images/skirt/c.jpg' has no width"):
        make_submission({'p': [SKIRT]}, [A, dict(C, width=width)], True)


# --------------------------------------------------------------------- the test list


@pytest.fixture
def coco(tmp_path):
    def write(name, *images):
        path = tmp_path / name
        path.write_text(json.dumps(dict(images=images, categories=[])))
        return path

    return write


def test_lists_are_joined_in_order(coco):
    paths = [coco('t.json', B), coco('s.json', A, C), coco('all.json', A, B, C, D)]
    names = [entry['file_name'][-5] for entry in read_images(paths)]
    assert names == ['b', 'a', 'c', 'd']


@pytest.mark.parametrize(
    'other, message',
    [
        pytest.param(
            dict(B, id=1),
            "y.json: id 1 is 'Images/trousers/b.jpg', and 'Images/skirt/a.jpg' before",
            id='two pictures',
        ),
        pytest.param(
            dict(A, id=7),
            "y.json: 'Images/skirt/a.jpg' has id 7, and 1 before",
            id='two ids',
        ),
        pytest.param(
            dict(A, category_id=5),
            "y.json: 'Images/skirt/a.jpg' is of category 5, and 4 before",
            id='two categories',
        ),
    ],
)
def test_lists_that_contradict_each_other(coco, other, message):
    with pytest.raises(FormatError, match=f'contradict each other, 1 x: .*{message}'):
        read_images([coco('x.json', A), coco('y.json', other)])


@pytest.mark.parametrize(
    'content, message',
    [
        pytest.param([], 'it lists no `images`', id='no object'),
        pytest.param(dict(images=[]), 'it lists no `images`', id='empty'),
        pytest.param(dict(images=[3]), 'image 0: has no id that', id='no entry'),
        pytest.param(
            dict(images=[A, dict(A, category_id=None), dict(A, id='x')]),
            '2 of 3 .* image 1: has no category_id that is of type int; image 2: has',
            id='wrong types',
        ),
        pytest.param(
            dict(images=[dict(A, category_id=13)]),
            'image 0: unknown fashionai category id 13',
            id='category',
        ),
    ],
)
def test_wrong_lists(tmp_path, content, message):
    path = tmp_path / 'x.json'
    path.write_text(json.dumps(content))
    with pytest.raises(FormatError, match=f'x.json.*{message}'):
        read_images([path])


def write_list(path, *rows):
    path.write_text('image_id,image_category\n' + '\n'.join(rows) + '\n')
    return read_tianchi(path)


def test_order_of_the_test_list(tmp_path):
    listed = write_list(
        tmp_path / 'test.csv',
        'Images/trousers/b.jpg,trousers',
        f'{A["file_name"]},skirt',
    )
    assert order_images([A, B], listed) == [B, A]
    # Annotations serve as well.
    path = tmp_path / 'answers.csv'
    write_tianchi(path, listed.image_ids, listed.categories, np.full((2, 24, 3), -1))
    assert order_images([A, B], read_tianchi(path)) == [B, A]


@pytest.mark.parametrize(
    'rows, message',
    [
        pytest.param(
            ['x.jpg,skirt', f'{A["file_name"]},skirt'],
            'test.csv is not the list of the 2 images that were tested: it has 1 more: '
            "'x.jpg' and lacks 1: 'Images/trousers/b.jpg'$",
            id='other pictures',
        ),
        pytest.param(
            [f'{A["file_name"]},skirt'], "tested: it lacks 1: 'Images/tr", id='fewer'
        ),
        pytest.param(
            [f'{A["file_name"]},dress', f'{B["file_name"]},trousers'],
            "for 1 images: 'Images/skirt/a.jpg', a dress there and a skirt here",
            id='category',
        ),
    ],
)
def test_another_test_list(tmp_path, rows, message):
    with pytest.raises(FormatError, match=message):
        order_images([A, B], write_list(tmp_path / 'test.csv', *rows))
