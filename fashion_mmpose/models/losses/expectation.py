"""A loss on where heatmaps say that points are, and sums of losses."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmpose.registry import MODELS
from torch import Tensor, nn

from fashion_mmpose.codecs import PointSimCC

from .base import HeatmapTargets, LabelledLoss, PointTargets


@MODELS.register_module()
class ExpectationLoss(LabelledLoss):
    """Distance of the positions that maps expect, beside a loss on the maps.

    A softmax over the cells of a map, which ``beta`` sharpens, makes a distribution of
    it, whose mean is a position that gradients go through, the soft-argmax of `integral
    regression`_. The loss is the smooth L1 distance, in cells, of the position in the
    network's map and that in the target, both taken in the same way: the map's border
    and the tails of the softmax pull both alike, so that a perfect map costs nothing.
    It is averaged over the labelled points of the batch by their weights.

    It says nothing of a map's height and form: give it together with a loss on maps, by
    :class:`LabelledLossSum`. It is no loss for profiles (:class:`PointSimCC`) and for a
    background (``CPMRefineHead``), which have no single cell.

    Args:
        beta (float): Sharpness of the softmax, for maps in units of the codec's
            amplitude: empty cells weigh exp(-beta) of the one at the peak. Defaults to
            25.
        loss_weight (float): Factor of the loss. Defaults to 1.

    Raises:
        ValueError: If ``beta`` is not positive.

    .. _`integral regression`: https://arxiv.org/abs/1711.08229
    """

    def __init__(self, beta: float = 25.0, loss_weight: float = 1.0) -> None:
        super().__init__(loss_weight)
        if not beta > 0:
            raise ValueError(f'beta must be positive, got {beta}')
        self.beta = beta

    def labelled_loss(self, maps: Tensor, targets: HeatmapTargets) -> Tensor:
        """See :class:`ExpectationLoss`; ``maps`` has shape (M, H, W).

        Raises:
            TypeError: If the targets are not heatmaps of points alone.
        """
        if not isinstance(targets, PointTargets) or isinstance(
            targets.codec, PointSimCC
        ):
            raise TypeError(
                'ExpectationLoss is for heatmaps of points, neither for profiles '
                '(PointSimCC) nor for a background; to fix it: leave it out, or give '
                'the head with_background=False'
            )
        sharpness = self.beta / targets.codec.amplitude
        found = expected_cells(sharpness * maps)
        wanted = expected_cells(sharpness * targets.maps)
        errors = F.smooth_l1_loss(found, wanted, reduction='none').sum(1)
        weights = targets.weights.flatten()[targets.rows].to(errors)
        return (errors * weights).sum() / weights.sum()


def expected_cells(logits: Tensor) -> Tensor:
    """The mean position of a softmax over the cells of every map.

    Args:
        logits (Tensor): Shape (M, H, W).

    Returns:
        Tensor: x and y in cells, the centre of the first one being 0; (M, 2).
    """
    shares = logits.flatten(1).softmax(1).view_as(logits)
    profiles = shares.sum(1), shares.sum(2)  # along x (M, W) and y (M, H)
    # Not a product of matrices, which mixed precision takes in 16 bits.
    means = [(each * torch.arange(each.shape[1]).to(each)).sum(1) for each in profiles]
    return torch.stack(means, dim=1)


@MODELS.register_module()
class LabelledLossSum(LabelledLoss):
    """The sum of several losses on the same maps.

    MMPose's ``MultipleLossWrapper`` gives each loss an output and a target of its own.

    Args:
        losses (Sequence[dict]): :class:`LabelledLoss` of this package, each with its
            own ``loss_weight``.

    Raises:
        TypeError: If one of them is another one.
    """

    def __init__(self, losses: Sequence[dict]) -> None:
        super().__init__()
        self.losses = nn.ModuleList(map(MODELS.build, losses))
        for loss in self.losses:
            if not isinstance(loss, LabelledLoss):
                raise TypeError(
                    f'LabelledLossSum adds losses on labelled channels, such as '
                    f'LabelledMSELoss, not a {type(loss).__name__}'
                )

    def of_maps(self, maps: Tensor, targets: HeatmapTargets) -> Tensor:
        """See :class:`LabelledLoss`; each loss has its own weight."""
        return sum(loss.of_maps(maps, targets) for loss in self.losses)
