"""Datasets of FiftyOne on disk, out and back."""

import copy
import json
import math

import cv2
import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.cli.main import main
from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.coco.annotations import coco_categories
from fashion_mmpose.formats.exchange.fiftyone_reading import FiftyOneFolder
from fashion_mmpose.garments.layout import full_layout

SIZES = {7: (640, 480), 9: (333, 777), 12: (512, 512)}


def annotation(number, image_id, category, seed, **more):
    rng = np.random.default_rng(seed)
    kind = garments.garment('deepfashion2', category)
    points = np.zeros((len(kind.keypoints), 3))
    points[:, :2] = rng.uniform(0, SIZES[image_id], (len(points), 2)).round(3)
    points[:, 2] = rng.integers(0, 3, len(points))
    points[points[:, 2] == 0] = 0
    return dict(
        id=number,
        image_id=image_id,
        category_id=kind.category_id,
        bbox=[10.5, 20.25, 100.125, 200.0],
        area=20025.0,
        iscrowd=0,
        num_keypoints=int((points[:, 2] > 0).sum()),
        keypoints=full_layout(points, kind, absent=0).ravel().tolist(),
        **more,
    )


@pytest.fixture
def content():
    images = [
        dict(id=i, file_name=f'shop/{i}.jpg', width=w, height=h, license=3)
        for i, (w, h) in SIZES.items()
    ]
    return dict(
        info=dict(description='drawn'),
        images=images,
        annotations=[
            annotation(2, 7, 'skirt', 1, style=1, segmentation=[[1, 2.5, 3, 4, 5, 6]]),
            annotation(3, 7, 'vest', 2),
            annotation(11, 12, 'skirt', 3, pair_id=4),
        ],
        categories=coco_categories('deepfashion2'),
    )


@pytest.fixture
def dataset(content, tmp_path):
    """The annotations as a dataset."""
    (tmp_path / 'truth.json').write_text(json.dumps(content))
    convert('export', tmp_path / 'truth.json', '--to', 'fiftyone')(tmp_path / 'set')
    return tmp_path / 'set'


def convert(*arguments):
    """A command that wants the place to write to."""

    def to(out):
        call = ['convert', *map(str, arguments), '--out', str(out)]
        assert main(call) == 0
        return out

    return to


def samples(folder):
    return json.loads((folder / 'samples.json').read_text())['samples']


def edited(folder, change):
    """The dataset after somebody has changed its samples in FiftyOne."""
    content = json.loads((folder / 'samples.json').read_text())
    change(content['samples'])
    (folder / 'samples.json').write_text(json.dumps(content))
    out = convert('fiftyone', folder)(folder / 'back.json')
    return json.loads(out.read_text())


def test_annotations_come_back_as_they_were(content, dataset, tmp_path):
    again = convert('fiftyone', dataset, '--layout', 'full')(tmp_path / 'back.json')
    assert json.loads(again.read_text()) == content
    own = json.loads(convert('fiftyone', dataset)(again).read_text())
    assert len(own['annotations'][0]['keypoints']) == 3 * 8
    assert len(own['categories'][8]['keypoints']) == 8


def test_what_fiftyone_sees(dataset, tmp_path):
    first, second, _ = samples(dataset)
    assert first['filepath'] == 'data/shop/7.jpg'
    assert first['metadata'] == dict(_cls='ImageMetadata', width=640, height=480)
    box = first['ground_truth']['detections'][0]
    assert box['label'] == 'skirt' and box['_cls'] == 'Detection'
    assert box['bounding_box'] == pytest.approx(
        [10.5 / 640, 20.25 / 480, 100.125 / 640, 200 / 480]
    )
    points = first['ground_truth_points']['keypoints'][0]
    assert points['index'] == box['index'] == 1 and len(points['points']) == 8
    for (x, y), v in zip(points['points'], points['visibility']):
        assert math.isnan(x) == math.isnan(y) == (v == 0)
    assert second['ground_truth']['detections'] == []
    told = json.loads((dataset / 'metadata.json').read_text())
    assert told['media_type'] == 'image' and told['name'] == 'set'
    assert 'skeletons' not in told['info']


def test_one_category_has_its_outline(content, tmp_path):
    content['categories'] = coco_categories('deepfashion2', 'skirt')
    del content['annotations'][1]
    (tmp_path / 'a.json').write_text(json.dumps(content))
    out = convert('export', tmp_path / 'a.json', '--to', 'fiftyone')(tmp_path / 'set')
    info = json.loads((out / 'metadata.json').read_text())['info']
    skeleton = info['skeletons']['ground_truth_points']
    kind = garments.garment('deepfashion2', 'skirt')
    assert skeleton['labels'] == list(kind.keypoints)
    assert [tuple(edge) for edge in skeleton['edges']] == list(kind.links)


