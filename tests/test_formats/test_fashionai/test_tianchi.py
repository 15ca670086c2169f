"""Tests for fashion_mmpose.formats.fashionai.tianchi."""

import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.formats.fashionai.tianchi import (
    COLUMNS,
    TianchiError,
    read_tianchi,
    write_tianchi,
)

HEADER = ','.join(COLUMNS)


def row(image_id='a.jpg', category='skirt', **cells):
    """A row with these cells and no other point."""
    names = garments.keypoints('fashionai')
    return ','.join([image_id, category, *(cells.get(n, '-1_-1_-1') for n in names)])


def write(folder, text):
    path = folder / 'table.csv'
    path.write_bytes(text.encode())
    return path


A = row('Images/skirt/a_1.jpg', waistband_left='0_512_1', hemline_right='7_8_0')
B = row('b.jpg', 'blouse', center_front='3_4_1')


def test_values(tmp_path):
    table = read_tianchi(write(tmp_path, f'{HEADER}\n{A}\n{B}\n'))
    assert table.image_ids == ['Images/skirt/a_1.jpg', 'b.jpg']
    assert table.categories == ['skirt', 'blouse']
    assert table.lines.tolist() == [2, 3]
    assert table.keypoints.shape == (2, 24, 3)
    assert table.keypoints.dtype == np.int64
    expected = np.full((2, 24, 3), -1)
    expected[0, 15] = 0, 512, 1
    expected[0, 18] = 7, 8, 0
    expected[1, 2] = 3, 4, 1
    assert np.array_equal(table.keypoints, expected)
    assert table.repairs == {}
    assert table.warnings == []


@pytest.mark.parametrize(
    'text, repairs, lines',
    [
        pytest.param(f'{A}\n{B}\n', {}, [1, 2], id='no header'),
        pytest.param(f'{A}\r\n{B}\r\n', {'crlf': 2}, [1, 2], id='crlf'),
        pytest.param(f'\ufeff{A}\n{B}\n', {'byte_order_mark': 1}, [1, 2], id='bom'),
        pytest.param(
            f'{HEADER}\n\n{A}\n \n{B}\n\n', {'blank_lines': 3}, [3, 5], id='blank'
        ),
        pytest.param(
            f'{A}\n{B}', {'missing_final_newline': 1}, [1, 2], id='no final newline'
        ),
        pytest.param(
            f'image_id,image_category\n{A}\n{B}\n',
            {'short_header': 1},
            [2, 3],
            id='2 names over 26 fields',
        ),
        pytest.param(
            f'{HEADER}\n{A}\n{HEADER}\n{B}\n',
            {'repeated_headers': 1},
            [2, 4],
            id='joined files',
        ),
        pytest.param(
            f'{HEADER}\n{A}\n{B}\n'.replace(',', ';'),
            {'semicolons': 2},
            [2, 3],
            id='semicolons',
        ),
        pytest.param(f'{A}\n{B}\n'.replace(',', '\t'), {'tabs': 2}, [1, 2], id='tabs'),
        pytest.param(
            f'"image_id",{HEADER[9:]}\n{A}\n{B}\n'.replace('b.jpg', '"b.jpg"'),
            {'quotes': 1},
            [2, 3],
            id='quotes',
        ),
        pytest.param(
            f'{A}\n{B}\n'.replace('/', '\\'),
            {'backslashes': 1},
            [1, 2],
            id='backslashes',
        ),
        pytest.param(
            f'{A}\n{B}\n{A}\n{A}\n',
            {'identical_duplicates': 2},
            [1, 2],
            id='identical duplicates',
        ),
    ],
)
def test_repairs_are_counted(tmp_path, text, repairs, lines):
    table = read_tianchi(write(tmp_path, text))
    assert table.repairs == repairs
    assert len(table.warnings) == len(repairs)
    assert all(f': {n} x ' in w for n, w in zip(repairs.values(), table.warnings))
    assert table.lines.tolist() == lines
    assert table.image_ids == ['Images/skirt/a_1.jpg', 'b.jpg']
    assert table.keypoints[1, 2].tolist() == [3, 4, 1]


