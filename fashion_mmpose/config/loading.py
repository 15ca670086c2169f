"""Finds, reads and checks configs; nothing else in the package reads one."""

import copy
import glob
import os
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from mmengine.config import Config, ConfigDict

from fashion_mmpose.pretrained import names_folder, read_index
from fashion_mmpose.stack import compat

from .described_data import embed_descriptions
from .folder import config_root
from .overrides import check_keys
from .parts import is_ensemble
from .stored import read_stored_config

CATEGORY = '{category}'  # stands for a category in paths


def config_names() -> list[str]:
    """Returns the names of all configs that can be run, sorted.

    A name is the path below the folder of the configs, with forward slashes and
    without ``.py``, e.g. ``'cpn_r152_fashionai_blouse'``. Bases, which lie in
    folders such as ``_base_``, are left out.
    """
    root = config_root()
    paths = (path.relative_to(root) for path in root.rglob('*.py'))
    return sorted(
        path.with_suffix('').as_posix()
        for path in paths
        if not any(part.startswith(('_', '.')) for part in path.parts)
    )


def find_config(name: str) -> Path:
    """Finds a config by its name, from any working directory.

    Args:
        name: A name of :func:`config_names`, with or without ``.py`` and with or
            without a leading ``configs/``.

    Returns:
        The absolute path of the file.

    Raises:
        FileNotFoundError: The package came without configs.
        ValueError: There is no such config. The message names similar ones.
    """
    wanted = name.removeprefix('configs/').removesuffix('.py')
    names = config_names()
    if wanted in names:
        return config_root() / f'{wanted}.py'
    # The last part alone is compared too: folders are easily forgotten.
    by_stem = {each.rpartition('/')[2]: each for each in names}
    stems = get_close_matches(wanted.rpartition('/')[2], by_stem, n=3)
    close = get_close_matches(wanted, names, n=3)
    similar = list(dict.fromkeys([*close, *(by_stem[stem] for stem in stems)]))
    hint = f'similar: {similar}' if similar else f'choose from {names}'
    raise ValueError(f'unknown config {name!r}; {hint}')


def read_config(name: str | os.PathLike) -> Config:
    """Reads a config as it stands in its file.

    Args:
        name: Path of a config, or the bare name of one that the package carries; or a
            ``.json`` in a folder of networks, which
            :func:`fashion_mmpose.config.stored.read_stored_config` reads.

    Raises:
        FormatError: A folder's config is none.
        ValueError: There is no such config.
        ImportError: It builds on MMDetection's, which is missing.
    """
    folder = Path(name).parent
    if os.fspath(name).endswith('.json') and names_folder(folder):
        return read_stored_config(name, read_index(folder).version)
    path = name if os.path.isfile(name) else find_config(os.fspath(name))
    try:
        return Config.fromfile(path)
    except ModuleNotFoundError:
        compat.require_mmdet()  # its error says how to get it
        raise


def load_config(
    name: str | os.PathLike,
    work_dir: str | None = None,
    cfg_options: dict | None = None,
    launcher: str = 'none',
    *,
    members: bool = True,
) -> Config:
    """Reads a config and applies what every run may override.

    Args:
        name: Path of a config, or the bare name of one that the package carries.
        work_dir: Where logs and checkpoints go; by default the config's own, or
            ``work_dirs/<name of the config>``.
        cfg_options: Dotted keys and values to override.
        launcher: ``'none'``, ``'pytorch'`` or ``'slurm'``.
        members: Whether the configs of an ensemble's members are read as well. A plan
            that is made before they are trained leaves it.

    Raises:
        ValueError: If there is no such config, it has no such entry to override, or an
            ensemble's members are not described as they must be.
        ImportError: If it builds on MMDetection's, which is missing.
        RuntimeError: If the launcher cannot work on this machine.
    """
    cfg = read_config(name)
    embed_descriptions(cfg)
    cfg.launcher = launcher
    if work_dir is not None:
        cfg.work_dir = work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = os.path.join('work_dirs', Path(cfg.filename).stem)
    if cfg_options:
        check_keys(cfg, cfg_options)
        cfg.merge_from_dict(cfg_options)
        embed_descriptions(cfg)
    compat.prepare_distributed(cfg, launcher)
    return with_members(cfg) if members else cfg


