"""Heatmaps of one stage of a head, of which only some channels may be asked for.

B: samples, K: channels, C: channels of the features, M: maps that are asked for, H and
W: rows and columns of a map. A row is a place in (B, K), flattened.
"""

import torch
from torch import Tensor, nn


class StageHeatmaps:
    """Heatmaps that were computed.

    Args:
        heatmaps (Tensor): Shape (B, K, H, W).
    """

    def __init__(self, heatmaps: Tensor) -> None:
        self._heatmaps = heatmaps

    def dense(self) -> Tensor:
        """All heatmaps, shape (B, K, H, W)."""
        return self._heatmaps

    def maps(self, rows: Tensor | None = None) -> Tensor:
        """Some of the maps.

        Args:
            rows (Tensor, optional): Places in (B, K), flattened, sample by sample;
                int64, shape (M, ), on the heatmaps' device. None asks for all.

        Returns:
            Tensor: Shape (M, H, W).
        """
        flat = self.dense().flatten(0, 1)
        return flat if rows is None else flat.index_select(0, rows)


class PendingHeatmaps(StageHeatmaps):
    """Heatmaps that are one convolution away, computed for the channels asked for.

    A garment owns 8 to 39 of DeepFashion2's 294 channels. The others' maps, and their
    gradients, would be most of the memory of a training step, and of the time of its
    loss. So every sample's features are multiplied with its own channels' kernels
    alone. The numbers, and the gradients of features and parameters, are those of
    the convolution, up to the rounding of another order of additions.

    Where most channels are asked for, where the convolution is not a plain one of 1x1,
    and in exported graphs, whose shapes cannot depend on what is asked for, all maps
    are computed.

    Args:
        features (Tensor): Shape (B, C, H, W).
        layer (nn.Module): Makes K heatmaps of them.
    """

    def __init__(self, features: Tensor, layer: nn.Module) -> None:
        self._features = features
        self._layer = layer

    def dense(self) -> Tensor:
        """See :class:`StageHeatmaps`."""
        return self._layer(self._features)

    def maps(self, rows: Tensor | None = None) -> Tensor:
        """See :class:`StageHeatmaps`."""
        if (
            rows is None
            or not _is_pointwise(self._layer)
            or torch.compiler.is_exporting()
        ):
            return super().maps(rows)
        num_channels = self._layer.out_channels
        samples, channels = rows // num_channels, rows % num_channels
        counts = torch.bincount(samples, minlength=len(self._features))
        most = int(counts.max())
        # The product is padded to the sample with the most channels.
        if 2 * most > num_channels:
            return super().maps(rows)
        starts = counts.cumsum(0) - counts
        places = torch.arange(len(rows), device=rows.device) - starts[samples]
        return self._multiply(channels, samples * most + places, most)

    def _multiply(self, channels: Tensor, slots: Tensor, most: int) -> Tensor:
        """Maps of ``channels`` (M, ), whose places in (B, most) are ``slots`` (M, )."""
        batch_size, num_features, height, width = self._features.shape
        padded = channels.new_zeros(batch_size * most)
        padded[slots] = channels
        kernels = self._layer.weight.flatten(1).index_select(0, padded)
        products = torch.bmm(
            kernels.view(batch_size, most, num_features), self._features.flatten(2)
        ).flatten(0, 1)
        if len(slots) < len(products):
            products = products.index_select(0, slots)
        if self._layer.bias is not None:
            # In place: neither the product nor the selection is needed again.
            products = products.add_(self._layer.bias[channels, None])
        return products.view(len(channels), height, width)


class SharedHeatmaps(StageHeatmaps):
    """Heatmaps of K key points, of which several may be one channel of a network.

    Args:
        heatmaps (StageHeatmaps): The network's own, of fewer channels.
        num_channels (int): How many these are.
        places (Tensor): The channel of each key point, int64, shape (K, ).
    """

    def __init__(
        self, heatmaps: StageHeatmaps, num_channels: int, places: Tensor
    ) -> None:
        self._own = heatmaps
        self._num_channels = num_channels
        self._places = places

    def dense(self) -> Tensor:
        """See :class:`StageHeatmaps`."""
        return self._own.dense().index_select(1, self._places)

    def maps(self, rows: Tensor | None = None) -> Tensor:
        """See :class:`StageHeatmaps`."""
        if rows is None:
            return super().maps(rows)
        samples, points = rows // len(self._places), rows % len(self._places)
        return self._own.maps(samples * self._num_channels + self._places[points])


def _is_pointwise(layer: nn.Module) -> bool:
    return (
        # Not of a class derived from it, which may do something else.
        type(layer) is nn.Conv2d
        and layer.kernel_size == (1, 1)
        and layer.stride == (1, 1)
        and layer.padding == (0, 0)
        and layer.groups == 1
        # Such as those of pruning, which see calls of the layer only.
        and not layer._forward_pre_hooks
        and not layer._forward_hooks
    )
