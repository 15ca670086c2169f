"""Benchmarks that users describe: in a config, or in a JSON or YAML file.

A description is a mapping::

    name: bags
    categories:
      tote: [strap_left, strap_right, top_left, top_right, bottom_left, bottom_right]
      clutch: [top_left, top_right, bottom_left, bottom_right, clasp]

A category is the list of its key points, or a mapping with ``keypoints`` and what is
its own of the following, which may also stand beside ``name``, for all categories:

- ``mirrors``: pairs of key points that change places in a mirrored picture; all others
  stay. By default the pairs are those whose names differ in left and right.
- ``outline``: the key points around the garment, a closed ring, or several lists, each
  an open path. Given for all categories, each leaves out the points that it does not
  have. By default the ring goes down the left side and up the right one.
- ``sigmas``: constants of the OKS: one number, a mapping from names to numbers, or, of
  a category, one number for each of its key points. :data:`DEFAULT_SIGMA` is the
  constant of all others.
- ``normalizer``: the two key points whose distance normalises errors; none by default.
- ``measurements``: what ``fashion-mmpose measure`` measures, see
  :func:`.measurements.read_measures`, for example
  ``{width: [strap_left, strap_right], girth: {path: [...], double: true}}``. Given for
  all categories, each leaves out what passes a point that it does not have.

Categories are numbered from 1 in their order; they may be a list, too, of mappings that
have a ``name``. Key points of one name are one key point, which the categories share,
as in FashionAI: a network has one channel for it. The channels are in the order of
``layout``, a list of all key points beside ``name``; by default that of a category that
has all of them, or else that in which they are first named.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from reprlib import repr as short
from typing import Any

from fashion_mmpose.errors import FormatError
from fashion_mmpose.garments.deepfashion2 import deepfashion2
from fashion_mmpose.garments.fashionai import fashionai
from fashion_mmpose.garments.table import (
    DEFAULT_SIGMA,
    Benchmark,
    Garment,
    Link,
    Measure,
    mirror_name,
    side_of,
    spread_color,
)

from .channels import channel_order, first_named
from .checks import checked_keys, checked_name, checked_names, is_list
from .file import read_description
from .measurements import describe_measures, read_measures

BENCHMARKS: dict[str, Benchmark] = {b.name: b for b in (fashionai(), deepfashion2())}

_SHARED_KEYS = ('mirrors', 'outline', 'sigmas', 'normalizer', 'measurements')
_KEYS = ('name', 'categories', 'layout', *_SHARED_KEYS)
_CATEGORY_KEYS = ('keypoints', *_SHARED_KEYS)
_STORED_KEYS = {'mirrors', 'outline', 'sigmas', 'normalizer'}  # what describe() writes


def read_benchmark(path: str | os.PathLike) -> Benchmark:
    """The benchmark that a JSON or YAML file describes.

    Args:
        path: The file; its suffix tells the format.

    Raises:
        FileNotFoundError: If it does not exist.
        FormatError: If it is no description; the message names the file, the key and
            what to do.
        ImportError: If it is YAML and PyYAML is not installed.
    """
    return benchmark_from(read_description(path), str(path))


def benchmark_from(
    description: Mapping, source: str = 'the description of the benchmark'
) -> Benchmark:
    """The benchmark of a description.

    Args:
        description: As this module's documentation says, or what :func:`describe`
            gives.
        source: Where it comes from, for errors.

    Raises:
        FormatError: If it is no description; the message names the key and what to do.
    """
    shared = checked_keys(description, source, _KEYS, needed=('name', 'categories'))
    name = checked_name(shared['name'], f'{source}: name')
    if name in BENCHMARKS:
        raise FormatError(
            f'{source}: name: {name!r} is a built-in benchmark; to fix it: choose '
            'another name'
        )
    rows = _rows(shared['categories'], f'{source}: categories')
    points = {category: row.names for category, row in rows.items()}
    is_stored = all(row.own.keys() >= _STORED_KEYS for row in rows.values())
    names = channel_order(points, shared.get('layout'), source, is_stored)
    garments = {}
    for category_id, (category, row) in enumerate(rows.items(), 1):

        def setting(key: str, row: _Row = row) -> _Setting:
            if key in row.own:
                return _Setting(row.own[key], f'{row.where}.{key}', row.names, row)
            return _Setting(shared.get(key), f'{source}: {key}', names, row)

        flip = _flip(setting('mirrors'))
        garments[category] = Garment(
            dataset=name,
            name=category,
            category_id=category_id,
            keypoints=row.names,
            channels=tuple(map(names.index, row.names)),
            layout_size=len(names),
            color=spread_color(category_id, len(rows)),
            flip=flip,
            links=_links(setting('outline'), flip),
            sigmas=_sigmas(setting('sigmas')),
            normalizer=_normalizer(setting('normalizer')),
            measures=_measures(setting('measurements')),
        )
    _check_shared_points(garments.values(), source)
    return Benchmark(name=name, keypoints=names, garments=garments, paper={})


def describe(benchmark: Benchmark) -> dict:
    """The description of a benchmark, with all that shorter ones leave open.

    Returns:
        dict: Plain values, which checkpoints and JSON hold; :func:`benchmark_from`
        gives the same benchmark again.
    """
    categories = []
    for garment in benchmark.garments.values():
        names = garment.keypoints
        row: dict[str, Any] = dict(
            name=garment.name,
            keypoints=list(names),
            mirrors=[[names[i], names[j]] for i, j in enumerate(garment.flip) if i < j],
            outline=[[names[i], names[j]] for i, j in garment.links],
            sigmas=list(garment.sigmas),
            normalizer=garment.normalizer and [names[i] for i in garment.normalizer],
        )
        if garment.measures:
            row['measurements'] = describe_measures(garment.measures, names)
        categories.append(row)
    described = dict(name=benchmark.name, categories=categories)
    points = {each.name: each.keypoints for each in benchmark.garments.values()}
    if benchmark.keypoints != first_named(points):
        described['layout'] = list(benchmark.keypoints)
    return described


@dataclass(frozen=True)
class _Row:
    """A category as it is described: its key points, and what it says of its own."""

    where: str
    names: tuple[str, ...]
    own: Mapping[str, Any]


@dataclass(frozen=True)
class _Setting:
    """What a category's own or the shared key says; ``known`` may be named there."""

    value: Any
    where: str
    known: tuple[str, ...]
    row: _Row

    @property
    def is_own(self) -> bool:
        return self.known is self.row.names

    def points(self, value: Any, once: bool = True) -> tuple[str, ...]:
        """Key points of a list, which must be known."""
        return checked_names(value, self.where, self.known, once)


