"""FashionAI key points, in COCO JSON."""

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
    one_per_image = True