@pytest.mark.parametrize(
    'text, words',
    [
        pytest.param(
            f'{HEADER}\n{A},,,,,\n',
            ['line 2, column 27', '31 fields where 26'],
            id='26 names over 31 fields',
        ),
        pytest.param(
            f'{HEADER},extra\n{A}\n',
            ['line 2, column 27', '26 fields', '27 names'],
            id='27 names over 26 fields',
        ),
        pytest.param(
            HEADER.replace('neckline_left', 'neck') + f'\n{A}\n',
            ['line 1, column 3', "'neck'", "'neckline_left'"],
            id='unknown column',
        ),
        pytest.param(
            HEADER.replace('image_id,image_category', 'img_path,category') + f'\n{A}\n',
            ['line 1, column 1', "lacks 'image_id', 'image_category'", "'img_path'"],
            id='renamed columns',
        ),
        pytest.param(
            f'{HEADER},crotch\n{A},-1_-1_-1\n',
            ['line 1', "names 'crotch' more than once"],
            id='column twice',
        ),
        pytest.param(
            f'image_id,image_category,crotch_x,crotch_y\n{A}\n',
            ['line 1', "lacks 'neckline_left_x'", 'and 67 others'],
            id='fractions of some points',
        ),
        pytest.param(
            f'picture,kind\n{A}\n',
            ['line 1', 'if this is a header, it needs image_id and image_category'],
            id='header of unknown names',
        ),
        pytest.param(
            f'{A}\n"b.jpg,skirt\n', ['line 2', 'close the quotes'], id='open quotes'
        ),
        pytest.param(
            f'{A}\n"b,c.jpg",skirt\n', ['line 2', "'b,c.jpg' holds a comma"], id='comma'
        ),
        pytest.param(
            f'{A}\n{B.rpartition(",")[0]}\n',
            ['line 2, column bottom_right_out', '25 fields'],
            id='25 fields',
        ),
        pytest.param(
            f'{A}\n\n{row("b", "coat")}\n',
            ['line 3, column image_category', "'coat'", 'outwear'],
            id='unknown category',
        ),
        pytest.param(
            f'{A}\n{row("")}\n', ['line 2, column image_id', "''"], id='empty id'
        ),
        pytest.param(
            f'{A}\n{row(hemline_left="1_2")}\n',
            ['line 2, column hemline_left', "'1_2'"],
            id='two numbers',
        ),
        pytest.param(
            f'{A}\n{row(hemline_left="1_2_3")}\n',
            ['line 2, column hemline_left', "'1_2_3'"],
            id='visibility 3',
        ),
        pytest.param(
            f'{A}\n{row(hemline_left="1.5_2_1")}\n',
            ['line 2, column hemline_left', "'1.5_2_1'", 'whole numbers'],
            id='fraction in annotations',
        ),
        pytest.param(
            f'{A}\n{row(hemline_left="nan_2_1")}\n',
            ['line 2, column hemline_left', "'nan_2_1'"],
            id='nan',
        ),
        pytest.param(
            f'{A}\n{row(crotch="5_6_0")}\n',
            ['line 2, column crotch', "'5_6_0'", 'skirt'],
            id="another category's point",
        ),
        pytest.param(
            f'{row(hemline_left="1_2_1")}\n{A}\n{row(hemline_left="1_3_1")}\n',
            ['line 3, column image_id', "'a.jpg'", 'line 1'],
            id='contradicting duplicates',
        ),
        pytest.param(
            f'{HEADER}\na.jpg,skirt\n',
            ['line 2, column neckline_left', '2 fields where 26'],
            id='26 names over 2 fields',
        ),
        pytest.param(f'{HEADER}\n', ['no rows'], id='header only'),
        pytest.param('', ['no rows'], id='empty file'),
    ],
)
def test_refusals_say_where(tmp_path, text, words):
    path = write(tmp_path, text)
    with pytest.raises(TianchiError) as error:
        read_tianchi(path)
    message = str(error.value)
    assert message.startswith(str(path))
    assert all(word in message for word in words), message


