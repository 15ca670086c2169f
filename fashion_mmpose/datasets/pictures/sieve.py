"""Data sets without the pictures that cannot be read."""

import logging
import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from mmengine.dist import all_gather_object, get_dist_info
from mmengine.logging import print_log
from mmengine.registry import DATASETS

from fashion_mmpose.config.dataset_settings import map_leaves
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.pictures.pixels import check_pictures

from .reading import pictures_of


class PictureSieve:
    """Builds data sets, and leaves out what cannot be read of their pictures.

    All processes of a run share the work of reading, and leave out the same pictures.

    Args:
        workers: Processes that decode pictures, besides those of the run. Defaults to
            1, which is none.

    Attributes:
        num_left_out: Pictures that were left out so far.
        left_out_ids: Ids of the images that were left out of a garment dataset, by the
            absolute path of its annotation file.
    """

    def __init__(self, workers: int = 1) -> None:
        self.left_out_ids: dict[str, list[int]] = {}
        self._workers = workers
        self._faults: dict[str, str | None] = {}

    @property
    def num_left_out(self) -> int:
        return sum(fault is not None for fault in self._faults.values())

    def sifted(self, settings: Any) -> Any:
        """The settings of a data set, or of a wrapper of some, that builds it so.

        Raises:
            FormatError: When it is built, if nothing is left.
        """

        # MMEngine copies settings deeply; a function is not copied.
        def build(settings: Mapping) -> Any:
            return self._build(settings)

        return map_leaves(settings, lambda leaf: dict(type=build, settings=leaf))

    def _build(self, settings: Mapping) -> Any:
        dataset = DATASETS.build(settings)
        if hasattr(dataset, 'full_init'):
            dataset.full_init()
        found = pictures_of(dataset)
        if found is None:
            kind = type(dataset).__name__
            _warn(f'{kind} does not tell its pictures: none of them is left out')
            return dataset
        self._read(list(found))
        faults = [self._faults[path] for path in found if self._faults[path]]
        if not faults:
            return dataset
        _warn(
            f'{dataset.ann_file}: {len(faults)} of {len(found)} pictures cannot be '
            'read, and are left out:\n  ' + '\n  '.join(faults)
        )
        self._leave_out(dataset, [path for path in found if self._faults[path]])
        if not len(dataset):
            raise FormatError(
                f'{dataset.ann_file}: nothing is left without the pictures that cannot '
                f'be read; the first of {len(faults)}: {faults[0]}'
            )
        return dataset

    def _read(self, paths: Sequence[str]) -> None:
        new = [path for path in paths if path not in self._faults]
        rank, world_size = get_dist_info()
        own = new[rank::world_size]
        found = [
            size_or_fault if isinstance(size_or_fault, str) else None
            for size_or_fault in check_pictures(own, self._workers)
        ]
        for some in all_gather_object(list(zip(own, found))):
            self._faults.update(some)

    def _leave_out(self, dataset: Any, paths: Collection[str]) -> None:
        if hasattr(dataset, 'leave_out'):
            ids = dataset.leave_out(paths)
            self.left_out_ids[os.path.abspath(dataset.ann_file)] = ids
            return
        bad = set(paths)
        readable = [
            index
            for index in range(len(dataset))
            if dataset.get_data_info(index)['img_path'] not in bad
        ]
        dataset.get_subset_(readable)


def _warn(text: str) -> None:
    print_log(text, 'current', logging.WARNING)
