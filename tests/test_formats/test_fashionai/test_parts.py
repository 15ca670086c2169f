"""Tests for fashion_mmpose.formats.fashionai.parts."""

import pytest

from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.fashionai.parts import ImageFinder, find_parts


def touch(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


@pytest.mark.parametrize(
    'csv, folder, split',
    [
        ('wu_train/Annotations/annotations.csv', 'wu_train', 'train'),
        ('r1_train/Annotations/train.csv', 'r1_train', 'train'),
        (
            'r1_test_a/fashionAI_key_points_test_a_answer_20180426.csv',
            'r1_test_a',
            'test_a',
        ),
        (
            'r1_test_b/fashionAI_key_points_test_b_answer_20180426.csv',
            'r1_test_b',
            'test_b',
        ),
        ('r2_test_a/test.csv', 'r2_test_a', 'r2_test_a'),
        ('r2_test_b/test.csv', 'r2_test_b', 'r2_test_b'),
        ('val/Annotations/annotations.csv', 'val', 'val'),
        ('mine/Annotations/annotations.csv', 'mine', 'mine'),
        ('Annotations/train.csv', '.', 'train'),
        ('fashionAI_key_points_test_a_answer_20180426.csv', '.', 'test_a'),
        ('train1.csv', '.', 'train'),
        ('train2/train2.csv', 'train2', 'train'),
        ('test/test.csv', 'test', 'test'),
        ('data/train/train.csv', 'data/train', 'train'),
        ('data/test.csv', 'data', 'test'),
    ],
)
def test_parts(tmp_path, csv, folder, split):
    touch(tmp_path, csv, 'Images/blouse/train.csv', '.hidden/train.csv')
    ((part,), ignored) = find_parts(tmp_path)
    assert part.csv == tmp_path / csv
    assert part.folder == tmp_path / folder
    assert part.split == split
    assert ignored == []


def test_unknown_files_are_named(tmp_path):
    touch(tmp_path, 'train.csv', 'submission.csv')
    parts, ignored = find_parts(tmp_path)
    assert [p.csv.name for p in parts] == ['train.csv']
    assert ignored == [tmp_path / 'submission.csv']


@pytest.mark.parametrize(
    'folder, match',
    [
        pytest.param('nowhere', 'nowhere: no such folder', id='no folder'),
        pytest.param('.', r'no annotations found.*not recognised: .*a\.csv', id='none'),
    ],
)
def test_nothing_found(tmp_path, folder, match):
    touch(tmp_path, 'a.csv')
    with pytest.raises(FormatError, match=match):
        find_parts(tmp_path / folder)


@pytest.mark.parametrize(
    'folder, image, image_id, expected',
    [
        pytest.param(
            'r1_train',
            'r1_train/Images/skirt/a.jpg',
            'Images/skirt/a.jpg',
            ('r1_train', 'Images/skirt/a.jpg'),
            id='challenge',
        ),
        pytest.param(
            '.',
            'Images/skirt/a.jpg',
            'Images/skirt/a.jpg',
            ('', 'Images/skirt/a.jpg'),
            id='root is a part',
        ),
        pytest.param(
            '.',
            'train2/skirt/a.jpg',
            'train2/skirt/a.jpg',
            ('', 'train2/skirt/a.jpg'),
            id='id has the prefix',
        ),
        pytest.param(
            'test',
            'test/skirt/a.jpg',
            'test/skirt/a.jpg',
            ('', 'test/skirt/a.jpg'),
            id="id has the part's prefix",
        ),
        pytest.param(
            '.',
            'train2/skirt/a.jpg',
            'skirt/a.jpg',
            ('train2', 'skirt/a.jpg'),
            id='id has no prefix',
        ),
        pytest.param(
            'test',
            'test/skirt/a.jpg',
            'Images/skirt/a.jpg',
            ('test', 'skirt/a.jpg'),
            id='id has another prefix',
        ),
        pytest.param(
            'r1_train',
            'other/b.jpg',
            'Images/skirt/a.jpg',
            ('r1_train', 'Images/skirt/a.jpg'),
            id='not there',
        ),
    ],
)
def test_images_are_found(tmp_path, folder, image, image_id, expected):
    touch(tmp_path, image)
    (tmp_path / folder).mkdir(exist_ok=True)
    assert ImageFinder(tmp_path, tmp_path / folder).find(image_id) == expected


def test_of_two_folders_the_one_with_the_image(tmp_path):
    touch(tmp_path, 'test/skirt/b.jpg', 'train2/skirt/a.jpg')
    finder = ImageFinder(tmp_path, tmp_path)
    assert finder.find('skirt/a.jpg') == ('train2', 'skirt/a.jpg')
    assert finder.find('skirt/b.jpg') == ('test', 'skirt/b.jpg')
    assert finder.find('skirt/c.jpg') == ('', 'skirt/c.jpg')
