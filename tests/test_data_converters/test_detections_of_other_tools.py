"""data_converters/detections_to_coco.py on YOLO's and supervision's boxes."""

import csv
import json
import re

import pytest

from fashion_mmpose.cli.convert.detections import main
from fashion_mmpose.formats.coco.annotations import coco_categories

SKIRT, VEST = 9, 5
SUPERVISION = ('x_min', 'y_min', 'x_max', 'y_max', 'class_id', 'confidence')


@pytest.fixture
def folder(tmp_path):
    """Images 3 and 1 of 200 x 100 px, and image 2, whose size is not told."""
    images = [
        dict(id=3, file_name='a/000003.jpg', width=200, height=100),
        dict(id=1, file_name='b/first.one.png', width=200, height=100),
        dict(id=2, file_name='b/000003.png'),
    ]
    content = dict(
        images=images, annotations=[], categories=coco_categories('deepfashion2')
    )
    (tmp_path / 'gt.json').write_text(json.dumps(content))
    return tmp_path


def convert(folder, boxes, *options):
    paths = ('--ann-file', folder / 'gt.json', '--out', folder / 'boxes.json')
    code = main([str(word) for word in (folder / boxes, *paths, *options)])
    return code == 0 and json.loads((folder / 'boxes.json').read_text())


def result(image_id, bbox, score=0.5, category_id=SKIRT):
    return dict(image_id=image_id, category_id=category_id, bbox=bbox, score=score)


def write(folder, name, content):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


BOX = [10, 20, 50, 60]


@pytest.mark.parametrize(
    'named, image_id',
    [
        (dict(image_id='first.one'), 1),
        (dict(image_id='first.one.png'), 1),
        (dict(image_id='b/first.one.png'), 1),
        (dict(image_id='C:\\data\\a\\000003.jpg'), 3),
        # Ultralytics makes a number of a stem that is one.
        (dict(image_id=3, file_name='000003.jpg'), 3),
        (dict(image_id=77, file_name='first.one.png'), 1),
    ],
)
def test_ultralytics_predictions(folder, named, image_id):
    write(folder, 'predictions.json', [result(0, BOX) | named])
    assert convert(folder, 'predictions.json') == [result(image_id, BOX)]


@pytest.mark.parametrize(
    'name, problem',
    [('000003', 'several images'), ('fourth', 'no image'), ('fourth.one', 'no image')],
)
def test_names_of_no_image_or_several(folder, name, problem, capsys):
    write(folder, 'predictions.json', [result(3, BOX), result(name, BOX)])
    assert not convert(folder, 'predictions.json')
    error = capsys.readouterr().err
    assert f'predictions.json: entry 1: {problem} of the annotation file has the ' in (
        error
    )
    assert name in error


def test_pictures_of_one_name_are_told_by_their_folders(folder, capsys):
    content = json.loads((folder / 'gt.json').read_text())
    content['images'][1]['file_name'] = 'shop/b/front.jpg'
    content['images'][2]['file_name'] = 'shop/c/front.jpg'
    write(folder, 'gt.json', content)
    found = [result(0, BOX) | dict(image_id='b/front.jpg')]
    found.append(result(0, BOX) | dict(image_id='/data/shop/c/front.jpg'))
    write(folder, 'predictions.json', found)
    assert convert(folder, 'predictions.json') == [result(1, BOX), result(2, BOX)]
    # That of a folder alone which is not listed is no picture of the file.
    found = [result(0, BOX) | dict(image_id=f'{name}/000003.jpg') for name in 'aabc']
    write(folder, 'predictions.json', found)
    assert not convert(folder, 'predictions.json')
    message = "entry 2: 'b/000003.jpg' and 'a/000003.jpg' both lead to image 3 of the"
    assert message in capsys.readouterr().err


def test_yolo_text_files(folder):
    write(folder, 'labels/first.one.txt', '8 0.5 0.5 0.2 0.4 0.75\n\n4 .2 .3 .1 .2 1\n')
    assert convert(folder, 'labels') == [
        result(1, [80, 30, 40, 40], 0.75),
        result(1, [30, 20, 20, 20], 1, VEST),
    ]
    assert convert(folder, 'labels', '--label-map', '8=shorts', '4=vest')[0] == (
        result(1, [80, 30, 40, 40], 0.75, 7)
    )


