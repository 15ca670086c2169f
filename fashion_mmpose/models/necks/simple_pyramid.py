"""Levels of several strides out of one, for heads that need them over a plain ViT."""

from collections.abc import Sequence

from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class SimplePyramid(BaseModule):
    """Four levels from the last map of a backbone of one stride, as `ViTDet`_ has them.

    A plain vision transformer has one resolution. Its last map is widened by
    transposed convolutions, or narrowed by pooling, and each level gets a convolution
    of 1x1 and one of 3x3, both with group norm.

    Args:
        in_channels (int): Channels of the backbone's last map.
        out_channels (int): Channels of every level. Defaults to 256.
        scales (Sequence[float]): Size of each level in relation to the map, finest
            first: powers of two from 1/2 to 4. Defaults to (4, 2, 1, 0.5), which are
            the strides 4, 8, 16, 32 over a ViT with patches of 16 pixels.
        init_cfg (dict | list[dict], optional): As in MMEngine.

    Raises:
        ValueError: If a scale is none of 4, 2, 1 and 0.5, or they do not fall.

    .. _`ViTDet`: https://arxiv.org/abs/2203.16527
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 256,
        scales: Sequence[float] = (4, 2, 1, 0.5),
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        scales = tuple(scales)
        if not set(scales) <= {4, 2, 1, 0.5} or sorted(scales, reverse=True) != [
            *dict.fromkeys(scales)
        ]:
            raise ValueError(
                f'scales must fall and be some of 4, 2, 1 and 0.5, got {scales}'
            )
        self.levels = nn.ModuleList(
            nn.Sequential(
                *_resized(in_channels, scale),
                nn.Conv2d(
                    _channels_at(in_channels, scale), out_channels, 1, bias=False
                ),
                nn.GroupNorm(1, out_channels),
                nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
                nn.GroupNorm(1, out_channels),
            )
            for scale in scales
        )

    def forward(self, feats: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Levels of a map.

        Args:
            feats (Sequence[Tensor]): Of which the last, (B, C, H, W), is read.

        Returns:
            tuple[Tensor]: Of each scale s, (B, ``out_channels``, s H, s W).
        """
        return tuple(level(feats[-1]) for level in self.levels)


def _channels_at(channels: int, scale: float) -> int:
    """Channels after the map was resized: halved with each doubling."""
    return channels if scale <= 1 else int(channels / scale)


def _resized(channels: int, scale: float) -> list[nn.Module]:
    if scale == 0.5:
        return [nn.MaxPool2d(2)]
    if scale == 1:
        return []
    steps: list[nn.Module] = [nn.ConvTranspose2d(channels, channels // 2, 2, stride=2)]
    if scale == 4:
        half = channels // 2
        steps += [nn.GroupNorm(1, half), nn.GELU()]
        steps.append(nn.ConvTranspose2d(half, half // 2, 2, stride=2))
    return steps
