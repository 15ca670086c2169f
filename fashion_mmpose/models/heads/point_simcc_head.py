"""RTMPose's head over :class:`PointSimCC`."""

import torch
from mmpose.models.heads import RTMCCHead
from mmpose.registry import MODELS
from torch import Tensor, nn

from fashion_mmpose.codecs.point_simcc import PointSimCC

from .point_heatmap_head import PointHeadMixin, places_of
from .state_branch import state_branch


@MODELS.register_module()
class PointSimCCHead(PointHeadMixin, RTMCCHead):
    """MMPose's head of RTMPose over :class:`PointSimCC`.

    Layers and parameter names are those of :class:`mmpose.models.RTMCCHead`, so that
    its checkpoints load; targets are drawn on the device, and only the labelled
    channels are drawn, compared and decoded.

    Args:
        in_channels (int): Channels of the last feature map.
        out_channels (int): Number of key points K.
        decoder (dict): A :class:`PointSimCC`; required. It says the input's size and
            the bins per pixel.
        stride (int): Input pixels per cell of the last feature map. Defaults to 32.
        loss (dict): A :class:`LabelledLoss`. Defaults to :class:`ProfileKLLoss`.
        share_places (bool): As in :class:`PointHeatmapHead`. Defaults to False.
        states (dict, optional): As in :class:`PointHeatmapHead`. Defaults to None.
        **kwargs: As :class:`mmpose.models.RTMCCHead`: ``final_layer_kernel_size`` and
            ``gau_cfg``.

    Raises:
        TypeError: If ``decoder`` is not a :class:`PointSimCC`.
        ValueError: If places are to be shared, and the key points are not the 294; or
            if the input's size is no multiple of the stride.
    """

    places: torch.Tensor | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        decoder: dict | None = None,
        stride: int = 32,
        loss: dict | None = None,
        share_places: bool = False,
        states: dict | None = None,
        **kwargs,
    ) -> None:
        codec = self.build_codec(decoder)
        if not isinstance(codec, PointSimCC):
            raise TypeError(
                f'the head needs decoder=dict(type="PointSimCC", ...), got {decoder!r}'
            )
        if any(size % stride for size in codec.input_size):
            raise ValueError(
                f'input_size {codec.input_size} must be a multiple of stride {stride}'
            )
        places = places_of(out_channels, share_places)
        super().__init__(
            in_channels,
            out_channels if places is None else max(places) + 1,
            input_size=codec.input_size,
            in_featuremap_size=tuple(size // stride for size in codec.input_size),
            simcc_split_ratio=codec.split_ratio,
            loss=loss or dict(type='ProfileKLLoss'),
            **kwargs,
        )
        self.decoder = codec
        self.states = state_branch(states, self.in_channels, self.out_channels)
        self.out_channels = out_channels
        table = None if places is None else torch.tensor(places)
        self.register_buffer('places', table, persistent=False)

    def forward(self, feats: tuple) -> Tensor:
        """Profiles (B, K, 1, W + H) of feature maps, of which the last is read."""
        profiles = torch.cat(super().forward(feats), dim=-1).unsqueeze(2)
        if self.places is None:
            return profiles
        return profiles.index_select(1, self.places)

    def stage_losses(self) -> tuple[tuple[str, nn.Module], ...]:
        """The only stage."""
        return (('loss_kpt', self.loss_module),)
