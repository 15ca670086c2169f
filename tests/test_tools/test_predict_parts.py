"""`predict` and `measure` with `--format parquet`, and `merge`."""

import contextlib
import csv
import json
import os
import shutil
import signal
import subprocess
import sys

import cv2
import pytest
from coarse_pictures import pictures
from toolbox import ROOT

from fashion_mmpose.catalogue.table_file import about_file, rows_in
from fashion_mmpose.cli.main import main
from fashion_mmpose.files.pictures.pixels import read_picture, write_picture

pytestmark = pytest.mark.slow
pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')
parquet = pytest.importorskip('pyarrow.parquet')
dataset = pytest.importorskip('pyarrow.dataset')

NUM = 7
VICTIM = ROOT / 'tests' / 'campaign' / 'victim.py'
PARTS = '--format', 'parquet', '--part-size', '3'


@pytest.fixture(scope='module')
def shop(tmp_path_factory, skirt_network):
    """Pictures in ``shop/``, and in ``plain/`` what is predicted in one go."""
    folder = tmp_path_factory.mktemp('parts')
    sizes = [(64 + 8 * number, 96) for number in range(NUM)]
    for number, image in enumerate(pictures(sizes)):
        write_picture(folder / f'shop/{number}.png', cv2.blur(image, (9, 9)))
    shutil.copytree(folder / 'shop', folder / 'bad')
    (folder / 'bad' / '4.png').write_bytes(b'no picture')
    with contextlib.chdir(folder):
        for name in ('shop', 'bad'):
            out = '--out-dir', f'plain_{name}', '--skip-bad'
            assert main(['predict', name, *skirt_network, *out]) == 0
    return folder


@pytest.fixture
def call(shop, skirt_network, tmp_path, monkeypatch):
    """Runs a command in the folder of the pictures; its exit code."""
    monkeypatch.chdir(shop)

    def run(command, *arguments, out=tmp_path / 'out'):
        options = (*skirt_network, '--out-dir', out) if command != 'merge' else ()
        return main([command, *map(str, (*arguments, *options))])

    return run


def test_parts_are_not_merged_among_themselves(call, tmp_path, capsys):
    """Who reads the folder as one table would count every garment twice."""
    (tmp_path / 'out').mkdir()
    for place in ('out/all.parquet', 'out/more/all.json'):
        with pytest.raises(SystemExit, match='2'):
            call('merge', tmp_path / 'out', '--out', tmp_path / place)
        assert 'write it beside the folder' in capsys.readouterr().err


def merged(call, folder, tmp_path):
    assert call('merge', folder, '--out', tmp_path / 'merged.json') == 0
    return (tmp_path / 'merged.json').read_bytes()


def test_the_same_as_in_one_go(call, shop, tmp_path, capsys):
    assert call('predict', 'shop', *PARTS) == 0
    assert '7 garments in 7 pictures: 7 skirt' in capsys.readouterr().out
    names = sorted(path.name for path in (tmp_path / 'out').iterdir())
    parts = [f'part-0000{number}-of-00003.parquet' for number in range(3)]
    assert names == ['_parts.json', *parts]
    plain = (shop / 'plain_shop/predictions.json').read_bytes()
    assert merged(call, tmp_path / 'out', tmp_path) == plain
    # A second call repeats nothing, and one with other settings is refused.
    times = [os.stat(tmp_path / 'out' / name).st_mtime_ns for name in names]
    assert call('predict', 'shop', *PARTS) == 0
    assert '3 of 3 parts were there before' in capsys.readouterr().out
    assert times == [os.stat(tmp_path / 'out' / name).st_mtime_ns for name in names]
    assert call('predict', 'bad', *PARTS[:2], '--part-size', 4) == 1
    error = capsys.readouterr().err
    assert '--part-size was 3 and is 4; to fix it: give the same inputs' in error


def test_bad_pictures_are_listed(call, shop, tmp_path, capsys):
    assert call('predict', 'bad', *PARTS) == 1
    assert 'left out: bad/4.png is no picture' in capsys.readouterr().err
    # It is still bad, and is not read again.
    assert call('predict', 'bad', *PARTS, '--skip-bad') == 0
    listed = (tmp_path / 'out/_unreadable.csv').read_text()
    head, (number, name, reason) = csv.reader(listed.splitlines())
    assert head == ['picture_id', 'picture', 'reason']
    assert (number, name) == ('4', '4.png')
    assert reason.startswith('bad/4.png is no picture')
    plain = (shop / 'plain_bad/predictions.json').read_bytes()
    assert merged(call, tmp_path / 'out', tmp_path) == plain
    assert (tmp_path / 'merged.unreadable.csv').read_text() == listed
    assert (shop / 'plain_bad/unreadable.csv').read_text() == listed


def test_programs_read_the_folder_as_one_table(call, shop, tmp_path):
    assert call('predict', 'bad', *PARTS, '--skip-bad') == 0
    table = parquet.read_table(tmp_path / 'out')
    assert table['picture_id'].to_pylist() == [0, 1, 2, 3, 5, 6]
    assert dataset.dataset(tmp_path / 'out', format='parquet').count_rows() == 6