def test_columns_are_found_by_their_names(tmp_path):
    names = ['', *reversed(COLUMNS), 'note']
    cells = [['0', *reversed(text.split(',')), 'x'] for text in (A, B)]
    text = '\n'.join(','.join(line) for line in (names, *cells, names)) + '\n'
    table = read_tianchi(write(tmp_path, text))
    plain = read_tianchi(write(tmp_path, f'{HEADER}\n{A}\n{B}\n'))
    assert table.image_ids == plain.image_ids
    assert table.categories == plain.categories
    assert np.array_equal(table.keypoints, plain.keypoints)
    assert table.repairs == {'repeated_headers': 1}
    assert table.ignored == ('', 'note')
    assert table.warnings[0].endswith("additional columns ignored: '', 'note'")


def test_list_with_additional_columns(tmp_path):
    text = 'image_id,image_category,category\na.jpg,skirt,x\nb.jpg,dress,y\n'
    table = read_tianchi(write(tmp_path, text))
    assert table.keypoints is None
    assert table.categories == ['skirt', 'dress']
    assert table.ignored == ('category',)


def fractions(image_id, **points):
    """A header and a row of a skirt in the CPM system's columns."""
    names = garments.keypoints('fashionai')
    header = [f'{name}_{part}' for name in names for part in 'xys']
    cells = [points.get(name, '0.0,0.0,-1.0') for name in names]
    head = ','.join(['image_id,image_category', *header])
    return f'{head}\n{image_id},skirt,{",".join(cells)}\n'


def test_fractions(tmp_path):
    text = fractions(
        'data\\train\\Images/skirt/a.jpg',
        hemline_left='0.25,1.0,1.0',
        hemline_right='5e-05,0.0,0.0',
        crotch='0,0,0',
    )
    table = read_tianchi(write(tmp_path, text))
    assert table.fractions
    assert table.image_ids == ['Images/skirt/a.jpg']
    assert table.folder == 'data/train/'
    assert table.repairs == {'backslashes': 1, 'folder': 1}
    points = table.keypoints[0, 17:20]
    assert points.tolist() == [[0.25, 1, 1], [5e-05, 0, 0], [-1, -1, -1]]
    with pytest.raises(TianchiError, match='fractions of the pictures, not pixels'):
        read_tianchi(tmp_path / 'table.csv', predictions=True)


@pytest.mark.parametrize(
    'point, words',
    [
        pytest.param('25,100,1', ['25, 100 are no fractions'], id='pixels'),
        pytest.param('0.2,0.3,2', ["'0.2_0.3_2'", 'v one of'], id='state'),
        pytest.param('0.2,nan,1', ["'0.2_nan_1'"], id='nan'),
    ],
)
def test_bad_fractions(tmp_path, point, words):
    with pytest.raises(TianchiError) as error:
        read_tianchi(write(tmp_path, fractions('a.jpg', hemline_left=point)))
    message = str(error.value)
    assert all(w in message for w in ['line 2, column hemline_left', *words]), message


def test_not_utf8(tmp_path):
    path = tmp_path / 'table.csv'
    path.write_bytes(f'{A}\n'.encode() + b'\xe9.jpg,skirt\n')
    with pytest.raises(TianchiError, match='line 2: byte 0xe9'):
        read_tianchi(path)


def test_skip_bad_leaves_out_and_lists(tmp_path):
    contradicting = [row('x', hemline_left=f'1_{y}_1') for y in (2, 3)]
    bad = [row('c', 'coat'), row('d', crotch='5_6_0'), row('e') + ',1']
    text = '\n'.join([A, *contradicting, *bad, B]) + '\n'
    table = read_tianchi(write(tmp_path, text), skip_bad=True)
    assert table.image_ids == ['Images/skirt/a_1.jpg', 'b.jpg']
    assert table.lines.tolist() == [1, 7]
    assert table.keypoints[:, [15, 2], 2].tolist() == [[1, -1], [-1, 1]]
    where = [message.split('table.csv, ')[1][:6] for message in table.dropped]
    assert where == ['line 4', 'line 6', 'line 5', 'line 3']
    assert len(table.warnings) == 4


