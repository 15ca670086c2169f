"""Predictions as a COCO result list."""

import json

import pytest

from fashion_mmpose.cli.main import main
from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.coco.annotations import coco_categories
from fashion_mmpose.formats.coco.results import (
    check_pictures,
    first_few,
    named_pictures,
    read_predictions,
    write_predictions,
)
from fashion_mmpose.report.material import read_material

SKIRT = dict(
    image_id=1,
    category_id=4,
    bbox=[0, 0, 9, 9],
    score=0.5,
    keypoints=[10.4, 20.6, 0.9, 30, -2.2, 0.9, 11, 515, 0.9, 31, 40, 0.0],
)
ALL = dict(SKIRT, keypoints=[1] * 72)


def keypoints(index, value):
    values = list(SKIRT['keypoints'])
    values[index] = value
    return dict(SKIRT, keypoints=values)


def lacking(key):
    return {name: value for name, value in SKIRT.items() if name != key}


def test_written_is_read(tmp_path):
    path = tmp_path / 'predictions.json'
    write_predictions(path, [SKIRT, ALL])
    assert json.loads(path.read_text()) == read_predictions(path) == [SKIRT, ALL]


def test_what_is_not_a_number_is_not_written(tmp_path):
    path = tmp_path / 'predictions.json'
    write_predictions(path, [SKIRT])
    with pytest.raises(ValueError):
        write_predictions(path, [dict(score=float('nan'))])
    assert read_predictions(path) == [SKIRT]


def test_only_what_is_used_is_asked_for(tmp_path):
    path = tmp_path / 'predictions.json'
    path.write_text(json.dumps([lacking('bbox')]))
    assert read_predictions(path) == [lacking('bbox')]


def test_whole_ids_with_a_fraction(tmp_path):
    path = tmp_path / 'predictions.json'
    path.write_text(json.dumps([dict(SKIRT, image_id=1.0, category_id=4.0)]))
    (entry,) = read_predictions(path)
    assert entry == SKIRT
    assert type(entry['image_id']) is type(entry['category_id']) is int


@pytest.mark.parametrize(
    'entry, message',
    [
        pytest.param([1], 'is a list, not an object', id='no object'),
        pytest.param({}, r"lacks \['category_id', 'image_id', 'keyp", id='no keys'),
        pytest.param(lacking('score'), r"lacks \['score'\]", id='no score'),
        pytest.param(
            dict(SKIRT, image_id='1'), "image_id '1' is not a whole", id='image id'
        ),
        pytest.param(
            dict(SKIRT, score=float('nan')), 'score nan is not a finite', id='score'
        ),
        pytest.param(
            dict(SKIRT, bbox=[0, 0, 9]), r'bbox is \[0, 0, 9\], not four', id='three'
        ),
        pytest.param(
            dict(SKIRT, bbox=['0'] * 4), "bbox is .*'0'], not four fin", id='texts'
        ),
        pytest.param(dict(SKIRT, bbox=dict(x=1)), 'bbox is {.*, not four', id='object'),
        pytest.param(
            dict(SKIRT, category_id=6), 'unknown fashionai category id 6', id='category'
        ),
        pytest.param(
            keypoints(4, float('nan')), r'keypoints\[4\] is nan, not a fin', id='nan'
        ),
        pytest.param(
            keypoints(4, float('-inf')), r'keypoints\[4\] is -inf, not', id='infinity'
        ),
        pytest.param(keypoints(4, 10**400), r'keypoints\[4\] is 1000', id='huge'),
        pytest.param(keypoints(4, None), r'keypoints\[4\] is None', id='null'),
        pytest.param(
            keypoints(4, -1e6),
            r'waistband_right at \(30.0, -1000000.0\) is not a position',
            id='far away',
        ),
        pytest.param(
            keypoints(5, 10**30),
            r'keypoints\[5\] is 10+; no position or',
            id='huge score',
        ),
        pytest.param(
            dict(SKIRT, keypoints=[1, 2, 3, 4]), 'is not a flat list', id='no triples'
        ),
        pytest.param(dict(SKIRT, keypoints='abc'), 'is not a flat list', id='text'),
        pytest.param(
            dict(SKIRT, keypoints=[1] * 39),
            'it has 13 key points; expected 24 or the 4 of skirt',
            id='other category',
        ),
    ],
)
def test_wrong_entries(tmp_path, entry, message):
    path = tmp_path / 'bad.json'
    path.write_text(json.dumps([SKIRT, entry]))
    where = r'bad.json: 1 of 2 entries \(from 0\) are not predictions: entry 1: '
    with pytest.raises(FormatError, match=f'{where}(keypoints )?{message}'):
        read_predictions(path)