def test_pictures_of_another_folder_are_refused(call, shop, tmp_path, capsys):
    assert call('predict', 'shop', *PARTS) == 0
    other = tmp_path / 'other'
    other.mkdir()
    for path in sorted((shop / 'shop').iterdir()):
        pixels = read_picture(path)
        write_picture(other / path.name, pixels[: len(pixels) // 2])
    assert call('predict', other, *PARTS) == 1
    assert (
        'most pictures that were looked at have other sizes' in capsys.readouterr().err
    )
    # The same ones elsewhere, of which one has been mended.
    moved = tmp_path / 'moved'
    shutil.copytree(shop / 'shop', moved)
    shutil.copy(sorted(other.iterdir())[2], moved / sorted(moved.iterdir())[2].name)
    assert call('predict', moved, *PARTS) == 0


def test_pictures_of_one_name_and_those_that_come_again(call, shop, tmp_path):
    for name in ('red', 'blue'):
        shutil.copytree(shop / 'shop', tmp_path / name)
    inputs = [tmp_path / 'red', tmp_path / 'blue', tmp_path / 'red']
    assert call('predict', *inputs, out=tmp_path / 'plain') == 0
    assert call('predict', *inputs, *PARTS) == 0
    plain = (tmp_path / 'plain/predictions.json').read_bytes()
    assert merged(call, tmp_path / 'out', tmp_path) == plain
    names = {entry['image'] for entry in json.loads(plain)}
    assert len(names) == 14 and {name.split('/')[0] for name in names} == {
        'red',
        'blue',
    }


def test_drawn_pictures_are_no_pictures_of_the_folder(call, shop, tmp_path, capsys):
    """As in runs in one go, also those that a share of an earlier run has drawn."""
    shop = shutil.copytree(shop / 'shop', tmp_path / 'shop')
    for shard in ((), ('--shard', '0/2')):
        assert call('predict', shop, '--save-vis', *shard, out=shop) == 0
    assert '4 garments in 4 pictures' in capsys.readouterr().out
    assert call('predict', shop, '--shard', '0/2', out=shop) == 0
    told = capsys.readouterr()
    assert '4 garments in 4 pictures' in told.out
    assert f'4 files in {shop}/shard-0-of-2/drawn were drawn by an earlier' in told.err
    assert call('predict', shop, *PARTS, out=shop) == 0
    told = capsys.readouterr()
    assert '7 garments in 7 pictures' in told.out
    for count, place in ((7, 'drawn'), (4, 'shard-0-of-2/drawn')):
        assert f'{count} files in {shop}/{place} were drawn by an earlier' in told.err
    # Nor of a pattern; who names the folder of drawn pictures means them.
    assert call('predict', shop / '**' / '*.png', out=shop) == 0
    told = capsys.readouterr()
    assert '7 garments in 7 pictures' in told.out
    assert f'7 files in {shop}/drawn were drawn by an earlier' in told.err
    assert call('predict', shop / 'drawn' / '*.png', out=shop) == 0
    assert 'in 7 pictures' in capsys.readouterr().out


def test_a_list_of_bad_pictures_is_renewed(call, shop, tmp_path):
    shop = shutil.copytree(shop / 'bad', tmp_path / 'shop')
    assert call('predict', shop, *PARTS, '--skip-bad') == 0
    merged(call, tmp_path / 'out', tmp_path)
    assert '4.png' in (tmp_path / 'merged.unreadable.csv').read_text()
    shutil.copy(shop / '3.png', shop / '4.png')
    (tmp_path / 'out/part-00001-of-00003.parquet').unlink()
    assert call('predict', shop, *PARTS) == 0
    merged(call, tmp_path / 'out', tmp_path)
    for place in ('out/_unreadable.csv', 'merged.unreadable.csv'):
        assert (tmp_path / place).read_text().splitlines() == [
            'picture_id,picture,reason'
        ]


def test_lists_of_bad_pictures_lie_beside_each_other(call, tmp_path, capsys):
    assert call('predict', 'bad', *PARTS, '--skip-bad') == 0
    mine = tmp_path / 'unreadable.csv'
    mine.write_text('of a run in one go')
    for name in ('a.json', 'b.json'):
        assert call('merge', tmp_path / 'out', '--out', tmp_path / name) == 0
        listed = (tmp_path / name).with_suffix('.unreadable.csv')
        assert f'1 pictures could not be read: {listed}' in capsys.readouterr().err
    for name in 'ab':
        listed = tmp_path / f'{name}.unreadable.csv'
        assert '4.png' in listed.read_text()
    assert mine.read_text() == 'of a run in one go'


def test_a_damaged_part_is_named(call, shop, tmp_path, capsys):
    assert call('predict', 'shop', *PARTS) == 0
    path = tmp_path / 'out/part-00001-of-00003.parquet'
    data = bytearray(path.read_bytes())
    data[4:40] = bytes(range(200, 236))
    path.write_bytes(data)
    for out in ('a.json', 'a.parquet'):
        assert call('merge', tmp_path / 'out', '--out', tmp_path / out) == 1
        (error,) = capsys.readouterr().err.splitlines()
        assert 'part-00001-of-00003.parquet cannot be read' in error


def test_shards(call, shop, tmp_path, monkeypatch):
    monkeypatch.setenv('SLURM_PROCID', '1')
    monkeypatch.setenv('SLURM_NTASKS', '2')
    monkeypatch.delenv('RANK', raising=False)
    assert call('predict', 'shop', *PARTS, '--shard', 'auto') == 0
    assert [path.name for path in (tmp_path / 'out').glob('part-*')] == [
        'part-00001-of-00003.parquet'
    ]
    assert call('predict', 'shop', *PARTS, '--shard', '0/2') == 0
    plain = (shop / 'plain_shop/predictions.json').read_bytes()
    assert merged(call, tmp_path / 'out', tmp_path) == plain


def test_shards_of_a_plain_run(call, shop, tmp_path):
    plain = json.loads((shop / 'plain_shop/predictions.json').read_text())
    for index in range(2):
        assert call('predict', 'shop', '--shard', f'{index}/2') == 0
    # Each has a folder of its own, so that none replaces what another has found.
    for index in range(2):
        path = tmp_path / f'out/shard-{index}-of-2/predictions.json'
        found = json.loads(path.read_text())
        expected = plain[index::2]
        assert [e['image_id'] for e in found] == [e['image_id'] for e in expected]
        assert [e['image'] for e in found] == [e['image'] for e in expected]


def test_lengths_in_parts(call, tmp_path):
    scale = '--px-per-cm', '2', '--min-score', '0'
    assert call('measure', 'shop', *PARTS, *scale) == 0
    plain = tmp_path / 'plain'
    assert call('measure', 'shop', *scale, '--format', 'json', out=plain) == 0
    expected = json.loads((plain / 'measurements.json').read_text())
    found = []
    for path in sorted((tmp_path / 'out').glob('part-*')):
        for row in (row for rows in rows_in(path) for row in rows):
            place = dict(image=row['picture'], garment=row['garment'])
            place['category'] = row['category']
            found += [place | each for each in row['measurements']]
    assert found == expected
    assert {row['unit'] for row in found} == {'cm'}


def test_pictures_that_tell_no_centimetres(call, tmp_path, capsys):
    for _ in range(2):  # what a part knows is still known when nothing is left to do
        assert call('measure', 'shop', *PARTS, '--marker', '10') == 1
    assert call('measure', 'shop', *PARTS, '--marker', '10', '--skip-bad') == 0


@pytest.mark.parametrize(
    'options, message',
    [
        (['--save-vis'], 'leave out --save-vis'),
        (['--track', '--save-csv'], 'leave out --save-csv, --track'),
        (['--format', 'parquet', 'csv'], '--format parquet goes alone'),
        (['--part-size', '0'], '--part-size 0: must be at least 1'),
    ],
)
def test_options_that_do_not_go_together(call, capsys, options, message):
    with pytest.raises(SystemExit):
        call('predict', 'shop', *PARTS, *options)
    assert message in capsys.readouterr().err


def test_merging_a_wrong_folder(call, shop, tmp_path, capsys):
    assert call('merge', shop, '--out', tmp_path / 'a.json') == 1
    assert 'has no _parts.json' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        call('merge', shop, '--out', tmp_path / 'a.csv')
    assert 'must end with .json or .parquet' in capsys.readouterr().err


def killed(shop, skirt_network, folder, event, number):
    """Run, and send a signal at a file event of the folder; the exit code."""
    out = folder / 'out'
    watched = VICTIM, event, number, 'process', out, folder / 'count'
    command = ROOT / 'tools/predict.py', shop / 'shop', *skirt_network, '--out-dir', out
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', *map(str, (*watched, *command, *PARTS))],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
    )
    assert 'Traceback' not in done.stderr
    return done.returncode


def test_killed_runs_go_on(call, shop, skirt_network, tmp_path):
    whole = tmp_path / 'whole'
    whole.mkdir()
    assert killed(shop, skirt_network, whole, 0, 0) == 0
    num_events = int((whole / 'count').read_text())
    assert num_events > 8
    expected = {path.name: path.read_bytes() for path in (whole / 'out').iterdir()}
    plain = (shop / 'plain_shop/predictions.json').read_bytes()
    assert merged(call, whole / 'out', tmp_path) == plain
    signals = signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGINT
    for place, number in enumerate(signals):
        folder = tmp_path / f'killed{place}'
        folder.mkdir()
        event = 2 + (num_events - 3) * place // (len(signals) - 1)
        assert killed(shop, skirt_network, folder, event, number) != 0
        assert call('predict', shop / 'shop', *PARTS, out=folder / 'out') == 0
        left = {path.name: path.read_bytes() for path in (folder / 'out').iterdir()}
        assert left == expected


def test_what_a_part_says_of_itself(call, tmp_path):
    assert call('predict', 'shop', *PARTS) == 0
    about = about_file(tmp_path / 'out/part-00001-of-00003.parquet')
    assert (about.schema, about.first, about.num_pictures) == (1, 3, 3)
    assert about.benchmarks == ('fashionai',)
    assert about.keypoints['skirt'][0] == 'waistband_left'
