"""Tests for data_converters/fashionai_to_coco.py."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fashion_mmpose import garments
from fashion_mmpose.formats.fashionai.tianchi import read_tianchi, write_tianchi

REPO = Path(__file__).parents[2]
SCRIPT = REPO / 'data_converters' / 'fashionai_to_coco.py'
DATA = Path(os.environ.get('FASHION_MMPOSE_DATA', '')) / 'fashionai'
ANSWERS = 'fashionAI_key_points_test_a_answer_20180426.csv'
needs_data = pytest.mark.skipif(
    'FASHION_MMPOSE_DATA' not in os.environ, reason='FASHION_MMPOSE_DATA is not set'
)


@pytest.fixture(scope='module')
def main():
    spec = importlib.util.spec_from_file_location('fashionai_to_coco', SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def write_part(path, rows):
    """A CSV of (image_id, category, {key point: (x, y, v)}) rows."""
    names = garments.keypoints('fashionai')
    keypoints = np.full((len(rows), 24, 3), -1)
    for i, (_, _, points) in enumerate(rows):
        for name, point in points.items():
            keypoints[i, names.index(name)] = point
    write_tianchi(path, [r[0] for r in rows], [r[1] for r in rows], keypoints)


def write_image(path, size):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new('RGB', size).save(path)


def load(path):
    return json.loads(path.read_text())


def file_names(path):
    return [image['file_name'] for image in load(path)['images']]


SKIRT = {
    'waistband_left': (30, 40, 1),
    'waistband_right': (60, 41, 0),
    'hemline_left': (25, 120, 1),
}
BLOUSE = {'center_front': (50, 0, 1), 'top_hem_right': (50, 0, 0)}
ROWS = [
    ('Images/blouse/b.jpg', 'blouse', BLOUSE),
    ('Images/skirt/s.jpg', 'skirt', SKIRT),
    ('Images/skirt/none.jpg', 'skirt', {}),
]


@pytest.fixture
def root(tmp_path):
    """A part with images of 90 x 130 px, one of them lying on its side."""
    root = tmp_path / 'data'
    write_part(root / 'r1_train' / 'Annotations' / 'train.csv', ROWS)
    for image_id, _, _ in ROWS:
        write_image(root / 'r1_train' / image_id, (90, 130))
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = root / 'r1_train' / ROWS[1][0]
    Image.new('RGB', (130, 90)).save(lying, exif=exif)
    return root


def test_category_file(main, root, tmp_path):
    assert main([str(root), '--out', str(tmp_path / 'out'), '--workers', '1']) == 0
    assert sorted(p.name for p in (tmp_path / 'out').iterdir()) == [
        'train_all.json',
        'train_blouse.json',
        'train_skirt.json',
    ]
    skirt = load(tmp_path / 'out' / 'train_skirt.json')
    assert skirt['info']['dataset'] == 'fashionai'
    assert skirt['info']['split'] == 'train'
    assert skirt['categories'][0]['keypoints'] == list(
        garments.keypoints('fashionai', 'skirt')
    )
    shared = dict(width=90, height=130, category_id=4, folder='r1_train')
    assert skirt['images'] == [
        dict(id=2, file_name='Images/skirt/s.jpg', **shared),
        dict(id=3, file_name='Images/skirt/none.jpg', **shared),
    ]
    assert skirt['annotations'] == [
        dict(
            id=2,
            image_id=2,
            category_id=4,
            bbox=[15, 30, 55, 100],
            area=5500,
            iscrowd=0,
            num_keypoints=3,
            keypoints=[30, 40, 2, 60, 41, 1, 25, 120, 2, 0, 0, 0],
        ),
        dict(
            id=3,
            image_id=3,
            category_id=4,
            bbox=[0, 0, 90, 130],
            area=11700,
            iscrowd=0,
            num_keypoints=0,
            keypoints=[0] * 12,
        ),
    ]


def test_file_of_all_agrees_with_those_of_categories(main, root, tmp_path):
    main([str(root), '--out', str(tmp_path)])
    whole = load(tmp_path / 'train_all.json')
    assert [c['id'] for c in whole['categories']] == [1, 2, 3, 4, 5]
    parts = [load(tmp_path / f'train_{name}.json') for name in ('blouse', 'skirt')]
    assert whole['images'] == [image for part in parts for image in part['images']]
    annotations = [a for part in parts for a in part['annotations']]
    for full, own in zip(whole['annotations'], annotations):
        name = {1: 'blouse', 4: 'skirt'}[own['category_id']]
        points = np.array(full.pop('keypoints')).reshape(24, 3)
        channels = list(garments.garment('fashionai', name).channels)
        assert points[channels].ravel().tolist() == own.pop('keypoints')
        assert points.sum() == points[channels].sum()
        assert full == own


@pytest.mark.parametrize(
    'options, bbox',
    [
        pytest.param([], [40, 0, 20, 10], id='default'),
        pytest.param(['--margin', '3'], [47, 0, 6, 3], id='margin'),
        pytest.param(['--bbox', 'image'], [0, 0, 90, 130], id='image'),
        pytest.param(
            ['--image-size', '55', '200'], [40, 0, 15, 10], id='given image size'
        ),
    ],
)
def test_boxes(main, root, tmp_path, options, bbox):
    root = root if '--image-size' not in options else root_without_skirts(root)
    assert main([str(root), '--out', str(tmp_path), *options]) == 0
    assert load(tmp_path / 'train_blouse.json')['annotations'][0]['bbox'] == bbox


def root_without_skirts(root):
    write_part(root / 'r1_train' / 'Annotations' / 'train.csv', ROWS[:1])
    return root


def test_splits_of_the_challenge(main, tmp_path, capsys):
    def rows(*names):
        return [(f'Images/skirt/{name}.jpg', 'skirt', SKIRT) for name in names]

    root = tmp_path / 'data'
    write_part(root / 'wu_train/Annotations/annotations.csv', rows('w', 'a'))
    write_part(root / 'r1_train/Annotations/train.csv', rows('a', 'r'))
    answers = root / 'r1_test_a' / ANSWERS
    write_part(answers, rows('t', 'r'))
    (answers.parent / 'test.csv').write_text('image_id,image_category\nt,skirt\n')
    (root / 'r2_test_a').mkdir()
    (root / 'r2_test_a/test.csv').write_text('Images/dress/x.jpg,dress\r\n')
    out = tmp_path / 'out'
    assert main([str(root), '--out', str(out), '--image-size', '99', '130']) == 0
    assert sorted(p.name for p in out.iterdir()) == [
        'r2_test_a_all.json',
        'r2_test_a_dress.json',
        'test_a_all.json',
        'test_a_skirt.json',
        'train_all.json',
        'train_skirt.json',
    ]
    train = [f'Images/skirt/{name}.jpg' for name in 'arw']
    assert file_names(out / 'train_all.json') == train
    folders = [i['folder'] for i in load(out / 'train_all.json')['images']]
    assert folders == ['r1_train', 'r1_train', 'wu_train']
    test = load(out / 'r2_test_a_dress.json')
    assert test['annotations'] == []
    assert test['images'] == [
        dict(
            id=1,
            file_name='Images/dress/x.jpg',
            width=99,
            height=130,
            category_id=3,
            folder='r2_test_a',
        )
    ]
    output = capsys.readouterr()
    for note in ('left aside', '1 x line ends CRLF', '1 x row of an image', '1 images'):
        assert note in output.err
    table = [line.split()[:7] for line in output.out.splitlines()]
    assert ['train', 'skirt', '3', '3', '6', '3', '3'] in table
    assert ['r2_test_a', 'dress', '1', '0', '0', '0', '0'] in table


@pytest.mark.parametrize(
    'image_id, image',
    [
        ('train2/skirt/s.jpg', dict(file_name='train2/skirt/s.jpg')),
        ('skirt/s.jpg', dict(file_name='skirt/s.jpg', folder='train2')),
        (
            'Images/skirt/s.jpg',
            dict(
                file_name='Images/skirt/s.jpg',
                folder='train2',
                path='train2/skirt/s.jpg',
            ),
        ),
    ],
)
def test_later_upload(main, tmp_path, image_id, image):
    root = tmp_path / 'data'
    write_image(root / 'train2/skirt/s.jpg', (100, 130))
    write_part(root / 'train.csv', [(image_id, 'skirt', SKIRT)])
    assert main([str(root), '--out', str(tmp_path)]) == 0
    expected = dict(id=1, width=100, height=130, category_id=4) | image
    assert load(tmp_path / 'train_skirt.json')['images'] == [expected]


def test_named_files(main, root, tmp_path):
    csv = root / 'r1_train' / 'Annotations' / 'train.csv'
    more = tmp_path / 'more.csv'
    write_part(more, [('Images/blouse/b.jpg', 'blouse', BLOUSE)])
    options = ['--image-root', str(root / 'r1_train'), '--split', 'mine']
    out = ['--out', str(tmp_path)]
    assert main(['--csv', str(csv), str(more), *options, *out]) == 0
    images = load(tmp_path / 'mine_all.json')['images']
    assert [i['file_name'] for i in images] == [r[0] for r in ROWS]
    assert all('folder' not in i for i in images)


def test_val_fraction(main, tmp_path):
    rows = [(f'{i}.jpg', 'skirt', SKIRT) for i in range(10)]
    write_part(tmp_path / 'train.csv', rows)
    options = ['--val-fraction', '0.3', '--seed', '1', '--image-size', '99', '130']
    assert main([str(tmp_path), '--out', str(tmp_path / 'out'), *options]) == 0
    val = file_names(tmp_path / 'out/val_skirt.json')
    train = file_names(tmp_path / 'out/train_skirt.json')
    assert len(val) == 3
    assert sorted(val + train) == [f'{i}.jpg' for i in range(10)]


def bad_image(root):
    (root / 'r1_train/Images/skirt/s.jpg').write_text('no image')


def missing_image(root):
    (root / 'r1_train/Images/skirt/s.jpg').unlink()


def outside(root):
    rows = [*ROWS[:1], (ROWS[1][0], 'skirt', SKIRT | {'hemline_left': (92, 9, 0)})]
    write_part(root / 'r1_train/Annotations/train.csv', [*rows, ROWS[2]])


def negative(root):
    rows = [*ROWS[:1], (ROWS[1][0], 'skirt', {'hemline_left': (5, -1, 1)})]
    write_part(root / 'r1_train/Annotations/train.csv', [*rows, ROWS[2]])


BAD_DATA = pytest.mark.parametrize(
    'spoil, words',
    [
        (bad_image, ['line 3, column image_id', 'cannot read image']),
        (missing_image, ['line 3, column image_id', 'no image', 's.jpg']),
        (outside, ['line 3, column hemline_left', "'92_9_0'", '90 x 130']),
        (negative, ['line 3, column hemline_left', "'5_-1_1'"]),
    ],
)


@BAD_DATA
def test_bad_data_are_refused(main, root, tmp_path, capsys, spoil, words):
    spoil(root)
    out = tmp_path / 'out'
    assert main([str(root), '--out', str(out)]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith('error: ')
    assert all(word in error for word in words), error
    assert not out.exists()


@BAD_DATA
def test_bad_data_are_left_out(main, root, tmp_path, capsys, spoil, words):
    spoil(root)
    assert main([str(root), '--out', str(tmp_path), '--skip-bad']) == 0
    assert file_names(tmp_path / 'train_all.json') == [ROWS[0][0], ROWS[2][0]]
    output = capsys.readouterr()
    (note,) = [x for x in output.err.splitlines() if x.startswith('warning: ')]
    assert all(word in note for word in words), note
    assert '1 rows left out' in output.out


def test_edges_of_the_image_are_inside(main, tmp_path):
    points = {'hemline_left': (0, 0, 1), 'hemline_right': (512, 512, 1)}
    write_part(tmp_path / 'train.csv', [('a.jpg', 'skirt', points)])
    assert (
        main([str(tmp_path), '--out', str(tmp_path), '--image-size', '512', '512']) == 0
    )
    (annotation,) = load(tmp_path / 'train_skirt.json')['annotations']
    assert annotation['bbox'] == [0, 0, 512, 512]
    assert annotation['keypoints'] == [0] * 6 + [0, 0, 2, 512, 512, 2]


def test_an_error_leaves_earlier_files(main, root, tmp_path, capsys):
    assert main([str(root), '--out', str(tmp_path)]) == 0
    before = (tmp_path / 'train_all.json').read_bytes()
    (tmp_path / 'train_skirt.json').unlink()
    (tmp_path / 'train_skirt.json').mkdir()
    assert main([str(root), '--out', str(tmp_path), '--margin', '0']) == 1
    assert 'train_skirt.json is a folder' in capsys.readouterr().err
    assert (tmp_path / 'train_all.json').read_bytes() == before
    assert not list(tmp_path.glob('*.tmp')) + list(tmp_path.glob('.*.tmp'))


@pytest.mark.parametrize(
    'argv, match',
    [
        ([], 'give DATA_ROOT, or all of'),
        (['--csv', 'a.csv'], 'give DATA_ROOT, or all of'),
        (['data', '--split', 'a'], 'replace DATA_ROOT'),
        (['data', '--val-fraction', '1.5'], 'must be between 0 and 1'),
        (['data', '--val-fraction', '0.5', '--val-split', 'cpn'], 'not allowed with'),
        (['data', '--margin', '-1'], 'must not be negative'),
        (['data', '--image-size', '0', '5'], 'must be positive'),
        (['--csv', 'a', '--image-root', 'b', '--split', '../c'], "--split '../c'"),
    ],
)
def test_bad_arguments(main, capsys, argv, match):
    with pytest.raises(SystemExit) as error:
        main([*argv, '--out', 'out'])
    assert error.value.code == 2
    assert match in capsys.readouterr().err


@pytest.mark.slow
def test_script_runs_from_any_folder_without_the_stack(root, tmp_path):
    code = f"""
