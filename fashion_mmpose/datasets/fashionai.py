"""FashionAI key points, in COCO JSON."""

from mmengine.logging import print_log
from mmpose.registry import DATASETS

from .garment_dataset import GarmentDataset


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

    def _detected(self, images: dict, annotations: list[dict]) -> list[dict]:
        by_image = {annotation['image_id']: annotation for annotation in annotations}
        wanted = {}
        for image in images.values():
            annotation = by_image.get(image['id'], {})
            wanted[image['id']] = annotation.get(
                'category_id', image.get('category_id')
            )

        best = {}
        for index, detection in enumerate(self._read_boxes(images)):
            image_id = detection['image_id']
            if detection['category_id'] != wanted[image_id]:
                continue
            if image_id not in best or detection['score'] > best[image_id][1]['score']:
                best[image_id] = (index, detection)

        data_list = []
        for image_id, image in images.items():
            if wanted[image_id] is None:
                continue
            if image_id in best:
                data_info = self._box_record(*best[image_id], images)
            else:
                data_info = self._whole_image(image, score=0.0)
                data_info['category_id'] = wanted[image_id]
            # The ground truth goes with the box; the metric scores it.
            data_info['raw_ann_info'] = by_image.get(image_id)
            data_list.append(data_info)
        print_log(
            f'{self.bbox_file}: {len(best)} images with a box of their category, '
            f'{len(data_list) - len(best)} without, tested as whole images',
            logger='current',
        )
        return data_list