def _rows(categories: Any, where: str) -> dict[str, _Row]:
    rows = {}
    for category, row in _named_rows(categories, where):
        here = f'{where}.{checked_name(category, where)}'
        if category in rows:
            raise FormatError(
                f'{where} has {category!r} twice; to fix it: remove or rename one'
            )
        if not isinstance(row, Mapping):
            row = dict(keypoints=row)
        own = checked_keys(row, here, _CATEGORY_KEYS, needed=('keypoints',))
        rows[category] = _Row(here, checked_names(own['keypoints'], here), own)
    return rows


def _named_rows(categories: Any, where: str) -> Iterable[tuple[Any, Any]]:
    if isinstance(categories, Mapping) and categories:
        return categories.items()
    # What MMEngine saves of a config has its mappings sorted; a list stays as it is.
    if is_list(categories) and categories:
        for row in categories:
            if not isinstance(row, Mapping):
                raise FormatError(
                    f'{where}: {short(row)} is no mapping of name, keypoints, ...'
                )
        return [
            (row.get('name'), {key: row[key] for key in row if key != 'name'})
            for row in categories
        ]
    raise FormatError(
        f'{where} must map the name of every category to its key points, got '
        f'{short(categories)}; to fix it: write, for example, '
        'cap: [brim_left, brim_right, top]'
    )


def _flip(setting: _Setting) -> tuple[int, ...]:
    names = setting.row.names
    if setting.value is None:
        mirrors = {name: mirror_name(name) for name in names}
    else:
        mirrors = {name: name for name in names} | _pairs(setting)
    for name, mirror in mirrors.items():
        if name in names and mirror not in names:
            raise FormatError(
                f'{setting.row.where} has {name!r}, but not its mirror image '
                f'{mirror!r}; to fix it: add or rename the key point, or list the '
                'pairs of the category under mirrors'
            )
    return tuple(names.index(mirrors[name]) for name in names)


def _pairs(setting: _Setting) -> dict[str, str]:
    mirrors = {}
    if not is_list(setting.value):
        raise FormatError(
            f'{setting.where}: {short(setting.value)} is no list of pairs'
        )
    for value in setting.value:
        pair = setting.points(value)
        if len(pair) != 2 or mirrors.keys() & set(pair):
            raise FormatError(
                f'{setting.where}: {short(value)} is no pair of key points that are in '
                'no other pair'
            )
        mirrors |= {pair[0]: pair[1], pair[1]: pair[0]}
    return mirrors


