"""Detectors' boxes in the forms in use become COCO's result list."""

import json
import pickle
import re
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from types import SimpleNamespace

import numpy as np
import pytest
from toolbox import ROOT, load_tool, run

from fashion_mmpose.datasets import DeepFashion2GarmentDataset
from fashion_mmpose.formats.coco.annotations import coco_categories

SCRIPT = ROOT / 'data_converters' / 'detections_to_coco.py'
main = load_tool(SCRIPT).main
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
    """Call the script's ``main`` in the folder: a process takes half a second."""
    paths = ('--ann-file', folder / 'gt.json', '--out', folder / 'boxes.json')
    done = SimpleNamespace(stdout=StringIO(), stderr=StringIO())
    with redirect_stdout(done.stdout), redirect_stderr(done.stderr):
        try:
            done.returncode = main(
                [str(argument) for argument in (folder / boxes, *paths, *options)]
            )
        except SystemExit as error:  # of the options' parser
            done.returncode = error.code
    done.stdout, done.stderr = done.stdout.getvalue(), done.stderr.getvalue()
    assert not (check and done.returncode), done.stderr
    return done


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
    # As a table writes ids where one of the column is missing.
    written = [boxes[0], dict(boxes[1], image_id=3.0, category_id=1.0)]
    (folder / 'r.bbox.json').write_text(json.dumps(written))
    convert(folder, 'r.bbox.json')
    assert read(folder) == [boxes[1], result(2, SKIRT, [1, 2, 3.0, 4], 0.123457)]


def test_pictures_that_are_numbered_otherwise(folder):
    """`predict` numbers the pictures of its result list itself."""
    boxes = [dict(result(2, SKIRT, [1, 2, 3, 4], 0.5), image='a/000002.png')]
    (folder / 'found.json').write_text(json.dumps(boxes))
    convert(folder, 'found.json')
    assert len(read(folder)) == 1
    boxes.append(dict(result(1, SKIRT, [1, 2, 3, 4], 0.5), image='a/000002.png'))
    (folder / 'found.json').write_text(json.dumps(boxes))
    error = convert(folder, 'found.json', check=False).stderr
    assert "found.json: image 1 is 'a/000002.png', and in the annotation file" in error
    assert 'to fix it: find boxes with `detect`, or give each entry' in error


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
        pytest.param(
            [dict(COCO, bbox=[0, 0, 5])], 'expected 4 finite numbers', id='three'
        ),
        pytest.param([dict(COCO, score='a')], 'expected 5 finite numbers', id='score'),
        pytest.param([dict(image_id=1)], r"has no \['category_id'", id='keys'),
        pytest.param([dict(COCO, image_id=[1])], r'image_id \[1\] is not', id='list'),
        pytest.param([dict(COCO, image_id=True)], 'image_id True is not', id='bool'),
        pytest.param([dict(COCO, category_id={})], 'category_id {} is', id='id-object'),
        pytest.param([dict(COCO, score=1.5)], 'the score 1.5 is not betw', id='1.5'),
        pytest.param([dict(COCO, score=-1)], 'the score -1 is not between', id='-1'),
        pytest.param([dict(COCO, score=10**400)], 'entry 0: a number', id='too-large'),
        pytest.param([dict(COCO, bbox=['1'] * 4)], 'expected 4 finite', id='texts'),
        pytest.param([dict(COCO, bbox=None)], 'expected 4 finite', id='null'),
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
        pytest.param([[]], 'data[0] must be a list', id='empty'),
        pytest.param([[[[[1, 2], [3]]] + [[]] * 12]], '[0][0][0]: expected', id='rows'),
        pytest.param([[[None] * 13]], 'is a NoneType, not an array', id='none'),
        pytest.param({'a': 1}, 'holds a dict', id='dict'),
        pytest.param([[by_category(c1=[[1, 2, 0, 9, 1]])]], 'is empty', id='corners'),
        pytest.param(
            [[by_category(c1=[[1, 2, 3, 4, np.nan]])]],
            'expected 5 finite numbers',
            id='nan',
        ),
    ],
)
def test_bad_pickles(folder, content, message):
    (folder / 'b.pkl').write_bytes(pickle.dumps(content))
    done = convert(folder, 'b.pkl', check=False)
    assert done.returncode == 1 and message in done.stderr
    assert not (folder / 'boxes.json').exists()