import runpy, sys
sys.argv = ['fashionai_to_coco.py', {str(root)!r}, '--out', 'out']
try:
    runpy.run_path({str(SCRIPT)!r}, run_name='__main__')
except SystemExit as end:
    assert end.code == 0, end.code
assert not {{'torch', 'mmpose', 'mmengine'}} & set(sys.modules)
"""
    environment = os.environ | {'PYTHONPATH': str(REPO)}
    subprocess.run(
        [sys.executable, '-c', code], cwd=tmp_path, env=environment, check=True
    )
    assert file_names(tmp_path / 'out' / 'train_blouse.json') == ['Images/blouse/b.jpg']


@pytest.mark.slow
@needs_data
def test_published_answers(main, tmp_path):
    options = ['--image-root', '.', '--split', 'a', '--image-size', '512', '512']
    csv = str(DATA / ANSWERS)
    assert main(['--csv', csv, *options, '--out', str(tmp_path)]) == 0
    table = read_tianchi(csv)
    whole = load(tmp_path / 'a_all.json')
    assert [i['file_name'] for i in whole['images']] == table.image_ids
    points = np.array([a['keypoints'] for a in whole['annotations']]).reshape(-1, 24, 3)
    labelled = table.keypoints[..., 2] >= 0
    assert np.array_equal(points[labelled], table.keypoints[labelled] + [0, 0, 1])
    assert not points[~labelled].any()
    counts = {
        name: len(load(tmp_path / f'a_{name}.json')['images'])
        for name in garments.categories('fashionai')
    }
    assert counts == dict(
        blouse=1977, outwear=2043, dress=2038, skirt=1980, trousers=1958
    )


@pytest.mark.slow
@needs_data
def test_published_picture(main, tmp_path):
    assert (
        main([str(DATA), '--out', str(tmp_path), '--skip-bad', '--workers', '2']) == 0
    )
    data = load(tmp_path / 'test_a_blouse.json')
    (image,) = data['images']
    assert (image['width'], image['height']) == (512, 512)
    assert (DATA / image['file_name']).is_file()
    assert data['annotations'][0]['bbox'] == [92, 137, 293, 279]
