"""Finds and names configs."""

from difflib import get_close_matches
from pathlib import Path

from mmengine.config import Config

_PACKAGE = Path(__file__).resolve().parent


def config_root() -> Path:
    """Returns the folder of the configs.

    That is ``.mim/configs`` inside an installed package, and ``configs`` beside
    the package in a source checkout.

    Raises:
        FileNotFoundError: There is neither.
    """
    installed = _PACKAGE / '.mim' / 'configs'
    if installed.is_dir():
        return installed
    checkout = _PACKAGE.parent
    # In site-packages, a folder named configs would be another project's.
    if (checkout / 'setup.py').is_file() and (checkout / 'configs').is_dir():
        return checkout / 'configs'
    raise FileNotFoundError(
        f'no configs in {installed} and {_PACKAGE} is not in a source checkout; '
        'install fashion_mmpose again with pip'
    )


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


def config_name(cfg: Config) -> str:
    """What a loaded config is called in messages."""
    return str(cfg.filename) if cfg.filename else 'the config'
