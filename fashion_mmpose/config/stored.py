"""Configs as JSON: what a network is and how it is tested, and nothing that runs.

A config is a program, and the classes that it names may be any function of any module.
What is read here may name registered classes only, no code, no file to write and no
weights to fetch, so that the JSON of a stranger is data.
"""

import math
import os
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

import mmengine.registry
import mmpose.registry
from mmengine.config import Config, ConfigDict
from mmengine.registry import Registry

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.json_file import encode_indented, read_json
from fashion_mmpose.stack import compat
from fashion_mmpose.version import __version__

from .described_data import datasets_of
from .folder import config_root
from .parts import kind_of

SECTIONS = ('default_scope', 'model', 'test_dataloader', 'test_evaluator')

# What a config without a training has in the place of one.
_NO_TRAINING = dict.fromkeys(
    ('train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler')
    + ('val_dataloader', 'val_cfg', 'val_evaluator')
)
_TUPLE = '__tuple__'  # JSON has lists only; some classes tell them apart
_SCOPES = ('mmengine', 'mmcv', 'mmdet', 'mmpose')
# Operators that mmcv and MMDetection look up themselves.
_UNREGISTERED = ('RoIAlign', 'nms', 'soft_nms')
# Where weights come from that are to be loaded while a network is built: it gets those
# of the folder.
_WEIGHTS_FROM = ('init_cfg', 'pretrained', 'checkpoint_path', 'pretrained_cfg')
_WEIGHTS_FROM += ('pretrained_cfg_overlay', 'cache_dir')
# Where a metric writes files.
_WRITING = re.compile(r'out_|.*outfile|.*_dir$')
# OpenMMLab evaluates some texts of a config; these evaluate to nothing.
_HARMLESS = re.compile(r'(?!.*__)[\w.,:/{} +-]*')

_MEND = 'to fix it: write the folder again with save_pretrained'


# ------------------------------------------------------------------------------ write


def flatten_config(cfg: Config) -> dict:
    """What a config says of its network and of its test, as values of JSON.

    Where weights come from, where files are written and where on this machine the data
    are, stays behind.

    Args:
        cfg: A config with the members of its ensemble read.

    Raises:
        FormatError: If it names what JSON cannot hold, such as a class itself.
    """
    told = {key: cfg[key] for key in SECTIONS if key in cfg}
    named = {each.get('data_root') or '' for each in datasets_of(cfg)}
    roots = {root: f'data/{_last(root)}' for root in named if os.path.isabs(root)}
    return {key: _flat(value, key, roots) for key, value in told.items()}


def _flat(value: Any, where: str, roots: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _flat(each, f'{where}.{key}', roots)
            for key, each in _portable(value, where).items()
        }
    if isinstance(value, list):
        return [_flat(each, f'{where}.{i}', roots) for i, each in enumerate(value)]
    if isinstance(value, tuple):
        return {_TUPLE: _flat([*value], where, roots)}
    if isinstance(value, str) and os.path.isabs(value) and 'test_' in where:
        return _relative(value, roots)
    is_number = isinstance(value, float) and math.isfinite(value)
    if value is None or is_number or type(value) in (bool, int, str):
        return value
    raise FormatError(
        f'{where} is {value!r}, which a config in JSON cannot hold; to fix it: name '
        'classes by the names that they are registered under'
    )


def _portable(part: Mapping, where: str) -> dict:
    """A part of a config without what holds on this machine only."""
    kept = {key: each for key, each in part.items() if key not in _WEIGHTS_FROM}
    if where.startswith('test_evaluator'):
        kept = {key: each for key, each in kept.items() if not _WRITING.match(key)}
        kept.pop('format_only', None)  # what it would only write is left out
    if '_dataloader' in where:
        kept.pop('bbox_file', None)
    if kind_of(part) == 'HeatmapEnsemble':
        # The weights of the ensemble are those of its members.
        kept['members'] = [
            dict(member, checkpoint=None, name=f'member {number}')
            for number, member in enumerate(part['members'], 1)
        ]
    return kept


def _relative(path: str, roots: Mapping[str, str]) -> str:
    """A path of this machine without the folders that only it has.

    Args:
        path: An absolute path.
        roots: Folders of data, and what they become.
    """
    for root, other in roots.items():
        if path.startswith(root):
            return other + path.removeprefix(root)
    return _last(path)


def _last(path: str) -> str:
    return PurePosixPath(path).name + '/' * path.endswith('/')


# ------------------------------------------------------------------------------- read


