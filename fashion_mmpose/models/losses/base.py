"""What a loss on labelled channels sees."""

import torch
from torch import Tensor, nn

from fashion_mmpose.codecs import PointHeatmap


class HeatmapTargets:
    """The labelled maps of a batch.

    B: samples, K: channels, M: labelled (sample, channel) pairs, H and W:
    rows and columns of the heatmap.

    Args:
        maps (Tensor): Target of every labelled pair, shape (M, H, W), in the order
            of ``weights``.
        weights (Tensor): Shape (B, K); labelled channels are > 0.
        rows (Tensor, optional): :func:`labelled_rows` of the weights, where known.
    """

    def __init__(
        self, maps: Tensor, weights: Tensor, rows: Tensor | None = None
    ) -> None:
        self.maps = maps
        self.weights = weights
        self.rows = labelled_rows(weights) if rows is None else rows  # (M, )

    @property
    def samples(self) -> Tensor:
        """Sample of each labelled pair, shape (M, )."""
        return self.rows // self.weights.shape[1]

    @property
    def channels(self) -> Tensor:
        """Channel of each labelled pair, shape (M, )."""
        return self.rows % self.weights.shape[1]

    @property
    def some_rows(self) -> Tensor | None:
        """``rows``, or None where all channels of all samples are labelled."""
        return self.rows if len(self.rows) < self.weights.numel() else None

    def select(self, heatmaps: Tensor) -> Tensor:
        """The labelled maps (M, H, W) of (B, K, H, W) heatmaps."""
        flat = heatmaps.flatten(0, 1)
        rows = self.some_rows
        return flat if rows is None else flat.index_select(0, rows)

    def dense(self) -> Tensor:
        """All maps, zero where there is no label; shape (B, K, H, W)."""
        size = self.maps.shape[1:]
        flat = self.maps.new_zeros(self.weights.numel(), *size)
        flat.index_copy_(0, self.rows, self.maps)
        return flat.view(*self.weights.shape, *size)


class PointTargets(HeatmapTargets):
    """Targets that are points, drawn on the device.

    Args:
        codec (PointHeatmap): Draws the Gaussians.
        points (Tensor): Cells, shape (B, K, 2).
        weights (Tensor): Shape (B, K); labelled channels are > 0.
    """

    def __init__(self, codec: PointHeatmap, points: Tensor, weights: Tensor) -> None:
        self.codec = codec
        rows = labelled_rows(weights)
        self.points = points.flatten(0, 1).index_select(0, rows)  # (M, 2)
        super().__init__(codec.render(self.points), weights, rows)

    def with_background(self) -> HeatmapTargets:
        """The same targets and, as channel K, what the key points leave over.

        The background is the amplitude minus the sum of the sample's labelled maps.
        It is labelled where any key point of the sample is.
        """
        batch_size, num_channels = self.weights.shape
        has_label = (self.weights > 0).any(1)
        weights = torch.cat((self.weights, has_label[:, None].to(self.weights)), dim=1)
        size = self.maps.shape[1:]
        background = self.maps.new_full((batch_size, *size), self.codec.amplitude)
        background.index_add_(0, self.samples, self.maps, alpha=-1)
        maps = torch.cat((self.maps, background[has_label]))
        rows = torch.cat(
            (
                self.samples * (num_channels + 1) + self.channels,
                has_label.nonzero().squeeze(1) * (num_channels + 1) + num_channels,
            )
        )
        return HeatmapTargets(maps[rows.argsort()], weights)


def labelled_rows(weights: Tensor) -> Tensor:
    """Places of the labelled channels in (B, K) weights, flattened; int64 (M, )."""
    return (weights.flatten() > 0).nonzero().squeeze(1)


class LabelledLoss(nn.Module):
    """Base of the losses that see labelled channels only.

    A head hands them the labelled ones of the network's maps, which are all that it
    computes where it can, and :class:`HeatmapTargets`; it calls any other loss, such
    as MMPose's, with heatmaps, dense targets (B, K, H, W) and weights (B, K).

    Args:
        loss_weight (float): Factor of the loss. Defaults to 1.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, heatmaps: Tensor, targets: HeatmapTargets) -> Tensor:
        """The weighted loss of heatmaps (B, K, H, W); see :meth:`of_maps`."""
        return self.of_maps(targets.select(heatmaps), targets)

    def of_maps(self, maps: Tensor, targets: HeatmapTargets) -> Tensor:
        """The weighted loss of the labelled maps alone.

        Args:
            maps (Tensor): The network's, shape (M, H, W), in the order of ``targets``.
            targets (HeatmapTargets): M labelled maps.

        Returns:
            Tensor: A scalar; 0 where nothing is labelled.

        Raises:
            ValueError: If the network's maps are not of the size of the targets.
        """
        if maps.shape[1:] != targets.maps.shape[1:]:
            own, wanted = (each.shape[-2:][::-1] for each in (maps, targets.maps))
            raise ValueError(
                f"the network's heatmaps are {own[0]}x{own[1]} (width x height), those "
                f'of the codec {wanted[0]}x{wanted[1]}; to fix it: give the codec '
                f'heatmap_size={tuple(own)}, or the network another stride'
            )
        maps = maps.float()
        if len(maps) == 0:
            # Keep the graph: distributed training waits for every gradient.
            return maps.sum()
        return self.loss_weight * self.labelled_loss(maps, targets)

    def labelled_loss(self, maps: Tensor, targets: HeatmapTargets) -> Tensor:
        """The loss of the labelled maps, float32 (M, H, W), M > 0."""
        raise NotImplementedError


def sum_by(index: Tensor, values: Tensor, size: int) -> Tensor:
    """Sums of ``values`` (M, ) with the same ``index`` (M, ); shape (size, )."""
    return values.new_zeros(size).index_add(0, index, values)


def batch_targets(codec: PointHeatmap, batch_data_samples: list) -> PointTargets:
    """Collect the targets that the codec encoded into the data samples."""
    labels = [sample.gt_instance_labels for sample in batch_data_samples]
    return PointTargets(
        codec,
        torch.cat([label.keypoint_labels for label in labels]),
        torch.cat([label.keypoint_weights for label in labels]),
    )
