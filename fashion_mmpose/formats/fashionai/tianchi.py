"""The CSV files of FashionAI's challenge on Tianchi, in and out.

A file has one row per image: ``image_id,image_category`` and 24 cells ``x_y_v`` in
the order of the full layout (:func:`fashion_mmpose.garments.keypoints`). x and y are
pixels of the original image; v is 1 for visible, 0 for occluded and -1 for not
annotated. Lists of test images have the first two columns only.

Real files differ in form. :func:`read_tianchi` repairs and counts what has one
meaning, and refuses the rest with file, line and column. What the two kinds of file
may hold follows the published ones: annotations are whole numbers and label only
points of the row's own category, while predictions may be fractions, may lie outside
the image and may fill all 24 columns.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.outputs import OutputFiles

COLUMNS = ('image_id', 'image_category', *garments.keypoints('fashionai'))

_ID = r'[^,\s](?:[^,]*[^,\s])?'
_CATEGORY = '|'.join(garments.categories('fashionai'))
_INTEGER = r'-?[0-9]{1,6}'
_NUMBER = r'-?(?:[0-9]{1,6}(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?'
_CELLS = {
    False: rf'{_INTEGER}_{_INTEGER}_(?:-1|0|1)',
    True: rf'{_NUMBER}_{_NUMBER}_(?:-1|0|1)(?:\.0*)?',
}

# How a row is repaired, for the reader of a count.
_REPAIRS = {
    'byte_order_mark': 'byte order mark ignored',
    'crlf': 'line ends CRLF read as LF',
    'blank_lines': 'blank lines ignored',
    'missing_final_newline': 'missing final line end',
    'short_header': f'2-name header over rows of {len(COLUMNS)} fields completed',
    'repeated_headers': 'repeated header lines ignored',
    'identical_duplicates': 'rows dropped that repeat an earlier one',
}


class TianchiError(FormatError):
    """A Tianchi CSV cannot be read as one; the message says where and why."""


@dataclass(frozen=True)
class TianchiTable:
    """The rows of one CSV file, in the order of the file.

    N: rows.

    Attributes:
        path: The file.
        image_ids: N distinct image ids, as written in the file.
        categories: N category names.
        keypoints: x, y, v in pixels of the original image, shape (N, 24, 3); int64
            for annotations, float64 for predictions. x and y of a point with v = -1
            are as in the file, usually -1. None if the file has no key points.
        lines: Line of every row in the file, from 1, shape (N, ).
        repairs: How often the reader repaired what.
        dropped: Bad rows that the reader left out, one error message each.
    """

    path: str
    image_ids: list[str]
    categories: list[str]
    keypoints: np.ndarray | None
    lines: np.ndarray
    repairs: dict[str, int] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)

    @property
    def warnings(self) -> list[str]:
        """One line per kind of repair, and one per row that was left out."""
        return [
            *(
                f'{self.path}: {n} x {_REPAIRS[kind]}'
                for kind, n in self.repairs.items()
            ),
            *(f'row left out: {message}' for message in self.dropped),
        ]


def read_tianchi(
    path: str | os.PathLike, *, predictions: bool = False, skip_bad: bool = False
) -> TianchiTable:
    """Read annotations, predictions or a list of test images.

    Repaired and counted: byte order mark, CRLF, blank lines, missing final line end,
    a header that comes again, a 2-name header over 26-field rows (the cells say what
    they are by their order), a second row that equals the first one of its image. The
    header may be absent, and rows may come in any order.

    Refused: everything else that is not a row of the format, among it a 26-name
    header over longer rows (which columns are too many cannot be known), two
    different rows for one image, and annotations for another category's points.

    Args:
        path: The CSV file.
        predictions: Read predictions: fractions and points of other categories are
            accepted, and a file without key points is refused.
        skip_bad: Leave out bad rows (all rows of an image whose rows differ) instead
            of raising, and list them in ``dropped``.

    Raises:
        TianchiError: If the file is not as described, or no row is left.
        OSError: If the file cannot be opened.
    """
    return _Reader(os.fspath(path), predictions, skip_bad).read()


def write_tianchi(
    path: str | os.PathLike,
    image_ids: Sequence[str],
    categories: Sequence[str],
    keypoints: np.ndarray,
) -> None:
    """Write a 26-column CSV with header, complete or not at all.

    Args:
        path: The file to write; its folder is made if it is missing.
        image_ids: N image ids.
        categories: N category names.
        keypoints: x, y, v in pixels of the original image, shape (N, 24, 3). Values
            are rounded to the nearest integer, halves to the even one.

    Raises:
        ValueError: If lengths differ, a value is not finite, a v is not -1, 0 or 1, a
            category is unknown, or an id comes twice or cannot stand in a CSV cell.
        OSError: If the file cannot be written.
    """
    keypoints = np.asarray(keypoints)
    shape = (len(image_ids), len(COLUMNS) - 2, 3)
    if keypoints.shape != shape or len(categories) != len(image_ids):
        raise ValueError(
            f'{len(image_ids)} image ids need as many categories and key points of '
            f'shape {shape}, not {len(categories)} and {keypoints.shape}'
        )
    if not np.isfinite(keypoints).all():
        row = np.flatnonzero(~np.isfinite(keypoints).all(axis=(1, 2)))[0]
        raise ValueError(f'key points of {image_ids[row]!r} are not finite numbers')
    if not np.isin(keypoints[..., 2], (-1, 0, 1)).all():
        row = np.flatnonzero(~np.isin(keypoints[..., 2], (-1, 0, 1)).all(axis=1))[0]
        raise ValueError(f'a visibility of {image_ids[row]!r} is not -1, 0 or 1')
    if len(set(image_ids)) < len(image_ids):
        double = next(name for name, n in Counter(image_ids).items() if n > 1)
        raise ValueError(f'image id {double!r} comes more than once')
    cells = np.rint(keypoints).astype(np.int64)
    head = re.compile(f'({_ID}),({_CATEGORY})')
    row_format = '%s' + ',%d_%d_%d' * shape[1] + '\n'
    with OutputFiles() as outputs:
        file = outputs.open(path)
        file.write(','.join(COLUMNS) + '\n')
        for image_id, category, row in zip(image_ids, categories, cells):
            start = f'{image_id},{category}'
            if not head.fullmatch(start):
                raise ValueError(
                    f'{image_id!r} of category {category!r} cannot be written: the id '
                    'must have no comma, line end or outer blank, and the category '
                    f'must be one of {list(garments.categories("fashionai"))}'
                )
            file.write(row_format % (start, *row.ravel().tolist()))


class _Reader:
    """The steps of :func:`read_tianchi` over one file."""

    def __init__(self, path: str, predictions: bool, skip_bad: bool) -> None:
        self.path = path
        self.predictions = predictions
        self.skip_bad = skip_bad
        self.cell = _CELLS[predictions]
        self.repairs: dict[str, int] = {}
        self.dropped: list[str] = []

    def read(self) -> TianchiTable:
        rows, lines, header_width = self._rows()
        # One stray comma must not turn a list of images into bad key points.
        long_rows = sum(row.count(',') > 1 for row in rows)
        has_keypoints = (
            self.predictions
            or header_width == len(COLUMNS)
            or 0 < len(rows) <= 2 * long_rows
        )
        if has_keypoints and header_width == 2:
            self.repairs['short_header'] = 1
        width = len(COLUMNS) if has_keypoints else 2
        cells = rf'((?:,{self.cell}){{{width - 2}}})'
        match = re.compile(f'({_ID}),({_CATEGORY}){cells}').fullmatch
        matches = []
        kept = []
        for line, row in zip(lines, rows):
            found = match(row)
            if found is None:
                self._bad(self._diagnose(line, row, width))
            else:
                matches.append(found)
                kept.append(line)

        ids = [found[1] for found in matches]
        categories = [found[2] for found in matches]
        keypoints = None
        if has_keypoints:
            text = ''.join([found[3] for found in matches])[1:].replace('_', ',')
            dtype = np.float64 if self.predictions else np.int64
            keypoints = np.fromstring(text, dtype, sep=',').reshape(-1, width - 2, 3)
        lines = np.array(kept, dtype=np.int64)
        keep = np.ones(len(ids), dtype=bool)
        if has_keypoints and not self.predictions:
            self._check_foreign(categories, keypoints, lines, keep)
        self._check_duplicates(ids, categories, keypoints, lines, keep)
        if not keep.all():
            kept = np.flatnonzero(keep)
            ids = [ids[i] for i in kept]
            categories = [categories[i] for i in kept]
            lines = lines[kept]
            keypoints = None if keypoints is None else keypoints[kept]
        if not ids:
            bad = f' but bad ones, the first: {self.dropped[0]}' if self.dropped else ''
            raise TianchiError(f'{self.path}: no rows{bad}')
        return TianchiTable(
            self.path, ids, categories, keypoints, lines, self.repairs, self.dropped
        )

    def _data_lines(self) -> tuple[list[str], list[int]]:
        """The lines that are not blank, and their numbers from 1."""
        data = Path(self.path).read_bytes()
        try:
            text = data.decode('utf-8')
        except UnicodeDecodeError as error:
            line = data.count(b'\n', 0, error.start) + 1
            raise self._error(
                line,
                None,
                f'byte {data[error.start]:#04x} is not UTF-8',
                'save as UTF-8',
            ) from None
        if text.startswith('\ufeff'):
            text = text[1:]
            self.repairs['byte_order_mark'] = 1
        if '\r\n' in text:
            self.repairs['crlf'] = text.count('\r\n')
            text = text.replace('\r\n', '\n')
        if text and not text.endswith('\n'):
            self.repairs['missing_final_newline'] = 1
            text += '\n'
        every = text.split('\n')[:-1]
        numbered = [(n, row) for n, row in enumerate(every, 1) if row.strip()]
        if len(numbered) < len(every):
            self.repairs['blank_lines'] = len(every) - len(numbered)
        return [row for _, row in numbered], [n for n, _ in numbered]

    def _rows(self) -> tuple[list[str], list[int], int]:
        """Rows below the header, their lines, and the names in the header or 0."""
        rows, lines = self._data_lines()
        if not rows or rows[0].split(',')[0] != COLUMNS[0]:
            return rows, lines, 0
        header = rows[0]
        names = header.split(',')
        for column, (name, expected) in enumerate(zip(names, COLUMNS), 1):
            if name != expected:
                raise self._error(
                    lines[0],
                    f'{column}',
                    f'the header says {name!r} where {expected!r} is expected',
                    'put the columns into the official order',
                )
        if len(names) not in (2, len(COLUMNS)):
            raise self._error(
                lines[0],
                f'{min(len(names), len(COLUMNS)) + 1}',
                f'the header has {len(names)} names, not 2 or {len(COLUMNS)}',
                'complete or remove the header',
            )
        rest = [(n, row) for n, row in zip(lines, rows) if row != header]
        if len(rest) < len(rows) - 1:
            self.repairs['repeated_headers'] = len(rows) - 1 - len(rest)
        return [row for _, row in rest], [n for n, _ in rest], len(names)

    def _error(
        self, line: int, column: str | None, problem: str, mend: str
    ) -> TianchiError:
        where = f'{self.path}, line {line}' + (f', column {column}' if column else '')
        return TianchiError(f'{where}: {problem}; {mend}')

    def _bad(self, error: TianchiError) -> None:
        """A bad row: the end, or a message about what is left out."""
        if not self.skip_bad:
            raise error
        self.dropped.append(str(error))

    def _diagnose(self, line: int, row: str, width: int) -> TianchiError:
        """The first thing wrong with a row that does not match."""
        fields = row.split(',')
        if len(fields) != width:
            extra = (
                f', the first one too many {fields[width]!r}' if fields[width:] else ''
            )
            return self._error(
                line,
                COLUMNS[len(fields)] if len(fields) < width else f'{width + 1}',
                f'{len(fields)} fields where {width} are expected{extra}',
                'write image_id, image_category and one cell per key point',
            )
        for column, text, form, mend in self._fields(fields):
            if not re.fullmatch(form, text):
                return self._error(line, column, f'bad value {text!r}', mend)
        raise AssertionError(f'{self.path}, line {line}: row and fields disagree')

    def _fields(self, fields: list[str]) -> Iterator[tuple[str, str, str, str]]:
        """Column name, text, expected form and mend of every field of a row."""
        number = 'numbers' if self.predictions else 'whole numbers'
        names = list(garments.categories('fashionai'))
        yield COLUMNS[0], fields[0], _ID, 'write an id without outer blanks'
        yield COLUMNS[1], fields[1], _CATEGORY, f'categories are {names}'
        for column, text in zip(COLUMNS[2:], fields[2:]):
            yield column, text, self.cell, f'write x_y_v, {number}, v one of -1, 0, 1'

    def _check_foreign(
        self,
        categories: list[str],
        keypoints: np.ndarray,
        lines: np.ndarray,
        keep: np.ndarray,
    ) -> None:
        """Annotations belong to the row's category: all 9,996 published rows agree."""
        others = {}
        for name in garments.categories('fashionai'):
            others[name] = np.ones(keypoints.shape[1], dtype=bool)
            others[name][list(garments.garment('fashionai', name).channels)] = False
        foreign = keypoints[..., 2] >= 0
        foreign &= np.array([others[c] for c in categories], bool).reshape(
            foreign.shape
        )
        for row in np.flatnonzero(foreign.any(axis=1)):
            column = np.flatnonzero(foreign[row])[0]
            cell = '_'.join(map(str, keypoints[row, column]))
            self._bad(
                self._error(
                    int(lines[row]),
                    COLUMNS[2 + column],
                    f'{cell!r} labels a point that a {categories[row]} does not have',
                    'write -1_-1_-1, or mend the category',
                )
            )
            keep[row] = False

    def _check_duplicates(
        self,
        ids: list[str],
        categories: list[str],
        keypoints: np.ndarray | None,
        lines: np.ndarray,
        keep: np.ndarray,
    ) -> None:
        """Drop rows that repeat an earlier one; refuse rows that contradict one."""
        if len(set(ids)) == len(ids):
            return
        first: dict[str, int] = {}
        for row in np.flatnonzero(keep).tolist():
            earlier = first.setdefault(ids[row], row)
            if earlier == row:
                continue
            same = categories[row] == categories[earlier] and (
                keypoints is None or np.array_equal(keypoints[row], keypoints[earlier])
            )
            if same:
                self.repairs['identical_duplicates'] = (
                    self.repairs.get('identical_duplicates', 0) + 1
                )
            else:
                self._bad(
                    self._error(
                        int(lines[row]),
                        COLUMNS[0],
                        f'{ids[row]!r} differs from its row in line {lines[earlier]}',
                        'keep one of the rows',
                    )
                )
                keep[earlier] = False
            keep[row] = False
