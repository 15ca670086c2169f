"""What comes back of FiftyOne's datasets that were changed, or made by others."""

import copy
import json

import pytest

from fashion_mmpose import garments
from fashion_mmpose.cli.main import main
from fashion_mmpose.formats.coco.annotations import coco_categories

SIZE = dict(width=200, height=100)
POINTS = [20.0, 30.0, 2, 80.0, 30.0, 1, 20.0, 90.0, 2, 80.0, 90.0, 2]


def convert(*arguments, code=0):
    assert main(['convert', *map(str, arguments)]) == code


@pytest.fixture
def truth(tmp_path):
    """A COCO file of a skirt in one picture."""
    skirt = dict(id=5, image_id=1, category_id=4, bbox=[10.0, 20.0, 80.0, 75.0])
    content = dict(
        images=[dict(id=1, file_name='shop/1.jpg', **SIZE)],
        annotations=[dict(skirt, keypoints=POINTS, num_keypoints=4, area=6000.0)],
        categories=coco_categories('fashionai', 'skirt'),
    )
    path = tmp_path / 'truth.json'
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def dataset(truth, tmp_path):
    convert('export', truth, '--to', 'fiftyone', '--out', tmp_path / 'set')
    return tmp_path / 'set'


def changed(folder, change):
    """The samples after somebody has changed them in FiftyOne."""
    content = json.loads((folder / 'samples.json').read_text())
    change(content['samples'])
    (folder / 'samples.json').write_text(json.dumps(content))
    return folder


def read(folder, *options):
    out = folder / 'back.json'
    convert('fiftyone', folder, '--out', out, *options)
    return json.loads(out.read_text())


def labels(sample, field='ground_truth'):
    """The boxes and the key points of a picture."""
    return sample[field]['detections'], sample[f'{field}_points']['keypoints']


@pytest.mark.parametrize('score', [0.0, 0.25])
def test_scores_come_back(truth, tmp_path, score):
    points = [20.0, 30.0, 0.5] * 4
    entry = dict(image_id=1, category_id=4, bbox=[10.0, 20.0, 80.0, 75.0], score=score)
    found = tmp_path / 'found.json'
    found.write_text(json.dumps([dict(entry, keypoints=points)]))
    arguments = found, '--ann-file', truth, '--to', 'fiftyone'
    convert('export', *arguments, '--out', tmp_path / 'set')
    (back,) = read(tmp_path / 'set', '--predictions')
    assert back == dict(entry, keypoints=points)


def test_predictions_that_are_labelled_anew(truth, tmp_path):
    content = json.loads(truth.read_text())
    content['categories'] = coco_categories('fashionai')
    content['annotations'] = []
    truth.write_text(json.dumps(content))
    points = [20.0, 30.0, 0.5] * 24
    entry = dict(image_id=1, category_id=4, bbox=[10.0, 20.0, 80.0, 75.0], score=0.5)
    found = tmp_path / 'found.json'  # as `predict` writes it
    found.write_text(json.dumps([dict(entry, category='skirt', keypoints=points)]))
    arguments = found, '--ann-file', truth, '--to', 'fiftyone'
    convert('export', *arguments, '--out', tmp_path / 'set')

    def change(samples):
        for (each,) in labels(samples[0], 'predictions'):
            each['label'] = 'trousers'
        keys = samples[0]['predictions_points']['keypoints'][0]
        keys['points'] = [[0.1, 0.2]] * 7

    (back,) = read(changed(tmp_path / 'set', change), '--predictions')
    assert (back['category_id'], back['category']) == (5, 'trousers')


def test_a_copied_garment_leaves_its_original_where_it_was(dataset):
    def change(samples):
        boxes, points = labels(samples[0])
        boxes.append(copy.deepcopy(boxes[0]))
        boxes[1]['bounding_box'][0] += 0.5
        points.append(copy.deepcopy(points[0]))
        points[1]['points'] = [[x + 0.5, y] for x, y in points[0]['points']]

    first, second = read(changed(dataset, change))['annotations']
    assert (first['id'], first['bbox']) == (5, [10, 20, 80, 75])
    assert first['keypoints'] == POINTS
    assert (second['id'], second['bbox']) == (6, [110, 20, 80, 75])
    assert second['keypoints'][::3] == [120, 180, 120, 180]


def test_a_copied_box_without_key_points_is_refused(dataset, capsys):
    changed(dataset, lambda s: labels(s[0])[0].append(labels(s[0])[0][0]))
    convert('fiftyone', dataset, '--out', dataset / 'back.json', code=1)
    error = capsys.readouterr().err
    assert '1.jpg: 2 boxes and 1 sets of key points have the index 1' in error


@pytest.mark.parametrize('index', [None, 7])
def test_an_added_box_is_a_garment_without_labelled_points(dataset, capsys, index):
    box = dict(label='skirt', bounding_box=[0.5, 0.1, 0.4, 0.8], index=index)
    changed(dataset, lambda s: labels(s[0])[0].append(dict(box, _cls='Detection')))
    first, second = read(dataset)['annotations']
    assert first['id'] == 5 and first['keypoints'] == POINTS
    told = dict(id=6, image_id=1, category_id=4, iscrowd=0, num_keypoints=0)
    told |= dict(bbox=[100, 10, 80, 80], area=6400, keypoints=[0] * 12)
    assert second == told
    assert 'warning' not in capsys.readouterr().err


