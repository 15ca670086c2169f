"""How well a network tells absent, occluded and visible points, as a metric."""

from collections.abc import Sequence

import numpy as np
from mmengine.logging import MMLogger
from mmpose.registry import METRICS

from fashion_mmpose.evaluation.functional.report import state_table
from fashion_mmpose.evaluation.functional.state_scores import STATES, state_scores

from .annotated_garments import AnnotatedGarmentMetric, best_of_each

_HIDDEN = ('absent', 'occluded')


@METRICS.register_module()
class StateAccuracy(AnnotatedGarmentMetric):
    """Scores of the states that heads with ``states`` tell, over annotated garments.

    Beside another metric, which scores where the points are. To keep the best
    checkpoint by it, configure ``save_best='fashionai/state_accuracy'``,
    ``rule='greater'``. Garments without a prediction are left out.

    Args:
        **kwargs: Arguments of :class:`.of_benchmark.BenchmarkMetric`.
    """

    default_prefix = 'fashionai'

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Score the gathered samples and log the table.

        Returns:
            dict: ``state_accuracy``, the mean of the three recalls;
            ``state_recall_<state>``; and ``state_AP_absent``, among all key points, and
            ``state_AP_occluded``, among those in the picture. NaN where nothing was
            counted.

        Raises:
            ValueError: If the network tells no states, or an image has two different
                annotations.
        """
        found = [each for each in best_of_each(results) if each['garment'] is not None]
        if any(each['garment'].states is None for each in found):
            raise ValueError(
                'the network tells no states of key points, which StateAccuracy '
                'scores; to fix it: leave the metric out, or train a head with '
                '`states=dict()`'
            )
        shares = [each['garment'].states for each in found]
        visibility = [each['truth'][:, 2] for each in found]
        scores = state_scores(
            np.concatenate([np.zeros((0, 3)), *shares]),
            np.concatenate([np.zeros(0), *visibility]),
        )
        MMLogger.get_current_instance().info('\n' + state_table(scores))
        metrics = dict(state_accuracy=scores.accuracy)
        metrics |= {f'state_recall_{n}': scores.recalls[n] for n in STATES}
        precisions = scores.average_precisions
        return metrics | {f'state_AP_{name}': precisions[name] for name in _HIDDEN}

    def _plain_names(self, categories: Sequence[str]) -> list[str]:
        recalls = [f'state_recall_{name}' for name in STATES]
        return ['state_accuracy', *recalls, *(f'state_AP_{name}' for name in _HIDDEN)]
