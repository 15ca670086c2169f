"""What metrics of single garments share: the prediction of each annotated one."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fashion_mmpose.evaluation.functional.samples import (
    annotated_garment,
    check_sample,
    predicted_garment,
)

from .of_benchmark import BenchmarkMetric, check_pictures


class AnnotatedGarmentMetric(BenchmarkMetric):
    """A metric over annotated garments, each with the prediction of its best box.

    Of several boxes for one image the one with the highest score counts, among
    the boxes of the image's annotated category. An image with boxes of other
    categories only has no prediction. An image for which the dataset yields no
    sample at all is unknown to the metric.

    Args:
        **kwargs: Arguments of :class:`.of_benchmark.BenchmarkMetric`.
    """

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the best prediction and the ground truth of each sample.

        Args:
            data_batch: Not used.
            data_samples: Samples with ``img_id``, ``category_id`` (the category
                of the box), ``raw_ann_info`` (a COCO annotation; absent, None or
                without ``keypoints`` where there is no ground truth) and
                ``pred_instances`` of any number of boxes; see
                :func:`fashion_mmpose.evaluation.functional.samples.predicted_garment`.

        Raises:
            ValueError: If a key is missing or the number of key points fits
                neither the full layout nor the category.
        """
        self.results.extend(self._sample_result(sample) for sample in data_samples)

    def _sample_result(self, sample: dict) -> dict:
        check_sample(sample)
        image_id = sample['img_id']
        annotation = sample.get('raw_ann_info')
        # Every sample leaves one result: the processes' lists are interleaved and
        # cut at the dataset's length, which must remove nothing but the padding.
        result = dict(
            garment_id=(image_id,),
            img_id=image_id,
            img_path=sample.get('img_path'),
            truth=None,
        )
        if annotation is None or 'keypoints' not in annotation:
            return result
        what = f'image {image_id}: ground truth'
        annotated, truth = annotated_garment(annotation, self.definition, what)
        result.update(category_id=annotated.category_id, truth=truth, garment=None)
        if self._meta('one_per_image') is False:
            result['garment_id'] = (image_id, annotation['id'])
        instances = sample['pred_instances']
        if sample['category_id'] != annotated.category_id or not len(
            instances['keypoints']
        ):
            return result
        scores = instances.get('bbox_scores', np.ones(len(instances['keypoints'])))
        result['garment'] = predicted_garment(
            sample, self.definition, int(np.argmax(scores))
        )
        return result


def best_of_each(results: list[dict]) -> list[dict]:
    """One result per image, or garment, with ground truth, that of the best box.

    Samples that padding repeats fall together here.

    Args:
        results: What :class:`AnnotatedGarmentMetric` keeps.

    Returns:
        list[dict]: Each with ``category_id``, ``truth`` (K, 3) and ``garment``, None
        where nothing was predicted.

    Raises:
        FormatError: If several pictures have one id, as those of several annotation
            files.
        ValueError: If an image has two different annotations.
    """
    check_pictures((result['img_id'], result['img_path']) for result in results)
    images = {}
    for result in results:
        if result['truth'] is None:
            continue
        kept = images.setdefault(result['garment_id'], result)
        if kept['category_id'] != result['category_id'] or not np.array_equal(
            kept['truth'], result['truth']
        ):
            raise ValueError(
                f'image {result["img_id"]} has two different annotations; the metric '
                'needs one garment an image'
            )
        if _box_score(result) > _box_score(kept):
            images[result['garment_id']] = result
    return list(images.values())


def _box_score(result: dict) -> float:
    return -np.inf if result['garment'] is None else result['garment'].bbox_score
