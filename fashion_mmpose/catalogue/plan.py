"""What a run over many pictures is going to do, and what of it is done.

All pictures are numbered in the order of the inputs, and so many that follow each other
are a part. A part is a file that is complete or absent, so the folder's list of files
says what is done; ``_parts.json`` says what the parts are of. Programs that read a
folder of Parquet files as one table pass over names that begin with an underscore.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.digest import are_others, is_looked_at, size_of
from fashion_mmpose.files.json_file import decode, encode_indented
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.files.writing.sets import tidy
from fashion_mmpose.media.source import Source
from fashion_mmpose.version import __version__

from .shards import Shard, check_pictures

PLAN = '_parts.json'
PART_SIZE = 1000
FORMAT = 1  # goes up when earlier readers would misunderstand the file


@dataclass(frozen=True)
class Catalogue:
    """All pictures of the inputs.

    Attributes:
        num_pictures: How many there are.
        digest: Sixteen hexadecimal digits that tell their names and their order.
        sizes: Bytes of those that :func:`.digest.is_looked_at`; -1 where there is no
            such file.
    """

    num_pictures: int
    digest: str
    sizes: tuple[int, ...] = ()


def survey(sources: Iterable[Source]) -> Catalogue:
    """Count the pictures, and note which they are; none is read.

    Raises:
        ValueError: If one is a video, a camera or a stream.
    """
    found = sha256()
    sizes = []
    count = 0
    for source in sources:
        if is_looked_at(count):
            sizes.append(_bytes_of(source))
        count += 1
        if not source.is_single:
            check_pictures([source])
        place = '' if source.span is None else source.span[1:]
        found.update(f'{source.name}\0{place}\0'.encode())
    return Catalogue(count, found.hexdigest()[:16], tuple(sizes))


def _bytes_of(source: Source) -> int:
    if source.span is not None:
        return source.span.size
    return size_of(str(source.image))


@dataclass(frozen=True)
class Part:
    """Pictures that follow each other.

    Attributes:
        number: Of the part, from 0.
        first: Number of its first picture.
        sources: The pictures, which know their numbers.
    """

    number: int
    first: int
    sources: list[Source]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the parts in a folder are of.

    Attributes:
        format: :data:`FORMAT` of the writer.
        version: Version of the package that began.
        num_pictures: Of all parts together.
        part_size: How many are in a part; the last one may have less.
        settings: What makes the rows what they are: plain values by name.
        sizes: Bytes of some pictures, see :class:`Catalogue`.
    """

    num_pictures: int
    part_size: int
    settings: dict[str, Any]
    sizes: tuple[int, ...] = ()
    format: int = FORMAT
    version: str = __version__

    @property
    def num_parts(self) -> int:
        """How many there are."""
        return -(-self.num_pictures // self.part_size)

    def name(self, number: int) -> str:
        """What the file of a part is called."""
        return f'part-{number:05d}-of-{self.num_parts:05d}.parquet'

    def done(self, folder: str | os.PathLike) -> set[int]:
        """The parts whose files are in a folder."""
        names = {*os.listdir(folder)} if os.path.isdir(folder) else set()
        return {each for each in range(self.num_parts) if self.name(each) in names}

    def pending(self, folder: str | os.PathLike, shard: Shard) -> list[int]:
        """The parts of a share whose files are not in a folder yet."""
        done = self.done(folder)
        return [each for each in shard.of(range(self.num_parts)) if each not in done]

    def size(self, number: int) -> int:
        """How many pictures a part has."""
        return min(self.part_size, self.num_pictures - number * self.part_size)

    def parts(self, sources: Iterable[Source], wanted: Iterable[int]) -> Iterator[Part]:
        """Some parts, in order, each when it is asked for.

        Args:
            sources: All pictures.
            wanted: Numbers of the parts, in order.

        Raises:
            FormatError: If there are less pictures than before.
        """
        numbered = enumerate(sources)
        for number in wanted:
            first = number * self.part_size
            last = first + self.size(number) - 1
            chosen = []
            for place, source in numbered:
                if place >= first:
                    chosen.append(replace(source, number=place))
                if place == last:
                    break
            if len(chosen) < self.size(number):
                raise FormatError(
                    f'the inputs have changed: they had {self.num_pictures} pictures '
                    'when this run looked first'
                )
            yield Part(number, first, chosen)


def begin(folder: str | os.PathLike, plan: Plan) -> None:
    """Write into a folder what its parts are of, or compare where that was done.

    Raises:
        FormatError: If the folder has parts of another run, or none tells of what its
            parts are.
        OSError: If it cannot be written.
    """
    folder = Path(folder)
    tidy(folder)
    path = folder / PLAN
    if path.exists():
        _compare(path, read_plan(folder), plan)
        return
    if any(folder.glob('part-*.parquet')):
        raise FormatError(
            f'{folder} has parts, but no {PLAN} that says what they are of; to fix it: '
            'choose another folder'
        )
    with OutputFiles() as outputs:
        outputs.open_binary(path).write(encode_indented(plan))


def read_plan(folder: str | os.PathLike) -> Plan:
    """What the parts in a folder are of.

    Raises:
        FileNotFoundError: If nothing tells that.
        FormatError: If it cannot be read, or was written by a later version.
    """
    path = Path(folder) / PLAN
    if not path.is_file():
        raise FileNotFoundError(
            f'{folder} has no {PLAN}; it is none that `fashion-mmpose predict --format '
            'parquet` has written into'
        )
    try:
        plan = decode(path.read_bytes(), Plan)
    except msgspec.DecodeError as error:
        raise FormatError(
            f'{path} cannot be read: {error}; to fix it: put it back from a copy, or '
            'from the folder of another share of this run; without either, predict '
            'into another folder'
        ) from error
    if plan.format > FORMAT:
        raise FormatError(
            f'{path} is of version {plan.version} of the package, and of a form that '
            'this version does not know; to fix it: update fashion-mmpose'
        )
    return plan


def _compare(path: Path, before: Plan, now: Plan) -> None:
    """Refuse to go on with other settings.

    Raises:
        FormatError: If any is another; it names them all.
    """
    now = msgspec.json.decode(msgspec.json.encode(now), type=Plan)
    differing = _differing(before, now, '{} was {} and is {}')
    if differing:
        raise FormatError(
            f'{path.parent} has parts of another run: {"; ".join(differing)}; to fix '
            'it: give the same inputs and options to go on, or another folder'
        )


def _differing(before: Plan, now: Plan, form: str) -> list[str]:
    """What is another in two plans, in words.

    Args:
        before: One.
        now: The other one.
        form: Takes a setting's name and its two values.
    """
    differing = [
        form.format(name, _short(old), _short(new))
        for name, old, new in _pairs(before, now)
        if old != new
    ]
    if not differing and are_others(before.sizes, now.sizes):
        differing = ['most pictures that were looked at have other sizes']
    return differing


def _pairs(before: Plan, now: Plan) -> Iterator[tuple[str, Any, Any]]:
    yield 'the number of pictures', before.num_pictures, now.num_pictures
    yield '--part-size', before.part_size, now.part_size
    names = dict.fromkeys((*before.settings, *now.settings))
    for name in names:
        yield name, before.settings.get(name), now.settings.get(name)


def _short(value: Any) -> str:
    text = 'not given' if value is None else str(value)
    return text if len(text) < 60 else f'{text[:57]}...'


def same_plan(plans: Mapping[str, Plan]) -> Plan:
    """The one plan of several folders.

    Raises:
        FormatError: If they are not all of one run.
    """
    (first, plan), *others = plans.items()
    for folder, other in others:
        differing = _differing(plan, other, '{}: {} and {}')
        if differing:
            raise FormatError(
                f'{first} and {folder} have parts of two runs: {"; ".join(differing)}; '
                'to fix it: put the parts of each run together on their own'
            )
    return plan
