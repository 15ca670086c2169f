"""FashionAI key points, in COCO JSON."""

import numpy as np
from mmengine.logging import print_log
from mmpose.registry import DATASETS

from fashion_mmpose.formats.coco.columns import GarmentColumns
from fashion_mmpose.formats.detectors.box_columns import BoxColumns

from .garment_dataset import GarmentDataset
from .records import NOWHERE, Samples, whole_images


@DATASETS.register_module()
class FashionAIDataset(GarmentDataset):
    """`FashionAI`_ key points: one category, or all five in 24 channels.

    An image shows one garment, and its category is part of the task. So, of the
    boxes in ``bbox_file``, the best one of the image's own category is taken; an
    image without any is tested as a whole, its box scored 0.

    Args:
        category (str, optional): ``'blouse'``, ``'outwear'``, ``'dress'``,
            ``'skirt'`` or ``'trousers'``; None for all five. Defaults to None.
        **kwargs: As :class:`GarmentDataset`.

    .. _`FashionAI`: https://tianchi.aliyun.com/competition/entrance/231648
    """

    benchmark = 'fashionai'

    def _detected(self, columns: GarmentColumns, boxes: BoxColumns) -> Samples:
        images = columns.images
        item_rows = np.full(len(images.ids), NOWHERE)
        item_rows[images.rows(columns.image_ids)] = np.arange(len(columns.ids))
        wanted = images.category_ids.copy()
        annotated = item_rows != NOWHERE
        wanted[annotated] = columns.category_ids[item_rows[annotated]]

        detected = super()._detected(columns, boxes)
        detected = detected.take(detected.category_ids == wanted[detected.image_rows])
        # Of equally good boxes the first: the order is stable.
        detected = detected.take(np.argsort(-detected.scores, kind='stable'))
        found, best = np.unique(detected.image_rows, return_index=True)
        detected = detected.take(best)

        missed = self._holds(wanted)
        missed[found] = False
        whole = whole_images(images, np.flatnonzero(missed), score=0.0)
        samples = detected + whole
        samples = samples.take(np.argsort(samples.image_rows))
        samples.category_ids[:] = wanted[samples.image_rows]
        # The ground truth goes with the box; the metric scores it.
        samples.item_rows[:] = item_rows[samples.image_rows]
        print_log(
            f'{self.bbox_file}: {len(detected)} images with a box of their category, '
            f'{len(whole)} without, tested as whole images',
            logger='current',
        )
        return samples