def test_a_list_that_refers_to_itself_is_no_box(folder):
    """Written out, the last level would have 5 * 10 ** 12 numbers."""
    level = [[1, 2, 3, 4, 0.5]] * 10
    for _ in range(12):
        level = [level] * 10
    (folder / 'b.pkl').write_bytes(pickle.dumps([[[level] * 13]]))
    done = convert(folder, 'b.pkl', check=False)
    assert done.returncode == 1
    assert 'names its values again and again' in done.stderr


def test_rows_in_lists(folder):
    rows = [[[1, 2, 11, 22, 0.5]], *[()] * 12]
    (folder / 'b.pkl').write_bytes(pickle.dumps(([rows],), 2))
    convert(folder, 'b.pkl')
    assert read(folder) == [result(1, 1, [1, 2, 10, 20], 0.5)]


def test_empty_boxes_are_left_out_and_counted(folder):
    boxes = [[4, 4, 4, 9, 0.5], [1, 2, 3, 4, 0.25], [0, 0, 1e-4, 9, 0.5]]
    write_pickle(folder, by_category(c2=boxes))
    done = convert(folder, 'boxes.pkl', check=False)
    assert 'data[0][0][1]' in done.stderr and '--skip-empty' in done.stderr
    done = convert(folder, 'boxes.pkl', '--skip-empty')
    assert '2 boxes without an area in their picture left out' in done.stderr
    assert read(folder) == [result(1, 2, [1, 2, 2, 2], 0.25)]


@pytest.mark.parametrize('form', ['pickle', 'coco', 'mmdet'])
def test_other_categories_than_the_benchmarks(folder, form):
    """A detector of two: its second is the skirt."""
    write_pickle(folder, [np.zeros((0, 5)), np.array([[5, 6, 25, 46, 0.75]])])
    content = dict(labels=[1], bboxes=[[5, 6, 25, 46]], scores=[0.75])
    (folder / 'preds').mkdir()
    (folder / 'preds' / '000001.json').write_text(json.dumps(content))
    entry = result(1, 1, [5, 6, 20, 40], 0.75)
    (folder / 'b.json').write_text(json.dumps([entry]))
    boxes = dict(pickle='boxes.pkl', coco='b.json', mmdet='preds')[form]
    convert(folder, boxes, '--format', form, '--label-map', '0=vest', '1=skirt')
    assert read(folder) == [dict(entry, category_id=SKIRT)]
    # The number that the detector used must be named.
    done = convert(folder, boxes, '--label-map', '0=vest', check=False)
    expected = dict(
        pickle='[1] has boxes, but no category',
        coco='category_id is 1, expected one of [0]',
        mmdet='label is 1, expected one of [0]',
    )
    assert done.returncode == 1 and expected[form] in done.stderr


@pytest.mark.parametrize(
    'label_map, message',
    [
        pytest.param(['skirt'], "'skirt' is not like 0=skirt", id='no-number'),
        pytest.param(['0=vest', '0=skirt'], 'names a number twice', id='twice'),
        pytest.param(['0=coat'], 'coat', id='unknown'),
    ],
)
def test_bad_label_maps(folder, label_map, message):
    write_pickle(folder, by_category())
    done = convert(folder, 'boxes.pkl', '--label-map', *label_map, check=False)
    assert done.returncode and message in done.stderr
    assert 'Traceback' not in done.stderr


def test_the_script(folder):
    write_pickle(folder, by_category(c1=[[1, 2, 11, 22, 0.5]]))
    options = ('--ann-file', 'gt.json', '--out', 'out/b.json')
    done = run(SCRIPT, 'boxes.pkl', *options, cwd=folder)
    assert done.stdout == '1 boxes of 1 images: out/b.json\n' and not done.stderr
    (folder / 'boxes.pkl').write_bytes(b'cos\nsystem\n.')
    done = run(SCRIPT, 'boxes.pkl', *options, cwd=folder, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith('error: boxes.pkl: it names os.system; only lists')
    assert (folder / 'out' / 'b.json').stat().st_size > 2  # as it was


def test_forms_are_told_apart(folder):
    assert '--format' in convert(folder, 'boxes.txt', check=False).stderr
    (folder / 'b.json').write_text(json.dumps([COCO]))
    done = convert(folder, 'b.json', '--by-position', check=False)
    assert done.returncode == 1 and 'is for pickles' in done.stderr
    (folder / 'other').mkdir()
    (folder / 'other' / '000077.json').write_text('{}')
    done = convert(folder, 'other', check=False)
    assert '000077.json: no image' in done.stderr