@pytest.mark.parametrize(
    'line, message',
    [
        ('8 0.5 0.5 0.2 0.3', 'line 1 has no score.*save_conf=True'),
        ('8 0.5 0.5 0.2 0.3 0.9 1', 'line 1 has 7 fields, expected class x y w h'),
        ('8 90 50 20 30 0.9', 'line 1: .*are no fractions of a width and a height'),
        ('8 nan 0.5 0.2 0.3 0.9', 'line 1: .*are no fractions'),
        ('skirt 0.5 0.5 0.2 0.3 0.9', "line 1 is 'skirt 0.5 "),
        ('13 0.5 0.5 0.2 0.3 0.9', r'line 1: class is 13, expected one of \[0, 1'),
        ('8 0.5 0.5 0 0.3 0.9', 'line 1: the box .* is empty'),
    ],
)
def test_bad_yolo_lines(folder, line, message, capsys):
    write(folder, 'labels/first.one.txt', line)
    assert not convert(folder, 'labels')
    error = capsys.readouterr().err
    assert re.search(f'first.one.txt: {message}', error), error


@pytest.mark.parametrize('name', ['first.back', 'first.one.back', 'first.one.jpg'])
@pytest.mark.parametrize('form', ['yolo', 'mmdet', 'coco'])
def test_boxes_of_a_picture_that_is_not_listed(folder, form, name, capsys):
    """They do not go to a picture whose name theirs begins with."""
    content = json.loads((folder / 'gt.json').read_text())
    first = dict(id=7, file_name='first.png', width=200, height=100)
    write(folder, 'gt.json', content | dict(images=[*content['images'], first]))
    if form == 'yolo':
        write(folder, f'boxes/{name}.txt', '8 0.5 0.5 0.2 0.4 0.75\n')
    elif form == 'mmdet':
        entry = dict(labels=[8], bboxes=[[10, 20, 60, 80]], scores=[0.5])
        write(folder, f'boxes/{name}.json', entry)
    else:
        write(folder, 'boxes', [result(name, BOX)])
    options = ('--format', form)
    if (form, name) == ('coco', 'first.one.jpg'):  # of a copy in another format
        assert convert(folder, 'boxes', *options) == [result(1, BOX)]
        return
    assert not convert(folder, 'boxes', *options)
    assert 'no image of the annotation file has the name' in capsys.readouterr().err


def test_yolo_files_need_the_pictures_sizes(folder, capsys):
    write(folder, 'labels/000003.txt', '8 0.5 0.5 0.2 0.3 0.9')
    assert not convert(folder, 'labels')
    assert '000003.txt: several images' in capsys.readouterr().err
    content = json.loads((folder / 'gt.json').read_text())
    content['images'] = content['images'][1:]
    write(folder, 'gt.json', content)
    assert not convert(folder, 'labels')
    assert 'whose size the annotation file does not tell' in capsys.readouterr().err


def sink(folder, form, rows):
    if form == 'json':
        write(folder, 'boxes_of.json', rows)
        return 'boxes_of.json'
    with open(folder / 'boxes_of.csv', 'w', newline='') as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return 'boxes_of.csv'


@pytest.mark.parametrize('form', ['json', 'csv'])
def test_detections_of_supervision(folder, form):
    """A class tells its category by its name, or else by its number from 0."""
    row = dict(zip(SUPERVISION, (10.0, 20.0, 60.0, 80.0, 0, 0.5))) | dict(tracker_id='')
    rows = [
        row | dict(class_name='Skirt', file_name='000003.jpg'),
        row | dict(class_name='Short Sleeve Top', file_name='b/first.one.png'),
    ]
    assert convert(folder, sink(folder, form, rows)) == [
        result(3, BOX),
        result(1, BOX, category_id=1),
    ]
    rows = [row | dict(class_id=4, class_name='', file_name='000003.jpg')]
    assert convert(folder, sink(folder, form, rows)) == [result(3, BOX, 0.5, VEST)]
    rows = [row | dict(class_id=7, class_name='tank top', file_name='000003.jpg')]
    boxes = sink(folder, form, rows), '--label-map', '7=vest'
    assert convert(folder, *boxes) == [result(3, BOX, 0.5, VEST)]


