"""DeepFashion2's landmark score as a metric of MMPose's runner."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger
from mmpose.registry import METRICS

from fashion_mmpose.evaluation.functional.garment_scoring import (
    BENCHMARK,
    GarmentScoring,
)
from fashion_mmpose.evaluation.functional.oks import evaluate_oks
from fashion_mmpose.evaluation.functional.oks_truth import (
    annotation_columns,
    compact_annotation,
)
from fashion_mmpose.evaluation.functional.report import oks_table
from fashion_mmpose.files.outputs import OutputFiles
from fashion_mmpose.formats.coco.columns import GarmentColumns, read_columns
from fashion_mmpose.formats.deepfashion2.results import result_columns, write_results


@METRICS.register_module()
class GarmentOKS(BaseMetric):
    """The official landmark score of DeepFashion2, and its submission file.

    The ten numbers are those of
    :func:`fashion_mmpose.evaluation.functional.oks.evaluate_oks`: COCO's average
    precision and recall, with the official sigmas, inside (image, category). All
    garments of the annotation file are to be found, of the categories that the dataset
    holds, also those for which the run had no box. To keep the best checkpoint,
    configure ``save_best='deepfashion2/AP', rule='greater'``.

    Args:
        ann_file (str, optional): Ground truth, a COCO JSON; None for the file of the
            dataset that is tested, or, if that names none, the annotations of its
            samples. Defaults to None.
        rescore (bool): Whether a garment's score is that of its box times the mean
            score of its own points; the box's alone otherwise. Defaults to False.
        point_score_thr (float): Points must score more to count for ``rescore``.
            Defaults to 0.2.
        nms (str, optional): ``'hard'`` drops garments that are found twice, ``'soft'``
            lowers their scores. Defaults to None.
        nms_thr (float): The similarity above which garments are one; with ``'soft'``
            the width of the decay. Defaults to 0.9.
        nms_scope (str): ``'category'`` compares garments of one category in one image;
            ``'image'`` those of all categories, as the published HRNet system does; see
            ``GarmentScoring`` in
            :mod:`fashion_mmpose.evaluation.functional.garment_scoring`. Defaults to
            ``'category'``.
        per_category (bool): Whether to report ``AP_<category>`` for the categories that
            occur. Defaults to True.
        out_file (str, optional): File for the official result list, the form of a
            submission. Defaults to None.
        format_only (bool): Whether to write ``out_file`` and compute no score, as for
            the test set, which has no annotations. Defaults to False.
        **kwargs: Arguments of :class:`mmengine.evaluator.BaseMetric`.

    Raises:
        ValueError: If an option has no such choice, or ``format_only`` has no file.
    """

    default_prefix = BENCHMARK

    def __init__(
        self,
        ann_file: str | None = None,
        rescore: bool = False,
        point_score_thr: float = 0.2,
        nms: str | None = None,
        nms_thr: float = 0.9,
        nms_scope: str = 'category',
        per_category: bool = True,
        out_file: str | None = None,
        format_only: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        if format_only and out_file is None:
            raise ValueError('format_only needs an out_file')
        self.scoring = GarmentScoring(rescore, point_score_thr, nms, nms_thr, nms_scope)
        self.ann_file = ann_file
        self.per_category = per_category
        self.out_file = out_file
        self.format_only = format_only

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the prediction of each sample.

        Args:
            data_batch: Not used.
            data_samples: See :meth:`GarmentScoring.prediction`; without an annotation
                file also with ``raw_ann_info``, a COCO annotation.

        Raises:
            ValueError: If a key is missing, the number of key points fits neither
                layout, or there is no ground truth.
        """
        # Every sample leaves one result: the processes' lists are interleaved and cut
        # at the dataset's length, which must remove nothing but the padding.
        for sample in data_samples:
            result = self.scoring.prediction(sample)
            if not self.format_only and self._truth_file() is None:
                result['annotation'] = _annotation(sample)
            self.results.append(result)

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Score the gathered predictions, log the table, write the file.

        Returns:
            dict: The ten numbers and what the arguments ask for; -1 where there is no
            ground truth. Empty with ``format_only``.

        Raises:
            FormatError: If the annotation file is not what it should be.
            ValueError: If a prediction is of an image that it does not list.
        """
        logger = MMLogger.get_current_instance()
        entries = self.scoring.results(results)
        if self.out_file is not None:
            with OutputFiles() as outputs:
                write_results(outputs.open(self.out_file), entries)
            logger.info(f'{len(entries)} predictions written to {self.out_file}')
        if self.format_only:
            return {}
        score = evaluate_oks(
            self._truth(results),
            result_columns(entries),
            categories=(self.dataset_meta or {}).get('categories'),
        )
        logger.info('\n' + oks_table(score))
        metrics = dict(score.numbers)
        if self.per_category:
            for name, numbers in score.per_category.items():
                if score.num_garments[name]:
                    metrics[f'AP_{name}'] = numbers['AP']
        return metrics

    def _truth_file(self) -> str | None:
        return self.ann_file or (self.dataset_meta or {}).get('ann_file')

    def _truth(self, results: list[dict]) -> GarmentColumns:
        path = self._truth_file()
        if path is None:
            return annotation_columns(
                [result['annotation'] for result in results],
                [result['image_id'] for result in results],
            )
        category = (self.dataset_meta or {}).get('category')
        return read_columns(path, BENCHMARK, category, np.float64)


def _annotation(sample: dict) -> dict:
    annotation = sample.get('raw_ann_info')
    if annotation is None:
        raise ValueError(
            f'GarmentOKS has no ground truth for a sample of image {sample["img_id"]}: '
            'the dataset names no annotation file and the sample has no '
            '`raw_ann_info`; give ann_file'
        )
    return compact_annotation(annotation, BENCHMARK)
