"""Commands do not write over what they read."""

from pathlib import Path

import pytest

from fashion_mmpose.cli.main import main


@pytest.mark.parametrize(
    'command',
    [
        'score fashionai a b --json a',
        'score fashionai a b --json ./b',
        'score deepfashion2 a b --json link',
        'score deepfashion2 a b --json b',
        'submit a b --ann-file c --out b',
        'submit a b --ann-file c --out c',
        'submit a b --ann-file c --test-list d --out d',
        'convert detections a --ann-file b --out a',
        'convert detections a --ann-file b --out ./b',
        'convert detections a --ann-file b --benchmark c --out c',
        'convert labels a --benchmark fashionai --out link',
        'convert labels a --benchmark fashionai --mapping b --out b',
        'convert labels a --benchmark b --out b',
        'convert export a --to coco --out a',
        'convert export a --to coco --benchmark b --out b',
        'convert export a --to coco --ann-file b --out b',
        'convert fiftyone a --out a/samples.json',
        'convert fiftyone a --benchmark b --out b',
        'convert yolo-predictions a --ann-file b --out b',
        'convert yolo-predictions a --ann-file b --benchmark c --out c',
        'report a --ann-file b --out a',
        'report a --ann-file b --out b',
        'report a --ann-file b --compare c --out c',
        'report a --ann-file b --calibration c --out c',
    ],
)
def test_inputs_are_kept(tmp_path, monkeypatch, capsys, command):
    if command.startswith('report'):
        pytest.importorskip('plotly', reason='`make setup` brings plotly')
    monkeypatch.chdir(tmp_path)
    for name in 'abcd':
        (tmp_path / name).write_text('mine')
    (tmp_path / 'link').symlink_to('a')
    assert main(command.split()) == 1
    out = Path(command.split()[-1])
    assert capsys.readouterr().err == (
        f'error: {out} is an input, which would be written over; to fix it: choose '
        'another file to write\n'
    )
    assert {(tmp_path / name).read_text() for name in 'abcd'} == {'mine'}
    assert len([*tmp_path.iterdir()]) == 5


@pytest.mark.parametrize(
    ('export', 'options', 'kept'),
    [
        ('train_skirt.json', '--split-categories --out train_all.json', 0),
        ('train_skirt.json', '--split-categories --out train.json', 0),
        ('labelled', '--out labelled/7.json', 1),
    ],
)
def test_labels_are_kept(tmp_path, monkeypatch, capsys, export, options, kept):
    """A category's file is called as exports may be; labelme's are in a folder."""
    monkeypatch.chdir(tmp_path)
    files = Path('train_skirt.json'), Path('labelled/7.json')
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.write_text('mine')
    command = f'convert labels {export} --benchmark fashionai {options}'
    assert main(command.split()) == 1
    printed = capsys.readouterr().err
    assert f'error: {files[kept]} is an input, which would be wri' in printed
    assert [file.read_text() for file in files] == ['mine', 'mine']
