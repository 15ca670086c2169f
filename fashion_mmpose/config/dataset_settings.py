"""What a config says about its data sets, before any of them is built."""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mmengine.config import Config

from .loading import CATEGORY, is_address

_WRAPPED = ('dataset', 'datasets')


def fill_category(path: str, category: str | None) -> str:
    """The path of a category's file; that of all categories is called ``all``.

    Raises:
        ValueError: If the category is not one name.
    """
    if not isinstance(category, str | None):
        raise ValueError(
            f'category={category!r} is not the name of one category; to fix it: '
            f'categories={category!r}, whose garments have the key points of all'
        )
    return path.replace(CATEGORY, category or 'all')


def map_leaves(settings: Any, change: Callable[[Mapping], Any]) -> Any:
    """The settings of a data set, with each one that wraps no other changed.

    Args:
        settings: A data set's, or a wrapper's such as ``ConcatDataset``, with its data
            sets in ``dataset`` or ``datasets``.
        change: Takes the settings of a data set, and returns what stands in its place.
    """
    if isinstance(settings, list | tuple):
        return [map_leaves(each, change) for each in settings]
    if not isinstance(settings, Mapping):  # built already
        return settings
    wrapped = [key for key in _WRAPPED if key in settings]
    if not wrapped:
        return change(settings)
    changed = {key: map_leaves(settings[key], change) for key in wrapped}
    return type(settings)({**settings, **changed})


def leaves(settings: Any) -> list[Mapping]:
    """The settings of the data sets that wrap no other, in their order."""
    found = []
    map_leaves(settings, found.append)
    return found


def check_files(cfg: Config, parts: Sequence[str]) -> None:
    """Look for the annotation files of loaders, before any of them is used.

    Args:
        cfg: The config.
        parts: Those that a run uses of ``'train'``, ``'val'`` and ``'test'``.

    Raises:
        FileNotFoundError: If some are missing; the message names all of them, and what
            lies beside them.
    """
    missing = []
    for loader in (f'{part}_dataloader' for part in parts):
        for dataset in leaves((cfg.get(loader) or {}).get('dataset')):
            fault = _missing_file(dataset)
            if fault:
                missing.append(f'{fault[0]} of {loader} does not exist{fault[1]}')
    if missing:
        raise FileNotFoundError(
            '\n'.join(missing) + '\nto fix it: convert the data, or name another file '
            'with --cfg-options LOADER.dataset.ann_file=FILE'
        )


def ann_file_of(dataset: Mapping) -> Path:
    """Where a data set finds its annotations."""
    name = fill_category(dataset['ann_file'], dataset.get('category'))
    return Path(dataset.get('data_root') or '', name)


def _missing_file(dataset: Mapping) -> tuple[Path, str] | None:
    """The annotation file that is not there, and a hint at others."""
    name = dataset.get('ann_file')
    if not name or is_address(name):
        return None
    path = ann_file_of(dataset)
    if path.is_file():
        return None
    beside = sorted(each.name for each in path.parent.glob('*.json'))
    near = get_close_matches(path.name, beside, n=3, cutoff=0.7)
    return path, f'; there are {", ".join(near)}' if near else ''
