"""Another folder of data than the config's, in one option."""

import argparse
import os

from mmengine.config import Config

from fashion_mmpose.config.dataset_settings import leaves
from fashion_mmpose.config.overrides import quoted
from fashion_mmpose.config.parts import metrics_of

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
        for each in metrics_of(cfg, part):
            path = each.get('ann_file') or ''
            # The longest first; '' is that of a data set without a folder of its own.
            held = sorted(before, key=len, reverse=True)
            old = next((old for old in held if path.startswith(old)), None)
            if old is not None and (old or path and not os.path.isabs(path)):
                each.ann_file = root + path.removeprefix(old)


def image_source(
    cfg: Config, ann_file: str | None = None, img_root: str | None = None
) -> tuple[str, str]:
    """The COCO file of a config's test pictures, and the folder of its paths.

    Args:
        cfg: The config; its test data may be wrapped by another data set.
        ann_file: Another COCO file, seen from the current folder.
        img_root: Another folder.

    Raises:
        ValueError: If the config names no test data, or more than one set.
        FileNotFoundError: If what the config names is not there.
    """
    if ann_file is not None and img_root is not None:
        return ann_file, img_root
    found = leaves((cfg.get('test_dataloader') or {}).get('dataset'))
    if len(found) != 1 or not found[0].get('ann_file'):
        raise ValueError(
            f"the config's test data are {len(found)} data sets, of which the pictures "
            'are not clear; to fix it: name --ann-file and --img-root'
        )
    (dataset,) = found
    root = dataset.get('data_root') or ''
    if ann_file is None:
        ann_file = _existing(os.path.join(root, dataset['ann_file']), '--ann-file')
    if img_root is None:
        prefix = (dataset.get('data_prefix') or {}).get('img') or ''
        img_root = _existing(os.path.join(root, prefix) or '.', '--img-root')
    return ann_file, img_root


def _existing(path: str, option: str) -> str:
    if not os.path.exists(path):
        raise FileNotFoundError(
            f'{path}: there are no such test data; to fix it: name their folder with '
            f'--data-root, or another place with {option}'
        )
    return path


def data_root_options(folder: str | None) -> list[str]:
    """The same as overrides for ``--cfg-options``.

    Raises:
        FileNotFoundError: If there is no such folder.
    """
    if folder is None:
        return []
    if not os.path.isdir(folder):
        raise FileNotFoundError(f'--data-root {folder}: there is no such folder')
    root = quoted(os.path.join(folder, ''))
    return [f'{part}_dataloader.dataset.data_root={root}' for part in LOADERS]


def _move_datasets(settings, root: str, before: set[str]) -> None:
    """Set the ``data_root`` of all data sets, in wrappers too."""
    if isinstance(settings, dict):
        if 'data_root' in settings or ('type' in settings and 'ann_file' in settings):
            before.add(settings.get('data_root') or '')
            settings['data_root'] = root
        settings = list(settings.values())
    elif not isinstance(settings, list | tuple):
        return
    for each in settings:
        _move_datasets(each, root, before)