def test_an_added_box_needs_its_place(dataset, capsys):
    changed(dataset, lambda s: labels(s[0])[0].append(dict(label='skirt')))
    convert('fiftyone', dataset, '--out', dataset / 'back.json', code=1)
    assert 'neither a bounding_box nor key points' in capsys.readouterr().err


def test_a_box_and_key_points_that_nothing_ties_are_one_garment_at_most(
    dataset, capsys
):
    def change(samples):
        boxes, points = labels(samples[0])
        boxes.append({k: v for k, v in boxes[0].items() if k not in ('index', 'coco')})
        points.append({k: v for k, v in points[0].items() if k != 'index'})

    first, second = read(changed(dataset, change))['annotations']
    assert first['bbox'] == [10, 20, 80, 75]
    assert second['bbox'] == pytest.approx([20, 30, 60, 60], abs=1e-5)
    error = capsys.readouterr().err
    assert 'warning: 1 boxes without key points are left out: they may be' in error


def test_boxes_alone_are_no_predictions(truth, tmp_path, capsys):
    entry = dict(image_id=1, category_id=4, score=0.5, keypoints=[20, 30, 0.5] * 4)
    (tmp_path / 'found.json').write_text(json.dumps([entry]))
    arguments = tmp_path / 'found.json', '--ann-file', truth, '--to', 'fiftyone'
    convert('export', *arguments, '--out', tmp_path / 'set')
    box = dict(label='skirt', bounding_box=[0.5, 0.1, 0.4, 0.8])
    changed(tmp_path / 'set', lambda s: labels(s[0], 'predictions')[0].append(box))
    assert len(read(tmp_path / 'set', '--predictions')) == 1
    error = capsys.readouterr().err
    assert 'warning: 1 boxes without key points are left out: predictions' in error


def test_categories_that_garments_have_got_are_listed(dataset, tmp_path):
    """A skirt is labelled anew."""
    blouse = garments.garment('fashionai', 'blouse')

    def change(samples):
        (box,), (points,) = labels(samples[0])
        box['label'] = points['label'] = 'blouse'
        points['points'] = [[0.1, 0.2]] * len(blouse.keypoints)
        points['visibility'] = [2] * len(blouse.keypoints)

    back = read(changed(dataset, change))
    assert [entry['name'] for entry in back['categories']] == ['blouse', 'skirt']
    assert back['annotations'][0]['category_id'] == blouse.category_id
    out = tmp_path / 'yolo'
    convert('export', dataset / 'back.json', '--to', 'yolo-pose', '--out', out)
    assert (out / 'labels/shop/1.txt').read_text().startswith('0 ')


def skirt_of(path):
    points = [[0.1, 0.2], [0.4, 0.2], [0.1, 0.9], [0.4, 0.9]]
    found = dict(_cls='Keypoints', keypoints=[dict(label='skirt', points=points)])
    return dict(filepath=path, metadata=dict(SIZE), corners=found)


def of_others(folder, *paths):
    folder.mkdir()
    samples = [skirt_of(path) for path in paths]
    (folder / 'samples.json').write_text(json.dumps(dict(samples=samples)))
    back = read(folder, '--benchmark', 'fashionai', '--field', 'corners')
    return [image['file_name'] for image in back['images']]


@pytest.mark.parametrize(
    ('paths', 'names'),
    [
        (['/photos/a/1.jpg', '/photos/b/1.jpg'], ['a/1.jpg', 'b/1.jpg']),
        (['/photos/1.jpg', '/photos/b/1.jpg'], ['1.jpg', 'b/1.jpg']),
        (['/photos/a/1.jpg', '/photos/a/2.jpg'], ['1.jpg', '2.jpg']),
        (['data/1.jpg'], ['1.jpg']),
    ],
)
def test_pictures_of_others_are_named_below_their_common_folder(tmp_path, paths, names):
    assert of_others(tmp_path / 'set', *paths) == names


def test_pictures_that_were_added_are_named_as_the_others(dataset):
    def change(samples):
        for path in ('data/shop/2.jpg', 'data/web/1.jpg'):
            samples.append(dict(filepath=path, metadata=dict(SIZE)))

    names = [i['file_name'] for i in read(changed(dataset, change))['images']]
    assert names == ['shop/1.jpg', 'shop/2.jpg', 'web/1.jpg']


def test_an_added_picture_of_a_name_that_is_taken_is_refused(dataset, capsys):
    def change(samples):
        for path in ('/other/shop/1.jpg', '/other/2.jpg'):
            samples.append(dict(filepath=path, metadata=dict(SIZE)))

    changed(dataset, change)
    convert('fiftyone', dataset, '--out', dataset / 'back.json', code=1)
    error = capsys.readouterr().err
    assert "/other/shop/1.jpg would both be the picture 'shop/1.jpg'" in error