def test_the_first_few_wrong_entries_are_named(tmp_path):
    path = tmp_path / 'bad.json'
    path.write_text(json.dumps([{}, SKIRT, {}, {}, {}]))
    message = '4 of 5 entries .*entry 0: .*; entry 2: .*; entry 3: .*; and 1 more$'
    with pytest.raises(FormatError, match=message):
        read_predictions(path)


def test_wrong_files(tmp_path):
    path = tmp_path / 'bad.json'
    path.write_text('{"images": []}')
    with pytest.raises(FormatError, match='bad.json must hold a list .* holds a dict'):
        read_predictions(path)
    path.write_text('[{')
    with pytest.raises(FormatError, match='bad.json is not valid JSON: Expecting'):
        read_predictions(path)
    with pytest.raises(FileNotFoundError):
        read_predictions(tmp_path / 'none.json')


def test_first_few():
    assert first_few(['a', 'b', 'c']) == 'a, b, c'
    assert first_few(['a', 'b', 'c', 'd', 'e'], '; ') == 'a; b; c; and 2 more'


def test_names_of_pictures():
    entries = [
        SKIRT,  # of a test, which has the ids of its annotation file
        dict(SKIRT, image_id=2, image='shop\\new/b.2.png'),
        dict(SKIRT, image_id=3, image=3),  # an array
        dict(SKIRT, image_id=4, image='clip.mp4', frame=0),
    ]
    named = named_pictures(entries)
    assert named == {2: 'shop\\new/b.2.png'}
    listed = [(1, 'a.jpg'), (2, 'b.2.jpg'), (3, 'c.jpg'), (4, 'd.jpg')]
    check_pictures('found.json', named, 'gt.json', listed)
    message = "found.json: image 2 is 'shop.*b.2.png', and in gt.json it is 'e.jpg'"
    with pytest.raises(FormatError, match=message):
        check_pictures('found.json', named, 'gt.json', [(2, 'e.jpg')])


def test_pictures_of_one_name_are_told_by_their_folders():
    listed = [(1, 'a/front.jpg'), (2, 'b/front.jpg'), (3, 'c.jpg')]
    for named in (
        {1: 'shop/a/front.png', 2: 'shop\\b\\front.jpg', 3: 'shop/c.jpg'},
        {1: 'front.jpg', 2: 'other/front.jpg', 3: 'a/c.jpg'},  # nothing tells
    ):
        check_pictures('found.json', named, 'gt.json', listed)
    message = "image 1 is 'shop/b/front.jpg', and in gt.json it is 'a/front.jpg'"
    with pytest.raises(FormatError, match=message):
        check_pictures('found.json', {1: 'shop/b/front.jpg'}, 'gt.json', listed)


@pytest.mark.parametrize('benchmark', ['deepfashion2', 'fashionai'])
def test_pictures_that_predict_has_numbered_are_not_taken_for_others(
    tmp_path, monkeypatch, capsys, benchmark
):
    monkeypatch.chdir(tmp_path)
    (category,) = coco_categories(benchmark, 'skirt')
    num = len(category['keypoints'])
    image = dict(id=1, file_name='b.jpg', width=90, height=90, category_id=4)
    entry = dict(image_id=1, category_id=category['id'], bbox=[5, 5, 60, 60])
    truth = dict(entry, id=1, iscrowd=0, area=3600, num_keypoints=num)
    truth['keypoints'] = [value for i in range(num) for value in (i + 9, i * i + 9, 2)]
    content = dict(images=[image], annotations=[truth], categories=[category])
    (tmp_path / 'gt.json').write_text(json.dumps(content))
    found = dict(entry, score=0.5, keypoints=truth['keypoints'], image='a.jpg')
    write_predictions('found.json', [found])
    write_predictions('right.json', [dict(found, image='b.jpg')])
    own = {
        'deepfashion2': ['score', 'deepfashion2', 'gt.json', '{}'],
        'fashionai': ['submit', '{}', '--ann-file', 'gt.json', '--out', 'out.csv'],
    }
    export = ['convert', 'export', '{}', '--ann-file', 'gt.json', '--out', 'out']
    commands = own[benchmark], [*export, '--to', 'yolo-pose']
    message = "found.json: image 1 is 'a.jpg', and in gt.json it is 'b.jpg'"
    for command in commands:
        assert main([each.format('found.json') for each in command]) == 1
        assert message in capsys.readouterr().err
        assert main([each.format('right.json') for each in command]) == 0
    assert len(read_material('gt.json', ['right.json']).runs) == 1
    with pytest.raises(FormatError, match=message):
        read_material('gt.json', ['found.json'])
