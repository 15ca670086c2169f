"""DeepFashion2 landmarks, in COCO JSON."""

from mmpose.registry import DATASETS

from .garment_dataset import GarmentDataset


@DATASETS.register_module()
class DeepFashion2GarmentDataset(GarmentDataset):
    """`DeepFashion2`_ landmarks: 13 categories in 294 channels, some, or one.

    The JSON may be that of the converter or one of the published HRNet system, whose
    key points are numbered.

    Args:
        category (str, optional): One category, for its K key points, e.g. ``'skirt'``;
            None for all in 294 channels. Defaults to None.
        categories (Sequence[str], optional): Some categories, in 294 channels.
            Defaults to None.
        **kwargs: As :class:`GarmentDataset`.

    .. _`DeepFashion2`: https://github.com/switchablenorms/DeepFashion2
    """

    benchmark = 'deepfashion2'
