"""Which of several processes works on what."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from fashion_mmpose.media.source import Source

# Of torchrun and of Slurm: the number of a process, and how many there are.
_LAUNCHERS = (('RANK', 'WORLD_SIZE'), ('SLURM_PROCID', 'SLURM_NTASKS'))

SHARES = 'shard-*-of-*'  # fits the names of all of them

Item = TypeVar('Item')


@dataclass(frozen=True)
class Shard:
    """One share of the work.

    Attributes:
        index: Its number, from 0. Defaults to 0.
        count: How many there are. Defaults to 1.
    """

    index: int = 0
    count: int = 1

    def of(self, items: Iterable[Item]) -> Iterator[Item]:
        """Every ``count``-th item, from that of the shard's own number on."""
        return (
            item for place, item in enumerate(items) if place % self.count == self.index
        )

    @property
    def name(self) -> str:
        """What its files and folders are called."""
        return f'shard-{self.index}-of-{self.count}'

    def __str__(self) -> str:
        return f'{self.index}/{self.count}'


def read_shard(text: str | None, environment: Mapping[str, str] = os.environ) -> Shard:
    """The share of the work that this process has.

    Args:
        text: ``'2/8'``, the third of eight; ``'auto'`` for what torchrun or Slurm says
            in the environment; None for all of it.
        environment: Where ``'auto'`` looks.

    Raises:
        ValueError: If it is no such text, the number is not below the count, or nothing
            is said in the environment.
    """
    if text is None:
        return Shard()
    if text == 'auto':
        text = _launched(environment)
    found = re.fullmatch(r'(\d+)/(\d+)', text)
    if found is None:
        raise ValueError(
            f"--shard {text}: must be I/N, such as 0/8, or 'auto' under torchrun or "
            "Slurm's srun"
        )
    index, count = int(found[1]), int(found[2])
    if index >= count:
        raise ValueError(
            f'--shard {text}: the first number counts from 0 and must be below the '
            'second'
        )
    return Shard(index, count)


def _launched(environment: Mapping[str, str]) -> str:
    for index, count in _LAUNCHERS:
        if index in environment and count in environment:
            return f'{environment[index]}/{environment[count]}'
    names = ', or '.join(' and '.join(pair) for pair in _LAUNCHERS)
    raise ValueError(
        f'--shard auto: the environment has neither {names}; to fix it: start it with '
        'torchrun or srun, or give --shard I/N'
    )


def shard_of(sources: Mapping[str, Source], shard: Shard) -> dict[str, Source]:
    """A share of the pictures of a run; they keep their numbers among all.

    Args:
        sources: All of them by name.
        shard: Which share.

    Raises:
        ValueError: If there is more than one shard, and a source is no picture.
    """
    if shard.count == 1:
        return dict(sources)
    check_pictures(sources.values())
    numbered = (
        (name, replace(source, number=number))
        for number, (name, source) in enumerate(sources.items())
    )
    return dict(shard.of(numbered))


def check_pictures(sources: Iterable[Source]) -> None:
    """Refuse what is no picture.

    Raises:
        ValueError: If there is a video, a camera or a stream.
    """
    for source in sources:
        if not source.is_single:
            raise ValueError(
                f'{source.name} is a {source.kind}; only pictures can be shared out or '
                'written in parts'
            )
