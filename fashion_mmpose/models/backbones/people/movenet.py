"""Features of MoveNet, a network that knows the joints of people in photographs."""

import os

import torch
from mmengine.logging import print_log
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional

from .layers import Block, Convolution
from .movenet_weights import movenet_weights

# Widening, channels, blocks and first stride of the stages of MobileNetV2.
_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
_PYRAMID = (64, 32, 24)  # channels at strides 16, 8 and 4
_LATERALS = (9, 5, 2)  # blocks whose output enters the pyramid, at the same strides
_HIDDEN = 96
_JOINTS = 17
WIDTHS = dict(lightning=1.0, thunder=1.75)


@MODELS.register_module()
class MoveNetFeatures(BaseModule):
    """Feature levels of MoveNet_, whose joints it finds in photographs of people.

    A MobileNetV2 with a pyramid, the feature extractor of a CenterNet for 17 joints,
    which Google trained on photographs and published under the Apache License 2.0.
    Shoulders, elbows, wrists and hips say where a garment's landmarks may be, also
    where nobody wears it: it takes hanging sleeves for arms. Pictures should be RGB in
    [-1, 1].

    The levels, finest first: at stride 4 the pyramid, the features of the joints and
    their heatmaps, 24 + 96 + 17 channels; at strides 8 and 16 the pyramid, 24 and 32;
    at stride 32 the last block, 320 (thunder: 560).

    Args:
        variant (str): ``'lightning'`` (2.3 million parameters) or ``'thunder'`` (6.2
            million). Defaults to 'lightning'.
        pretrained (str, optional): The published network as a TensorFlow.js graph
            model, a ``.json`` file. It is read when a training starts
            (:meth:`init_weights`), never while the network is built. None for random
            weights. Defaults to None.
        frozen (bool): Whether it stays as it is in training. Defaults to True.
        init_cfg (dict | list[dict], optional): As in MMEngine.

    Raises:
        ValueError: If there is no such variant.

    .. _MoveNet: https://www.tensorflow.org/hub/tutorials/movenet
    """

    strides = (4, 8, 16, 32)

    def __init__(
        self,
        variant: str = 'lightning',
        pretrained: str | os.PathLike | None = None,
        frozen: bool = True,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if variant not in WIDTHS:
            raise ValueError(f'variant must be one of {list(WIDTHS)}, got {variant!r}')
        self.variant = variant
        self.pretrained = pretrained
        width = WIDTHS[variant]
        channels = _scaled(32, width)
        self.stem = Convolution(3, channels, 3, stride=2)
        blocks = []
        for widening, wanted, count, stride in _STAGES:
            for index in range(count):
                out = _scaled(wanted, width)
                first = stride if index == 0 else 1
                blocks.append(Block(channels, out, widening, first))
                channels = out
        self.blocks = nn.ModuleList(blocks)
        self.last = Convolution(channels, 1280)
        self.top = nn.Conv2d(1280, _PYRAMID[0], 1)
        self.laterals = nn.ModuleList(
            nn.Conv2d(blocks[block].out_channels, out, 1)
            for block, out in zip(_LATERALS, _PYRAMID)
        )
        finer = (*_PYRAMID[1:], _PYRAMID[-1])
        self.merges = nn.ModuleList(map(Separable, _PYRAMID, finer))
        self.hidden = Separable(_PYRAMID[-1], _HIDDEN)
        self.maps = nn.Conv2d(_HIDDEN, _JOINTS, 1)
        finest = _PYRAMID[-1] + _HIDDEN + _JOINTS
        self.channels = (finest, finer[1], finer[0], channels)
        self.frozen = frozen
        if frozen:
            self.requires_grad_(False)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Feature levels.

        Args:
            x (Tensor): Pictures, shape (B, 3, H, W), RGB in [-1, 1].

        Returns:
            tuple[Tensor]: Levels (B, C_i, H / stride_i, W / stride_i), finest first.
        """
        x = self.stem(x)
        inner = []
        for block in self.blocks:
            x = block(x)
            inner.append(x)
        pyramid = [self.top(self.last(x))]
        for block, lateral, merge in zip(_LATERALS, self.laterals, self.merges):
            finer = lateral(inner[block])
            coarser = functional.interpolate(
                pyramid[-1], finer.shape[-2:], mode='bilinear', align_corners=False
            )
            pyramid.append(merge(coarser + finer))
        hidden = self.hidden(pyramid[-1])
        finest = torch.cat([pyramid[-1], hidden, self.maps(hidden).sigmoid()], dim=1)
        return finest, pyramid[-2], pyramid[-3], x

    def init_weights(self) -> None:
        """Load the published weights, if they are given.

        Raises:
            FileNotFoundError: If a file is missing.
            FormatError: If the files do not hold this network's weights.
        """
        first_time = not self.is_init
        super().init_weights()  # warns if it is not the first time
        if self.pretrained and first_time:
            print_log(f'load MoveNet from: {self.pretrained}', logger='current')
            weights = movenet_weights(self.pretrained, self.state_dict())
            self.load_state_dict(weights)


class Separable(nn.Module):
    """A depthwise convolution of 3x3, a pointwise one and ReLU.

    Args:
        in_channels (int): Channels in.
        out_channels (int): Channels out.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(
            in_channels, in_channels, 3, padding=1, groups=in_channels, bias=False
        )
        self.pointwise = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) to (B, out_channels, H, W)."""
        return self.pointwise(self.depthwise(x)).relu()


def _scaled(channels: int, width: float) -> int:
    """The nearest multiple of 8, not less than nine tenths, as MobileNetV2 has it."""
    wanted = channels * width
    nearest = max(8, int(wanted + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * wanted else nearest + 8
