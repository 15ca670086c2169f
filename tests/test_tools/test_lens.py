"""tools/lens.py as a user runs it, and what becomes of a lens."""

import csv
import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from toolbox import load_tool

from fashion_mmpose.measure import Board, Marker, find_scale, pixels_per_cm
from fashion_mmpose.synthetic import write_laid_flat

BOARD = ('7', '5', '4', '3')


def call(*arguments):
    return load_tool('lens.py').main([str(each) for each in arguments])


@pytest.fixture(scope='module')
def drawn(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp('flat')
    write_laid_flat(folder, 1, ['skirt'], Marker(12), 8, seed=2)
    return folder


@pytest.mark.parametrize(
    ('name', 'board', 'message'),
    [
        ('b.png', (100, 100, 0.1, 0.05), '5000 markers, and 4X4_50 has 50; to fix it'),
        ('b.png', (7, 5, 4000, 3000), 'is too large to be drawn'),
        ('b.png', ('nan', 7, 4, 3), 'are no lengths'),
        ('b.png', (7, 5, 'inf', 3), 'are no lengths'),
        ('b.txt', BOARD, 'b.txt: the board is drawn as a .png'),
    ],
)
def test_boards_that_cannot_be_drawn(tmp_path, capsys, name, board, message):
    assert call('--print', tmp_path / name, '--board', *board) == 1
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_from_a_folder_of_pictures(drawn, tmp_path, capsys):
    out = tmp_path / 'camera.json'
    (tmp_path / 'gray.png').write_bytes(picture_bytes((1600, 1200)))
    inputs = drawn / 'boards', tmp_path / 'gray.png'
    assert call(*inputs, '--board', *BOARD, '--out', out) == 0
    printed = capsys.readouterr()
    assert '8 pictures of 9: corners are off by 0.' in printed.out
    assert 'left out: ' in printed.err and 'gray.png' in printed.err
    told, true = (json.loads(path.read_text()) for path in (out, drawn / 'camera.json'))
    assert told['size'] == true['size'] == [1600, 1200] and told['pictures'] == 8
    np.testing.assert_allclose(told['distortion'][0], true['distortion'][0], atol=0.01)
    np.testing.assert_allclose(told['matrix'], true['matrix'], rtol=0.01, atol=15)


def picture_bytes(size) -> bytes:
    buffer = BytesIO()
    Image.new('RGB', size, 'gray').save(buffer, 'PNG')
    return buffer.getvalue()


def test_doubts_are_told(drawn, tmp_path, capsys):
    out = tmp_path / 'camera.json'
    few = sorted((drawn / 'boards').iterdir())[:4]
    assert call(*few, '--out', out) == 0
    assert 'take more pictures' in capsys.readouterr().err
    assert call(*few[:2], '--out', out) == 1
    assert '2 pictures show the board, and 4 are needed' in capsys.readouterr().err


def test_the_board_is_printed_at_its_size(tmp_path, capsys):
    path = tmp_path / 'board.png'
    assert call('--print', path, '--board', 7, 5, 3.6, 2.7) == 0
    assert '27.0 x 19.8 cm' in capsys.readouterr().out
    image = Image.open(path)
    dpi = image.info['dpi'][0]
    assert image.width / dpi * 2.54 == pytest.approx(27, rel=0.001)
    pixels = np.array(image.convert('RGB'))
    # It is the board that is looked for: a scale by it is that of the print.
    scale = find_scale(pixels, Board(7, 5, 3.6, 2.7))
    expected = pixels_per_cm(dpi / 2.54).homography[0, 0]
    assert scale.homography[0, 0] / scale.homography[2, 2] == pytest.approx(
        expected, rel=0.002
    )


@pytest.mark.parametrize(
    'arguments', [(), ('a.jpg',), ('--out', 'a.json'), ('a.jpg', '--print', 'b.png')]
)
def test_halves_of_a_command(arguments):
    with pytest.raises(SystemExit, match='2'):
        call(*arguments)


def test_no_picture_is_written_over(tmp_path, capsys):
    """`--out boards/*.jpg` makes the first of them the file to write."""
    for name in 'ab':
        (tmp_path / f'{name}.png').write_bytes(picture_bytes((90, 60)))
    assert call('--out', tmp_path / 'a.png', tmp_path / 'b.png') == 1
    assert 'a.png: the lens is written as a .json' in capsys.readouterr().err
    assert (tmp_path / 'a.png').read_bytes() == picture_bytes((90, 60))


@pytest.mark.slow
def test_lengths_with_the_lens(drawn, tmp_path, capsys):
    """From the boards to centimetres, by commands alone."""
    camera = tmp_path / 'camera.json'
    assert call(drawn / 'boards', '--out', camera) == 0
    measure = load_tool('measure.py').main
    out = tmp_path / 'lengths'
    options = '--lens', camera, '--marker', 12, '--category', 'skirt'
    inputs = drawn / 'image', '--out-dir', out
    assert measure([str(each) for each in (*inputs, *options)]) == 0
    with open(out / 'measurements.csv', newline='') as file:
        rows = list(csv.DictReader(file))
    assert {row['unit'] for row in rows} == {'cm'}
    # Pictures that were turned do not go with that lens.
    picture = next((drawn / 'image').iterdir())
    Image.open(picture).rotate(90, expand=True).save(tmp_path / 'turned.jpg')
    capsys.readouterr()
    turned = tmp_path / 'turned.jpg', '--out-dir', tmp_path / 'other'
    assert measure([str(each) for each in (*turned, *options)]) == 1
    assert 'calibrated with pictures of 1600x1200' in capsys.readouterr().err
