"""Benchmarks that users describe, as configs name them for their datasets."""

import os
from collections.abc import Iterator, Mapping

from mmengine.config import Config, ConfigDict

from fashion_mmpose.garments import benchmark, describe, keypoints
from fashion_mmpose.garments.descriptions.file import is_description_file

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def embed_descriptions(cfg: Config) -> None:
    """Puts whole descriptions of benchmarks in place of short ones and of files.

    What a run saves of its config then needs no other file, and the categories keep
    their order, which MMEngine does not keep in mappings that it saves. A file that is
    not there is left to who builds the dataset.

    Raises:
        FormatError: If a description is none.
    """
    for dataset in datasets_of(cfg):
        named = dataset.get('benchmark')
        is_file = isinstance(named, str) and is_description_file(named)
        if isinstance(named, Mapping) or (is_file and os.path.isfile(named)):
            dataset['benchmark'] = ConfigDict(describe(benchmark(named)))


def datasets_of(cfg: Mapping) -> Iterator[ConfigDict]:
    """The settings of all datasets of a config, also of those that wrappers hold."""
    for loader in LOADERS:
        pending = [(cfg.get(loader) or {}).get('dataset')]
        while pending:
            dataset = pending.pop()
            if isinstance(dataset, ConfigDict):
                yield dataset
                pending += [dataset.get('dataset'), *(dataset.get('datasets') or ())]


def check_channels(cfg: Config) -> None:
    """Compares a network's outputs with the benchmark that a user describes.

    Raises:
        ValueError: If there are more or fewer channels than key points, or classes than
            categories; the message tells the number.
    """
    for dataset in datasets_of(cfg):
        if not isinstance(dataset.get('benchmark'), Mapping):
            continue
        definition = benchmark(dataset['benchmark'])
        metainfo = dataset.get('metainfo') or {}
        classes = metainfo.get('classes') or definition.garments
        points = keypoints(definition, dataset.get('category'))
        for part, key, what, number in (
            ('head', 'out_channels', 'key points', len(points)),
            ('bbox_head', 'num_classes', 'categories', len(classes)),
        ):
            stated = (cfg.model.get(part) or {}).get(key)
            if stated not in (None, number):
                raise ValueError(
                    f'model.{part}.{key} is {stated}, but {definition.name} has '
                    f'{number} {what} here; to fix it: set it to {number}'
                )
