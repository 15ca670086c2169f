"""The lines of a Tianchi CSV in one form, however the file was written.

Copies of the challenge's files come with a byte order mark, Windows' line ends, quoted
cells, other separators, additional columns or columns in another order, and the CPM
system keeps its points in three columns each. All of them leave here as lines
``image_id,image_category,x_y_v,...`` in the official order.
"""

import csv
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError

COLUMNS = ('image_id', 'image_category', *garments.keypoints('fashionai'))

# The CPM system's columns: fractions of the picture's width and height, and the state.
_FRACTIONS = tuple(f'{name}_{part}' for name in COLUMNS[2:] for part in 'xys')
_KNOWN = {*COLUMNS, *_FRACTIONS}
_SEPARATORS = {';': 'semicolons', '\t': 'tabs', '|': 'bars', ' ': 'blanks'}
_QUOTES = ('"', "'")
_JSON = re.compile(r'\s*(?:\[\s*(?:$|[{\]])|\{\s*(?:$|"))')  # no id begins like that


class TianchiError(FormatError):
    """A Tianchi CSV cannot be read as one; the message says where and why."""


class NoRowsError(TianchiError):
    """A Tianchi CSV has a header at most."""


def error_at(
    path: str, line: int, column: str | None, problem: str, mend: str
) -> TianchiError:
    """The error of one place in a file."""
    where = f'{path}, line {line}' + (f', column {column}' if column else '')
    return TianchiError(f'{where}: {problem}; to fix it: {mend}')


@dataclass(frozen=True)
class TianchiLines:
    """The rows of a file as text, without header and blank lines.

    Attributes:
        rows: ``image_id,image_category`` and 24 cells or none, separated by commas.
        numbers: Line of every row in the file, from 1.
        header_width: Columns that the header promises, 2 or 26; 0 without a header.
        fractions: The cells hold fractions of the picture's size.
        ignored: Names of the columns that were left out.
        repairs: How often was repaired what.
    """

    rows: list[str]
    numbers: list[int]
    header_width: int = 0
    fractions: bool = False
    ignored: tuple[str, ...] = ()
    repairs: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Form:
    """How the cells of a file are told apart."""

    separator: str
    quote: str

    @classmethod
    def of(cls, first: str) -> '_Form':
        """What the first line shows."""
        quote = next((sign for sign in _QUOTES if first.startswith(sign)), _QUOTES[0])
        widths = {sign: len(cls(sign, quote).safe_split(first)) for sign in _SEPARATORS}
        separator = ','
        if ',' not in first:
            separator = next((sign for sign, n in widths.items() if n > 1), ',')
        # A blank is more often part of a name.
        if separator == ' ' and widths[' '] not in (2, len(COLUMNS)):
            separator = ','
        return cls(separator, quote)

    def split(self, row: str) -> list[str]:
        """The cells of a line, without the blanks around them.

        Raises:
            csv.Error: If quotes do not close.
        """
        cells = csv.reader(
            [row],
            delimiter=self.separator,
            quotechar=self.quote,
            skipinitialspace=True,
            strict=True,
        )
        return [cell.strip() for cell in next(cells)]

    def safe_split(self, row: str) -> list[str]:
        """The cells of a line; none where quotes do not close."""
        try:
            return self.split(row)
        except csv.Error:
            return []


@dataclass(frozen=True)
class _Header:
    """What the names in the first line say.

    ``picked`` are the places of id, category and cells; None if a row is to be read
    as it is.
    """

    names: tuple[str, ...]
    picked: list[int] | None
    fractions: bool = False

    @property
    def width(self) -> int:
        read = len(self.names) if self.picked is None else len(self.picked)
        return 2 if read == 2 else len(COLUMNS)

    @property
    def ignored(self) -> tuple[str, ...]:
        picked = range(len(self.names)) if self.picked is None else set(self.picked)
        return tuple(name for i, name in enumerate(self.names) if i not in picked)


def read_lines(
    path: str | os.PathLike, bad: Callable[[TianchiError], None]
) -> TianchiLines:
    """Read a file, find out what its columns are, and bring its rows into one form.

    Args:
        path: The CSV file.
        bad: Called with the error of a row that is then left out; may raise it.

    Raises:
        TianchiError: If the file is not UTF-8, or JSON, or the header lacks a column.
        OSError: If the file cannot be opened.
    """
    path = os.fspath(path)
    rows, numbers, repairs = _text_lines(path)
    if not rows:
        return TianchiLines(rows, numbers, repairs=repairs)
    first = rows[0]
    if _JSON.match(first):
        raise TianchiError(
            f'{path}: holds JSON, not CSV; to fix it: give a file in the form of the '
            'challenge, which `fashion-mmpose submit` makes of predictions in JSON'
        )
    form = _Form.of(first)
    # Quotes that do not close: no header, and a bad row below.
    header = _find_header(form.safe_split(first), path, numbers[0])
    if header is not None:
        kept = [i for i, row in enumerate(rows) if row != first]
        if len(kept) < len(rows) - 1:
            repairs['repeated_headers'] = len(rows) - 1 - len(kept)
        rows = [rows[i] for i in kept]
        numbers = [numbers[i] for i in kept]
    if form.separator != ',':
        repairs[_SEPARATORS[form.separator]] = len(rows)
    quoted = sum(form.quote in row for row in rows)
    if quoted:
        repairs['quotes'] = quoted
    spaced = sum(', ' in row or ' ,' in row for row in rows)
    if spaced:
        repairs['outer_blanks'] = spaced
    plain = form.separator == ',' and not quoted and not spaced
    if not plain or (header is not None and header.picked is not None):
        rows, numbers = _rewritten(path, rows, numbers, form, header, bad)
    if header is None:
        return TianchiLines(rows, numbers, repairs=repairs)
    return TianchiLines(
        rows, numbers, header.width, header.fractions, header.ignored, repairs
    )


