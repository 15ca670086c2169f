"""FashionAI's normalized error as a metric of MMPose's runner."""

from collections.abc import Sequence

import numpy as np
from mmengine.logging import MMLogger
from mmpose.registry import METRICS

from fashion_mmpose.evaluation.functional.normalized_error import (
    NormalizedErrorResult,
    check_rule,
    normalized_error,
)
from fashion_mmpose.evaluation.functional.report import normalized_error_table
from fashion_mmpose.garments import Benchmark, category_of_id, garment
from fashion_mmpose.garments.layout import full_layout

from .annotated_garments import AnnotatedGarmentMetric, best_of_each


@METRICS.register_module()
class NormalizedError(AnnotatedGarmentMetric):
    """FashionAI's normalized error over images with one annotated garment.

    The error and its rules are those of
    :mod:`fashion_mmpose.evaluation.functional`. Values are fractions of the
    garment's width; to keep the best checkpoint, configure
    ``save_best='fashionai/NE', rule='less'``. Other benchmarks whose categories have a
    normaliser are scored alike, and their name stands in place of ``fashionai``. Where
    their pictures hold several garments, each one is scored, in its annotated box.

    Which prediction counts says :class:`.annotated_garments.AnnotatedGarmentMetric`.

    Args:
        rule: ``'skip_short'``, ``'skip_unlabelled'``, ``'fallback_256'`` or
            ``'image_mean'``. Defaults to ``'skip_short'``.
        per_category: Whether to report ``NE_<category>`` for the categories that
            occur. Defaults to True.
        per_keypoint: Whether to report ``NE_<keypoint>`` for the key points of
            these categories. Defaults to False.
        **kwargs: Arguments of :class:`.of_benchmark.BenchmarkMetric`.

    Raises:
        ValueError: If the rule is unknown.
    """

    default_prefix = 'fashionai'

    def __init__(
        self,
        rule: str = 'skip_short',
        per_category: bool = True,
        per_keypoint: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.rule = check_rule(rule)
        self.per_category = per_category
        self.per_keypoint = per_keypoint

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Score the gathered samples and log the table.

        Returns:
            dict: ``NE``, ``num_points``, ``num_skipped_images``,
            ``num_missing_images`` and what the arguments ask for; ``NE`` is NaN
            where nothing was counted.

        Raises:
            ValueError: If an image has two different annotations.
        """
        logger = MMLogger.get_current_instance()
        images = best_of_each(results)
        if not images:
            logger.warning(
                'no image has ground truth (`raw_ann_info`): the normalized error '
                'is NaN; score on annotated images'
            )
        score = _score(images, self.rule, self.definition)
        table = normalized_error_table(score, self.per_category, self.per_keypoint)
        logger.info('\n' + table)
        metrics = dict(
            NE=score.ne,
            num_points=score.num_points,
            num_skipped_images=score.num_skipped_images,
            num_missing_images=score.num_missing_images,
        )
        if self.per_category:
            for name, row in score.per_category.items():
                metrics[f'NE_{name}'] = row['ne']
        if self.per_keypoint:
            for name, row in score.per_keypoint.items():
                metrics[self._keypoint_metric(name)] = row['ne']
        return metrics

    def _plain_names(self, categories: Sequence[str]) -> list[str]:
        names = ['NE', 'num_points', 'num_skipped_images', 'num_missing_images']
        own = [garment(self.definition, name) for name in categories]
        if self.per_category:
            names += [f'NE_{each.name}' for each in own]
        if self.per_keypoint:
            keypoints = self.definition.keypoints
            channels = sorted({channel for each in own for channel in each.channels})
            names += [self._keypoint_metric(keypoints[each]) for each in channels]
        return names

    def _keypoint_metric(self, name: str) -> str:
        """A key point that is called like a category must not stand in its place."""
        is_taken = self.per_category and name in self.definition.garments
        return f'NE_keypoint_{name}' if is_taken else f'NE_{name}'


def _score(
    images: list[dict], rule: str, benchmark: Benchmark
) -> NormalizedErrorResult:
    num_keypoints = len(benchmark.keypoints)
    pred_xy = np.zeros((len(images), num_keypoints, 2))
    gt = np.zeros((len(images), num_keypoints, 3))
    for i, image in enumerate(images):
        annotated = category_of_id(benchmark, image['category_id'])
        gt[i] = full_layout(image['truth'], annotated, absent=0)
        garment = image['garment']
        if garment is not None:
            pred_xy[i] = full_layout(garment.keypoints, garment.garment)
    return normalized_error(
        pred_xy,
        gt,
        np.array([image['category_id'] for image in images], dtype=int),
        answered=np.array(
            [image['garment'] is not None for image in images], dtype=bool
        ),
        rule=rule,
        dataset=benchmark,
    )
