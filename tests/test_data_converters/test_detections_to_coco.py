"""Detectors' boxes in the forms in use become COCO's result list."""

import json
import pickle
import re

import numpy as np
import pytest
from toolbox import ROOT, run

from fashion_mmpose.datasets import DeepFashion2GarmentDataset
from fashion_mmpose.formats.coco import coco_categories

SCRIPT = ROOT / 'data_converters' / 'detections_to_coco.py'
SKIRT = 9


@pytest.fixture
def folder(tmp_path):
    """Images 3, 1 and 2, in this order."""
    images = [
        dict(id=i, file_name=f'{i:06d}.jpg', width=100, height=80) for i in (3, 1, 2)
    ]
    content = dict(
        images=images, annotations=[], categories=coco_categories('deepfashion2')
    )
    (tmp_path / 'gt.json').write_text(json.dumps(content))
    return tmp_path


def convert(folder, boxes, *options, check=True):
    return run(
        SCRIPT,
        *(boxes, '--ann-file', 'gt.json', '--out', 'boxes.json', *options),
        cwd=folder,
        check=check,
    )


def read(folder):
    return json.loads((folder / 'boxes.json').read_text())


def by_category(**arrays):
    """13 arrays: those that are given as c1, c2, ..., the others empty."""
    empty = np.zeros((0, 5), np.float32)
    return [np.array(arrays.get(f'c{i}', empty), np.float32) for i in range(1, 14)]


def write_pickle(folder, *images):
    (folder / 'boxes.pkl').write_bytes(pickle.dumps([[image] for image in images]))


def result(image_id, category_id, bbox, score):
    return dict(image_id=image_id, category_id=category_id, bbox=bbox, score=score)


def test_the_pickle_counts_images_from_one(folder):
    write_pickle(
        folder,
        by_category(c1=[[1, 2, 11, 22, 0.5], [0, 0, 5, 5, 0.125]]),
        by_category(),
        by_category(c9=[[5, 5, 25.5, 45, 0.75]], c13=[[1, 1, 2, 2, 1]]),
    )
    assert '4 boxes of 2 images' in convert(folder, 'boxes.pkl').stdout
    assert read(folder) == [
        result(3, SKIRT, [5, 5, 20.5, 40], 0.75),
        result(3, 13, [1, 1, 1, 1], 1),
        result(1, 1, [1, 2, 10, 20], 0.5),
        result(1, 1, [0, 0, 5, 5], 0.125),
    ]
    convert(folder, 'boxes.pkl', '--score-thr', 0.6)
    assert [box['score'] for box in read(folder)] == [0.75, 1]
    # In the order of the file the first entry is of image 3.
    convert(folder, 'boxes.pkl', '--by-position')
    assert [box['image_id'] for box in read(folder)] == [3, 3, 2, 2]


def test_the_dataset_takes_them(folder):
    write_pickle(folder, by_category(c9=[[5, 6, 25, 46, 0.75]]))
    convert(folder, 'boxes.pkl')
    dataset = DeepFashion2GarmentDataset(
        ann_file=str(folder / 'gt.json'),
        bbox_file=str(folder / 'boxes.json'),
        test_mode=True,
    )
    sample = dataset.get_data_info(0)
    assert (len(dataset), sample['img_id'], sample['category_id']) == (1, 1, SKIRT)
    assert sample['bbox'].tolist() == [[5, 6, 25, 46]]


def test_coco_results_of_mmdet(folder):
    boxes = [
        dict(result(2, SKIRT, [1, 2, 3.0004, 4], 0.1234567), extra=1),
        result(3, 1, [0, 0, 9, 9], 0.5),
    ]
    (folder / 'r.bbox.json').write_text(json.dumps(boxes))
    convert(folder, 'r.bbox.json')
    assert read(folder) == [boxes[1], result(2, SKIRT, [1, 2, 3.0, 4], 0.123457)]


def test_predictions_of_mmdets_inferencer(folder):
    (folder / 'preds').mkdir()
    content = dict(
        labels=[8, 0], bboxes=[[1, 2, 4, 6], [0, 0, 2, 2]], scores=[0.5, 0.25], mask=[]
    )
    (folder / 'preds' / '000001.json').write_text(json.dumps(content))
    convert(folder, 'preds')
    assert read(folder) == [
        result(1, SKIRT, [1, 2, 3, 4], 0.5),
        result(1, 1, [0, 0, 2, 2], 0.25),
    ]


COCO = result(1, 1, [0, 0, 5, 5], 0.5)


@pytest.mark.parametrize(
    'content, message',
    [
        pytest.param([dict(COCO, image_id=9)], 'entry 0 is of image 9', id='image'),
        pytest.param(
            [COCO, dict(COCO, category_id=14)], 'entry 1: .*14', id='category'
        ),
        pytest.param([dict(COCO, bbox=[0, 0, 0, 5])], 'is empty', id='empty-box'),
        pytest.param([dict(COCO, bbox=[0, 0, 5])], 'expected 4 numbers', id='three'),
        pytest.param([dict(COCO, score='a')], 'expected 5 numbers', id='score'),
        pytest.param([dict(image_id=1)], r"has no \['category_id'", id='keys'),
        pytest.param({}, 'must hold a list', id='object'),
    ],
)
def test_bad_lists(folder, content, message):
    (folder / 'b.json').write_text(json.dumps(content))
    done = convert(folder, 'b.json', check=False)
    assert done.returncode == 1 and 'Traceback' not in done.stderr
    assert re.search(message, done.stderr)
    assert not (folder / 'boxes.json').exists()


@pytest.mark.parametrize(
    'content, message',
    [
        pytest.param([[[1, 2]]], 'data[0][0] has 2 categories', id='categories'),
        pytest.param(
            [[by_category(c2=[[1, 2, 3]])]], '(1, 3), expected (n, 5)', id='5'
        ),
        pytest.param([1], 'data[0] must be a list', id='number'),
        pytest.param({'a': 1}, 'holds a dict', id='dict'),
        pytest.param([[by_category(c1=[[1, 2, 0, 9, 1]])]], 'is empty', id='corners'),
        pytest.param(
            [[by_category(c1=[[1, 2, 3, 4, np.nan]])]], 'expected 5 numbers', id='nan'
        ),
    ],
)
def test_bad_pickles(folder, content, message):
    (folder / 'b.pkl').write_bytes(pickle.dumps(content))
    done = convert(folder, 'b.pkl', check=False)
    assert done.returncode == 1 and message in done.stderr
    assert not (folder / 'boxes.json').exists()


def test_forms_are_told_apart(folder):
    assert '--format' in convert(folder, 'boxes.txt', check=False).stderr
    (folder / 'b.json').write_text(json.dumps([COCO]))
    done = convert(folder, 'b.json', '--by-position', check=False)
    assert done.returncode == 1 and 'is for pickles' in done.stderr
    (folder / 'other').mkdir()
    (folder / 'other' / '000077.json').write_text('{}')
    done = convert(folder, 'other', check=False)
    assert '000077.json: no image' in done.stderr
