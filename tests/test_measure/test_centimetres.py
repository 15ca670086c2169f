"""What tells centimetres in the pictures of a run, and tables of lengths."""

import csv
import json

import cv2
import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.measure import (
    Board,
    KnownLength,
    Lens,
    Marker,
    TargetError,
    measure,
    pixels_per_cm,
    read_lens,
)
from fashion_mmpose.measure.centimetres import (
    Centimetres,
    KnownPoints,
    read_own_measures,
)
from fashion_mmpose.measure.writing import check_format, write_table

MATRIX = [[900, 0, 400], [0, 900, 300], [0, 0, 1]]
PICTURE = np.full((60, 80, 3), 128, np.uint8)
ROWS = [
    dict(image='a, "b".jpg', value=12.5, low=None, reason=''),
    dict(image='=1+1', value=None, low=None, reason='not there'),
]


def test_a_scale_for_every_picture():
    assert Centimetres().of(PICTURE).unit == 'px'
    assert Centimetres(pixels_per_cm(4)).of(PICTURE).unit == 'cm'
    with pytest.raises(TargetError):
        Centimetres(Marker(10)).of(PICTURE)


def test_the_lens_goes_with_all_of_them(tmp_path):
    path = tmp_path / 'lens.json'
    path.write_text(json.dumps(dict(matrix=MATRIX, distortion=[-0.1, 0.01, 0, 0])))
    lens = read_lens(path)
    for known in (None, pixels_per_cm(4), KnownLength('crotch', 'waistband_left', 30)):
        assert Centimetres(known, lens).of(PICTURE).lens is lens


