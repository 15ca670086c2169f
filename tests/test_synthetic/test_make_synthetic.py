import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from folder_contents import contents

from fashion_mmpose.formats.fashionai.tianchi import COLUMNS, read_tianchi
from fashion_mmpose.garments import categories
from fashion_mmpose.measure import Marker, find_scale, read_lens
from fashion_mmpose.synthetic import draw_fashionai, fashionai, write_fashionai

SCRIPT = Path(__file__).parents[2] / 'tools' / 'make_synthetic.py'


@pytest.fixture(scope='module')
def main():
    spec = importlib.util.spec_from_file_location('make_synthetic', SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


@pytest.mark.slow
def test_layout_of_all_categories(main, tmp_path):
    argv = ['--category', 'all', '--num', '2', '--seed', '4', '--workers', '1']
    assert main([*argv, '--out', str(tmp_path)]) == 0
    csv = tmp_path / 'Annotations' / 'annotations.csv'
    assert csv.read_text().splitlines()[0] == ','.join(COLUMNS)
    table = read_tianchi(csv)
    assert table.warnings == []
    assert table.categories == [c for c in categories('fashionai') for _ in range(2)]
    for image_id, category, keypoints in zip(
        table.image_ids, table.categories, table.keypoints
    ):
        assert re.fullmatch(rf'Images/{category}/[0-9a-f]{{32}}\.jpg', image_id)
        assert max(cv2.imread(str(tmp_path / image_id)).shape) == 512
        assert (keypoints[:, 2] >= 0).any()
    assert len(contents(tmp_path)) == 11


@pytest.mark.slow
def test_garments_laid_flat(main, tmp_path, capsys):
    argv = ['--laid-flat', '--category', 'skirt', '--num', '1', '--marker', '12']
    argv += ['--board-pictures', '1', '--seed', '4', '--out', str(tmp_path)]
    assert main(argv) == 0
    assert '1 pictures, true lengths in ' in capsys.readouterr().out
    assert sorted(contents(tmp_path)) == [
        *('annos/000001.json', 'boards/01.jpg', 'camera.json', 'image/000001.jpg'),
        *('lengths.csv', 'lengths.json'),
    ]
    image = cv2.imread(str(tmp_path / 'image/000001.jpg'))
    lens = read_lens(tmp_path / 'camera.json')
    assert find_scale(image, Marker(12), lens).unit == 'cm'
    assert main(argv) == 1
    assert 'pass --overwrite' in capsys.readouterr().err


@pytest.mark.parametrize(
    'options',
    [
        ['--sheet', 'a4'],
        ['--board-pictures', '3'],
        ['--laid-flat', '--format', 'fashionai'],
        ['--laid-flat', '--balanced'],
        ['--laid-flat', '--category', 'blouse'],
        ['--laid-flat', '--marker', '5', '--sheet', 'a4'],
    ],
)
def test_options_that_do_not_go_together(main, tmp_path, options):
    with pytest.raises(SystemExit, match='2'):
        main([*options, '--num', '1', '--out', str(tmp_path)])
    assert not list(tmp_path.iterdir())


def test_file_holds_what_was_drawn(tmp_path):
    csv = write_fashionai(tmp_path, ['skirt'], num=2, seed=9)
    table = read_tianchi(csv)
    for index, (image_id, keypoints) in enumerate(
        zip(table.image_ids, table.keypoints)
    ):
        drawing = draw_fashionai('skirt', 9, index)
        np.testing.assert_array_equal(keypoints, drawing.keypoints)
        image = cv2.imread(str(tmp_path / image_id))
        assert image.shape == drawing.image.shape
        difference = np.abs(image.astype(int) - drawing.image)
        assert 0 < difference.mean() < 8  # the noise of JPEG


@pytest.mark.slow
def test_workers_do_not_change_the_bytes(tmp_path):
    first = write_fashionai(tmp_path / 'a', ['dress', 'blouse'], 5, seed=2, workers=1)
    second = write_fashionai(tmp_path / 'b', ['dress', 'blouse'], 5, seed=2, workers=2)
    assert contents(first.parents[1]) == contents(second.parents[1])


@pytest.mark.slow
def test_seed_changes_names_and_pictures(tmp_path):
    first = write_fashionai(tmp_path / 'a', ['blouse'], 2, seed=1)
    second = write_fashionai(tmp_path / 'b', ['blouse'], 2, seed=2)
    a, b = contents(first.parents[1]), contents(second.parents[1])
    assert a.keys() & b.keys() == {'Annotations/annotations.csv'}
    assert not set(a.values()) & set(b.values())


@pytest.mark.slow
def test_more_pictures_keep_the_first_ones(tmp_path):
    few = write_fashionai(tmp_path / 'a', ['trousers'], 2, seed=1)
    many = write_fashionai(tmp_path / 'b', ['trousers'], 3, seed=1)
    assert many.read_text().startswith(few.read_text())


def test_existing_annotations_are_kept_unless_told(main, tmp_path, capsys):
    argv = ['--category', 'skirt', '--workers', '1', '--out', str(tmp_path)]
    assert main([*argv, '--num', '2']) == 0
    before = contents(tmp_path)
    assert main([*argv, '--num', '1']) == 1
    assert contents(tmp_path) == before
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith('error: ') and error.endswith('--overwrite')
    assert str(tmp_path) in error
    assert main([*argv, '--num', '1', '--overwrite']) == 0
    assert len(read_tianchi(tmp_path / 'Annotations/annotations.csv').image_ids) == 1


@pytest.mark.parametrize('option, value', [('--num', '0'), ('--seed', '-1')])
def test_numbers_out_of_range(main, tmp_path, capsys, option, value):
    out = tmp_path / 'out'
    argv = ['--num', '1', '--workers', '1', '--out', str(out), option, value]
    assert main(argv) == 1
    assert f'{option[2:]}={value}' in capsys.readouterr().err
    assert not out.exists()


def test_no_csv_when_drawing_fails(tmp_path, monkeypatch):
    def fail(*args):
        raise RuntimeError('no more paint')

    monkeypatch.setattr(fashionai, 'sample_background', fail)
    with pytest.raises(RuntimeError, match='no more paint'):
        write_fashionai(tmp_path, ['blouse'], 1)
    assert contents(tmp_path) == {}


@pytest.mark.slow
def test_script_runs_from_any_folder(tmp_path):
    command = [sys.executable, str(SCRIPT), '--num', '1', '--category', 'skirt']
    done = subprocess.run(
        [*command, '--workers', '1', '--out', 'drawn'],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().startswith('1 pictures, annotations in drawn')
    assert (tmp_path / 'drawn' / 'Annotations' / 'annotations.csv').exists()


def test_unknown_category_is_a_usage_error(main, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(['--num', '1', '--category', 'hat', '--out', str(tmp_path)])
    assert stop.value.code == 2
    assert 'hat' in capsys.readouterr().err
