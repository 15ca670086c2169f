"""Head of the FashionAI CPM system."""

import torch
from mmpose.models.heads import BaseHead
from mmpose.registry import MODELS
from torch import Tensor, nn

from fashion_mmpose.models.backbones.cpm_vgg import KAIMING, conv_relu

from .category_rows import check_out_channels
from .point_heatmap_head import PointHeadMixin
from .state_branch import state_branch


@MODELS.register_module()
class CPMRefineHead(PointHeadMixin, BaseHead):
    """Stages that refine heatmaps, as in the `convolutional pose machine`_.

    The first stage reads heatmaps off the features with two 1x1 convolutions. Every
    later one sees the heatmaps before it beside the features, through five 7x7
    convolutions and a 1x1 convolution with ReLU, and gives new heatmaps. All stages
    are trained alike; the last one is the prediction. As in the FashionAI CPM
    system, which has no other input, such as a centre map.

    Args:
        in_channels (int | Sequence[int]): Channels of the features; of several
            levels those of the last, which is the one that is used.
        out_channels (int): Number of key points K.
        num_stages (int): Defaults to 6.
        with_background (bool): Whether the heatmaps have a channel more, the last:
            what the key points leave over. It is trained on the labelled points and
            not decoded. Defaults to True.
        stem_channels (int): Channels of the first stage. Defaults to 512.
        channels (int): Channels of the later stages. Defaults to 128.
        num_convs (int): Large convolutions of a later stage. Defaults to 5.
        kernel_size (int): Their odd size. Defaults to 7.
        loss (dict): Loss of every stage, any key point loss; the stages are
            averaged. Defaults to :class:`LabelledMSELoss`.
        decoder (dict): A :class:`PointHeatmap`; required.
        states (dict, optional): As in :class:`PointHeatmapHead`. Defaults to None.
        init_cfg (dict, optional): As in :class:`CPMVGG`.

    Raises:
        TypeError: If ``decoder`` is not a :class:`PointHeatmap`.
        ValueError: If a number does not fit.

    .. _`convolutional pose machine`: https://arxiv.org/abs/1602.00134
    """

    def __init__(
        self,
        in_channels,
        out_channels: int,
        num_stages: int = 6,
        with_background: bool = True,
        stem_channels: int = 512,
        channels: int = 128,
        num_convs: int = 5,
        kernel_size: int = 7,
        loss: dict | None = None,
        decoder: dict | None = None,
        states: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg or KAIMING)
        if num_stages < 1:
            raise ValueError(f'num_stages must be at least 1, got {num_stages}')
        if num_convs < 1:
            raise ValueError(f'num_convs must be at least 1, got {num_convs}')
        if kernel_size % 2 == 0:
            raise ValueError(f'kernel_size must be odd, got {kernel_size}')
        if not isinstance(in_channels, int):
            in_channels = in_channels[-1]
        self.in_channels = in_channels
        self.out_channels = check_out_channels(out_channels)
        self.with_background = with_background
        num_maps = out_channels + with_background
        first = nn.Sequential(
            *conv_relu(in_channels, stem_channels, 1),
            nn.Conv2d(stem_channels, num_maps, 1),
        )
        stages = [first]
        for _ in range(num_stages - 1):
            layers = conv_relu(num_maps + in_channels, channels, kernel_size)
            for _ in range(num_convs - 1):
                layers += conv_relu(channels, channels, kernel_size)
            layers += conv_relu(channels, channels, 1)
            stages.append(nn.Sequential(*layers, nn.Conv2d(channels, num_maps, 1)))
        self.stages = nn.ModuleList(stages)
        self.stage_weight = 1 / num_stages
        self.loss_module = MODELS.build(loss or dict(type='LabelledMSELoss'))
        self.states = state_branch(states, in_channels, out_channels)
        self.decoder = self.build_codec(decoder)

    def forward(self, feats: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Heatmaps of all stages.

        Args:
            feats (tuple[Tensor]): Levels; the last, (B, C, H, W), is used.

        Returns:
            tuple[Tensor]: ``num_stages`` tensors of shape (B, K, H, W), or
            (B, K + 1, H, W) with the background last.
        """
        features = feats[-1]
        heatmaps = [self.stages[0](features)]
        for stage in self.stages[1:]:
            heatmaps.append(stage(torch.cat((heatmaps[-1], features), dim=1)))
        return tuple(heatmaps)

    def stage_losses(self) -> tuple[tuple[str, nn.Module], ...]:
        """The same loss for every stage."""
        return tuple(
            (f'loss_stage_{number}', self.loss_module)
            for number in range(1, len(self.stages) + 1)
        )