@pytest.mark.parametrize('shrunk', [1, 4])
def test_known_points_are_straightened_by_the_lens_of_the_picture(shrunk: int):
    """A lens that was calibrated with the large pictures serves for smaller ones."""
    matrix = np.array([[3000, 0, 2000], [0, 3000, 1500], [0, 0, 1]], float)
    lens = Lens(matrix, np.array([-0.2, 0.05, 0, 0, 0]), (4000, 3000))
    large = np.array([(600, 1500), (3400, 1500)], float)
    ends = (large + 0.5) / shrunk - 0.5  # pixels' centres
    picture = np.zeros((3000 // shrunk, 4000 // shrunk, 3), np.uint8)
    known = KnownPoints(tuple(ends[0]), tuple(ends[1]), 50)
    scale = Centimetres(known, lens).of(picture)
    first, second = scale.to_plane(ends)
    assert np.linalg.norm(second - first) == pytest.approx(50)
    assert scale.unit == 'cm'
    np.testing.assert_array_equal(scale.corners, ends)


def test_what_tells_lies_where_the_lens_shows_nothing():
    """A run goes on with the picture in pixels, and with the other garments."""
    lens = Lens(np.array(MATRIX, float), np.array([-1.2, 0, 0, 0, 0]), (800, 600))
    picture = np.full((600, 800, 3), 150, np.uint8)
    with pytest.raises(TargetError, match='an end of the known length lies where the'):
        Centimetres(KnownPoints((5, 5), (400, 300), 50), lens).of(picture)
    board = Board(7, 5, 4, 3)
    drawn = board.draw(60)
    picture[5 : 5 + drawn.shape[0], 5 : 5 + drawn.shape[1]] = drawn[..., None]
    with pytest.raises(TargetError, match='one of 24 corners of a board .* nothing is'):
        Centimetres(board, lens).of(picture)
    skirt = garments.garment('fashionai', 'skirt')
    points = np.array([(5, 5), (400, 200), (300, 400), (500, 400)], float)
    known = KnownLength('waistband_left', 'waistband_right', 30, lens)
    for found in measure(
        points, skirt, known, covariances=np.tile(np.eye(2), (4, 1, 1))
    ):
        assert found.value is None and 'says that nothing is seen' in found.reason


def test_known_points_that_tell_nothing_are_refused_at_once():
    with pytest.raises(ValueError, match='give a longer length'):
        KnownPoints((0, 0), (1, 0), 10)
    with pytest.raises(ValueError, match='is not positive'):
        KnownPoints((0, 0), (100, 0), -10)


@pytest.mark.parametrize('end', [(81, 30), (70, 61), (-1, 30)])
def test_known_points_are_of_pictures_that_have_them(end):
    """In a smaller picture they would tell some other length."""
    known = KnownPoints((10, 30), end, 10)
    with pytest.raises(TargetError, match='outside of the picture of 80x60 pixels; to'):
        Centimetres(known).of(PICTURE)
    assert Centimetres(KnownPoints((0, 0), (80, 60), 10)).of(PICTURE).unit == 'cm'


def test_opencvs_calibration_is_read(tmp_path):
    path = tmp_path / 'camera.yml'
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    storage.write('camera_matrix', np.array(MATRIX, float))
    storage.write('distortion_coefficients', np.array([[-0.1, 0.01, 0, 0, 0]]))
    storage.release()
    lens = read_lens(path)
    assert lens.matrix.tolist() == MATRIX
    assert lens.distortion.tolist() == [-0.1, 0.01, 0, 0, 0]


@pytest.mark.parametrize(
    ('name', 'content'),
    [
        ('a.json', '[]'),
        ('a.json', '{"matrix": [[1, 2], [3, 4]], "distortion": [0, 0, 0, 0]}'),
        ('a.json', f'{{"matrix": {MATRIX}, "distortion": [0, 0]}}'),
        ('a.yml', '%YAML:1.0\n---\nother: 3\n'),
        ('a.yml', 'not a file of OpenCV: ['),
    ],
)
def test_other_files_are_no_calibration(tmp_path, name: str, content: str):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(FormatError, match=name):
        read_lens(path)
    with pytest.raises(FileNotFoundError):
        read_lens(tmp_path / f'missing_{name}')


def test_measurements_of_ones_own(tmp_path):
    path = tmp_path / 'own.json'
    path.write_text('{"skirt": {"width": ["waistband_left", "waistband_right"]}}')
    fashionai = garments.benchmark('fashionai')
    (width,) = read_own_measures(path, fashionai)['skirt']
    assert (width.name, width.places) == ('width', ((0,), (1,)))
    for content, message in {
        '[]': 'no mapping of categories',
        '{"hat": {}}': "no category 'hat'",
        '{"skirt": {"width": ["waistband_left", "crotch"]}}': "no key point 'crotch'",
    }.items():
        path.write_text(content)
        with pytest.raises(FormatError, match=message):
            read_own_measures(path, fashionai)


def test_tables_hold_what_is_there(tmp_path):
    with OutputFiles() as outputs:
        for name in ('csv', 'json'):
            write_table(outputs, tmp_path / f'lengths.{name}', ROWS)
            write_table(outputs, tmp_path / f'empty.{name}', [])
    with open(tmp_path / 'lengths.csv', newline='') as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == dict(image='a, "b".jpg', value='12.5', low='', reason='')
    assert rows[1]['reason'] == 'not there'
    assert json.loads((tmp_path / 'lengths.json').read_text()) == ROWS
    assert json.loads((tmp_path / 'empty.json').read_text()) == []


def test_workbooks(tmp_path):
    openpyxl = pytest.importorskip('openpyxl')
    path = tmp_path / 'lengths.xlsx'
    with OutputFiles() as outputs:
        write_table(outputs, path, ROWS)
    sheet = openpyxl.load_workbook(path).active
    values = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert values[0] == ['image', 'value', 'low', 'reason']
    assert values[1][:2] == ['a, "b".jpg', 12.5]
    assert values[2][0] == "'=1+1"  # and no formula


def test_what_workbooks_cannot_hold(tmp_path, monkeypatch):
    openpyxl = pytest.importorskip('openpyxl')
    monkeypatch.setattr('fashion_mmpose.measure.writing.MOST_ROWS', 2)
    rows = [dict(image=f'a\x07{i}.jpg', value=i) for i in range(5)]
    with OutputFiles() as outputs:
        write_table(outputs, tmp_path / 'lengths.xlsx', rows)
    workbook = openpyxl.load_workbook(tmp_path / 'lengths.xlsx')
    assert workbook.sheetnames == [f'measurements{end}' for end in ('', ' 2', ' 3')]
    found = [
        [cell.value for cell in row]
        for sheet in workbook
        for row in sheet.iter_rows(min_row=2)
    ]
    assert found == [[f'a\N{REPLACEMENT CHARACTER}{i}.jpg', i] for i in range(5)]


def test_a_missing_library_says_what_to_do(monkeypatch):
    monkeypatch.setitem(__import__('sys').modules, 'openpyxl', None)
    with pytest.raises(ImportError, match=r'fashion-mmpose\[xlsx\]'):
        check_format('xlsx')
    with pytest.raises(ValueError, match='choose from csv'):
        check_format('ods')
