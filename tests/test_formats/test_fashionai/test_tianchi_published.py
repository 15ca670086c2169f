"""The files that Tianchi published, read and written again."""

import os
from pathlib import Path

import numpy as np
import pytest

from fashion_mmpose.formats.fashionai.tianchi import read_tianchi, write_tianchi

DATA = Path(os.environ.get('FASHION_MMPOSE_DATA', '')) / 'fashionai'
pytestmark = pytest.mark.skipif(
    'FASHION_MMPOSE_DATA' not in os.environ, reason='FASHION_MMPOSE_DATA is not set'
)


@pytest.mark.slow
def test_published_answers_survive_a_round_trip(tmp_path):
    path = DATA / 'fashionAI_key_points_test_a_answer_20180426.csv'
    table = read_tianchi(path)
    assert len(table.image_ids) == 9996
    assert table.repairs == {}
    counts = np.unique(table.keypoints[..., 2], return_counts=True)
    assert [c.tolist() for c in counts] == [[-1, 0, 1], [141405, 15791, 82708]]
    copy = tmp_path / 'copy.csv'
    write_tianchi(copy, table.image_ids, table.categories, table.keypoints)
    assert copy.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    'name, predictions, rows, repairs',
    [
        ('predictions_test_a_crlf_shuffled.csv', True, 9996, {'crlf': 9997}),
        ('predictions_test_a_no_header.csv', True, 9995, {}),
        ('train_13_rows.csv', False, 13, {'blank_lines': 1}),
        ('test_11_rows.csv', False, 11, {'blank_lines': 1}),
    ],
)
def test_published_files_are_read(name, predictions, rows, repairs):
    table = read_tianchi(DATA / name, predictions=predictions)
    assert len(table.image_ids) == rows
    assert table.repairs == repairs