def _links(setting: _Setting, flip: tuple[int, ...]) -> tuple[Link, ...]:
    """The outline's neighbours, each pair once."""
    names = setting.row.names
    value = setting.value
    if value is None:
        value = [names[i] for i in default_ring(names, flip)]
    if is_list(value) and all(map(is_list, value)):
        # A path may come back to a point that it has been at.
        paths = [setting.points(path, once=False) for path in value]
    else:
        ring = [name for name in setting.points(value) if name in names]
        paths = [(*ring, *ring[:1])]
    links = {}
    for path in paths:
        own = [names.index(name) for name in path if name in names]
        for link in pairwise(own):
            if len(set(link)) == 2:
                links.setdefault(frozenset(link), link)
    return tuple(links.values())


def default_ring(names: Sequence[str], flip: Sequence[int]) -> list[int]:
    """The key points of a category around its outline, as far as mirrors tell it.

    Points that are listed around the garment stay in their order: the ring is then its
    own mirror image. Otherwise, and where each point stands beside its mirror image, it
    goes down the left side and up the right one; what lies on the axis is above where
    it is listed in the first half, and below elsewhere.

    Args:
        names: Names of K key points.
        flip: Their mirror images, as :class:`Garment` has them.

    Returns:
        list[int]: Each of K indices once.
    """
    listed = list(range(len(flip)))
    mirrored = [flip[i] for i in reversed(listed)]
    in_pairs = all(abs(i - flip[i]) <= 1 for i in listed)
    if not in_pairs and any(mirrored[i:] + mirrored[:i] == listed for i in listed):
        return listed
    # Of a pair whose names do not tell it the first one is left.
    down = sorted(
        j if side_of(names[j]) == 'left' and side_of(names[i]) != 'left' else i
        for i, j in enumerate(flip)
        if i < j
    )
    axis = [i for i in listed if flip[i] == i]
    above = [i for i in axis if 2 * i < len(flip)]
    below = [i for i in axis if 2 * i >= len(flip)]
    return [*above, *down, *below, *(flip[i] for i in reversed(down))]


def _sigmas(setting: _Setting) -> tuple[float, ...]:
    names = setting.row.names
    value = {} if setting.value is None else setting.value
    if isinstance(value, Mapping):
        setting.points(list(value))
        values = [value.get(name, DEFAULT_SIGMA) for name in names]
    elif is_list(value) and setting.is_own:
        values = list(value)
        if len(values) != len(names):
            raise FormatError(
                f'{setting.where} has {len(values)} numbers, but the category has '
                f'{len(names)} key points; to fix it: give each one a number, or one '
                'number for all'
            )
    elif is_list(value):
        raise FormatError(
            f'{setting.where} of all categories is one number, or a mapping from key '
            'points to numbers; to fix it: move the list to its category'
        )
    else:
        values = [value] * len(names)
    for sigma in values:
        is_number = isinstance(sigma, int | float) and not isinstance(sigma, bool)
        if not is_number or not 0 < sigma <= 1:
            raise FormatError(
                f'{setting.where}: {short(sigma)} is no number above 0 and up to 1; a '
                f'sigma is a share of the size of the garment, like {DEFAULT_SIGMA}'
            )
    return tuple(map(float, values))


def _normalizer(setting: _Setting) -> Link | None:
    if setting.value is None:
        return None
    ends = setting.points(setting.value)
    if len(ends) != 2:
        raise FormatError(
            f'{setting.where}: {short(setting.value)} is no pair of key points'
        )
    names = setting.row.names
    for end in ends:
        if end not in names:
            raise FormatError(
                f'{setting.where} has {end!r}, which {setting.row.where} has not; to '
                'fix it: give the category a normalizer of its own, null for none'
            )
    return names.index(ends[0]), names.index(ends[1])


def _measures(setting: _Setting) -> tuple[Measure, ...]:
    names = setting.row.names
    return read_measures(setting.value, setting.where, setting.known, names)


def _check_shared_points(garments: Iterable[Garment], source: str) -> None:
    """Refuse key points that categories share and describe differently.

    Raises:
        FormatError: If a point has two mirrors or sigmas.
    """
    first: dict[str, tuple[str, str, float]] = {}
    for garment in garments:
        for local, name in enumerate(garment.keypoints):
            mirror = garment.keypoints[garment.flip[local]]
            sigma = garment.sigmas[local]
            told = first.setdefault(name, (garment.name, mirror, sigma))
            if told[1:] == (mirror, sigma):
                continue
            what = (
                f'the mirror images {told[1]!r} and {mirror!r}'
                if told[1] != mirror
                else f'the sigmas {told[2]} and {sigma}'
            )
            raise FormatError(
                f'{source}: key point {name!r} has {what} in {told[0]!r} and '
                f'{garment.name!r}, which share it; to fix it: describe it alike, or '
                'give it two names'
            )
