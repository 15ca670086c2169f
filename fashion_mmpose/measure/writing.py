"""Measurements as tables: CSV, JSON, and workbooks of spreadsheets."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fashion_mmpose.errors import extra_needed
from fashion_mmpose.files.csv_file import write_cells
from fashion_mmpose.files.json_file import encode
from fashion_mmpose.files.writing.outputs import OutputFiles

FORMATS = ('csv', 'json', 'xlsx')
MOST_ROWS = 2**20 - 1  # of a sheet of a workbook, beside the line of names
_CONTROLS = re.compile('[\0-\x08\x0b\x0c\x0e-\x1f]')

Row = Mapping[str, object]


def check_format(name: str) -> None:
    """Make sure that a format can be written.

    Raises:
        ImportError: If it is a workbook and openpyxl is missing.
        ValueError: If there is no such format.
    """
    if name not in FORMATS:
        raise ValueError(f'unknown format {name!r}; choose from {", ".join(FORMATS)}')
    if name == 'xlsx':
        _openpyxl()


def write_table(
    outputs: OutputFiles,
    path: str | os.PathLike,
    rows: Sequence[Row],
    columns: Iterable[str] = (),
) -> None:
    """Write rows, each a mapping from columns to plain values.

    Args:
        outputs: Where the file is opened, to appear with others.
        path: Its suffix tells the format, one of :data:`FORMATS`.
        rows: The rows; the first one's keys are the columns.
        columns: The columns where there is no row.

    Raises:
        ImportError: If it is a workbook and openpyxl is missing.
        ValueError: If there is no such format.
    """
    name = Path(path).suffix.lower().removeprefix('.')
    check_format(name)
    if name == 'json':
        lines = ',\n'.join(encode(dict(row)) for row in rows)
        outputs.open(path).write(f'[{lines}]\n')
    elif name == 'csv':
        write_cells(outputs.open(path), _cells(rows, columns))
    else:
        _write_workbook(outputs, path, rows, columns)


def _cells(rows: Sequence[Row], columns: Iterable[str]) -> Iterable[list]:
    if head := list(rows[0] if rows else columns):
        yield head
    for row in rows:
        yield ['' if value is None else value for value in row.values()]


def _write_workbook(
    outputs: OutputFiles,
    path: str | os.PathLike,
    rows: Sequence[Row],
    columns: Iterable[str],
) -> None:
    workbook = _openpyxl().Workbook(write_only=True)
    for number, start in enumerate(range(0, max(1, len(rows)), MOST_ROWS), 1):
        name = 'measurements' if number == 1 else f'measurements {number}'
        sheet = workbook.create_sheet(name)
        sheet.freeze_panes = 'A2'
        for cells in _cells(rows[start : start + MOST_ROWS], columns):
            sheet.append(list(map(_for_workbook, cells)))
    workbook.save(outputs.open_binary(path))


def _for_workbook(cell: Any) -> Any:
    """A cell without what workbooks cannot hold."""
    if not isinstance(cell, str):
        return cell
    cell = _CONTROLS.sub('\N{REPLACEMENT CHARACTER}', cell)
    # A text that begins with an equals sign would be a formula.
    return f"'{cell}" if cell.startswith('=') else cell


def _openpyxl():
    with extra_needed(
        'workbooks are written by openpyxl, which does not load',
        'xlsx',
        ', or choose csv',
    ):
        import openpyxl  # pyright: ignore[reportMissingModuleSource]
    return openpyxl
