"""The single-stage head, with levels of a second backbone that enter between layers."""

from collections.abc import Mapping, Sequence
from functools import partial

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from fashion_mmpose.models.statistics import keep_statistics

from .point_heatmap_head import PointHeatmapHead


@MODELS.register_module()
class LateralHeatmapHead(PointHeatmapHead):
    """:class:`.PointHeatmapHead` that adds further levels before and after its layers.

    What a 1x1 convolution makes of the coarsest level is added to the last feature map,
    of the next finer one to the output of the first deconvolution, and so on. Without
    these, it is the plain head, whose checkpoints load; the convolutions then begin
    near zero. So do those of channels behind the ones that a checkpoint knows.

    Args:
        in_channels (int): Channels of the last feature map.
        out_channels (int): Number of key points K.
        lateral_channels (Sequence[int]): Channels of the first feature maps, finest
            first, one more than there are deconvolutions.
        deconv_out_channels (Sequence[int]): Channels of the deconvolutions. Defaults to
            (256, 256, 256).
        frozen_channels (Sequence[int], optional): So many channels of each of the first
            feature maps are read as they were, and all layers stay as they are: what
            is learnt is how the channels behind them are read. Finest first. Defaults
            to None, for a head of which everything is trained.
        **kwargs: As :class:`.PointHeatmapHead`.

    Raises:
        ValueError: If there are not as many further levels, or no channels are left to
            learn from.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        lateral_channels: Sequence[int],
        deconv_out_channels: Sequence[int] = (256, 256, 256),
        frozen_channels: Sequence[int] | None = None,
        **kwargs,
    ) -> None:
        widths = (in_channels, *deconv_out_channels)
        if len(lateral_channels) != len(widths):
            raise ValueError(
                f'lateral_channels {tuple(lateral_channels)} must have one entry more '
                f'than there are deconvolutions, {len(deconv_out_channels)}'
            )
        super().__init__(
            in_channels,
            out_channels,
            deconv_out_channels=tuple(deconv_out_channels),
            **kwargs,
        )
        self.laterals = nn.ModuleList(
            nn.Conv2d(given, width, 1)
            for given, width in zip(reversed(lateral_channels), widths)
        )
        self.frozen_channels = frozen_channels
        if frozen_channels is not None:
            self._freeze(lateral_channels, frozen_channels)

    def _freeze(self, channels: Sequence[int], frozen: Sequence[int]) -> None:
        if len(frozen) != len(channels) or not all(
            0 <= few < many for few, many in zip(frozen, channels)
        ):
            raise ValueError(
                f'frozen_channels {tuple(frozen)} must be less than lateral_channels '
                f'{tuple(channels)}, level by level'
            )
        self.requires_grad_(False)
        for lateral, number in zip(self.laterals, reversed(frozen)):
            lateral.weight.requires_grad_()
            lateral.weight.register_hook(partial(_without_first, number=number))

    def train(self, mode: bool = True) -> 'LateralHeatmapHead':
        """Set the mode; statistics of a frozen head stay as they are."""
        super().train(mode)
        if self.frozen_channels is not None:
            keep_statistics(self)
        return self

    def widened(self, tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
        """Weights of a network that has fewer channels in the further levels.

        A backbone that has come to know more has further channels behind the others.

        Args:
            tensors: Weights of the whole network, by name.
            prefix: What the names of this head's weights begin with.

        Returns:
            dict: The same for as many channels as this head has; what is added is
            what it begins with.
        """
        tensors = dict(tensors)
        for index, own in enumerate(self.laterals):
            key = f'{prefix}laterals.{index}.weight'
            given = tensors.get(key)
            if given is not None and given.shape[1] < own.weight.shape[1]:
                further = own.weight.detach()[:, given.shape[1] :].to(given)
                tensors[key] = torch.cat([given, further], dim=1)
        return tensors

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args) -> None:
        state_dict.update(self.widened(state_dict, prefix))
        super()._load_from_state_dict(state_dict, prefix, *args)

    def features(self, feats: tuple) -> Tensor:
        """What the last layer reads, (B, C, H, W).

        Args:
            feats (tuple): Feature maps: the further levels, finest first, others that
                are not read, and the last one.

        Raises:
            ValueError: If a level is not of the size of the map that it is added to.
        """
        further = reversed(feats[: len(self.laterals)])
        added = [lateral(level) for lateral, level in zip(self.laterals, further)]
        x = feats[-1] + added[0]
        layers = len(self.deconv_layers) // (len(added) - 1)
        for index, level in enumerate(added[1:]):
            x = self.deconv_layers[index * layers : (index + 1) * layers](x)
            (height, width), (h, w) = x.shape[-2:], level.shape[-2:]
            if (height, width) != (h, w):
                raise ValueError(
                    f'a level of {w}x{h} cells cannot be added to a map of '
                    f'{width}x{height}; to fix it: let the sides of input_size be '
                    'multiples of 32, the stride of the coarsest level'
                )
            x = x + level
        return self.conv_layers(x.relu())


def _without_first(gradient: Tensor, number: int) -> Tensor:
    """A gradient of weights (out, in, 1, 1) that leaves the first inputs alone."""
    gradient = gradient.clone()
    gradient[:, :number] = 0
    return gradient
