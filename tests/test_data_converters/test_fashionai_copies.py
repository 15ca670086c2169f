"""data_converters/fashionai_to_coco.py on the copies of the data that are about."""

import csv
import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fashion_mmpose import garments
from fashion_mmpose.formats.fashionai.tianchi import COLUMNS

SCRIPT = Path(__file__).parents[2] / 'data_converters' / 'fashionai_to_coco.py'
NAMES = garments.keypoints('fashionai')


@pytest.fixture(scope='module')
def main():
    spec = importlib.util.spec_from_file_location('fashionai_to_coco', SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def skirt(image_id, x=30):
    """A row of a skirt with three points, one of them occluded."""
    cells = dict.fromkeys(NAMES, '-1_-1_-1')
    cells['waistband_left'] = f'{x}_40_1'
    cells['waistband_right'] = '60_41_0'
    cells['hemline_left'] = '0_120_1'
    return dict(zip(COLUMNS, (image_id, 'skirt', *cells.values())))


POINTS = [30, 40, 2, 60, 41, 1, 0, 120, 2, 0, 0, 0]


def write_csv(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open('w', newline='') as file:
        writer = csv.DictWriter(file, rows[0], lineterminator='\n')
        writer.writeheader()
        writer.writerows(rows)


def write_image(path, size=(90, 130)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new('RGB', size).save(path)


def load(path):
    return json.loads(path.read_text())


def table(text):
    """Cells of the lines of the first table."""
    return [line.split() for line in text.partition('\n\n')[0].splitlines()[1:]]


@pytest.fixture
def reupload(tmp_path):
    """The later upload: two rows of three with a picture, and the test's list."""
    root = tmp_path / 'data'
    rows = [skirt(f'train2/skirt/{name}.jpg') | {'category': 'skirt'} for name in 'abc']
    write_csv(root / 'train_extracted.csv', rows)
    for name in 'ac':
        write_image(root / f'train2/skirt/{name}.jpg')
    listed = dict(image_id='test/skirt/t.jpg', image_category='skirt', category='skirt')
    write_csv(root / 'test_extracted.csv', [listed])
    write_image(root / 'test/skirt/t.jpg')
    return root


def test_later_upload_counts_rows_without_a_picture(main, reupload, tmp_path, capsys):
    out = tmp_path / 'out'
    assert main([str(reupload), '--out', str(out)]) == 1
    output = capsys.readouterr()
    assert table(output.out) == [
        ['test_extracted.csv', 'test', '1', '1', '0'],
        ['train_extracted.csv', 'train', '3', '2', '1'],
    ]
    assert "train_extracted.csv: additional columns ignored: 'category'" in output.err
    error = output.err.splitlines()[-1]
    assert 'line 3, column image_id: no image' in error
    assert '1 of 3 in all' in error and '--skip-bad' in error
    assert not out.exists()


def test_later_upload_is_converted(main, reupload, tmp_path, capsys):
    copy = reupload / 'again' / 'train_extracted.csv'
    copy.parent.mkdir()
    shutil.copy(reupload / 'train_extracted.csv', copy)
    assert main([str(reupload), '--out', str(tmp_path), '--skip-bad']) == 0
    train = load(tmp_path / 'train_skirt.json')
    names = ['train2/skirt/a.jpg', 'train2/skirt/c.jpg']
    assert [image['file_name'] for image in train['images']] == names
    assert not any('path' in image or 'folder' in image for image in train['images'])
    assert [a['keypoints'] for a in train['annotations']] == [POINTS] * 2
    test = load(tmp_path / 'test_skirt.json')
    assert [image['file_name'] for image in test['images']] == ['test/skirt/t.jpg']
    assert test['annotations'] == []
    output = capsys.readouterr()
    assert 'left aside, it repeats' in output.err
    assert '1 rows left out' in output.out


def test_test_list_with_empty_cells(main, reupload, tmp_path):
    row = skirt('test/skirt/t.jpg') | dict.fromkeys(NAMES, '') | {'category': 'skirt'}
    write_csv(reupload / 'test_extracted.csv', [row])
    assert main([str(reupload), '--out', str(tmp_path), '--skip-bad']) == 0
    test = load(tmp_path / 'test_skirt.json')
    assert len(test['images']) == 1
    assert test['annotations'] == []


def changed(row, size, absent=-1):
    """The row as the CPM system's preprocessing writes it on Windows."""
    width, height = size
    image_id = row['image_id'].replace('Images/', 'Images\\')
    cells = dict(image_id=f'data\\train\\{image_id}', image_category='skirt')
    for name in NAMES:
        x, y, v = map(float, row[name].split('_'))
        point = (x / width, y / height, v) if v >= 0 else (0, 0, absent)
        cells |= {f'{name}_{part}': value for part, value in zip('xys', point)}
    return cells


SIZES = {'Images/skirt/a.jpg': (90, 130), 'Images/skirt/b.jpg': (511, 333)}


@pytest.fixture
def cpm(tmp_path):
    """The CPM system's folder, its pictures of two sizes."""
    root = tmp_path / 'cpm'
    for name, size in SIZES.items():
        write_image(root / 'data/train' / name, size)
    rows = [changed(skirt(name), size) for name, size in SIZES.items()]
    write_csv(root / 'data/train/train_changed.csv', rows)
    return root


@pytest.mark.parametrize('inner', ['', 'data', 'data/train'])
def test_cpm_csv_from_any_folder(main, cpm, tmp_path, inner):
    assert main([str(cpm / inner), '--out', str(tmp_path)]) == 0
    train = load(tmp_path / 'train_skirt.json')
    assert [a['keypoints'] for a in train['annotations']] == [POINTS] * 2
    sizes = {i['file_name']: (i['width'], i['height']) for i in train['images']}
    assert sizes == SIZES
    for image in train['images']:
        path = image.get('path', f'{image.get("folder", "")}/{image["file_name"]}')
        assert (cpm / inner / path.lstrip('/')).is_file()


def test_cpm_csv_away_from_its_pictures(main, cpm, tmp_path):
    moved = shutil.move(cpm / 'data/train/train_changed.csv', cpm)
    assert main([str(cpm), '--out', str(tmp_path)]) == 0
    folders = [i['folder'] for i in load(tmp_path / 'train_skirt.json')['images']]
    assert folders == ['data/train'] * 2
    named = ['--csv', moved, '--image-root', str(cpm), '--split', 'mine']
    assert main([*named, '--out', str(tmp_path)]) == 0
    image = load(tmp_path / 'mine_skirt.json')['images'][0]
    assert image['file_name'] == 'Images/skirt/a.jpg'
    assert image['path'] == 'data/train/Images/skirt/a.jpg'


def test_cpm_csv_beside_the_one_it_was_made_from(main, cpm, tmp_path, capsys):
    write_csv(cpm / 'data/train/train.csv', [skirt(name) for name in SIZES])
    assert main([str(cpm), '--out', str(tmp_path)]) == 0
    assert len(load(tmp_path / 'train_skirt.json')['images']) == 2
    note = 'train: 2 x row of an image that an earlier file has, left out\n'
    assert note in capsys.readouterr().err


def test_cpm_csv_with_states_of_0(main, cpm, tmp_path):
    rows = [changed(skirt(name), size, absent=0) for name, size in SIZES.items()]
    write_csv(cpm / 'data/train/train_changed.csv', rows)
    options = ['--image-size', '90', '130']
    assert main([str(cpm), '--out', str(tmp_path), *options]) == 0
    first, second = load(tmp_path / 'train_skirt.json')['annotations']
    assert first['keypoints'] == POINTS
    x, y = np.divide([30, 40], (511, 333)) * (90, 130)
    assert second['keypoints'][:2] == [round(x), round(y)]


def test_cpm_csv_without_a_picture(main, cpm, tmp_path, capsys):
    (cpm / 'data/train/Images/skirt/a.jpg').unlink()
    assert main([str(cpm), '--out', str(tmp_path), '--skip-bad']) == 0
    (annotation,) = load(tmp_path / 'train_skirt.json')['annotations']
    assert annotation['keypoints'] == POINTS
    assert ['data/train/train_changed.csv', 'train', '2', '1', '1'] in table(
        capsys.readouterr().out
    )


def test_csv_beside_images(main, tmp_path, capsys):
    for name in ('train', 'test_a', 'test_b'):
        write_csv(tmp_path / f'{name}.csv', [skirt(f'Images/skirt/{name}.jpg')])
        write_image(tmp_path / f'Images/skirt/{name}.jpg')
    assert main([str(tmp_path), '--out', str(tmp_path / 'out')]) == 0
    for name in ('train', 'test_a', 'test_b'):
        (image,) = load(tmp_path / f'out/{name}_all.json')['images']
        assert image['file_name'] == f'Images/skirt/{name}.jpg'
    assert 'warning' not in capsys.readouterr().err


def test_archives_as_they_unpack(main, tmp_path, capsys):
    tests = {'a': 'fashionAI_key_points_test_a_20180227', 'b': 'test_b_20180418'}
    for letter, archive in tests.items():
        folder = tmp_path / archive / 'test'
        answers = f'fashionAI_key_points_test_{letter}_answer_20180426.csv'
        write_csv(folder / answers, [skirt(f'Images/skirt/{letter}.jpg')])
        write_image(folder / f'Images/skirt/{letter}.jpg')
    assert main([str(tmp_path), '--out', str(tmp_path / 'out')]) == 0
    parts = [cells[1:] for cells in table(capsys.readouterr().out)]
    assert parts == [['test_a', '1', '1', '0'], ['test_b', '1', '1', '0']]


def test_parts_of_one_name_are_not_joined_in_silence(main, tmp_path, capsys):
    for name in 'ab':
        write_csv(tmp_path / name / 'test/test.csv', [skirt(f'Images/{name}.jpg')])
        write_image(tmp_path / name / f'test/Images/{name}.jpg')
    assert main([str(tmp_path), '--out', str(tmp_path / 'out')]) == 0
    note = 'warning: test: joined from the annotations of '
    assert note in capsys.readouterr().err


def test_real_cut_out_of_the_later_upload(main, fashion_data, tmp_path, capsys):
    root = fashion_data.parent / 'cases' / 'reupload_2023'
    if not root.is_dir():
        pytest.skip('no cut-out of the later upload')
    assert main([str(root), '--out', str(tmp_path), '--skip-bad']) == 0
    assert table(capsys.readouterr().out) == [
        ['train_extracted.csv', 'train', '17', '15', '2']
    ]
    first = load(tmp_path / 'train_blouse.json')['annotations'][0]
    assert first['keypoints'][:6] == [205, 92, 2, 295, 85, 2]


def test_real_pictures(main, fashion_data, tmp_path):
    root = fashion_data / 'fashionai_real'
    assert main([str(root), '--out', str(tmp_path)]) == 0
    counts = {
        split: len(load(tmp_path / f'{split}_all.json')['annotations'])
        for split in ('train', 'test_a')
    }
    assert counts == dict(train=2799, test_a=519)
