"""Figures of several sides as ratios and as a table; pure functions."""

from terminaltables import AsciiTable

OURS = 'ours'

Figures = dict[str, dict[str, float]]


def peer_of(side: str, sides: Figures) -> str:
    """Our side that does what another one does.

    ``'mmpose, from files'`` is compared with ``'ours, from files'``, and with
    ``'ours'`` where there is no such side.
    """
    _, comma, way = side.partition(',')
    ours = OURS + comma + way
    return ours if ours in sides else OURS


def is_ours(side: str) -> bool:
    """Whether a side is this package."""
    return side.partition(',')[0] == OURS


def ratios(figures: Figures) -> dict[str, dict[str, float | None]]:
    """How many times our figures the others' are.

    Args:
        figures: For every side its figures by name.

    Returns:
        dict: For every other side that has a peer of ours, the ratio of each figure
        that both have and that is not the same, as the size of their task is; None
        where ours is not above zero.
    """
    result = {}
    for side, theirs in figures.items():
        if is_ours(side) or peer_of(side, figures) not in figures:
            continue
        ours = figures[peer_of(side, figures)]
        result[side] = {
            name: value / ours[name] if ours[name] > 0 else None
            for name, value in theirs.items()
            if name in ours and value != ours[name]
        }
    return result


def table(name: str, figures: Figures) -> str:
    """The sides as rows, the figures as columns, and a row for every ratio."""
    columns = list(dict.fromkeys(key for side in figures.values() for key in side))
    rows = [['', *(column.replace('_', ' ') for column in columns)]]
    for side, values in figures.items():
        rows.append([side, *(_number(values.get(column)) for column in columns)])
    for side, values in ratios(figures).items():
        label = f'{side} / {peer_of(side, figures)}'
        rows.append([label, *(_number(values.get(column)) for column in columns)])
    printed = AsciiTable(rows, f' {name} ')
    printed.justify_columns = dict.fromkeys(range(1, len(columns) + 1), 'right')
    return printed.table


def _number(value: float | None) -> str:
    """Four digits, or all before the point."""
    if value is None:
        return '-'
    if isinstance(value, int) or abs(value) >= 1000:
        return f'{value:,.0f}'
    return f'{value:.4g}'
