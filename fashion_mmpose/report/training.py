"""What the work folder of a training tells: its curves, config and environment."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fashion_mmpose.errors import FormatError

from .charts.plotting import plain, require_plotly, styled

_MAX_TEXT = 200_000  # characters of a config
_ENVIRONMENT = re.compile(r'^-{20,}\n(System environment:.*?)\n-{20,}$', re.M | re.S)
_COMPILER_FLAGS = re.compile(r'^ *- Build settings:.*\n?', re.M)
_COUNTERS = ('epoch', 'iter', 'step', 'time', 'data_time', 'memory')


@dataclass(frozen=True)
class Training:
    """A training, as far as its folder tells.

    Attributes:
        folder: The work folder.
        scalars: Entries of MMEngine's ``scalars.json``, of all starts in their order;
            each step of the training, and each validation, once.
        config: Text of the config; ``''`` where there is none.
        environment: What the log says of the machine; ``''`` where there is none.
    """

    folder: str
    scalars: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    config: str = ''
    environment: str = ''


def read_training(folder: str | os.PathLike) -> Training:
    """Read a work folder of ``tools/train.py``.

    A start that went on from another one has that one's entries in its own file as
    well, unless an earlier version wrote it. What several starts tell of one step is
    taken from the last of them.

    Raises:
        FileNotFoundError: If it is no folder.
        FormatError: If its scalars are no lines of JSON.
    """
    root = Path(folder)
    if not root.is_dir():
        raise FileNotFoundError(f'{root} does not exist, or is not a folder')
    scalars = []
    for path in sorted(root.glob('*/vis_data/scalars.json'), reverse=True):
        entries = _entries(path)
        # The newest tells all, of which another branch is no part; unless an earlier
        # version wrote it, which told its own steps only.
        if scalars and entries and _begin(scalars) <= _begin(entries):
            break
        scalars = entries + scalars
    configs = sorted(root.glob('*.py')) or sorted(root.glob('*/vis_data/config.py'))
    logs = sorted(root.glob('*/*.log'))
    found = _ENVIRONMENT.search(_text(logs[-1])) if logs else None
    return Training(
        folder=str(root),
        scalars=_each_once(scalars),
        config=_text(configs[-1])[:_MAX_TEXT] if configs else '',
        environment=_COMPILER_FLAGS.sub('', found[1]) if found else '',
    )


def _begin(entries: Sequence[Mapping[str, Any]]) -> float:
    return entries[0].get('step', 0)


def _text(path: Path) -> str:
    return path.read_text(encoding='utf-8', errors='replace')


def _entries(path: Path) -> list[dict]:
    entries = []
    for number, line in enumerate(_text(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except ValueError as error:
            # A training that is running has written half of its last line.
            if number == len(_text(path).splitlines()):
                break
            raise FormatError(f'{path}: line {number} is not JSON: {error}') from None
        if not isinstance(entry, dict):
            raise FormatError(f'{path}: line {number} is not a JSON object')
        entries.append(entry)
    return entries


def _each_once(entries: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """The last entry of each step and of each validation, in the order of the first."""
    newest = {}
    for number, entry in enumerate(entries):
        step = _step(entry)
        # Without a step, nothing tells that an entry is told again.
        key = ('loss' in entry, step) if step is not None else number
        newest[key] = entry
    return tuple(newest.values())


def _step(entry: Mapping[str, Any]) -> Any:
    return entry.get('iter', entry.get('step'))


def training_chart(training: Training) -> Any:
    """Losses, learning rate and validation of a training; None without any."""
    steps = [entry for entry in training.scalars if 'loss' in entry]
    scores = [entry for entry in training.scalars if 'loss' not in entry]
    if not steps:
        return None
    go, subplots = require_plotly()
    titles = ['loss', 'learning rate', 'validation']
    figure = subplots.make_subplots(1, 3, subplot_titles=titles)
    panels = (
        (1, steps, [name for name in _numbers(steps) if 'loss' in name]),
        (2, steps, ['lr']),
        (3, scores, _headlines(_numbers(scores))),
    )
    for column, entries, names in panels:
        for name in names:
            held = [entry for entry in entries if name in entry]
            curve = go.Scatter(
                x=[_step(entry) for entry in held],
                y=[entry[name] for entry in held],
                mode='lines' if column < 3 else 'lines+markers',
                name=plain(name),
            )
            figure.add_trace(curve, 1, column)
    figure.update_yaxes(type='log', col=1)
    for column, title in enumerate(('iteration', 'iteration', 'step'), 1):
        figure.update_xaxes(title=title, col=column)
    return styled(figure, plain(f'Training in {training.folder}'))


def _numbers(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    names = {
        name
        for entry in entries
        for name, value in entry.items()
        if isinstance(value, int | float) and name not in _COUNTERS
    }
    return sorted(names)


def _headlines(names: Sequence[str]) -> list[str]:
    """The benchmarks' own numbers where there are some, and all others elsewhere."""
    own = [name for name in names if name.rpartition('/')[2] in ('AP', 'NE')]
    return own or list(names)
