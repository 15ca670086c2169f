"""The single-stage head, with levels of a second backbone that enter between layers."""

from collections.abc import Sequence

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

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
        **kwargs: As :class:`.PointHeatmapHead`.

    Raises:
        ValueError: If there are not as many further levels.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        lateral_channels: Sequence[int],
        deconv_out_channels: Sequence[int] = (256, 256, 256),
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

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args) -> None:
        # A backbone that has come to know more has further channels behind the others.
        for index, own in enumerate(self.laterals):
            key = f'{prefix}laterals.{index}.weight'
            given = state_dict.get(key)
            if given is not None and given.shape[1] < own.weight.shape[1]:
                further = own.weight.detach()[:, given.shape[1] :].to(given)
                state_dict[key] = torch.cat([given, further], dim=1)
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
