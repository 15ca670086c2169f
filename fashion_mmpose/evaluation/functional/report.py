"""Scores as text."""

import math

from terminaltables import AsciiTable

from .normalized_error import NormalizedErrorResult
from .oks import OKSResult
from .state_scores import StateScores

_COUNTS = {
    'num_points': 'points',
    'num_images': 'images',
    'num_skipped_images': 'skipped',
    'num_missing_images': 'missing',
}


def normalized_error_table(
    result: NormalizedErrorResult,
    per_category: bool = True,
    per_keypoint: bool = True,
) -> str:
    """Text of a normalized error, in per cent of the garment's width.

    The first table holds the categories and, last, everything together; the
    second one the key points. A dash stands where nothing was counted.

    Args:
        result: The score.
        per_category: Whether to list the categories. Defaults to True.
        per_keypoint: Whether to add the table of key points. Defaults to True.
    """
    overall = {key: getattr(result, key) for key in ('ne', *_COUNTS)}
    scores = dict(result.per_category) if per_category else {}
    scores['all'] = overall
    tables = [_table(f'NE, {result.rule}', 'category', scores, _COUNTS)]
    if per_keypoint:
        counts = {'num_points': _COUNTS['num_points']}
        tables.append(
            _table(f'NE, {result.rule}', 'key point', result.per_keypoint, counts)
        )
    return '\n'.join(tables)


def oks_table(result: OKSResult) -> str:
    """Text of an OKS score: the ten numbers of every category and of the mean.

    Categories without ground truth are left out; a dash stands where there is nothing
    to find at a size.
    """
    names = list(result.numbers)
    rows = [['category', 'garments', *names]]
    for category, numbers in result.per_category.items():
        count = result.num_garments[category]
        if count:
            rows.append([category, str(count), *map(_score, numbers.values())])
    total = sum(result.num_garments.values())
    rows.append(['all', str(total), *map(_score, result.numbers.values())])
    return _aligned(rows, 'OKS')


def state_table(scores: StateScores) -> str:
    """Text of how well states of key points are told, in per cent.

    Beside an average precision stands the share of such points, which it is of scores
    that tell nothing. A dash stands where nothing was counted.
    """
    rows = [['state', 'points', 'told (%)', 'AP (%)', 'by chance (%)']]
    total = sum(scores.counts.values())
    among = dict(absent=total, occluded=total - scores.counts['absent'])
    for name, count in scores.counts.items():
        row = [name, str(count), _percent(scores.recalls[name], 1)]
        if name in among:
            chance = count / among[name] if among[name] else math.nan
            precision = scores.average_precisions[name]
            row += [_percent(precision, 1), _percent(chance, 1)]
        rows.append(row + [''] * (5 - len(row)))
    rows.append(['mean', str(total), _percent(scores.accuracy, 1), '', ''])
    return _aligned(rows, 'states of key points')


def _score(value: float) -> str:
    return '-' if value == -1 else f'{value:.3f}'


def _table(
    title: str,
    what: str,
    scores: dict[str, dict[str, float | int]],
    counts: dict[str, str],
) -> str:
    rows = [[what, 'NE (%)', *counts.values()]]
    for name, score in scores.items():
        rows.append([name, _percent(score['ne']), *(str(score[key]) for key in counts)])
    return _aligned(rows, title)


def _aligned(rows: list[list[str]], title: str) -> str:
    table = AsciiTable(rows, title)
    for column in range(1, len(rows[0])):
        table.justify_columns[column] = 'right'
    return table.table


def _percent(fraction: float, digits: int = 4) -> str:
    return '-' if math.isnan(fraction) else f'{100 * fraction:.{digits}f}'
