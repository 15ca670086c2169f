"""Lists and tables that name pictures, read entry by entry."""

import csv
import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.inner_paths import has_controls, is_utf8, with_slashes
from fashion_mmpose.files.parquet import damage_named, require_pyarrow
from fashion_mmpose.files.pictures.formats import PICTURE_SUFFIXES

from .source import Source

_TEXTS = ('.txt', '.lst', '.list')
_TABLES = ('.csv', '.tsv')
_PARQUETS = ('.parquet', '.pq')
SUFFIXES = _TEXTS + _TABLES + _PARQUETS
# What the column of paths is usually called, the likeliest first.
COLUMNS = (
    'path file_path image_path picture_path file file_name filename picture image img '
    'image_id'
).split()
_ROWS = 8192  # of a Parquet table that are decoded at a time


@dataclass(frozen=True)
class Listing:
    """How lists and tables of pictures are read.

    Attributes:
        column: A table's column of paths; None for its only one, or the first of
            :data:`COLUMNS`. Defaults to None.
        root: The folder that paths lead from; None for the list's own. Defaults to
            None.
    """

    column: str | None = None
    root: str | None = None


def is_listing(path: str) -> bool:
    """Whether a file's name is that of a list or a table."""
    return path.lower().endswith(SUFFIXES)


def is_text(head: bytes) -> bool:
    """Whether the first bytes of a file may be those of a text."""
    return all(byte >= 32 or byte in b'\t\n\r' for byte in head)


def listed_in(path: str, listing: Listing) -> Iterator[Source]:
    """The pictures that a list or a table names, in its order.

    The file is read as they are asked for. An entry that is no path fails alone: its
    source has a ``fault``. Backslashes may stand for slashes.

    Args:
        path: A text with a path in every line; a CSV or TSV with a head; or a Parquet
            file.
        listing: How it is read.

    Raises:
        FileNotFoundError: If there is no such file, or it names no picture.
        FormatError: If it has no such column, or cannot be read.
        ImportError: If pyarrow is missing for a Parquet table.
        OSError: If it cannot be opened.
    """
    suffix = Path(path).suffix.lower()
    if suffix in _TEXTS:
        entries = _lines(path)
    elif suffix in _TABLES:
        entries = _cells(path, listing.column, '\t' if suffix == '.tsv' else ',')
    else:
        entries = _parquet_cells(path, listing.column)
    root = os.path.dirname(path) if listing.root is None else listing.root
    is_empty = True
    with closing(entries):
        for where, text in entries:
            is_empty = False
            yield _source(text, root, f'{path}, {where}')
    if is_empty:
        raise FileNotFoundError(f'{path} names no picture')


def _source(text: str | None, root: str, listed: str) -> Source:
    fault = ''
    if not text:
        fault = 'there is no path'
    elif has_controls(text):
        fault = f'{text[:200]!r} has control characters'
    elif not is_utf8(text):
        fault = f'{text[:200]!r} is not UTF-8'
    if fault or text is None:
        name = os.path.basename(listed)
        return Source(
            listed, 'picture', name, listed=listed, fault=f'{listed}: {fault}'
        )
    text = with_slashes(text, root)
    is_plain = '.' not in text or os.path.isabs(text)
    name = text if is_plain else os.path.normpath(text)
    return Source(os.path.join(root, text), 'picture', name, listed=listed)


def _lines(path: str) -> Generator[tuple[str, str]]:
    """The lines that are not blank, and which they are."""
    with open(path, 'rb') as file:
        for number, line in enumerate(file, 1):
            try:
                text = line.decode('utf-8-sig' if number == 1 else 'utf-8')
            except UnicodeDecodeError as error:
                raise FormatError(
                    f'{path}, line {number}: the byte {line[error.start]:#04x} is not '
                    'UTF-8; to fix it: save the list as UTF-8'
                ) from None
            text = text.rstrip('\r\n')
            if text.strip():
                yield f'line {number}', text


def _cells(path: str, column: str | None, separator: str) -> Generator[tuple[str, str]]:
    """The cells of a column of a CSV, and which row they are of."""
    number = 1
    try:
        with open(path, encoding='utf-8-sig', newline='') as file:
            head = file.readline()
            if separator not in head:  # as spreadsheets write it
                others = (each for each in ';\t' if each in head)
                separator = next(others, separator)
            file.seek(0)
            rows = csv.reader(file, delimiter=separator, strict=True)
            names = [name.strip() for name in next(rows, [])]
            if column is None:
                _refuse_no_head(path, names)
            place = names.index(_column(path, names, column))
            for row in rows:
                number = rows.line_num
                if row:
                    cell = row[place] if place < len(row) else ''
                    yield f'line {number}', cell.strip()
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise FormatError(
            f'{path}, after line {number}: the byte {byte:#04x} is not UTF-8; to fix '
            'it: save the table as UTF-8'
        ) from None
    except csv.Error as error:
        raise FormatError(f'{path}, after line {number}: {error}') from error


def _refuse_no_head(path: str, names: Sequence[str]) -> None:
    """Refuse a table whose first row is no head: its picture would be passed over.

    Raises:
        FormatError: If it names a picture.
    """
    found = next((e for e in names if Path(e).suffix.lower() in PICTURE_SUFFIXES), None)
    if found is not None:
        raise FormatError(
            f'{path} has no head, for its first row names the picture {found}; to fix '
            "it: write the columns' names into a row before it, such as path, or name "
            'the column with --path-column if that is its name'
        )


def _parquet_cells(path: str, column: str | None) -> Generator[tuple[str, str | None]]:
    """The cells of a column of a Parquet table, and which row they are of."""
    pyarrow = require_pyarrow()
    number = 0
    with (
        damage_named(lambda reason: f'{path}, after row {number}: {reason}'),
        pyarrow.parquet.ParquetFile(path) as table,
    ):
        name = _column(path, table.schema_arrow.names, column)
        kind = table.schema_arrow.field(name).type
        if pyarrow.types.is_dictionary(kind):
            kind = kind.value_type
        types = pyarrow.types
        is_text = types.is_string, types.is_large_string, types.is_string_view
        if not any(each(kind) for each in is_text):
            raise FormatError(f'{path}: the column {name} holds {kind}, no texts')
        for batch in table.iter_batches(_ROWS, columns=[name]):
            # A column of structs may come along, whose field is called like it.
            for cell in batch.column(batch.schema.names.index(name)).to_pylist():
                number += 1
                yield f'row {number}', cell


def _column(path: str, names: Sequence[str], asked: str | None) -> str:
    """Which column holds the paths.

    Raises:
        FormatError: If there is no such column, it is there twice, or nothing tells
            which.
    """
    listed = ', '.join(names) or 'none'
    if asked is None:
        usual = [each for each in COLUMNS if each in names]
        if not usual and len(names) != 1:
            raise FormatError(
                f'nothing tells which column of {path} holds the paths; to fix it: '
                f'name it with --path-column; its columns are: {listed}'
            )
        asked = (usual or list(names))[0]
    elif asked not in names:
        raise FormatError(f'{path} has no column {asked!r}; its columns are: {listed}')
    if names.count(asked) > 1:
        raise FormatError(
            f'{path} has the column {asked!r} twice; to fix it: give the column that '
            'holds no paths another name'
        )
    return asked