def _text_lines(path: str) -> tuple[list[str], list[int], dict[str, int]]:
    """The lines that are not blank, their numbers from 1, and what was repaired."""
    repairs = {}
    data = Path(path).read_bytes()
    try:
        text = data.decode('utf-8')
    except UnicodeDecodeError as error:
        line = data.count(b'\n', 0, error.start) + 1
        problem = f'byte {data[error.start]:#04x} is not UTF-8'
        raise error_at(path, line, None, problem, 'save as UTF-8') from None
    if text.startswith('\ufeff'):
        text = text[1:]
        repairs['byte_order_mark'] = 1
    if '\r\n' in text:
        repairs['crlf'] = text.count('\r\n')
        text = text.replace('\r\n', '\n')
    if text and not text.endswith('\n'):
        repairs['missing_final_newline'] = 1
        text += '\n'
    every = text.split('\n')[:-1]
    numbered = [(n, row) for n, row in enumerate(every, 1) if row.strip()]
    if len(numbered) < len(every):
        repairs['blank_lines'] = len(every) - len(numbered)
    return [row for _, row in numbered], [n for n, _ in numbered], repairs


def _find_header(fields: Sequence[str], path: str, line: int) -> _Header | None:
    """The columns that a first line names; None if it names none that is known."""
    names = [text.strip().lower() for text in fields]
    if _KNOWN.isdisjoint(names):
        return None
    if names == list(COLUMNS[: len(names)]) and len(names) in (2, len(COLUMNS)):
        return _Header(tuple(fields), None)
    wanted = list(COLUMNS[:2])
    fractions = False
    if not set(COLUMNS[2:]).isdisjoint(names):
        wanted += COLUMNS[2:]
    elif not set(_FRACTIONS).isdisjoint(names):
        wanted += _FRACTIONS
        fractions = True
    unknown = [i for i, name in enumerate(names) if name not in _KNOWN]
    missing = [name for name in wanted if name not in names]
    if missing:
        found = f' and has {_some([fields[i] for i in unknown])}' if unknown else ''
        raise error_at(
            path,
            line,
            f'{unknown[0] + 1}' if unknown else None,
            f'the header lacks {_some(missing)}{found}',
            'give every column its official name, or remove the header if the columns '
            f'are the official {len(COLUMNS)} in their order',
        )
    double = [name for name in wanted if names.count(name) > 1]
    if double:
        raise error_at(
            path,
            line,
            None,
            f'the header names {_some(double)} more than once',
            'remove the columns that are too many',
        )
    places = [names.index(name) for name in wanted]
    return _Header(tuple(fields), places, fractions)


def _some(names: Sequence[str]) -> str:
    shown = ', '.join(map(repr, names[:3]))
    return shown if len(names) <= 3 else f'{shown} and {len(names) - 3} others'


def _rewritten(
    path: str,
    rows: list[str],
    numbers: list[int],
    form: _Form,
    header: _Header | None,
    bad: Callable[[TianchiError], None],
) -> tuple[list[str], list[int]]:
    """The rows with commas, without quotes, their columns in the official order."""
    kept = [], []
    for line, row in zip(numbers, rows):
        try:
            fields = form.split(row)
        except csv.Error as error:
            bad(error_at(path, line, None, f'{error}', 'close the quotes'))
            continue
        if header is not None and header.picked is not None:
            if len(fields) != len(header.names):
                bad(
                    error_at(
                        path,
                        line,
                        f'{min(len(fields), len(header.names)) + 1}',
                        f'{len(fields)} fields where the header has '
                        f'{len(header.names)} names',
                        'write one field for every name',
                    )
                )
                continue
            fields = [fields[place] for place in header.picked]
        comma = next((text for text in fields if ',' in text), None)
        if comma is not None:
            problem = f'the cell {comma!r} holds a comma'
            bad(error_at(path, line, None, problem, 'write it without'))
            continue
        if header is not None and header.fractions:
            points = zip(fields[2::3], fields[3::3], fields[4::3])
            fields = [*fields[:2], *map('_'.join, points)]
        kept[0].append(','.join(fields))
        kept[1].append(line)
    return kept
