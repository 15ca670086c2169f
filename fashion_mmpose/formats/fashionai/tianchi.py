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

The CPM system's ``train_changed.csv`` holds the same annotations in other columns,
``<name>_x``, ``<name>_y`` and ``<name>_s``: fractions of the picture's width and
height, 0 where the point is absent, and the v of the original cell.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.files.inner_paths import has_controls, path_fault
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.formats.coco.geometry import MAX_PX

from .tianchi_lines import (
    COLUMNS,
    NoRowsError,
    TianchiError,
    TianchiLines,
    error_at,
    read_lines,
)
from .tianchi_table import CPM_FOLDER, TianchiTable

_ID = r'[^,\s](?:[^,]*[^,\s])?'
_CATEGORY = '|'.join(garments.categories('fashionai'))
_INTEGER = r'-?[0-9]{1,6}'
_NUMBER = r'-?(?:[0-9]{1,6}(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?'
_CELLS = {
    False: rf'{_INTEGER}_{_INTEGER}_(?:-1|0|1)',
    True: rf'{_NUMBER}_{_NUMBER}_(?:-1|0|1)(?:\.0*)?',
}

# Beyond this a number is no fraction of a picture's side, but was meant as pixels.
_FRACTIONS = (-0.5, 1.5)


def read_tianchi(
    path: str | os.PathLike, *, predictions: bool = False, skip_bad: bool = False
) -> TianchiTable:
    """Read annotations, predictions or a list of test images.

    Repaired and counted: byte order mark, CRLF, blank lines, missing final line end,
    a header that comes again, a 2-name header over 26-field rows (the cells say what
    they are by their order), a second row that equals the first one of its image,
    semicolons, tabs, bars or blanks between the cells, quotes or blanks around them,
    backslashes in ids. The
    header may be absent, and rows may come in any order. Where the header has other
    columns too, or another order, the columns are found by their names.

    Refused: everything else that is not a row of the format, among it a header that
    lacks a name, one over longer rows (which columns are too many cannot be known),
    two different rows for one image, and annotations for another category's points.

    Args:
        path: The CSV file.
        predictions: Read predictions: fractions and points of other categories are
            accepted, and a file without key points is refused.
        skip_bad: Leave out bad rows (all rows of an image whose rows differ) instead
            of raising, and list them in ``dropped``.

    Raises:
        NoRowsError: If the file has a header at most.
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
    row_format = '%s' + ',%d_%d_%d' * shape[1] + '\n'
    with OutputFiles() as outputs:
        file = outputs.open(path)
        file.write(','.join(COLUMNS) + '\n')
        for image_id, category, row in zip(image_ids, categories, cells):
            if not fits_cell(image_id) or not re.fullmatch(_CATEGORY, category):
                raise ValueError(
                    f'{image_id!r} of category {category!r} cannot be written: the id '
                    'must have no comma, control character such as a line end, outer '
                    'blank or quote before it, and the category '
                    f'must be one of {list(garments.categories("fashionai"))}'
                )
            file.write(row_format % (f'{image_id},{category}', *row.ravel().tolist()))


def fits_cell(image_id: str) -> bool:
    """Whether a cell of the CSV holds an image id, so that it is read as written."""
    plain = re.fullmatch(_ID, image_id) and not image_id.startswith('"')
    return bool(plain) and not has_controls(image_id)


class _Reader:
    """The steps of :func:`read_tianchi` over one file."""

    def __init__(self, path: str, predictions: bool, skip_bad: bool) -> None:
        self.path = path
        self.predictions = predictions
        self.skip_bad = skip_bad
        self.cell = _CELLS[predictions]
        self.repairs: dict[str, int] = {}
        self.dropped: list[str] = []
        self.first_line = 0  # where there is no header

    def read(self) -> TianchiTable:
        text = read_lines(self.path, self._bad)
        self.repairs |= text.repairs
        self.first_line = text.numbers[0] if text.rows and not text.header_width else 0
        rows, has_keypoints = self._kind(text)
        if text.fractions:
            if self.predictions:
                raise TianchiError(
                    f'{self.path}: holds fractions of the pictures, not pixels; give '
                    'the annotations that it was made from'
                )
            self.cell = _CELLS[True]
        width = len(COLUMNS) if has_keypoints else 2
        cells = rf'((?:,{self.cell}){{{width - 2}}})'
        match = re.compile(f'({_ID}),({_CATEGORY}){cells}').fullmatch
        matches = []
        kept = []
        for line, row in zip(text.numbers, rows):
            found = match(row)
            if found is None:
                self._bad(self._diagnose(line, row, width))
            elif fault := path_fault(found[1]):
                problem = f'the id {found[1][:200]!r} {fault}'
                mend = 'write a path that leads from the folder of the pictures'
                self._bad(self._error(line, COLUMNS[0], problem, mend))
            else:
                matches.append(found)
                kept.append(line)

        ids, folder = self._ids([found[1] for found in matches], text.fractions)
        categories = [found[2] for found in matches]
        keypoints = None
        if has_keypoints:
            numbers = ''.join([found[3] for found in matches])[1:].replace('_', ',')
            dtype = np.float64 if self.cell == _CELLS[True] else np.int64
            keypoints = np.fromstring(numbers, dtype, sep=',').reshape(-1, width - 2, 3)
        lines = np.array(kept, dtype=np.int64)
        keep = np.ones(len(ids), dtype=bool)
        if self.predictions:
            self._check_pixels(keypoints, lines, keep)
        if text.fractions:
            self._check_fractions(keypoints, lines, keep)
        if has_keypoints and not self.predictions:
            self._check_foreign(categories, keypoints, lines, keep)
        self._check_duplicates(ids, categories, keypoints, lines, keep)
        if not keep.all():
            kept = np.flatnonzero(keep)
            ids = [ids[i] for i in kept]
            categories = [categories[i] for i in kept]
            lines = lines[kept]
            keypoints = None if keypoints is None else keypoints[kept]
        if not ids and not self.dropped:
            raise NoRowsError(f'{self.path}: no rows')
        if not ids:
            raise TianchiError(
                f'{self.path}: no rows but bad ones, the first: {self.dropped[0]}'
            )
        return TianchiTable(
            self.path,
            ids,
            categories,
            keypoints,
            lines,
            self.repairs,
            self.dropped,
            text.fractions,
            text.ignored,
            folder,
        )

    def _kind(self, text: TianchiLines) -> tuple[list[str], bool]:
        """The rows to match, and whether they have key points."""
        rows = text.rows
        empty = ',' * (len(COLUMNS) - 2)
        if rows and not self.predictions and all(row.endswith(empty) for row in rows):
            self.repairs['no_cells'] = len(rows)
            return [row[: -len(empty)] for row in rows], False
        # One stray comma must not turn a list of images into bad key points.
        long_rows = sum(row.count(',') > 1 for row in rows)
        has_keypoints = (
            self.predictions
            or text.header_width == len(COLUMNS)
            or 0 < len(rows) <= 2 * long_rows
        )
        if has_keypoints and text.header_width == 2:
            self.repairs['short_header'] = 1
        return rows, has_keypoints

    def _ids(self, ids: list[str], fractions: bool) -> tuple[list[str], str]:
        """The ids as the challenge has them, and the folder taken away from them."""
        backslashes = sum('\\' in image_id for image_id in ids)
        if backslashes:
            self.repairs['backslashes'] = backslashes
            ids = [image_id.replace('\\', '/') for image_id in ids]
        longer = sum(image_id.startswith(CPM_FOLDER) for image_id in ids)
        if not fractions or not longer:
            return ids, ''
        self.repairs['folder'] = longer
        return [image_id.removeprefix(CPM_FOLDER) for image_id in ids], CPM_FOLDER

    def _error(
        self, line: int, column: str | None, problem: str, mend: str
    ) -> TianchiError:
        return error_at(self.path, line, column, problem, mend)

    def _bad(self, error: TianchiError) -> None:
        """A bad row: the end, or a message about what is left out."""
        if not self.skip_bad:
            raise error
        self.dropped.append(str(error))

    def _diagnose(self, line: int, row: str, width: int) -> TianchiError:
        """The first thing wrong with a row that does not match."""
        fields = row.split(',')
        hint = ''
        if line == self.first_line:
            hint = f'; if this is a header, it needs {COLUMNS[0]} and {COLUMNS[1]}'
        if len(fields) != width:
            extra = (
                f', the first one too many {fields[width]!r}' if fields[width:] else ''
            )
            return self._error(
                line,
                COLUMNS[len(fields)] if len(fields) < width else f'{width + 1}',
                f'{len(fields)} fields where {width} are expected{extra}',
                'write image_id, image_category and one cell per key point' + hint,
            )
        for column, text, form, mend in self._fields(fields):
            if not re.fullmatch(form, text):
                return self._error(line, column, f'bad value {text!r}', mend + hint)
        raise AssertionError(f'{self.path}, line {line}: row and fields disagree')

    def _fields(self, fields: list[str]) -> Iterator[tuple[str, str, str, str]]:
        """Column name, text, expected form and mend of every field of a row."""
        number = 'numbers' if self.predictions else 'whole numbers'
        names = list(garments.categories('fashionai'))
        yield COLUMNS[0], fields[0], _ID, 'write an id without outer blanks'
        yield COLUMNS[1], fields[1], _CATEGORY, f'categories are {names}'
        for column, text in zip(COLUMNS[2:], fields[2:]):
            yield column, text, self.cell, f'write x_y_v, {number}, v one of -1, 0, 1'

    def _check_pixels(
        self, keypoints: np.ndarray, lines: np.ndarray, keep: np.ndarray
    ) -> None:
        """Refuse numbers with exponents that lead beyond all pictures."""
        for row, column in np.argwhere((np.abs(keypoints) > MAX_PX).any(axis=2)):
            if keep[row]:
                x, y, _ = keypoints[row, column]
                problem = f'{x:g}, {y:g} are no pixels'
                place = int(lines[row]), COLUMNS[2 + column]
                self._bad(self._error(*place, problem, 'write pixels'))
                keep[row] = False

    def _check_fractions(
        self, keypoints: np.ndarray, lines: np.ndarray, keep: np.ndarray
    ) -> None:
        """Absent points to -1; refuse what cannot be a fraction."""
        # A point in the very corner of a picture is none: the file has 0 where a
        # point is absent, whatever its state.
        corner = (keypoints[..., :2] == 0).all(axis=2) & (keypoints[..., 2] == 0)
        keypoints[corner | (keypoints[..., 2] < 0)] = -1
        low, high = _FRACTIONS
        wrong = (keypoints[..., :2] < low) | (keypoints[..., :2] > high)
        wrong = wrong.any(axis=2) & (keypoints[..., 2] >= 0)
        for row in np.flatnonzero(wrong.any(axis=1)):
            column = np.flatnonzero(wrong[row])[0]
            x, y = keypoints[row, column, :2]
            self._bad(
                self._error(
                    int(lines[row]),
                    COLUMNS[2 + column],
                    f'{x:g}, {y:g} are no fractions of a width and a height',
                    "divide by the picture's size, or write x_y_v in pixels",
                )
            )
            keep[row] = False

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
                    'write -1_-1_-1, or correct the category',
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
