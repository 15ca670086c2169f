"""Mean squared error of the labelled channels."""

import torch.nn.functional as F
from mmpose.registry import MODELS
from torch import Tensor

from .base import HeatmapTargets, LabelledLoss, sum_by


@MODELS.register_module()
class LabelledMSELoss(LabelledLoss):
    """Squared error, averaged over pixels, labelled points and samples.

    Each sample counts alike, however many points it has: the squared error is
    averaged over the pixels of a map, over the labelled maps of a sample, and
    over the samples that have any. From the `HRNet system for DeepFashion2`_,
    where a category labels 8 to 39 of 294 channels.

    Args:
        loss_weight (float): Factor of the loss. Defaults to 1.

    .. _`HRNet system for DeepFashion2`:
        https://github.com/svip-lab/HRNet-for-Fashion-Landmark-Estimation.PyTorch
    """

    def labelled_loss(self, maps: Tensor, targets: HeatmapTargets) -> Tensor:
        """See :class:`LabelledMSELoss`; ``maps`` has shape (M, H, W)."""
        errors = F.mse_loss(maps, targets.maps, reduction='none').mean((1, 2))
        batch_size = len(targets.weights)
        counts = sum_by(targets.samples, errors.new_ones(len(errors)), batch_size)
        sums = sum_by(targets.samples, errors, batch_size)
        labelled = counts > 0
        return (sums[labelled] / counts[labelled]).mean()
