"""Divergence of the labelled channels' profiles."""

import torch.nn.functional as F
from mmpose.registry import MODELS
from torch import Tensor

from fashion_mmpose.codecs.point_simcc import PointSimCC

from .base import HeatmapTargets, LabelledLoss, PointTargets


@MODELS.register_module()
class ProfileKLLoss(LabelledLoss):
    """Kullback-Leibler divergence of profiles, as `RTMPose`_ has it.

    Targets and predictions are made distributions by a softmax with the codec's
    ``beta``. The divergence is averaged over the bins of an axis and the labelled
    points of the batch, and the axes are added: where all points are labelled, this is
    a B-th of MMPose's :class:`KLDiscretLoss` with ``label_softmax``, which adds up the
    B samples.

    Args:
        loss_weight (float): Factor of the loss. Defaults to 1.

    .. _`RTMPose`: https://arxiv.org/abs/2303.07399
    """

    def labelled_loss(self, maps: Tensor, targets: HeatmapTargets) -> Tensor:
        """See :class:`ProfileKLLoss`; ``maps`` has shape (M, 1, W + H).

        Raises:
            TypeError: If the targets are no profiles.
        """
        codec = targets.codec if isinstance(targets, PointTargets) else None
        if not isinstance(codec, PointSimCC):
            raise TypeError(
                'ProfileKLLoss is for profiles; to fix it: decoder=dict('
                "type='PointSimCC', ...) and PointSimCCHead, or another loss"
            )
        total = maps.new_zeros(())
        for given, wanted in zip(codec.profiles(maps), codec.profiles(targets.maps)):
            predicted = (codec.beta * given[:, 0]).log_softmax(1)
            target = (codec.beta * wanted[:, 0]).softmax(1)
            errors = F.kl_div(predicted, target, reduction='none').mean(1)
            total = total + errors.mean()
        return total