def test_the_pictures_may_lie_elsewhere(content, tmp_path):
    (tmp_path / 'a.json').write_text(json.dumps(content))
    arguments = tmp_path / 'a.json', '--to', 'fiftyone', '--images', tmp_path / 'shop'
    out = convert('export', *arguments)(tmp_path / 'set')
    assert samples(out)[0]['filepath'] == str(tmp_path / 'shop' / 'shop/7.jpg')


def test_pictures_lie_where_their_entries_say(content, tmp_path):
    content['images'][0]['folder'] = 'r1_train'
    content['images'][1]['path'] = 'web/b.png'
    (tmp_path / 'a.json').write_text(json.dumps(content))
    out = convert('export', tmp_path / 'a.json', '--to', 'fiftyone')(tmp_path / 'set')
    paths = [sample['filepath'] for sample in samples(out)]
    assert paths == ['data/r1_train/shop/7.jpg', 'data/web/b.png', 'data/shop/12.jpg']
    back = convert('fiftyone', out, '--layout', 'full')(tmp_path / 'back.json')
    assert json.loads(back.read_text()) == content


def test_predictions_stand_beside_the_truth(content, tmp_path):
    (tmp_path / 'truth.json').write_text(json.dumps(content))
    found = []
    for entry in content['annotations']:
        kind = garments.category_of_id('deepfashion2', entry['category_id'])
        rng = np.random.default_rng(entry['id'])
        points = rng.uniform(1, 300, (len(kind.keypoints), 3)).round(3)
        points[:, 2] = rng.uniform(0.1, 1, len(points)).round(4)
        found.append(
            dict(
                image_id=entry['image_id'],
                category_id=kind.category_id,
                bbox=[1.0, 2.0, 30.5, 40.0],
                score=0.75,
                keypoints=points.ravel().tolist(),
                keypoint_probabilities=[0.5] * len(points),
            )
        )
    (tmp_path / 'found.json').write_text(json.dumps(found))
    arguments = tmp_path / 'found.json', '--ann-file', tmp_path / 'truth.json'
    out = convert('export', *arguments, '--to', 'fiftyone')(tmp_path / 'set')
    first = samples(out)[0]
    assert first['predictions']['detections'][1]['confidence'] == 0.75
    own = first['predictions_points']['keypoints'][0]
    assert own['confidence'] == found[0]['keypoints'][2::3]
    assert len(first['ground_truth']['detections']) == 2
    back = convert('fiftyone', out, '--predictions')(tmp_path / 'back.json')
    assert json.loads(back.read_text()) == found
    truth = convert('fiftyone', out, '--layout', 'full')(tmp_path / 'truth2.json')
    assert json.loads(truth.read_text()) == content


def test_what_was_changed_in_fiftyone(content, dataset):
    def change(changed):
        boxes = changed[0]['ground_truth']['detections']
        points = changed[0]['ground_truth_points']['keypoints']
        # The skirt's first point is moved, its second one taken away, and its box.
        points[0]['points'][0] = [0.5, 0.25]
        points[0]['points'][1] = [{'$numberDouble': 'NaN'}, None]
        points[0]['visibility'][:2] = [0, 2]
        boxes[0]['bounding_box'] = [0.25, 0.5, 0.125, 0.25]
        # The vest is deleted, and a second skirt is a copy of the first.
        boxes[1] = copy.deepcopy(boxes[0]) | dict(index=5)
        points[1] = copy.deepcopy(points[0]) | dict(index=5)
        # Somebody adds one by points alone.
        new = copy.deepcopy(points[0])
        del new['index'], new['visibility']
        changed[1]['ground_truth_points']['keypoints'] = [new]

    found = edited(dataset, change)
    first, third, copied, new = found['annotations']
    assert [each['id'] for each in found['annotations']] == [2, 11, 12, 13]
    assert first['keypoints'][:6] == [320, 120, 2, 0, 0, 0]
    assert first['bbox'] == [160, 240, 80, 120] and first['area'] == 9600
    assert first['style'] == 1 and third['pair_id'] == 4
    assert {**copied, 'id': 2} == first
    visible = np.reshape(new['keypoints'], (-1, 3))
    assert (visible[visible[:, 2] > 0, 2] == 2).all() and new['image_id'] == 9
    low, high = visible[visible[:, 2] > 0, :2].min(0), visible[:, :2].max(0)
    assert new['bbox'] == pytest.approx([*low, *(high - low)], abs=1e-5)
    assert new['iscrowd'] == 0