def with_members(cfg: Config) -> Config:
    """The config with those of its ensemble's members read.

    Returns:
        The config itself, or, if it is an ensemble's, a copy whose ``model.members``
        are as :func:`read_members` returns them.

    Raises:
        ValueError: See :func:`read_members`.
    """
    if not is_ensemble(cfg):
        return cfg
    cfg = copy.deepcopy(cfg)
    members = read_members(cfg.model.members, cfg.model.get('category'))
    cfg.model.members = [ConfigDict(member) for member in members]
    return cfg


def read_members(
    members: Sequence[str | Mapping], category: str | None = None
) -> list[dict]:
    """Reads the configs of an ensemble's members, where they are still names.

    Args:
        members: As :class:`HeatmapEnsemble` takes them.
        category: Fills ``{category}``.

    Returns:
        list[dict]: See :func:`member_spec`; ``config`` has the network, ``model``, and
        the data that it is tested on, ``test_dataloader``.

    Raises:
        ValueError: If a config is unknown, or as :func:`member_spec`.
    """
    specs = [member_spec(member, category) for member in members]
    for spec in specs:
        if isinstance(spec['config'], str):
            cfg = read_config(spec['config'])
            embed_descriptions(cfg)
            kept = ('model', 'test_dataloader')
            spec['config'] = {key: cfg[key] for key in kept if key in cfg}
    return specs


def member_spec(member: str | Mapping, category: str | None) -> dict:
    """A member's ``config``, ``checkpoint``, ``weight``, and ``name`` for messages.

    What is not given is filled in, see :class:`HeatmapEnsemble`.

    Raises:
        ValueError: If an entry is unknown or missing, or the weight is not positive.
    """
    spec = dict(config=member) if isinstance(member, str) else dict(member)
    unknown = set(spec) - {'config', 'checkpoint', 'weight', 'name'}
    if unknown or 'config' not in spec:
        raise ValueError(
            'a member has config, checkpoint and weight, of which config is needed; '
            f'got {sorted(spec)}'
        )
    if spec.setdefault('weight', 1.0) <= 0:
        raise ValueError(f'the weight of a member must be positive: {spec}')
    named = isinstance(spec['config'], str)
    if 'checkpoint' not in spec:
        if not named:
            raise ValueError('a member whose config is loaded must name a checkpoint')
        stem = os.path.splitext(os.path.basename(spec['config']))[0]
        spec['checkpoint'] = f'work_dirs/{stem}/best_*.pth'
    for key in ('config', 'checkpoint'):
        if isinstance(spec[key], str) and CATEGORY in spec[key]:
            if category is None:
                raise ValueError(f'{spec[key]} needs the category of the ensemble')
            spec[key] = spec[key].replace(CATEGORY, category)
    spec.setdefault('name', spec['config'] if named else 'a loaded config')
    return spec


def existing_file(path: str) -> str:
    """The path, if there is a file, or something that MMEngine downloads.

    Raises:
        FileNotFoundError: If it is the path of no file.
    """
    if not is_address(path) and not os.path.isfile(path):
        raise FileNotFoundError(f'{path} does not exist')
    return path


def newest_file(pattern: str, name: str) -> str:
    """The newest file that matches a path or a pattern.

    Raises:
        FileNotFoundError: If there is none.
    """
    paths = [pattern] if os.path.isfile(pattern) else glob.glob(pattern)
    if not paths:
        raise FileNotFoundError(
            f'no checkpoint {pattern}: train {name} first, or name its checkpoint'
        )
    return max(paths, key=os.path.getmtime)


def is_address(path: str | os.PathLike) -> bool:
    """Whether a path is one that MMEngine downloads from."""
    return '://' in os.fspath(path)


def config_name(cfg: Config) -> str:
    """What a loaded config is called in messages."""
    return str(cfg.filename) if cfg.filename else 'the config'