def read_stored_config(path: str | os.PathLike, version: str = '') -> Config:
    """The config of a folder of networks, for tests and predictions.

    How a test runs (logs, hooks, visualizer) is this package's own.

    Args:
        path: The JSON, which :func:`flatten_config` gives.
        version: Version of the package that wrote it, for errors.

    Raises:
        FormatError: If it is no such config, names classes that nothing registers here,
            or says what could execute something, write files or fetch weights.
        ImportError: If it is a detector's, and MMDetection is missing.
    """
    told = read_json(path)
    if not isinstance(told, dict) or not {'model', 'test_dataloader'} <= told.keys():
        raise FormatError(f'{path} is no config of a network; {_MEND}')
    if unknown := told.keys() - set(SECTIONS):
        raise FormatError(
            f'{path} has {", ".join(sorted(unknown))}, which is not read: only '
            f'{", ".join(SECTIONS)}'
        )
    is_detector = told.get('default_scope') == 'mmdet'
    if is_detector:
        compat.require_mmdet()
        import_module('mmdet.registry')
    runtime = _runtime('detection_testing' if is_detector else 'default_runtime')
    content = _Reader(os.fspath(path), version).read(told)
    name = Path(path).resolve().parent.name
    work_dir = os.path.join('work_dirs', name)
    return Config(
        {**runtime, **_NO_TRAINING, 'test_cfg': {}, **content, 'work_dir': work_dir},
        filename=os.fspath(path),
    )


def _runtime(name: str) -> dict:
    """The config of this package that says how a test runs; it registers everything."""
    return Config.fromfile(config_root() / '_base_' / f'{name}.py').to_dict()


class _Reader:
    """Turns JSON into a part of a config, and refuses what is more than data.

    Args:
        source: The file, for errors.
        version: Of the package that wrote it, for errors.
    """

    def __init__(self, source: str, version: str) -> None:
        self._source = source
        self._version = version
        self._registries = [*_registries()]

    def read(self, told: dict) -> dict:
        """The sections of a config."""
        return {key: self._value(value, key) for key, value in told.items()}

    def _value(self, value: Any, where: str) -> Any:
        if isinstance(value, dict):
            return self._part(value, where)
        if isinstance(value, list):
            return [self._value(each, f'{where}.{i}') for i, each in enumerate(value)]
        if isinstance(value, str) and (
            where.startswith('model') or '.pipeline' in where
        ):
            self._check_text(value, where)
        return value

    def _part(self, part: dict, where: str) -> Any:
        if part.keys() == {_TUPLE} and isinstance(part[_TUPLE], list):
            return tuple(self._value(part[_TUPLE], where))
        if where.endswith('.benchmark'):
            return ConfigDict(part)  # a description, whose words are the user's
        for key, value in part.items():
            is_refused = key in _WEIGHTS_FROM or key == 'checkpoint'
            is_refused |= where.startswith('test_evaluator') and bool(
                _WRITING.match(key)
            )
            if is_refused and value is not None:
                raise self._refused(f'{where}.{key}', 'fetches weights or writes files')
            if key == 'from_file':  # MMPose's, of a metainfo
                raise self._refused(f'{where}.{key}', 'names a config that is run')
        if kind_of(part) == 'HeatmapEnsemble':
            self._check_members(part.get('members'), where)
        if 'type' in part:
            self._check_type(part['type'], f'{where}.type')
        return ConfigDict(
            {key: self._value(value, f'{where}.{key}') for key, value in part.items()}
        )

    def _check_members(self, members: Any, where: str) -> None:
        """A member's config by name would be a program that is run."""
        for member in members if isinstance(members, list) else [None]:
            if not isinstance(member, dict) or not isinstance(
                member.get('config'), dict
            ):
                raise self._refused(f'{where}.members', 'names configs that are run')

    def _check_type(self, name: Any, where: str) -> None:
        plain = name.rpartition('.')[2] if isinstance(name, str) else ''
        scope = name.rpartition('.')[0] if isinstance(name, str) else ''
        if scope and scope not in _SCOPES or not plain.isidentifier():
            raise self._refused(where, f'names {name!r}, which is no registered class')
        if plain in _UNREGISTERED and not scope:
            return
        for registry in self._registries:
            if plain in registry.module_dict and scope in ('', registry.scope):
                return
        by = f'written by version {self._version}, ' if self._version else ''
        raise FormatError(
            f'{self._source}: {where} names {name!r}, which nothing registers here '
            f'({by}this is {__version__}); to fix it: import the package that it comes '
            'from first, update fashion-mmpose, or run the ONNX file'
        )

    def _check_text(self, text: str, where: str) -> None:
        if not _HARMLESS.fullmatch(text):
            raise self._refused(where, f'is {text!r}, which may be code')

    def _refused(self, where: str, why: str) -> FormatError:
        return FormatError(
            f'{self._source}: {where} {why}; nothing of a folder is executed; {_MEND}'
        )


def _registries() -> Iterator[Registry]:
    """All registries, with what they know."""
    places = {**vars(mmengine.registry), **vars(mmpose.registry)}.values()
    pending = [each for each in places if isinstance(each, Registry)]
    while pending:
        registry = pending.pop()
        registry.import_from_location()
        yield registry
        pending += registry.children.values()


def encode_config(cfg: Config) -> bytes:
    """The JSON of :func:`flatten_config`.

    Raises:
        FormatError: See there.
    """
    return encode_indented(flatten_config(cfg))
