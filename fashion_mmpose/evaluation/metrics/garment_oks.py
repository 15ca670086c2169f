"""DeepFashion2's landmark score as a metric of MMPose's runner."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.logging import MMLogger
from mmpose.registry import METRICS

from fashion_mmpose.evaluation.functional.oks import evaluate_oks
from fashion_mmpose.evaluation.functional.oks.garment_scoring import (
    BENCHMARK,
    GarmentScoring,
)
from fashion_mmpose.evaluation.functional.oks.score import NUMBERS
from fashion_mmpose.evaluation.functional.oks.truth import (
    annotation_columns,
    compact_annotation,
    count_garments,
    scored_part,
)
from fashion_mmpose.evaluation.functional.report import oks_table
from fashion_mmpose.formats.coco.columns import GarmentColumns, read_columns
from fashion_mmpose.formats.deepfashion2.results import garment_columns

from .box_precision import BOX_NUMBERS, box_precision
from .of_benchmark import BenchmarkMetric, check_pictures
from .prediction_file import write_scored


@METRICS.register_module()
class GarmentOKS(BenchmarkMetric):
    """The official landmark score of DeepFashion2, and its submission file.

    The ten numbers are those of
    :func:`fashion_mmpose.evaluation.functional.oks.evaluate_oks`: COCO's average
    precision and recall, with the official sigmas, inside (image, category). To keep
    the best checkpoint, configure ``save_best='deepfashion2/AP', rule='greater'``.
    Other benchmarks are scored alike with their own sigmas, and their name stands in
    place of ``deepfashion2``.

    The score is over the pictures that were tested and the categories that the dataset
    holds; the log says how many pictures and garments of the annotation file that is.
    If all samples of the dataset were tested, the file's garments are all to be found,
    also those in pictures without any box, except those in pictures that the run leaves
    out because they cannot be read. Of a part of the samples (``indices``,
    subsets, and what wrappers make of them) the pictures of these samples count: all
    garments of a picture in which a detector's boxes were tested; in annotated boxes
    the garments of the samples themselves.

    Args:
        ann_file (str, optional): Ground truth, a COCO JSON; None for the file of the
            dataset that is tested, or, if that names none, the annotations of its
            samples. Of another file than the dataset's the pictures count that were
            tested. Defaults to None.
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
            :mod:`fashion_mmpose.evaluation.functional.oks.garment_scoring`. Defaults to
            ``'category'``.
        box_ap (bool): Whether to score the boxes, too, as detectors are scored, by the
            garments' scores: ``box_AP``, ``box_AP.5`` and ``box_AP.75``. Defaults to
            False.
        per_category (bool): Whether to report ``AP_<category>`` for the categories that
            occur. Defaults to True.
        out_file (str, optional): File for the official result list, the form of a
            submission; of other benchmarks a COCO result list. Defaults to None.
        format_only (bool): Whether to write ``out_file`` and compute no score, as for
            the test set, which has no annotations. Defaults to False.
        **kwargs: Arguments of :class:`.of_benchmark.BenchmarkMetric`.

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
        box_ap: bool = False,
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
        self.box_ap = box_ap
        self.per_category = per_category
        self.out_file = out_file
        self.format_only = format_only
        self._said: set[str] = set()

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the prediction of each sample.

        Args:
            data_batch: Not used.
            data_samples: See :meth:`GarmentScoring.prediction`; also with ``id``, by
                which a repeated sample is known, and, where the box is that of an
                annotation, ``raw_ann_info``, which is needed if there is no annotation
                file.

        Raises:
            ValueError: If a key is missing, the number of key points fits neither
                layout, or there is no ground truth.
        """
        # Every sample leaves one result: the processes' lists are interleaved and cut
        # at the dataset's length, which must remove nothing but the padding.
        for sample in data_samples:
            result = self.scoring.prediction(sample, self.definition)
            annotation = sample.get('raw_ann_info')
            result['annotation_id'] = annotation and annotation['id']
            result['sample'] = (
                result['image_id'],
                result['garment'].category,
                # A sample without an id is one of its own.
                sample.get('id', len(self.results)),
                # Boxes of several detectors may have the same number.
                np.ravel(sample['pred_instances']['bboxes']).tobytes(),
            )
            if not self.format_only and self._truth_file() is None:
                result['annotation'] = self._annotation(sample)
            self.results.append(result)

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Score the gathered predictions, log the table, write the file.

        Returns:
            dict: The ten numbers and what the arguments ask for; -1 where there is no
            ground truth. Empty with ``format_only``.

        Raises:
            FormatError: If the annotation file is not what it should be, or several
                pictures have one id, as those of several annotation files.
            ValueError: If a prediction is of an image or an annotation that it does
                not have.
        """
        logger = MMLogger.get_current_instance()
        check_pictures((each['image_id'], each['garment'].image) for each in results)
        # A wrapper may repeat samples: a garment that is found again is not wrong.
        results = list({result['sample']: result for result in results}.values())
        found = self.scoring.scored(results)
        if self.out_file is not None:
            entries = [garment.to_official(score) for garment, score in found]
            write_scored(self.out_file, entries, self.definition)
            logger.info(f'{len(entries)} predictions written to {self.out_file}')
        if self.format_only:
            return {}
        truth, whole = self._truth(results)
        categories = self._categories
        score = evaluate_oks(truth, garment_columns(found), self.definition, categories)
        logger.info('\n' + oks_table(score))
        for note in score.notes:
            if note not in self._said:  # once in a training
                self._said.add(note)
                logger.warning(f'{self._truth_file() or "the samples"}: {note}')
        logger.info(
            f'scored on {len(truth.images.ids)} of {len(whole.images.ids)} pictures, '
            f'{sum(score.num_garments.values())} of '
            f'{count_garments(whole, categories, self.definition)} garments of '
            f'{self._truth_file() or "the samples"}'
        )
        metrics = dict(score.numbers)
        if self.box_ap:
            boxes = [
                dict(
                    image_id=garment.image_id,
                    category_id=garment.garment.category_id,
                    score=own_score,
                    bbox=garment.bbox,
                )
                for garment, own_score in found
            ]
            held = [self.definition.garments[name] for name in categories]
            metrics.update(box_precision(truth, boxes, held))
        if self.per_category:
            for name, numbers in score.per_category.items():
                if score.num_garments[name]:
                    metrics[f'AP_{name}'] = numbers['AP']
        return metrics

    def _plain_names(self, categories: Sequence[str]) -> list[str]:
        if self.format_only:
            return []
        if self.ann_file is not None:  # which may have others than the dataset's file
            categories = self._categories
        shown = categories if self.per_category else ()
        boxes = BOX_NUMBERS if self.box_ap else ()
        return [*NUMBERS, *boxes, *(f'AP_{name}' for name in shown)]

    def _truth_file(self) -> str | None:
        return self.ann_file or self._meta('ann_file')

    def _truth(self, results: list[dict]) -> tuple[GarmentColumns, GarmentColumns]:
        """What was tested, and what it is a part of."""
        path = self._truth_file()
        if path is None:
            truth = annotation_columns(
                [result['annotation'] for result in results],
                [result['image_id'] for result in results],
            )
            return truth, truth
        category = self._meta('category')
        # The pictures are not opened here, wherever they are.
        whole = read_columns(path, self.definition, category, np.float64, os.sep)
        if not self._is_whole_set(results):
            return scored_part(whole, self._tested_samples(results, whole)), whole
        listed = self._meta('ann_file') or path
        left_out = self.left_out.get(os.path.abspath(listed), ())
        is_same = os.path.abspath(listed) == os.path.abspath(path)
        if is_same and not left_out:
            return whole, whole
        pictures = whole.images
        if not is_same:
            pictures = read_columns(
                listed, self.definition, category, image_root=os.sep
            ).images
        tested = np.setdiff1d(pictures.ids, left_out).tolist()
        return scored_part(whole, ((i, None) for i in tested)), whole

    def _is_whole_set(self, results: list[dict]) -> bool:
        """Whether these are all samples of the dataset, of which none comes twice."""
        num_samples = self._meta('num_samples')
        if num_samples is not None:
            return len(results) == num_samples
        if any(result['annotation_id'] is None for result in results):
            MMLogger.get_current_instance().warning(
                'GarmentOKS cannot tell whether the whole dataset was tested: its '
                'metainfo has no `num_samples`, as where a wrapper has one of its own. '
                'So pictures without any box do not count, and garments there are '
                'not missed; to count them: test a GarmentDataset that is not '
                'initialised lazily, alone or in a ConcatDataset'
            )
        return not results  # nothing says that less than everything was tested

    def _tested_samples(
        self, results: list[dict], truth: GarmentColumns
    ) -> list[tuple[int, int | None]]:
        """Image and annotation of every sample, as :func:`scored_part` takes them."""
        samples = [(result['image_id'], result['annotation_id']) for result in results]
        known = set(zip(truth.image_ids.tolist(), truth.ids.tolist()))
        strangers = [s for s in samples if s[1] is not None and s not in known]
        if not strangers:
            return samples
        image_id, annotation_id = strangers[0]
        if self.ann_file is None:
            raise ValueError(
                f'{self._truth_file()} has no annotation {annotation_id} of image '
                f'{image_id}, which was tested: the samples are of several files; to '
                'fix it: test one file at a time, or give ann_file, a file that has '
                'the annotations of all'
            )
        MMLogger.get_current_instance().warning(
            f'{self.ann_file} numbers its annotations otherwise than the file of the '
            f'dataset (it has no annotation {annotation_id} of image {image_id}), so '
            'all garments of the tested pictures count, also those that are no samples'
        )
        return [(image_id, None) for image_id, _ in samples]

    def _annotation(self, sample: dict) -> dict:
        annotation = sample.get('raw_ann_info')
        if annotation is None:
            raise ValueError(
                'GarmentOKS has no ground truth for a sample of image '
                f'{sample["img_id"]}: the dataset names no annotation file and the '
                'sample has no `raw_ann_info`; give ann_file'
            )
        return compact_annotation(annotation, self.definition)