@pytest.mark.parametrize('form', ['json', 'csv'])
def test_supervision_names_pictures_by_their_ids(folder, form, capsys):
    """A number is the id, not the stem of a file; with zeros before it, the stem."""
    content = json.loads((folder / 'gt.json').read_text())
    content['images'][0] |= dict(id=0, file_name='1.jpg')
    content['images'][2] |= dict(file_name='000001.jpg', width=200, height=100)
    write(folder, 'gt.json', content)
    row = dict(zip(SUPERVISION, (10.0, 20.0, 60.0, 80.0, 8, 0.5)))
    named = {1: 1, '1': 1, '1.0': 1, 0: 0, '000001': 2, '000001.jpg': 2, '1.jpg': 0}
    for name, image_id in named.items():
        boxes = sink(folder, form, [row | dict(image_id=name)])
        assert convert(folder, boxes) == [result(image_id, BOX)], name
    assert not convert(folder, sink(folder, form, [row | dict(image_id=9)]))
    assert 'row 0 is of image 9, which the annotation file' in capsys.readouterr().err
    # A file's name goes before the number, and is never an id.
    named = dict(image_id=2, file_name='1')
    assert convert(folder, sink(folder, form, [row | named])) == [result(0, BOX)]


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(file_name=''), 'row 0 does not name its picture'),
        (dict(confidence=''), "row 0 has no ['confidence']"),
        (dict(x_min='left'), "row 0: 'left' is no number"),
        (dict(class_id=0.5), 'class_id 0.5 is not a whole number'),
        (dict(class_id=13), 'class_id is 13, expected one of'),
        # What finds other things would have its first ones taken for shirts.
        (dict(class_name='person', class_id=0), "the class_name 'person' is no cat"),
    ],
)
@pytest.mark.parametrize('form', ['json', 'csv'])
def test_bad_detections_of_supervision(folder, form, changes, message, capsys):
    row = dict(zip(SUPERVISION, (10, 20, 60, 80, 8, 0.5))) | dict(
        file_name='000003.jpg'
    )
    assert not convert(folder, sink(folder, form, [row | changes]))
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    'bbox, message',
    [
        ([300, 10, 20, 30], 'lies outside of 200 x 100 px'),
        ([-30, 10, 20, 30], 'lies outside of 200 x 100 px'),
        ([30, 10, 20, 0], 'is empty'),
    ],
)
def test_boxes_outside_are_named_or_left_out(folder, bbox, message, capsys):
    boxes = [result(3, BOX), result(1, BOX), result(3, bbox)]
    write(folder, 'r.json', boxes)
    assert not convert(folder, 'r.json')
    error = capsys.readouterr().err
    assert 'entry 2: the box' in error and message in error and '--skip-empty' in error
    assert convert(folder, 'r.json', '--skip-empty') == boxes[:2]
    assert '1 boxes without an area in their picture left' in capsys.readouterr().err


def test_boxes_in_another_form(folder, capsys):
    corners = [[100, 40, 190, 90], [60, 20, 150, 80], [150, 50, 180, 95]]
    for bbox, message in (
        (corners, 'the boxes are corners x1, y1, x2, y2: entry 0'),
        ([[v / 200 for v in box] for box in corners], 'the boxes are fractions'),
    ):
        write(folder, 'r.json', [result(3, box) for box in bbox])
        assert not convert(folder, 'r.json')
        assert message in capsys.readouterr().err
    write(folder, 'r.json', [result(3, BOX)] * 9 + [result(3, [120, 20, 100, 30])])
    assert len(convert(folder, 'r.json')) == 10
    note = '1 of 10 boxes lead out of their picture by more than 5% of it: entry 9'
    assert note in capsys.readouterr().err
