"""Loss of the FashionAI CPN system."""

import torch
from mmpose.registry import MODELS
from torch import Tensor

from .base import HeatmapTargets, LabelledLoss, sum_by


@MODELS.register_module()
class VisibilityL1Loss(LabelledLoss):
    """L1 that weighs the Gaussian and its surroundings alike, key point by key point.

    For every key point the absolute difference is averaged over the "positive"
    pixels (target above a tenth of the batch's highest target) of all labelled
    samples, and over their other pixels; the mean of both is the key point's
    loss. The loss is the mean over the key points with a label in the batch, or
    over the hardest share of them. Predictions pass a ReLU first. From the
    `FashionAI CPN system`_.

    Args:
        hard_fraction (float): Share of the key points, those with the highest
            loss, that is averaged, rounded down to a whole number of at least 1.
            Defaults to 1, all.
        positive_threshold (float): Share of the batch's highest target above
            which a pixel is positive. Defaults to 0.1.
        loss_weight (float): Factor of the loss. Defaults to 1.

    .. _`FashionAI CPN system`:
        https://github.com/gathierry/FashionAI-KeyPointsDetectionOfApparel
    """

    epsilon = 1e-4  # of the published loss; keeps empty averages at 0

    def __init__(
        self,
        hard_fraction: float = 1.0,
        positive_threshold: float = 0.1,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__(loss_weight)
        if not 0 < hard_fraction <= 1:
            raise ValueError(f'hard_fraction must be in (0, 1], got {hard_fraction}')
        self.hard_fraction = hard_fraction
        self.positive_threshold = positive_threshold

    def labelled_loss(self, maps: Tensor, targets: HeatmapTargets) -> Tensor:
        """See :class:`VisibilityL1Loss`; ``maps`` has shape (M, H, W)."""
        positive = targets.maps > self.positive_threshold * targets.maps.max()
        difference = (targets.maps - maps.relu()).abs()
        total = difference.sum((1, 2))
        positive_sum = (difference * positive).sum((1, 2))
        positive_count = positive.sum((1, 2)).to(maps.dtype)
        negative_count = maps[0].numel() - positive_count

        num_channels = targets.weights.shape[1]
        channels = targets.channels

        def average(sums: Tensor, counts: Tensor) -> Tensor:
            sums = sum_by(channels, sums, num_channels)
            return sums / (sum_by(channels, counts, num_channels) + self.epsilon)

        losses = 0.5 * average(positive_sum, positive_count)
        losses = losses + 0.5 * average(total - positive_sum, negative_count)
        if targets.some_rows is not None:  # else all key points have a label
            losses = losses[torch.unique(channels)]
        if self.hard_fraction < 1:
            losses = losses.topk(max(1, int(len(losses) * self.hard_fraction))).values
        return losses.mean()
