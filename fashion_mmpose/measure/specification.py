"""Specification sheets: which lengths a garment shall have, and whether it has them."""

import csv
import math
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.csv_file import delimiter_of
from fashion_mmpose.files.json_file import read_json
from fashion_mmpose.formats.category_names import plain

from .measured import LEVEL, Measured
from .scaling.scale import CENTIMETRES

VERDICTS = PASS, FAIL, UNSURE = 'PASS', 'FAIL', 'UNSURE'
_WORST_FIRST = FAIL, UNSURE, PASS
_COLUMNS = ('garment', 'measurement', 'target', 'plus', 'minus', 'tolerance')


@dataclass(frozen=True)
class Limit:
    """A row of a specification sheet.

    Attributes:
        garment: A category, or a picture's name with ``*`` for anything; empty for all.
        measurement: Name or code of a measurement; without ``_left`` or ``_right`` it
            stands for both.
        target: Centimetres.
        plus: So much may be more.
        minus: So much may be less.
    """

    garment: str
    measurement: str
    target: float
    plus: float
    minus: float

    def is_of(self, measured: Measured) -> bool:
        """Whether it is of that measurement."""
        names = measured.name, measured.name.removesuffix('_left')
        names += (measured.name.removesuffix('_right'), measured.code)
        return bool(self.measurement) and self.measurement in names


class Specification:
    """The rows of a sheet, found by the garments that they are for.

    A sheet may have a row for each of many thousand pictures.

    Args:
        limits: The rows.
    """

    def __init__(self, limits: Iterable[Limit]) -> None:
        self._rows = list(limits)
        self._exact: dict[str, list[int]] = defaultdict(list)
        self._plain: dict[str, list[int]] = defaultdict(list)
        self._patterns: list[int] = []
        self._every: list[int] = []
        for row, limit in enumerate(self._rows):
            if not limit.garment:
                self._every.append(row)
                continue
            self._exact[limit.garment].append(row)  # though its name may have brackets
            if set(limit.garment) & set('*?['):
                self._patterns.append(row)
            else:
                self._plain[plain(limit.garment)].append(row)

    def limits(self, category: str, *pictures: str) -> list[Limit]:
        """The rows for a garment, in their order.

        Args:
            category: Its category.
            *pictures: What its picture is called.
        """
        rows = {*self._every, *self._plain.get(plain(category), ())}
        for name in pictures:
            rows.update(self._exact.get(name, ()))
            rows.update(
                row
                for row in self._patterns
                if fnmatchcase(name, self._rows[row].garment)
            )
        return [self._rows[row] for row in sorted(rows)]


@dataclass(frozen=True)
class Verdict:
    """What a length is, compared with its limits.

    Attributes:
        limit: The row of the sheet.
        measured: The length; None where the garment has no such measurement.
        verdict: ``'PASS'`` or ``'FAIL'`` where the whole interval lies inside or
            outside of the limits; ``'UNSURE'`` where it lies across one of them, or is
            not known.
        reason: Why it is unsure; else empty.
    """

    limit: Limit
    measured: Measured | None
    verdict: str
    reason: str

    @property
    def name(self) -> str:
        """What the length is called, as the sheet says where there is none."""
        return self.limit.measurement if self.measured is None else self.measured.name


def judge(
    measured: Sequence[Measured],
    limits: Sequence[Limit] | Specification,
    category: str,
    picture: str | Sequence[str] = '',
    level: float = LEVEL,
) -> list[Verdict]:
    """Compare a garment with a specification sheet.

    Args:
        measured: Its measurements.
        limits: The rows of the sheet.
        category: Its category.
        picture: Name of its picture, as sheets have it, or several such names. Defaults
            to ''.
        level: Of the intervals. Defaults to 0.95.

    Returns:
        list[Verdict]: One per row that is for the garment, or two where it stands for
        left and right.
    """
    sheet = limits if isinstance(limits, Specification) else Specification(limits)
    pictures = [picture] if isinstance(picture, str) else picture
    verdicts = []
    for limit in sheet.limits(category, *pictures):
        found = [each for each in measured if limit.is_of(each)]
        verdicts += [_one(limit, each, level) for each in found]
        if not found:
            reason = f'{limit.measurement} is not measured on a {category}'
            verdicts.append(Verdict(limit, None, UNSURE, reason))
    return verdicts


def worst(verdicts: Sequence[Verdict]) -> dict[str, Verdict]:
    """The worst verdict on each length, for which a sheet may have several rows.

    Args:
        verdicts: Of one garment; FAIL is worse than UNSURE, and that than PASS.

    Returns:
        dict: By the name of the length; of those that are alike, the first row's.
    """
    found: dict[str, Verdict] = {}
    for each in sorted(verdicts, key=lambda one: _WORST_FIRST.index(one.verdict)):
        found.setdefault(each.name, each)
    return found


