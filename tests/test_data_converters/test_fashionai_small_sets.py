"""data_converters/fashionai_to_coco.py on sets of a few pictures, or of none."""

import json

import numpy as np
import pytest
from PIL import Image

from fashion_mmpose import garments
from fashion_mmpose.cli.convert.fashionai import main
from fashion_mmpose.formats.coco.columns import read_columns
from fashion_mmpose.formats.fashionai.tianchi import write_tianchi

ANSWERS = 'fashionAI_key_points_{}_answer_20180426.csv'
HEADER = 'image_id,image_category\n'


def write_part(folder, csv, names, category='skirt'):
    """Annotated pictures of 90 x 130 px; those of a name are alike."""
    keypoints = np.full((len(names), 24, 3), -1)
    keypoints[:, list(garments.garment('fashionai', category).channels)] = 20, 30, 1
    ids = [f'Images/{category}/{name}.jpg' for name in names]
    for image_id in ids:
        path = folder / image_id
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new('RGB', (90, 130)).save(path)
    (folder / csv).parent.mkdir(exist_ok=True)
    write_tianchi(folder / csv, ids, [category] * len(ids), keypoints)


def names_of(path):
    images = json.loads(path.read_text())['images']
    return sorted(image['file_name'].rpartition('/')[2][0] for image in images)


@pytest.mark.parametrize(
    'fraction, train, val', [('0.2', ['a'], []), ('0.9', [], ['a'])]
)
def test_one_picture_leaves_a_split_empty(tmp_path, fraction, train, val, capsys):
    write_part(tmp_path / 'data', 'train.csv', 'a')
    out = tmp_path / 'out'
    command = [str(tmp_path / 'data'), '--out', str(out), '--val-fraction', fraction]
    assert main(command) == 0
    assert names_of(out / 'train_all.json') == train
    assert names_of(out / 'val_all.json') == val
    empty = 'train' if val else 'val'
    assert f'warning: {empty}: no image' in capsys.readouterr().err
    assert not (out / f'{empty}_skirt.json').exists()
    assert len(read_columns(out / f'{empty}_all.json', 'fashionai').ids) == 0


def test_files_of_an_earlier_run_that_do_not_go_with_these(tmp_path, capsys):
    """A network would learn the pictures that it is validated on."""
    data, out = tmp_path / 'data', tmp_path / 'out'
    write_part(data, 'train.csv', 'abcde')
    command = [str(data), '--out', str(out), '--image-size', '90', '130']
    for _ in range(2):
        assert main([*command, '--val-fraction', '0.4']) == 0
        assert capsys.readouterr().err == ''
    (out / 'other_all.json').write_text('{}')
    assert main(command) == 0
    assert capsys.readouterr().err == (
        f'warning: 2 images are both in train and in {out}/val_all.json, which an '
        'earlier run wrote; to fix it: delete it, or convert into another folder\n'
    )
    for path in out.glob('val_*'):
        path.unlink()
    write_part(data, 'train.csv', 'abcde', 'trousers')
    assert main(command) == 0
    assert (
        f'warning: train has no image of category skirt, but there is {out}/train_skirt'
        '.json, which an earlier run wrote' in capsys.readouterr().err
    )


def test_a_file_without_rows_is_left_aside(tmp_path, capsys):
    data, out = tmp_path / 'data', tmp_path / 'out'
    write_part(data, 'train.csv', 'ab')
    (data / 'test.csv').write_text(HEADER)
    assert main([str(data), '--out', str(out)]) == 0
    output = capsys.readouterr()
    assert 'test.csv: no rows, left aside' in output.err
    assert ['test.csv', 'test', '0', '0', '0'] in map(str.split, output.out.split('\n'))
    assert sorted(p.name for p in out.iterdir()) == [
        'train_all.json',
        'train_skirt.json',
    ]

    (data / 'train.csv').write_text(HEADER)
    assert main([str(data), '--out', str(tmp_path / 'new')]) == 1
    assert 'train.csv: no rows' in capsys.readouterr().err
    assert not (tmp_path / 'new').exists()


LAYOUTS = {
    'hyphen': ('train', 'r1-test-a', 'r1-test-b'),
    'numbers': ('train_0', 'train_1', 'train_2'),
    'capitals': ('R1_TRAIN', 'R1_TEST_A', 'R1_TEST_B'),
    'archives': (
        'fashionAI_key_points_train_20180227/train',
        'fashionAI_key_points_test_a_20180227/test',
        'fashionAI_key_points_test_b_20180418/test',
    ),
}


@pytest.mark.parametrize('layout', LAYOUTS)
def test_reference_split_of_every_layout(tmp_path, layout):
    train, test_a, test_b = (tmp_path / 'data' / name for name in LAYOUTS[layout])
    write_part(train, 'Annotations/train.csv', 'abc')
    write_part(test_a, ANSWERS.format('test_a'), 'de')
    write_part(test_b, ANSWERS.format('test_b'), 'fghij')
    out = tmp_path / 'out'
    command = [str(tmp_path / 'data'), '--out', str(out), '--val-split', 'cpn']
    assert main(command) == 0
    # The first of scikit-learn's permutation of 5 rows with the seed 42 is row 1.
    assert names_of(out / 'val_skirt.json') == ['g']
    assert names_of(out / 'train_skirt.json') == list('abcdefhij')


def test_reference_split_of_the_later_upload(tmp_path, capsys):
    """It has no answers of a test: the fifth is chosen from the training rows."""
    write_part(tmp_path / 'data', 'train_extracted.csv', 'abcde')
    out = tmp_path / 'out'
    command = [str(tmp_path / 'data'), '--out', str(out), '--val-split', 'cpn']
    assert main(command) == 0
    assert names_of(out / 'val_skirt.json') == ['b']
    assert names_of(out / 'train_skirt.json') == list('acde')
    assert 'no test has annotations, so val is a fifth' in capsys.readouterr().err


def test_reference_split_needs_both_tests(tmp_path, capsys):
    write_part(tmp_path / 'data/train', 'Annotations/train.csv', 'abc')
    write_part(tmp_path / 'data/r1_test_b', ANSWERS.format('test_b'), 'fghij')
    command = [str(tmp_path / 'data'), '--out', str(tmp_path / 'out')]
    assert main([*command, '--val-split', 'cpn']) == 1
    assert "--val-split cpn needs annotations of 'test_a'" in capsys.readouterr().err


def test_joined_answers_are_told(tmp_path, capsys):
    for number, name in enumerate('ab'):
        csv = ANSWERS.format('test_a').replace('20180426', str(number))
        write_part(tmp_path / f'data/part{number}', csv, name)
    out = tmp_path / 'out'
    assert main([str(tmp_path / 'data'), '--out', str(out)]) == 0
    assert names_of(out / 'test_a_skirt.json') == ['a', 'b']
    assert 'test_a: joined from the annotations of ' in capsys.readouterr().err
