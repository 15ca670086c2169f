"""tools/measure.py and `predict --measure`: from pictures to lengths."""

import csv
import json

import pytest
from toolbox import load_tool

pytestmark = pytest.mark.slow

CHECKPOINT = 'work_dirs/tiny/epoch_4.pth'
POSE = '--pose', 'tiny.py', CHECKPOINT
NUM = 5  # pictures of data/test


@pytest.fixture
def tool(trained, monkeypatch):
    """Runs a tool in this process, in the folder with the trained network."""
    monkeypatch.chdir(trained)

    def call(name, *arguments):
        main = load_tool(name).main
        return main([str(each) for each in ('--device', 'cpu', *arguments)])

    return call


def rows_of(folder) -> list[dict]:
    with open(folder / 'measurements.csv', newline='') as file:
        return list(csv.DictReader(file))


def test_a_folder_is_measured(tool, tmp_path, capsys):
    spec = tmp_path / 'spec.csv'
    spec.write_text('measurement,target,tolerance\nchest_width,45,3\n')
    scale = '--px-per-cm', 8, 0.1, '--spec', spec, '--save-vis', '--combine'
    scale += '--min-score', 0
    out = '--out-dir', tmp_path / 'out'
    assert tool('measure.py', 'data/test', *POSE, *out, *scale) == 0
    rows = rows_of(tmp_path / 'out')
    assert {row['category'] for row in rows} == {'blouse'}
    assert {row['unit'] for row in rows} == {'cm'}
    chests = [row for row in rows if row['measurement'] == 'chest_width']
    assert len(chests) == NUM + 1  # and their common one
    assert {row['verdict'] for row in chests} <= {'PASS', 'FAIL', 'UNSURE'}
    measured = [row for row in rows if row['value']]
    assert measured and all(float(row['error']) > 0 for row in measured)
    assert len(list((tmp_path / 'out/measured').rglob('*.jpg'))) == NUM
    printed = capsys.readouterr().out
    assert f'lengths of {NUM} garments' in printed and 'UNSURE' in printed


def test_pictures_without_a_marker_are_told(tool, tmp_path, capsys):
    arguments = 'data/test', *POSE, '--out-dir', tmp_path, '--marker', 10
    assert tool('measure.py', *arguments) == 1
    assert capsys.readouterr().err.count('in pixels: ') == NUM
    assert {row['unit'] for row in rows_of(tmp_path)} == {'px'}
    assert tool('measure.py', *arguments, '--skip-bad') == 0


def test_predict_measures_too(tool, tmp_path):
    scale = '--measure', '--known-length', 'armpit_left', 'armpit_right', 50
    scale += '--min-score', 0
    out = '--out-dir', tmp_path
    assert tool('predict.py', 'data/test', *POSE, *out, *scale, '--save-vis') == 0
    assert len(json.loads((tmp_path / 'predictions.json').read_text())) == NUM
    chests = [r for r in rows_of(tmp_path) if r['measurement'] == 'chest_width']
    assert len(chests) == NUM
    assert {float(row['value']) for row in chests if row['value']} <= {50.0}
    assert {row['unit'] for row in chests} == {'cm'}
    assert (tmp_path / 'measured').is_dir() and (tmp_path / 'drawn').is_dir()


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (('--sheet', 'a9'), "'a9' is no sheet"),
        (('--board', 5, 7, 3, 4), 'do not fit into squares'),
        (('--board', 5.5, 7, 4, 3), 'must be whole numbers'),
        (('--marker', 0), '--marker: 0 cm is not positive'),
        (('--known-length', 'armpit_left', 'knee', 5), "no key point 'knee'"),
        (('--known-length', 'armpit_left', 'armpit_right', 'x'), 'is no number'),
        (('--px-per-cm', 3, 1, 2), 'got more'),
        (('--known-points', 0, 0, 1, 0, 10), 'give a longer length'),
    ],
)
def test_wrong_options(tool, tmp_path, capsys, options, message: str):
    arguments = 'data/test', *POSE, '--out-dir', tmp_path
    assert tool('measure.py', *arguments, *options) == 1
    assert message in capsys.readouterr().err


def test_one_thing_tells_centimetres(tool, tmp_path, capsys):
    with pytest.raises(SystemExit, match='2'):
        tool('measure.py', 'x', '--out-dir', tmp_path, '--marker', 9, '--sheet', 'a4')
    assert 'not allowed with' in capsys.readouterr().err
