"""Cascaded pyramid network: GlobalNet and RefineNet on a four-level backbone."""

import torch
import torch.nn.functional as F
from mmpose.models.heads.base_head import BaseHead
from mmpose.registry import MODELS
from torch import Tensor, nn

from .category_rows import check_out_channels
from .point_heatmap_head import PointHeadMixin
from .stage_heatmaps import PendingHeatmaps, StageHeatmaps
from .state_branch import state_branch


class Bottleneck(nn.Module):
    """Residual bottleneck without stride; expansion 4.

    Args:
        in_channels (int): Channels of the input.
        mid_channels (int): Channels of the 3x3 convolution. The output has four
            times as many; where that is not ``in_channels``, the shortcut is a
            projection.
    """

    expansion = 4

    def __init__(self, in_channels: int, mid_channels: int) -> None:
        super().__init__()
        out_channels = mid_channels * self.expansion
        self.conv1 = nn.Conv2d(in_channels, mid_channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(mid_channels)
        self.conv2 = nn.Conv2d(mid_channels, mid_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(mid_channels)
        self.conv3 = nn.Conv2d(mid_channels, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.shortcut = nn.Sequential()
        if in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, bias=False),
                nn.BatchNorm2d(out_channels),
            )

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, 4 * mid_channels, H, W)."""
        out = F.relu(self.bn1(self.conv1(x)))
        out = F.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return F.relu(out + self.shortcut(x))


class GlobalNet(nn.Module):
    """Feature pyramid whose finest level is the first heatmap.

    Every convolution has a bias; there is neither norm nor ReLU on this path.

    Args:
        in_channels (Sequence[int]): Channels of the levels, finest first.
        channels (int): Channels of the pyramid.
        out_channels (int): Number of key points K.
    """

    def __init__(self, in_channels, channels: int, out_channels: int) -> None:
        super().__init__()
        self.laterals = nn.ModuleList(
            nn.Conv2d(level_channels, channels, 1) for level_channels in in_channels
        )
        # One smoothing per level but the coarsest; the finest gives heatmaps.
        self.smooths = nn.ModuleList(
            nn.Conv2d(channels, channels if level else out_channels, 3, padding=1)
            for level in range(len(in_channels) - 1)
        )

    def forward(self, feats: tuple[Tensor, ...]) -> list[Tensor]:
        """Pyramid levels, finest first; the first is the heatmap (B, K, H, W)."""
        pyramid = [self.laterals[-1](feats[-1])]
        for level in reversed(range(len(feats) - 1)):
            size = feats[level].shape[2:]
            coarser = F.interpolate(
                pyramid[0], size=size, mode='bilinear', align_corners=False
            )
            merged = coarser + self.laterals[level](feats[level])
            pyramid.insert(0, self.smooths[level](merged))
        return pyramid


class RefineNet(nn.Module):
    """Brings the pyramid to the finest size, concatenates, and gives heatmaps.

    Level i passes bottlenecks (one for the finest level, then one, two, three)
    and, but for the finest, a transposed convolution of stride 2 ** i.

    Args:
        channels (int): Channels of the pyramid; a multiple of 4.
        out_channels (int): Number of key points K.
        num_levels (int): Number of levels.
    """

    def __init__(self, channels: int, out_channels: int, num_levels: int) -> None:
        super().__init__()
        mid_channels = channels // Bottleneck.expansion
        branches = [Bottleneck(out_channels, mid_channels)]
        for level in range(1, num_levels):
            stride = 2**level
            branches.append(
                nn.Sequential(
                    *(Bottleneck(channels, mid_channels) for _ in range(level)),
                    nn.ConvTranspose2d(
                        channels, channels, 2 * stride, stride, padding=stride // 2
                    ),
                )
            )
        self.branches = nn.ModuleList(branches)
        self.output = nn.Sequential(
            Bottleneck(num_levels * channels, mid_channels),
            nn.Conv2d(channels, out_channels, 1),
        )

    def forward(self, pyramid: list[Tensor]) -> Tensor:
        """Pyramid levels, finest first -> heatmaps (B, K, H, W)."""
        return self.pending(pyramid).dense()

    def pending(self, pyramid: list[Tensor]) -> PendingHeatmaps:
        """The same heatmaps, the last layer pending."""
        levels = [branch(level) for branch, level in zip(self.branches, pyramid)]
        bottleneck, layer = self.output
        return PendingHeatmaps(bottleneck(torch.cat(levels, dim=1)), layer)


@MODELS.register_module()
class CPNHead(PointHeadMixin, BaseHead):
    """Head of the `cascaded pyramid network`_, as in the `FashionAI CPN system`_.

    Works on any backbone with levels that halve in size, e.g. at strides 4, 8,
    16 and 32. Both heatmaps have the size of the finest level; predictions pass
    a ReLU before they are averaged over flips and decoded.

    Args:
        in_channels (Sequence[int]): Channels of the levels, finest first, e.g.
            (256, 512, 1024, 2048).
        out_channels (int): Number of key points K.
        channels (int): Channels of the pyramid, a multiple of 4. Defaults to 256.
        loss_global (dict): Loss of the global heatmaps, any key point loss.
            Defaults to :class:`VisibilityL1Loss`.
        loss_refined (dict): Loss of the refined heatmaps. Defaults to
            :class:`VisibilityL1Loss` over the hardest half of the key points.
        decoder (dict): A :class:`PointHeatmap`; required.
        states (dict, optional): As in :class:`PointHeatmapHead`, with a weight for
            heatmaps of height 100, such as 1. Defaults to None.
        init_cfg (dict, optional): By default PyTorch's initialisation, as
            published.

    Raises:
        TypeError: If ``decoder`` is not a :class:`PointHeatmap`.
        ValueError: If ``in_channels`` has fewer than two levels, or ``channels``
            is no multiple of 4.

    .. _`cascaded pyramid network`: https://arxiv.org/abs/1711.07319
    .. _`FashionAI CPN system`:
        https://github.com/gathierry/FashionAI-KeyPointsDetectionOfApparel
    """

    nonnegative = True

    def __init__(
        self,
        in_channels,
        out_channels: int,
        channels: int = 256,
        loss_global: dict | None = None,
        loss_refined: dict | None = None,
        decoder: dict | None = None,
        states: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if isinstance(in_channels, int) or len(in_channels) < 2:
            raise ValueError(
                'in_channels must list the channels of at least two levels, finest '
                f'first, got {in_channels!r}'
            )
        if channels % Bottleneck.expansion:
            raise ValueError(f'channels must be a multiple of 4, got {channels}')
        self.in_channels = tuple(in_channels)
        self.out_channels = check_out_channels(out_channels)
        self.global_net = GlobalNet(in_channels, channels, out_channels)
        self.refine_net = RefineNet(channels, out_channels, len(in_channels))
        self.loss_global = MODELS.build(loss_global or dict(type='VisibilityL1Loss'))
        self.loss_refined = MODELS.build(
            loss_refined or dict(type='VisibilityL1Loss', hard_fraction=0.5)
        )
        self.states = state_branch(states, in_channels[-1], out_channels)
        self.decoder = self.build_codec(decoder)

    def forward(self, feats: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        """Global and refined heatmaps, before any ReLU.

        Args:
            feats (tuple[Tensor]): Levels (B, C_i, H / 2**i, W / 2**i), finest
                first.

        Returns:
            tuple[Tensor, Tensor]: Two tensors of shape (B, K, H, W).

        Raises:
            ValueError: If the number of levels is not that of ``in_channels``.
        """
        return tuple(stage.dense() for stage in self._stages(feats))

    def stage_heatmaps(self, feats: tuple[Tensor, ...]) -> tuple[StageHeatmaps, ...]:
        """As :meth:`forward`, the last layer of the RefineNet pending.

        The RefineNet reads the global heatmaps, so these are computed in full.
        """
        return self._stages(feats)

    def _stages(self, feats: tuple[Tensor, ...]) -> tuple[StageHeatmaps, ...]:
        if len(feats) != len(self.in_channels):
            raise ValueError(
                f'CPNHead expects {len(self.in_channels)} feature levels, finest '
                f'first, got {len(feats)}; set out_indices of the backbone'
            )
        pyramid = self.global_net(feats)
        return StageHeatmaps(pyramid[0]), self.refine_net.pending(pyramid)

    def stage_losses(self) -> tuple[tuple[str, nn.Module], ...]:
        """GlobalNet's and RefineNet's."""
        return (
            ('loss_global', self.loss_global),
            ('loss_refined', self.loss_refined),
        )
