"""DeepFashion2 landmarks, in COCO JSON."""

import numpy as np
from mmpose.registry import DATASETS

from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.coco.columns import GarmentColumns

from .garment_dataset import GarmentDataset, is_labelled
from .records import GarmentRecords, Samples


@DATASETS.register_module()
class DeepFashion2GarmentDataset(GarmentDataset):
    """`DeepFashion2`_ landmarks: 13 categories in 294 channels, some, or one.

    An image shows several garments; every item is a sample of its own, and so is every
    box in ``bbox_file``, for the category that the detector gives it. The JSON may be
    that of the converter or one of the published HRNet system, whose key points are
    numbered.

    Items without landmarks and crowds are no samples, neither in training nor, in
    their annotated boxes, in testing. The official score ignores them: it does not
    miss them, but a prediction made for one could be matched with a neighbour of the
    same category, which the detector's own prediction for that neighbour then could
    not be. To predict in such boxes, give them as ``bbox_file``; so must be the boxes
    of the test set, whose file lists images only.

    Args:
        category (str, optional): One category, for its K key points, e.g. ``'skirt'``;
            None for all in 294 channels. Defaults to None.
        categories (Sequence[str], optional): Some categories, in 294 channels.
            Defaults to None.
        **kwargs: As :class:`GarmentDataset`.

    .. _`DeepFashion2`: https://github.com/switchablenorms/DeepFashion2
    """

    benchmark = 'deepfashion2'

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.test_mode:
            # For the metric, which finds the tested garments in the file. Not in
            # training: checkpoints hold the metainfo.
            self._metainfo['ann_file'] = self.ann_file

    def load_data_list(self) -> GarmentRecords:
        """Read the files, and note in the metainfo how many samples the whole set has.

        A metric that sees as many different samples knows that the whole set was
        tested, also the pictures without a sample. The number is that of the set
        before ``indices`` are taken, so that the metainfo of all its parts is alike, as
        MMEngine's ``ConcatDataset`` wants it.
        """
        data_list = super().load_data_list()
        if self.test_mode:
            self._metainfo['num_samples'] = len(data_list)
        return data_list

    def _is_tested(self, columns: GarmentColumns) -> np.ndarray:
        return is_labelled(columns)

    def _annotated(self, columns: GarmentColumns) -> Samples:
        samples = super()._annotated(columns)
        if not len(samples):
            raise FormatError(
                f'{self.ann_file} has no item of {", ".join(self.categories)} with '
                'landmarks; for a file that lists images only, give bbox_file'
            )
        return samples