def test_a_dataset_of_somebody_else(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((50, 100, 3), np.uint8))
    points = [[0.1, 0.2], [0.9, 0.2], [math.nan, math.nan], [0.9, 0.8]]
    keypoints = dict(_cls='Keypoint', label='skirt', points=points)
    field = dict(_cls='Keypoints', keypoints=[keypoints])
    content = dict(samples=[dict(filepath='a.png', corners=field)])
    (tmp_path / 'samples.json').write_text(json.dumps(content))
    arguments = tmp_path, '--benchmark', 'fashionai', '--field', 'corners'
    out = convert('fiftyone', *arguments)(tmp_path / 'out.json')
    found = json.loads(out.read_text())
    assert found['images'] == [dict(id=1, file_name='a.png', width=100, height=50)]
    (one,) = found['annotations']
    assert one['keypoints'] == [10, 10, 2, 90, 10, 2, 0, 0, 0, 90, 40, 2]
    assert one['bbox'] == [10, 10, 80, 30] and one['area'] == 2400
    assert one['num_keypoints'] == 3
    predicted = convert('fiftyone', *arguments, '--predictions')(out)
    (one,) = json.loads(predicted.read_text())
    assert one['score'] == 1 and one['keypoints'][8] == 0
    assert one['keypoints'][6:8] == pytest.approx([190 / 3, 20])


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda s: s[0].pop('filepath'), 'no list of samples'),
        (lambda s: s[0].pop('ground_truth_points'), 'fields with key points'),
        (
            lambda s: s[0]['ground_truth']['detections'][0].update(label='hat'),
            "'hat' is no category of deepfashion2",
        ),
        (
            lambda s: s[0]['ground_truth_points']['keypoints'][0]['points'].pop(),
            'has 7 key points',
        ),
        (
            lambda s: s[0]['ground_truth_points']['keypoints'][0].update(points=3),
            'no points of two numbers',
        ),
        (
            lambda s: s[0]['ground_truth']['detections'][0].update(bounding_box=[1]),
            'not four numbers',
        ),
    ],
)
def test_wrong_datasets_are_refused(dataset, capsys, change, message):
    content = json.loads((dataset / 'samples.json').read_text())
    change(content['samples'])
    if 'fields with' in message:
        del content['samples'][1:]
    (dataset / 'samples.json').write_text(json.dumps(content))
    out = dataset / 'back.json'
    assert main(['convert', 'fiftyone', str(dataset), '--out', str(out)]) == 1
    assert message in capsys.readouterr().err and not out.exists()


def test_other_folders_are_refused(tmp_path, dataset, capsys):
    with pytest.raises(FileNotFoundError, match=r'samples\.json'):
        FiftyOneFolder.read(tmp_path / 'none')
    metadata = dataset / 'metadata.json'
    told = json.loads(metadata.read_text())
    metadata.write_text(json.dumps(told | dict(media_type='video')))
    with pytest.raises(FormatError, match='holds video samples'):
        FiftyOneFolder.read(dataset)
    metadata.write_text('{}')
    arguments = str(dataset), '--out', str(tmp_path / 'a.json')
    assert main(['convert', 'fiftyone', *arguments]) == 1
    assert 'name the benchmark with --benchmark' in capsys.readouterr().err
    (dataset / 'samples').mkdir()
    with pytest.raises(FormatError, match='without use_dirs'):
        FiftyOneFolder.read(dataset)


def test_through_fiftyone_itself(content, dataset, tmp_path):
    """Its importer, its samples and their own form; no database is needed."""
    pytest.importorskip('fiftyone', reason='fiftyone is not installed')
    from fiftyone import KeypointSkeleton
    from fiftyone.utils.data.importers import LegacyFiftyOneDatasetImporter

    importer = LegacyFiftyOneDatasetImporter(str(dataset))
    importer.setup()
    found = list(importer)
    skirt = found[0].ground_truth_points.keypoints[0]
    assert (skirt.label, len(skirt.points)) == ('skirt', 8)
    assert found[0].ground_truth.detections[0].label == 'skirt'
    assert found[0].metadata.width == 640
    again = tmp_path / 'again'
    again.mkdir()
    told = dict(samples=[sample.to_dict() for sample in found])
    (again / 'samples.json').write_text(json.dumps(told))
    info = importer.get_dataset_info()
    (again / 'metadata.json').write_text(json.dumps(dict(info=info)))
    back = convert('fiftyone', again, '--layout', 'full')(tmp_path / 'back.json')
    assert json.loads(back.read_text()) == content
    skeleton = KeypointSkeleton(labels=['a', 'b'], edges=[[0, 1]]).to_dict()
    assert {*skeleton} >= {'labels', 'edges'}
