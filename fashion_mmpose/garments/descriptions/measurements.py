"""Measurements as descriptions have them, see :mod:`.definition`."""

from collections.abc import Iterable, Mapping, Sequence
from reprlib import repr as short
from typing import Any

from fashion_mmpose.errors import FormatError
from fashion_mmpose.garments.table import Measure

from .checks import checked_keys, checked_names, is_list

_KEYS = ('name', 'path', 'curve', 'double', 'code')


def read_measures(
    value: Any, where: str, known: Sequence[str], names: Sequence[str]
) -> tuple[Measure, ...]:
    """What a description says is to be measured on a category.

    Args:
        value: A mapping from names of measurements to paths, or to mappings with
            ``path`` and, where they differ from false, false and '', ``curve``,
            ``double`` and ``code``; or a list of such mappings with ``name``. A path
            is a list of key points; a list in the place of one stands for the middle
            of its key points. None for nothing.
        where: Its place, for errors.
        known: Key points that may be named.
        names: Key points of the category; what passes others is left out.

    Raises:
        FormatError: If it is no such description.
    """
    found = {}
    for name, row in _rows(value, where):
        here = f'{where}.{name}'
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise FormatError(f'{where}: {short(name)} is no name of a measurement')
        if name in found:
            raise FormatError(
                f'{where} has {name!r} twice; to fix it: remove or rename one'
            )
        if not isinstance(row, Mapping):
            row = dict(path=row)
        row = checked_keys(row, here, _KEYS, needed=('path',))
        path = _path(row['path'], here, known)
        for key, kind in (('curve', bool), ('double', bool), ('code', str)):
            if not isinstance(row.get(key, kind()), kind):
                what = 'text' if kind is str else 'true or false'
                raise FormatError(f'{here}.{key}: {short(row[key])} is not {what}')
        found[name] = None
        if all(point in names for place in path for point in place):
            found[name] = Measure(
                name,
                tuple(tuple(map(names.index, place)) for place in path),
                is_curved=row.get('curve', False),
                times=2 if row.get('double') else 1,
                code=row.get('code', ''),
            )
    return tuple(measure for measure in found.values() if measure is not None)


def describe_measures(measures: Iterable[Measure], names: Sequence[str]) -> list[dict]:
    """The description of measurements, which :func:`read_measures` reads again."""
    return [
        dict(
            name=each.name,
            path=[
                names[place[0]] if len(place) == 1 else [names[i] for i in place]
                for place in each.places
            ],
            curve=each.is_curved,
            double=each.times == 2,
            code=each.code,
        )
        for each in measures
    ]


def _rows(value: Any, where: str) -> Iterable[tuple[Any, Any]]:
    if value is None:
        return []
    if isinstance(value, Mapping):
        return value.items()
    if is_list(value) and all(isinstance(row, Mapping) for row in value):
        return [(row.get('name'), row) for row in value]
    raise FormatError(
        f'{where}: {short(value)} is no mapping of measurements; to fix it: write, for '
        'example, {brim_width: [brim_left, brim_right]}'
    )


def _path(value: Any, where: str, known: Sequence[str]) -> list[tuple[str, ...]]:
    if not is_list(value) or len(value) < 2:
        raise FormatError(
            f'{where}: {short(value)} is no path of two or more key points; to fix it: '
            'write, for example, [brim_left, brim_right]'
        )
    return [
        checked_names(place if is_list(place) else [place], where, known)
        for place in value
    ]
