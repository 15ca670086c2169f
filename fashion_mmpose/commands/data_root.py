"""Another folder of data than the config's, in one option."""

import argparse
import os

from mmengine.config import Config

LOADERS = ('train', 'val', 'test')


def add_data_root(parser: argparse.ArgumentParser) -> None:
    """Let a command take the folder of all its data."""
    parser.add_argument(
        '--data-root',
        metavar='DIR',
        help="folder of the data, for training, validation and test (the config's)",
    )


def set_data_root(cfg: Config, folder: str | None) -> None:
    """Let a config's data sets lie in a folder, in place.

    Args:
        cfg: The config. The annotations of evaluators, which detectors have, move too.
        folder: The folder; None for the config's own.

    Raises:
        FileNotFoundError: If there is no such folder.
    """
    if folder is None:
        return
    if not os.path.isdir(folder):
        raise FileNotFoundError(f'--data-root {folder}: there is no such folder')
    root = os.path.join(folder, '')
    before = set()
    for part in LOADERS:
        _move_datasets(cfg.get(f'{part}_dataloader'), root, before)
    for part in LOADERS:
        evaluators = cfg.get(f'{part}_evaluator') or []
        for each in evaluators if isinstance(evaluators, list) else [evaluators]:
            path = each.get('ann_file') or ''
            old = next((old for old in before if old and path.startswith(old)), None)
            if old is not None:
                each.ann_file = root + path.removeprefix(old)


def data_root_options(folder: str | None) -> list[str]:
    """The same as overrides for ``--cfg-options``.

    Raises:
        FileNotFoundError: If there is no such folder.
    """
    if folder is None:
        return []
    if not os.path.isdir(folder):
        raise FileNotFoundError(f'--data-root {folder}: there is no such folder')
    root = os.path.join(folder, '')
    return [f'{part}_dataloader.dataset.data_root={root}' for part in LOADERS]


def _move_datasets(settings, root: str, before: set[str]) -> None:
    """Set ``data_root`` wherever it stands, in wrappers of data sets too."""
    if isinstance(settings, dict):
        if 'data_root' in settings:
            before.add(settings['data_root'] or '')
            settings['data_root'] = root
        settings = list(settings.values())
    elif not isinstance(settings, list | tuple):
        return
    for each in settings:
        _move_datasets(each, root, before)
