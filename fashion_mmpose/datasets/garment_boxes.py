"""Garments as boxes, for the detectors of MMDetection.

The one dataset of MMDetection's registry. It needs MMDetection, so it is not imported
with the package: a detector's config names this module in ``custom_imports``.
"""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.formats.coco.columns import read_columns
from fashion_mmpose.stack import compat

from .detected import log_notes
from .pictures.reading import picture_named

compat.require_mmdet()

from mmdet.datasets import BaseDetDataset  # noqa: E402
from mmdet.registry import DATASETS  # noqa: E402


@DATASETS.register_module()
class GarmentBoxDataset(BaseDetDataset):
    """The boxes of the JSON that the converters write.

    MMDetection's ``CocoDataset`` does not know the folders of FashionAI's parts, and
    holds hundreds of key point numbers per garment in memory; this dataset reads the
    boxes only.

    Args:
        benchmark (str or dict): The name of a built-in benchmark, e.g.
            ``'fashionai'``, a description of another, or a JSON or YAML file with one;
            see :mod:`fashion_mmpose.garments.descriptions.definition`.
        **kwargs: As :class:`mmdet.datasets.BaseDetDataset`. ``metainfo['classes']``
            names categories of the benchmark in the order of their ids; garments of
            others are left out. By default it is all of them. ``filter_cfg`` knows
            ``filter_empty_gt`` and ``min_size`` (pixels of the image's shorter side),
            which apply to training.

    Raises:
        FileNotFoundError: If ``ann_file`` does not exist.
        ValueError: If the classes are not the benchmark's, or the file is not what it
            should be; the message names the file and the entry.
    """

    def __init__(
        self, benchmark: str | Mapping, metainfo: Mapping | None = None, **kwargs
    ) -> None:
        self.definition = garments.benchmark(benchmark)
        metainfo = dict(metainfo or {})
        metainfo.setdefault('classes', garments.categories(self.definition))
        metainfo['benchmark'] = garments.benchmark_entry(self.definition)
        super().__init__(metainfo=metainfo, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Records of all images, with or without garments."""
        labels = self._labels()
        columns = read_columns(
            self.ann_file, self.definition, image_root=self.data_prefix.get('img')
        )
        log_notes(columns.notes)
        images = columns.images
        boxes = columns.boxes.copy()
        boxes[:, 2:] += boxes[:, :2]  # xyxy
        rows = images.rows(columns.image_ids)
        sizes_wh = np.stack([images.widths, images.heights], axis=1)[rows]
        boxes = np.clip(boxes, 0, np.concatenate([sizes_wh, sizes_wh], axis=1))
        # As MMDetection: what is less than a pixel wide or high is no garment.
        usable = (boxes[:, 2:] - boxes[:, :2] >= 1).all(axis=1)
        instances = [[] for _ in images.ids]
        for i in np.flatnonzero(usable):
            label = labels.get(int(columns.category_ids[i]))
            if label is not None:
                instances[rows[i]].append(
                    dict(
                        bbox=boxes[i].tolist(),
                        bbox_label=label,
                        ignore_flag=int(columns.iscrowd[i]),
                    )
                )
        folder = self.data_prefix.get('img', '')
        return [
            dict(
                img_id=image_id,
                img_path=os.path.join(folder, path),
                width=width,
                height=height,
                instances=garments_of_image,
            )
            for image_id, path, width, height, garments_of_image in zip(
                images.ids.tolist(),
                images.file_names,
                images.widths.tolist(),
                images.heights.tolist(),
                instances,
            )
        ]

    def prepare_data(self, idx: int) -> Any:
        """What the pipeline makes of a picture.

        Raises:
            PictureError: If it cannot be read.
        """
        with picture_named(lambda: self.get_data_info(idx)['img_path']):
            return super().prepare_data(idx)

    def filter_data(self) -> list[dict]:
        """What can be trained on; all images where they are tested."""
        if self.test_mode or not self.filter_cfg:
            return self.data_list
        min_size = self.filter_cfg.get('min_size', 0)
        needs_garment = self.filter_cfg.get('filter_empty_gt', False)
        return [
            info
            for info in self.data_list
            if min(info['width'], info['height']) >= min_size
            and (info['instances'] or not needs_garment)
        ]

    def _labels(self) -> dict[int, int]:
        """From category ids to the labels of the network."""
        classes = self.metainfo.get('classes') or ()
        ids = [garments.garment(self.definition, c).category_id for c in classes]
        # MMDetection's metric numbers the classes in the order of the file.
        if not ids or ids != sorted(set(ids)):
            raise ValueError(
                "metainfo['classes'] must name categories of "
                f'{self.definition.name} in their order '
                f'{garments.categories(self.definition)}, got {tuple(classes)}'
            )
        return {category_id: label for label, category_id in enumerate(ids)}
