"""The tables of a report, as texts that can be sorted."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fashion_mmpose.evaluation.functional.bootstrap import (
    Resampled,
    interval,
    paired_difference,
)
from fashion_mmpose.evaluation.functional.errors import (
    GARMENT_TYPES,
    POINT_TYPES,
    NEMeasure,
)
from fashion_mmpose.evaluation.functional.errors.pairing import (
    BACKGROUND,
    DUPLICATE,
    FOUND,
    IGNORED,
    MISSED,
    WRONG_CATEGORY,
)

from .judging import Judged, LandmarkRow, type_shares
from .material import Material

_DASH = '–'


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: What is shown.
        key: By what the column is sorted; None for texts.
    """

    text: str
    key: float | None = None


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        name: Its id in the page.
        headers: Names of the columns.
        rows: Cells in their order.
    """

    name: str
    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def headline_table(
    material: Material, runs: Sequence[Judged], drawn: Resampled
) -> Table:
    """The headline numbers of all runs, and how they differ."""
    rows = []
    for name in runs[0].numbers:
        values = [judged.numbers[name] for judged in runs]
        samples = drawn.numbers.get(name)
        cells = [Cell(name)]
        for index, value in enumerate(values):
            cells.append(
                _with_interval(value, None if samples is None else samples[index])
            )
        if len(runs) > 1:
            cells += _difference_cells(values, samples)
        rows.append(tuple(cells))
    headers = ['', *_names(runs)]
    if len(runs) > 1:
        headers += ['difference', 'p']
    return Table('headline', tuple(headers), tuple(rows))


def garment_table(runs: Sequence[Judged]) -> Table:
    """How many garments were found, and what the other predictions are."""
    rows = []
    for label, of_items, kind in (
        ('garments: found', True, FOUND),
        ('garments: missed', True, MISSED),
        ('garments: found as another category', True, WRONG_CATEGORY),
        ('predictions: of a garment', False, FOUND),
        ('predictions: duplicate', False, DUPLICATE),
        ('predictions: of a wrong category', False, WRONG_CATEGORY),
        ('predictions: background', False, BACKGROUND),
    ):
        cells = [Cell(label)]
        for judged in runs:
            pairing = judged.analysis.pairing
            types = pairing.item_types if of_items else pairing.detection_types
            count = int((types == kind).sum())
            share = count / max(int((types != IGNORED).sum()), 1)
            cells.append(Cell(f'{count} ({share:.1%})', count))
        rows.append(tuple(cells))
    return Table('garments', ('', *_names(runs)), tuple(rows))


def category_table(
    material: Material, runs: Sequence[Judged], drawn: Resampled
) -> Table:
    """Every category that has garments."""
    truth = material.truth
    name = material.measure.name
    kinds = np.repeat(truth.category_ids, np.diff(truth.starts))
    rows = []
    for garment in material.benchmark.garments.values():
        mask = truth.category_ids == garment.category_id
        counted = runs[0].analysis.pairing.item_types[mask] != IGNORED
        if not counted.any():
            continue
        samples = drawn.per_category[garment.name]
        values = [judged.per_category[garment.name][name] for judged in runs]
        cells = [Cell(garment.name), Cell(str(counted.sum()), int(counted.sum()))]
        cells += [_with_interval(v, s) for v, s in zip(values, samples)]
        if len(runs) > 1:
            cells += _difference_cells(values, samples)
        for judged in runs:
            types = judged.analysis.pairing.item_types[mask]
            cells.append(_percent((types == FOUND).sum() / counted.sum()))
            shares = type_shares(judged.analysis.types[kinds == garment.category_id])
            cells += [_percent(share) for share in shares]
        rows.append(tuple(cells))
    headers = ['category', 'garments', *(f'{name}{tail}' for tail in _tails(runs))]
    if len(runs) > 1:
        headers += ['difference', 'p']
    for tail in _tails(runs):
        kinds_of_rows = (GARMENT_TYPES[FOUND], *POINT_TYPES)
        headers += [f'{kind}{tail}' for kind in kinds_of_rows]
    return Table('categories', tuple(headers), tuple(rows))


def landmark_table(
    material: Material, runs: Sequence[Judged], tables: Sequence[Sequence[LandmarkRow]]
) -> Table:
    """Every landmark of every category.

    Args:
        material: What was judged.
        runs: One run, or two.
        tables: Of each run, see :func:`.judging.landmark_rows`.
    """
    score = 'NE' if isinstance(material.measure, NEMeasure) else 'similarity'
    rows = []
    for same in zip(*tables):
        first = same[0]
        cells = [
            Cell(first.category),
            _name_cell(first.name),
            Cell(str(first.count), first.count),
            _percent(first.occluded),
        ]
        for row in same:
            cells += [
                _number(row.score),
                _number(row.median_px, 1),
                *map(_percent, row.shares),
            ]
        rows.append(tuple(cells))
    headers = ['category', 'landmark', 'counted', 'occluded']
    for tail in _tails(runs):
        columns = (f'mean {score}', 'median px', *POINT_TYPES)
        headers += [f'{column}{tail}' for column in columns]
    return Table('landmarks', tuple(headers), tuple(rows))


def _names(runs: Sequence[Judged]) -> list[str]:
    names = [judged.run.name for judged in runs]
    return names if len(runs) == 1 else [f'{a}: {b}' for a, b in zip('AB', names)]


def _tails(runs: Sequence[Judged]) -> tuple[str, ...]:
    """What tells the columns of two runs apart."""
    return ('',) if len(runs) == 1 else (', A', ', B')


def _name_cell(name: str) -> Cell:
    return Cell(name, int(name)) if name.isdecimal() else Cell(name)


def _number(value: float, digits: int = 4) -> Cell:
    if not math.isfinite(value) or value == -1:
        return Cell(_DASH, math.inf)
    return Cell(f'{value:.{digits}f}', value)


def _percent(share: float) -> Cell:
    if not math.isfinite(share):
        return Cell(_DASH, math.inf)
    return Cell(f'{share:.1%}', float(share))


def _with_interval(value: float, samples: np.ndarray | None) -> Cell:
    cell = _number(value)
    if samples is None or cell.text == _DASH:
        return cell
    low, high = interval(samples)
    if not math.isfinite(low):
        return cell
    return Cell(f'{cell.text} [{low:.4f}, {high:.4f}]', value)


def _difference_cells(
    values: Sequence[float], samples: np.ndarray | None
) -> list[Cell]:
    """Second minus first, with interval, and p."""
    if -1 in values or not all(map(math.isfinite, values)):
        return [Cell(_DASH, math.inf)] * 2
    change = values[1] - values[0]
    if samples is None:
        return [Cell(f'{change:+.4f}', change), Cell(_DASH, math.inf)]
    found = paired_difference(*samples)
    if not math.isfinite(found.low):
        return [Cell(f'{change:+.4f}', change), Cell(_DASH, math.inf)]
    text = f'{change:+.4f} [{found.low:+.4f}, {found.high:+.4f}]'
    return [Cell(text, change), Cell(f'{found.p:.3g}', found.p)]