def test_skip_bad_needs_a_row(tmp_path):
    with pytest.raises(TianchiError, match='no rows but bad ones, .*line 1.*coat'):
        read_tianchi(write(tmp_path, row('c', 'coat')), skip_bad=True)


@pytest.mark.parametrize('header', ['image_id,image_category\n', ''], ids=['yes', 'no'])
def test_list_of_images(tmp_path, header):
    table = read_tianchi(write(tmp_path, f'{header}a.jpg,skirt\nb.jpg,dress\n'))
    assert table.keypoints is None
    assert table.image_ids == ['a.jpg', 'b.jpg']
    assert table.categories == ['skirt', 'dress']
    assert table.repairs == {}


def test_list_with_a_stray_comma(tmp_path):
    text = 'a.jpg,skirt\nb.jpg,skirt,\nc.jpg,skirt\n'
    with pytest.raises(TianchiError, match='line 2, column 3: 3 fields where 2 are'):
        read_tianchi(write(tmp_path, text))


def test_predictions(tmp_path):
    text = row(
        crotch='-33_575_1', hemline_left='1.25_2e-05_-1', hemline_right='.5_3._0'
    )
    table = read_tianchi(write(tmp_path, text), predictions=True)
    assert table.keypoints.dtype == np.float64
    assert table.keypoints[0, 17:20].tolist() == [
        [1.25, 2e-05, -1],
        [0.5, 3, 0],
        [-33, 575, 1],
    ]
    with pytest.raises(TianchiError, match='2 fields where 26'):
        read_tianchi(write(tmp_path, 'a.jpg,skirt\n'), predictions=True)


def test_write_rounds_halves_to_even(tmp_path):
    keypoints = np.full((1, 24, 3), -1.0)
    keypoints[0, 15:18] = [[0.5, 1.5, 1], [2.5, 2.51, 0], [-3.7, 600.2, 1]]
    path = tmp_path / 'new' / 'out.csv'
    write_tianchi(path, ['a_b.jpg'], ['skirt'], keypoints)
    expected = row(
        'a_b.jpg',
        waistband_left='0_2_1',
        waistband_right='2_3_0',
        hemline_left='-4_600_1',
    )
    assert path.read_bytes().decode() == f'{HEADER}\n{expected}\n'


@pytest.mark.parametrize(
    'ids, categories, value, match',
    [
        pytest.param(['a'], ['skirt'], np.nan, "'a' are not finite", id='nan'),
        pytest.param(['a'], ['skirt'], 0.6, "visibility of 'a'", id='visibility'),
        pytest.param(['a'], ['coat'], 1, "'coat' cannot be written", id='category'),
        pytest.param(['a,b'], ['skirt'], 1, "'a,b' of", id='comma'),
        pytest.param(['a\rb'], ['skirt'], 1, r"'a\\rb' of", id='carriage return'),
        pytest.param(['a\nb'], ['skirt'], 1, r"'a\\nb' of", id='line feed'),
        pytest.param(['"a'], ['skirt'], 1, "'\"a' of", id='quote'),
        pytest.param(['a', 'a'], ['skirt'] * 2, 1, "'a' comes more", id='twice'),
        pytest.param(['a'], [], 1, 'need as many categories', id='lengths'),
    ],
)
def test_write_refuses_and_leaves_nothing(tmp_path, ids, categories, value, match):
    path = tmp_path / 'out.csv'
    path.write_text('before')
    with pytest.raises(ValueError, match=match):
        write_tianchi(path, ids, categories, np.full((len(ids), 24, 3), value))
    assert [p.name for p in tmp_path.iterdir()] == ['out.csv']
    assert path.read_text() == 'before'