def _one(limit: Limit, measured: Measured, level: float) -> Verdict:
    interval = measured.interval(level)
    if measured.value is not None and measured.unit != CENTIMETRES:
        reason = 'nothing tells centimetres'
        return Verdict(limit, measured, UNSURE, reason)
    if interval is None:
        return Verdict(limit, measured, UNSURE, measured.reason)
    low, high = interval
    least, most = limit.target - limit.minus, limit.target + limit.plus
    if least <= low and high <= most:
        return Verdict(limit, measured, PASS, '')
    if high < least or low > most:
        return Verdict(limit, measured, FAIL, '')
    reason = f'{low:.1f} to {high:.1f} cm lies across {least:g} to {most:g} cm'
    return Verdict(limit, measured, UNSURE, reason)


def read_specification(path: str | os.PathLike) -> list[Limit]:
    """Read a specification sheet.

    Args:
        path: CSV with a line of column names, or a JSON list of objects:
            ``garment``, ``measurement``, ``target`` and ``tolerance``, or ``plus`` and
            ``minus``; centimetres.

    Raises:
        FormatError: If it is no such sheet; the message names the row.
        OSError: If it cannot be read.
    """
    if Path(path).suffix.lower() == '.json':
        rows = read_json(path)
        if not isinstance(rows, list):
            raise FormatError(f'{path} is no list of limits')
        rows = dict(enumerate(rows, 1))
    else:
        rows = _csv_rows(path)
    if not rows:
        raise FormatError(f'{path} has no row; to fix it: give a limit in each')
    return [_limit(row, f'{path}, row {number}') for number, row in rows.items()]


def _has_text(cell: Any) -> bool:
    """Whether a cell is not blank, or one of several behind the last column."""
    cells = cell if isinstance(cell, list) else [cell]
    return any(str(each or '').strip() for each in cells)


def _csv_rows(path: str | os.PathLike) -> dict[int, dict]:
    """The rows that are not blank, by their numbers."""
    try:
        with open(path, encoding='utf-8-sig', newline='') as file:
            sample = file.read(4096)
            file.seek(0)
            delimiter = delimiter_of(sample.lstrip().partition('\n')[0])
            rows = dict(enumerate(csv.reader(file, delimiter=delimiter), 1))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FormatError(f'{path} is no CSV in UTF-8: {error}') from None
    # Spreadsheets leave rows without anything behind, which count with them.
    filled = {number: row for number, row in rows.items() if _has_text(row)}
    names = filled.pop(min(filled)) if filled else []
    told = [name.strip().lower() for name in names if name.strip()]
    twice = next((name for name in told if told.count(name) > 1), None)
    if twice is not None:
        raise FormatError(
            f'{path} has the column {twice!r} twice; to fix it: write one sheet for '
            'each size, or a row for each garment'
        )
    return {
        number: {**dict(zip(names, row)), None: row[len(names) :]}
        for number, row in filled.items()
    }


def _limit(row: Any, where: str) -> Limit:
    if not isinstance(row, Mapping):
        raise FormatError(f'{where} is no mapping of {", ".join(_COLUMNS)}')
    # What stands behind the last column has no name.
    if _has_text(row.get(None)):
        raise FormatError(
            f'{where} has more cells than there are columns; to fix it: write decimals '
            'with a point, or put numbers with a comma into quotes'
        )
    values = {
        str(key).strip().lower(): value
        for key, value in row.items()
        if key is not None and value not in (None, '')
    }
    strangers = [key for key in values if key not in _COLUMNS]
    if strangers:
        raise FormatError(
            f'{where}: unknown column {strangers[0]!r}; to fix it: use '
            f'{", ".join(_COLUMNS)}'
        )
    name = values.get('measurement')
    if not isinstance(name, str) or not name.strip():
        raise FormatError(f'{where} names no measurement')
    plus = values.get('plus', values.get('tolerance'))
    minus = values.get('minus', values.get('tolerance'))
    if plus is None or minus is None:
        raise FormatError(
            f'{where} has no tolerance; to fix it: give tolerance, or plus and minus'
        )
    return Limit(
        str(values.get('garment', '')).strip(),
        name.strip(),
        _number(values.get('target'), f'{where}: target'),
        _number(plus, f'{where}: plus'),
        _number(minus, f'{where}: minus'),
    )


def _number(value: Any, where: str) -> float:
    try:
        number = float(str(value).replace(',', '.'))
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf or isinstance(value, bool):
        raise FormatError(f'{where}: {value!r} is no number of centimetres')
    return number
