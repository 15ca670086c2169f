"""What a loss on labelled channels sees."""

import torch
from torch import Tensor, nn

from fashion_mmpose.codecs import PointHeatmap


class HeatmapTargets:
    """The targets of a batch, drawn on the device when they are asked for.

    B: samples, K: channels, M: labelled (sample, channel) pairs, H and W:
    rows and columns of the heatmap.

    Args:
        codec (PointHeatmap): Draws the Gaussians.
        points (Tensor): Cells, shape (B, K, 2).
        weights (Tensor): Shape (B, K); labelled channels are > 0.
    """

    def __init__(self, codec: PointHeatmap, points: Tensor, weights: Tensor) -> None:
        self.codec = codec
        self.weights = weights
        self.rows = (weights.flatten() > 0).nonzero().squeeze(1)  # (M, )
        self.points = points.flatten(0, 1).index_select(0, self.rows)  # (M, 2)
        self.maps = codec.render(self.points)  # (M, H, W)

    @property
    def samples(self) -> Tensor:
        """Sample of each labelled pair, shape (M, )."""
        return self.rows // self.weights.shape[1]

    @property
    def channels(self) -> Tensor:
        """Channel of each labelled pair, shape (M, )."""
        return self.rows % self.weights.shape[1]

    def select(self, heatmaps: Tensor) -> Tensor:
        """The labelled maps of (B, K, H, W) heatmaps, float32 (M, H, W)."""
        flat = heatmaps.flatten(0, 1)
        if len(self.rows) < len(flat):
            flat = flat.index_select(0, self.rows)
        return flat.float()

    def dense(self) -> Tensor:
        """All maps, zero where there is no label; shape (B, K, H, W)."""
        width, height = self.codec.heatmap_size
        flat = self.maps.new_zeros(self.weights.numel(), height, width)
        flat.index_copy_(0, self.rows, self.maps)
        return flat.view(*self.weights.shape, height, width)


class LabelledLoss(nn.Module):
    """Base of the losses that see labelled channels only.

    A head calls them with the network's heatmaps (B, K, H, W) and
    :class:`HeatmapTargets`; it calls any other loss, such as MMPose's, with
    heatmaps, dense targets (B, K, H, W) and weights (B, K).

    Args:
        loss_weight (float): Factor of the loss. Defaults to 1.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, heatmaps: Tensor, targets: HeatmapTargets) -> Tensor:
        """The weighted loss, a scalar; 0 where nothing is labelled."""
        if len(targets.rows) == 0:
            # Keep the graph: distributed training waits for every gradient.
            return heatmaps.float().sum() * 0
        return self.loss_weight * self.labelled_loss(targets.select(heatmaps), targets)

    def labelled_loss(self, maps: Tensor, targets: HeatmapTargets) -> Tensor:
        """The loss of the labelled maps (M, H, W), M > 0."""
        raise NotImplementedError


def sum_by(index: Tensor, values: Tensor, size: int) -> Tensor:
    """Sums of ``values`` (M, ) with the same ``index`` (M, ); shape (size, )."""
    return values.new_zeros(size).index_add(0, index, values)


def batch_targets(codec: PointHeatmap, batch_data_samples: list) -> HeatmapTargets:
    """Collect the targets that the codec encoded into the data samples."""
    labels = [sample.gt_instance_labels for sample in batch_data_samples]
    return HeatmapTargets(
        codec,
        torch.cat([label.keypoint_labels for label in labels]),
        torch.cat([label.keypoint_weights for label in labels]),
    )
