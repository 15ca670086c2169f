"""Rows of cells as CSV."""

import csv
import io

from fashion_mmpose.files.csv_file import write_cells


def test_cells_are_read_as_they_were_written():
    rows = [['image', 'error'], ['a\rb.jpg', '1\n2'], ['c\r\n', '"d", e'], ['f\r', '']]
    text = io.StringIO(newline='')
    write_cells(text, rows)
    assert list(csv.reader(io.StringIO(text.getvalue(), newline=''))) == rows
    assert text.getvalue().startswith('image,error\n"a\rb.jpg","1\n2"\n')
