"""Boxes that err as those of a detector do."""

import os

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmengine.logging import print_log
from mmpose.registry import TRANSFORMS

from fashion_mmpose import garments
from fashion_mmpose.datasets.detected import boxes_in_pictures
from fashion_mmpose.errors import FormatError
from fashion_mmpose.evaluation.functional.box_errors import apply_error, box_errors
from fashion_mmpose.formats.coco.columns import read_columns


@TRANSFORMS.register_module()
class DetectedBoxJitter(BaseTransform):
    """Give an annotated box the error that a detector makes in boxes of its category.

    A network that is tested in a detector's boxes learns in boxes like them. The errors
    are those that the detector really makes, one drawn by lot for each sample: on
    pictures that it was not trained on, such as a validation set, or it is better than
    in use. ``fashion-mmpose detect`` writes its boxes. It comes before
    ``GetBBoxCenterScale``.

    Required keys: ``bbox`` (1, 4), xyxy in pixels, and ``category_id``. Modified keys:
    ``bbox``.

    Args:
        bbox_file (str): The detector's boxes in the pictures of ``ann_file``, a COCO
            result list.
        ann_file (str): The annotation file of these pictures.
        benchmark (str): Whose categories they are. Defaults to ``'deepfashion2'``.
        prob (float): Share of the samples whose box errs. Defaults to 0.5.
        iou_thr (float): The least intersection over union of a box and a garment that
            it is taken to be of. Defaults to 0.5.
        score_thr (float): The least score of the boxes that count. Defaults to 0.1.

    Raises:
        FileNotFoundError: If there is no such file.
        FormatError: If a file is not what it should be, or no box is at a garment.
    """

    def __init__(
        self,
        bbox_file: str | os.PathLike,
        ann_file: str | os.PathLike,
        benchmark: str = 'deepfashion2',
        prob: float = 0.5,
        iou_thr: float = 0.5,
        score_thr: float = 0.1,
    ) -> None:
        self.prob = prob
        self.bbox_file = os.fspath(bbox_file)
        whole = garments.benchmark(benchmark)
        truth = read_columns(ann_file, whole)
        boxes = boxes_in_pictures(bbox_file, ann_file, truth.images, whole)
        boxes = boxes.take(boxes.scores >= score_thr)
        self.errors = box_errors(truth, boxes, iou_thr)
        if not self.errors:
            raise FormatError(
                f'{bbox_file}: none of {len(boxes)} boxes that score {score_thr:g} or '
                f'more is at a garment of {ann_file}; to fix it: give the boxes of a '
                'detector of these categories, or lower score_thr or iou_thr'
            )
        # For categories that it never found.
        self.all_errors = np.concatenate(list(self.errors.values()))
        print_log(
            f'{type(self).__name__}: {len(self.all_errors)} errors of '
            f'{len(self.errors)} categories in {bbox_file}',
            logger='current',
        )

    @cache_randomness
    def _draw(self, category_id: int) -> np.ndarray | None:
        if np.random.random() >= self.prob:
            return None
        errors = self.errors.get(category_id, self.all_errors)
        return errors[np.random.randint(len(errors))]

    def transform(self, results: dict) -> dict:
        """Move and resize ``bbox``, or leave it."""
        error = self._draw(int(np.asarray(results['category_id']).item()))
        if error is not None:
            box = np.asarray(results['bbox'], float)
            moved = apply_error(box[0], error)
            results['bbox'] = moved[None].astype(results['bbox'].dtype)
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(bbox_file={self.bbox_file!r}, prob={self.prob}, '
            f'errors={len(self.all_errors)})'
        )
