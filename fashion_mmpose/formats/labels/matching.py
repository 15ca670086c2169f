"""The names that labels have in a tool, and those of a benchmark."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.category_names import category_named, named_alike, plain
from fashion_mmpose.garments import Benchmark, Garment
from fashion_mmpose.garments.descriptions.file import read_description

# The name that a mapping gives to what is left out on purpose.
Target = str | None


@dataclass(frozen=True)
class NameMap:
    """Names that a user gives where those of the tool differ.

    Attributes:
        categories: The benchmark's categories by the tool's names for them, in plain
            form; None for those that are left out.
        keypoints: The benchmark's key points by the tool's names, in plain form; those
            of one category below the plain form of its name, all others below ''.
    """

    categories: Mapping[str, Target] = field(default_factory=dict)
    keypoints: Mapping[str, Mapping[str, Target]] = field(default_factory=dict)


def read_name_map(path: str | os.PathLike, benchmark: Benchmark) -> NameMap:
    """Read a mapping from a JSON or YAML file.

    It has ``categories`` and ``keypoints``, each from the tool's names to the
    benchmark's, or to null for what is to be left out. Key points may be given for one
    category, below its name in the tool or in the benchmark.

    Raises:
        FileNotFoundError: If there is no such file.
        FormatError: If it is no such mapping, or names what the benchmark does not
            have; the message names the place.
    """
    content = read_description(path)
    keys = {'categories', 'keypoints'}
    if not isinstance(content, dict) or not content or content.keys() - keys:
        raise FormatError(
            f'{path} must be a mapping with categories, keypoints or both, each from '
            "the tool's names to the benchmark's"
        )
    categories = _targets(
        f'{path}: categories',
        _unless_none(content.get('categories')),
        tuple(benchmark.garments),
        'category',
    )
    shared: dict[str, Any] = {}
    keypoints: dict[str, dict[str, Target]] = {}
    entries = _unless_none(content.get('keypoints'))
    if not isinstance(entries, dict):
        raise FormatError(f'{path}: keypoints must be a mapping')
    for name, value in entries.items():
        if not isinstance(value, dict):
            shared[name] = value
            continue
        where = f'{path}: keypoints of {name!r}'
        target = categories.get(plain(str(name)))
        garment = category_named(benchmark, target or str(name))
        if garment is None:
            raise FormatError(
                f'{where}: {benchmark.name} has no such category, nor do categories '
                'name it'
            )
        own = _targets(where, value, garment.keypoints, 'key point')
        known = keypoints.setdefault(garment.name, {})
        for alike, found in own.items():
            if known.get(alike, found) != found:
                raise FormatError(
                    f'{where}: {alike!r} stands for {found!r}, and for '
                    f'{known[alike]!r} in another category that is a {garment.name}, '
                    'too; to fix it: rename one of them in the tool'
                )
        known |= own
    keypoints[''] = _targets(
        f'{path}: keypoints', shared, benchmark.keypoints, 'key point'
    )
    return NameMap(categories, keypoints)


def _unless_none(value: Any) -> Any:
    return {} if value is None else value


def _targets(
    where: str, entries: Any, known: Sequence[str], kind: str
) -> dict[str, Target]:
    if not isinstance(entries, dict):
        raise FormatError(f'{where} must be a mapping')
    targets: dict[str, Target] = {}
    for name, target in entries.items():
        found = None if target is None else named_alike(known, str(target))
        if target is not None and found is None:
            raise FormatError(
                f'{where}: {target!r} is no {kind} of the benchmark'
                + _similar(str(target), known)
            )
        alike = plain(str(name))
        if targets.get(alike, found) != found:
            raise FormatError(
                f'{where}: {name!r} differs in its writing only from a name that '
                f'stands for {targets[alike]!r}, and stands for {found!r}; to fix it: '
                'rename one of them in the tool'
            )
        targets[alike] = found
    return targets


def _similar(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(plain(name), known, n=3)
    return f'; similar: {", ".join(close)}' if close else ''


class Matcher:
    """Finds categories and key points of a benchmark by a tool's names.

    Names are compared without case, blanks, hyphens and underscores; DeepFashion2's
    categories go by the benchmark's own names, too. Key points that are numbered from 1
    are those of the category in their order, or of the whole benchmark, whichever has
    so many.

    Args:
        benchmark: The benchmark.
        names: What the user says of names that differ.
    """

    def __init__(self, benchmark: Benchmark, names: NameMap) -> None:
        self.benchmark = benchmark
        self.names = names

    def is_dropped(self, category: str) -> bool:
        """Whether the user wants this category left out."""
        return self.names.categories.get(plain(category), '') is None

    def category(self, category: str) -> Garment | None:
        """The category that a tool's name stands for; None if there is none."""
        target = self.names.categories.get(plain(category))
        return category_named(self.benchmark, target or category)

    def similar_category(self, category: str) -> str:
        """What to add to a message about a category that is not found."""
        return _similar(category, tuple(self.benchmark.garments))

    def places(self, garment: Garment, names: Sequence[str]) -> dict[str, int | None]:
        """For each of a tool's key points its place among the category's own.

        Args:
            garment: The category.
            names: All names that the tool has for this category, in their order.

        Returns:
            dict: By name; None for a point that the category does not have, or that the
            user wants left out.

        Raises:
            FormatError: If two names stand for one key point.
        """
        chosen = {name: self._target(garment, name) for name in names}
        if names == [str(place) for place in range(1, len(names) + 1)]:
            chosen = self._numbered(garment, names, chosen)
        places: dict[str, int | None] = {}
        taken: dict[str, str] = {}
        for name, target in chosen.items():
            if target not in garment.keypoints:
                places[name] = None
                continue
            if target in taken:
                raise FormatError(
                    f'{garment.name}: {taken[target]!r} and {name!r} both stand for '
                    f'{target}; to fix it: map one of them to null'
                )
            taken[target] = name
            places[name] = garment.keypoints.index(target)
        return places

    def is_dropped_point(self, garment: Garment, name: str) -> bool:
        """Whether the user wants this key point left out."""
        for mapping in (garment.name, ''):
            targets = self.names.keypoints.get(mapping, {})
            if plain(name) in targets:
                return targets[plain(name)] is None
        return False

    def is_known(self, name: str) -> bool:
        """Whether any category has a key point of this name."""
        return named_alike(self.benchmark.keypoints, name) is not None

    def similar_point(self, garment: Garment, name: str) -> str:
        """What to add to a message about a key point that is not found."""
        return _similar(name, garment.keypoints)

    def _target(self, garment: Garment, name: str) -> str | None:
        for mapping in (garment.name, ''):
            targets = self.names.keypoints.get(mapping, {})
            if plain(name) in targets:
                return targets[plain(name)]
        return named_alike(garment.keypoints, name)

    def _numbered(
        self, garment: Garment, names: Sequence[str], chosen: dict[str, str | None]
    ) -> dict[str, str | None]:
        counted: dict[str, str | None]
        for known in (garment.keypoints, self.benchmark.keypoints):
            if len(known) == len(names):
                counted = dict(zip(names, known))
                # What the user maps to null, no number brings back.
                for name in names:
                    if chosen[name] or self.is_dropped_point(garment, name):
                        counted[name] = chosen[name]
                return counted
        return chosen
