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
        ('test_a.csv', '.', 'test_a'),
        ('train_extracted.csv', '.', 'train'),
        ('test_extracted.csv', '.', 'test'),
        ('copy/train_extracted.csv', 'copy', 'train'),
        ('data/train/train_changed.csv', 'data/train', 'train'),
        ('train_0/Annotations/annotations.csv', 'train_0', 'train'),
        (
            'train_3/fashionAI_key_points_test_b_answer_20180426.csv',
            'train_3',
            'test_b',
        ),
        ('R1-TEST-A/Annotations/ANNOTATIONS.CSV', 'R1-TEST-A', 'test_a'),
        ('R1_Train/annotations/Train.csv', 'R1_Train', 'train'),
        (
            'warm_up_train_20180222/train/Annotations/annotations.csv',
            'warm_up_train_20180222/train',
            'train',
        ),
        (
            'fashionAI_key_points_test_b_20180418/test/test.csv',
            'fashionAI_key_points_test_b_20180418/test',
            'test_b',
        ),
        (
            'round2_fashionAI_key_points_test_a_20180426/test/test.csv',
            'round2_fashionAI_key_points_test_a_20180426/test',
            'r2_test_a',
        ),
        (
            'r2_test_b/fashionAI_key_points_test_b_answer_20180530.csv',
            'r2_test_b',
            'r2_test_b',
        ),
        ('Annotations/test.csv', '.', 'test'),
        ('train/test_b.csv', 'train', 'test_b'),
        ('test_shop/test.csv', 'test_shop', 'test_shop'),
        ('train_shop/train.csv', 'train_shop', 'train_shop'),
        ('my_test_a/test.csv', 'my_test_a', 'my_test_a'),
    ],
)
def test_parts(tmp_path, csv, folder, split):
    touch(tmp_path, csv, 'Images/blouse/train.csv', '.hidden/train.csv')
    ((part,), notes) = find_parts(tmp_path)
    assert part.csv == tmp_path / csv
    assert part.folder == tmp_path / folder
    assert part.split == split
    assert notes == []


def test_unknown_files_are_named(tmp_path):
    touch(tmp_path, 'train.csv', 'submission.csv')
    parts, notes = find_parts(tmp_path)
    assert [p.csv.name for p in parts] == ['train.csv']
    assert notes == [
        f'{tmp_path / "submission.csv"}: not recognised by its name, left aside'
    ]


@pytest.mark.parametrize(
    'copy, text, aside',
    [
        pytest.param('copy/train.csv', 'same', True, id='copy'),
        pytest.param('copy/train.csv', 'else', False, id='other rows'),
        pytest.param('val/train.csv', 'same', False, id='other split'),
    ],
)
def test_identical_files_are_read_once(tmp_path, copy, text, aside):
    touch(tmp_path, 'a/train.csv', copy)
    (tmp_path / 'a/train.csv').write_text('same')
    (tmp_path / copy).write_text(text)
    parts, notes = find_parts(tmp_path)
    assert len(parts) == 2 - aside
    assert len(notes) == aside
    assert all('it repeats' in note for note in notes)


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
            'r1_train/IMAGES/Skirt/a.jpg',
            'Images/skirt/a.jpg',
            ('r1_train', 'IMAGES/Skirt/a.jpg'),
            id='upper case',
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
    found = (tmp_path / image).name in image_id
    finder = ImageFinder(tmp_path, tmp_path / folder)
    assert finder.find(image_id) == (*expected, found)


def test_of_two_folders_the_one_with_the_image(tmp_path):
    touch(tmp_path, 'test/skirt/b.jpg', 'train2/skirt/a.jpg')
    finder = ImageFinder(tmp_path, tmp_path)
    assert finder.find('skirt/a.jpg') == ('train2', 'skirt/a.jpg', True)
    assert finder.find('skirt/b.jpg') == ('test', 'skirt/b.jpg', True)
    assert finder.find('skirt/c.jpg') == ('', 'skirt/c.jpg', False)
