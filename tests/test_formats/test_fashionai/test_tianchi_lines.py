"""Tianchi CSVs with other separators, quotes and blanks."""

import numpy as np
import pytest

from fashion_mmpose.formats.fashionai.tianchi import COLUMNS, read_tianchi
from fashion_mmpose.formats.fashionai.tianchi_lines import NoRowsError, TianchiError

CELLS = (
    ['-1_-1_-1'] * 15 + ['10_20_1', '30_20_0', '5_90_1', '40_91_1'] + (['-1_-1_-1'] * 5)
)
ROWS = [list(COLUMNS), ['a.jpg', 'skirt', *CELLS], ['b.jpg', 'skirt', *CELLS]]


def write(tmp_path, between, around='', header=True):
    path = tmp_path / 'train.csv'
    rows = [between.join(f'{around}{cell}{around}' for cell in row) for row in ROWS]
    path.write_text('\n'.join(rows if header else rows[1:]) + '\n')
    return path


@pytest.mark.parametrize('header', [True, False])
@pytest.mark.parametrize(
    'between, around, repairs',
    [
        (';', '', dict(semicolons=2)),
        ('\t', '', dict(tabs=2)),
        ('|', '', dict(bars=2)),
        (' ', '', dict(blanks=2)),
        (', ', '', dict(outer_blanks=2)),
        (' ,', '', dict(outer_blanks=2)),
        (',', '"', dict(quotes=2)),
        (';', "'", dict(semicolons=2, quotes=2)),
        (', ', '"', dict(quotes=2, outer_blanks=2)),
    ],
)
def test_cells_are_found(tmp_path, between, around, repairs, header):
    table = read_tianchi(write(tmp_path, between, around, header))
    assert table.image_ids == ['a.jpg', 'b.jpg']
    assert table.categories == ['skirt', 'skirt']
    assert table.keypoints[1, 15:19].tolist() == [
        [10, 20, 1],
        [30, 20, 0],
        [5, 90, 1],
        [40, 91, 1],
    ]
    assert np.all(table.keypoints[:, :15] == -1)
    assert table.repairs == repairs
    assert len(table.warnings) == len(repairs)


def test_a_blank_in_a_name_separates_nothing(tmp_path):
    path = tmp_path / 'train.csv'
    path.write_text('my own picture.jpg\n')
    with pytest.raises(TianchiError, match='line 1.*1 fields where 2 are expected'):
        read_tianchi(path)


def test_unknown_header_is_named(tmp_path):
    path = write(tmp_path, ',')
    text = path.read_text()
    path.write_text(text.replace('image_id,image_category', 'img_path,category', 1))
    with pytest.raises(
        TianchiError, match="lacks 'image_id', 'image_category' and has"
    ):
        read_tianchi(path)


@pytest.mark.parametrize('text', ['', '\n\n', 'image_id,image_category\n'])
def test_a_file_without_rows_is_told_from_a_bad_one(tmp_path, text):
    path = tmp_path / 'test.csv'
    path.write_text(text)
    with pytest.raises(NoRowsError, match='test.csv: no rows$'):
        read_tianchi(path)
    path.write_text('a.jpg,coat\n')
    with pytest.raises(TianchiError, match='no rows but bad ones') as error:
        read_tianchi(path, skip_bad=True)
    assert not isinstance(error.value, NoRowsError)


@pytest.mark.parametrize(
    'text', ['[{"image_id":1}]', '{"images": []}', '[\n  {}]', '[]']
)
def test_json_is_said_to_be_none(tmp_path, text):
    path = tmp_path / 'pred.csv'
    path.write_text(text)
    with pytest.raises(TianchiError, match='pred.csv: holds JSON, not CSV; to fix it'):
        read_tianchi(path, predictions=True)


def test_ids_may_begin_with_a_bracket(tmp_path):
    path = tmp_path / 'pred.csv'
    path.write_text(f'[1].jpg,skirt,{",".join(CELLS)}\n')
    assert read_tianchi(path, predictions=True).image_ids == ['[1].jpg']
