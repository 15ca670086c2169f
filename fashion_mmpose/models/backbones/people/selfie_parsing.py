"""A network that tells hair, skin and clothes in photographs of people."""

import os

import torch
from mmengine.logging import print_log
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional

from .layers import Block, Convolution
from .selfie_weights import selfie_weights

NUM_CLASSES = 6  # background, hair, body skin, face skin, clothes, others
_WIDENING = 6
_PATCH = 4  # cells of the mixers
_PYRAMID = 64  # channels of all levels
_STRIDE = 16 * _PATCH  # sides must be multiples of it


@MODELS.register_module()
class SelfieParsing(BaseModule):
    """Google's *selfie multiclass* segmenter_, which parses people in photographs.

    Its classes are background, hair, body skin, face skin, clothes and others: what
    people carry and wear besides. Inverted residual blocks with two mixers, of which
    each has layers of separable self-attention between patches as MobileViTv2_ has
    them, and a feature pyramid. Google trained it on photographs and published it under
    the Apache License 2.0. Whole figures work as well as portraits.

    Args:
        pretrained (str, optional): The published network, a ``.tflite`` file. It is
            read when a training starts (:meth:`init_weights`), never while the network
            is built. None for random weights. Defaults to None.
        init_cfg (dict | list[dict], optional): As in MMEngine.

    .. _segmenter: https://ai.google.dev/edge/mediapipe/solutions/vision/image_segmenter
    .. _MobileViTv2: https://arxiv.org/abs/2206.02680
    """

    num_classes = NUM_CLASSES
    stride = _STRIDE  # sides of pictures are multiples of it

    def __init__(
        self,
        pretrained: str | os.PathLike | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.pretrained = pretrained
        self.stem = _relu(3, 16, 3, 2)
        # Blocks before each level of the pyramid.
        self.stages = nn.ModuleList(
            [
                nn.Sequential(),
                nn.Sequential(_block(16, 64, 1), _block(64, 128, 2), _block(128, 128)),
                nn.Sequential(_block(128, 256, 2), Mixer(256, 128, 2)),
                nn.Sequential(_block(256, 384, 2), Mixer(384, 192, 4)),
            ]
        )
        self.laterals = nn.ModuleList(
            _pair(channels, _PYRAMID, 1) for channels in (16, 128, 256, 384)
        )
        self.levels = nn.ModuleList(_pair(_PYRAMID, _PYRAMID, 3) for _ in range(4))
        self.head = nn.Sequential(
            _pair(_PYRAMID, 32, 3, True), *(_pair(32, 32, 3, True) for _ in range(4))
        )
        self.enlarge = nn.ConvTranspose2d(32, 32, 2, 2)
        self.classify = nn.Conv2d(32, NUM_CLASSES, 1)
        self.requires_grad_(False)

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """Probabilities of the classes.

        Args:
            x (Tensor): Pictures, shape (B, 3, H, W), RGB in [0, 1]. It was trained at
                256x256.

        Returns:
            Tensor: Shape (B, 6, H, W).

        Raises:
            ValueError: If a side is no multiple of 64.
        """
        height, width = x.shape[-2:]
        if height % _STRIDE or width % _STRIDE:
            raise ValueError(
                f'pictures of {width}x{height} cannot be parsed; to fix it: let the '
                f'sides of input_size be multiples of {_STRIDE}'
            )
        x = self.stem(x)
        laterals = []
        for stage, lateral in zip(self.stages, self.laterals):
            x = stage(x)
            laterals.append(lateral(x))
        size = laterals[0].shape[-2:]
        level, joined = laterals.pop(), 0
        for number in reversed(range(len(self.levels))):
            refined = self.levels[number](level)
            joined = joined + functional.interpolate(
                refined, size, mode='bilinear', align_corners=False
            )
            if laterals:
                level = functional.interpolate(level, scale_factor=2.0)
                level = level + laterals.pop()
        return self.classify(self.enlarge(self.head(joined))).softmax(1)

    def init_weights(self) -> None:
        """Load the published weights, if they are given.

        Raises:
            FileNotFoundError: If the file is missing.
            FormatError: If it does not hold this network's weights.
            ImportError: If the package ``tflite`` is missing.
        """
        first_time = not self.is_init
        super().init_weights()  # warns if it is not the first time
        if self.pretrained and first_time:
            if not os.path.exists(self.pretrained):
                raise FileNotFoundError(
                    f'the weights of the parser, {self.pretrained}, are missing; to '
                    'fix it: get them as docs/networks.md says, or, to go on from a '
                    'checkpoint that has them, set pretrained=None'
                )
            print_log(f'load the parser from: {self.pretrained}', logger='current')
            self.load_state_dict(selfie_weights(self.pretrained, self.state_dict()))


class Mixer(nn.Module):
    """Layers of attention between patches.

    Args:
        channels (int): Channels in and out.
        inside (int): Channels of the layers.
        depth (int): Number of layers.
    """

    def __init__(self, channels: int, inside: int, depth: int) -> None:
        super().__init__()
        self.enter = nn.Sequential(_relu(channels, inside, 3), _relu(inside, inside))
        self.layers = nn.Sequential(*(Attention(inside) for _ in range(depth)))
        self.leave = _linear(inside, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, H, W) to the same shape; sides are multiples of 4."""
        return self.leave(self.layers(self.enter(x)))


class Attention(nn.Module):
    """Separable self-attention beside two pointwise layers, both added to the input.

    Each of the 16 cells of a patch looks at the same cell of all patches.

    Args:
        channels (int): Channels in and out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels))
        self.offset = nn.Parameter(torch.zeros(channels))
        self.mix = nn.Sequential(
            _linear(channels, 2 * channels), _linear(2 * channels, channels)
        )
        self.query = _linear(channels, 1)
        self.key = _linear(channels, channels)
        self.value = _relu(channels, channels)
        self.out = _linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, H, W) to the same shape; sides are multiples of 4."""
        height, width = x.shape[-2:]
        normed = x * self.scale[:, None, None] + self.offset[:, None, None]
        attention = _patches(self.query(normed)).softmax(2)
        context = (_patches(self.key(normed)) * attention).sum(2)
        context = context.repeat(1, 1, height // _PATCH, width // _PATCH)
        return self.mix(normed) + self.out(self.value(normed) * context) + x


def _patches(x: Tensor) -> Tensor:
    """(B, C, H, W) to (B, C, patches, 4, 4)."""
    height, width = x.shape[-2:]
    x = x.unflatten(3, (width // _PATCH, _PATCH))
    x = x.unflatten(2, (height // _PATCH, _PATCH))
    return x.transpose(3, 4).flatten(2, 3)


def _relu(given: int, out: int, size: int = 1, stride: int = 1, groups: int = 1):
    return Convolution(given, out, size, stride, groups, functional.relu)


def _linear(given: int, out: int, size: int = 1, groups: int = 1) -> Convolution:
    return Convolution(given, out, size, groups=groups, activation=None)


def _block(given: int, out: int, stride: int = 1) -> Block:
    return Block(given, out, _WIDENING, stride, functional.relu)


def _pair(given: int, out: int, size: int, active: bool = False) -> nn.Sequential:
    """A depthwise convolution and a pointwise one."""
    if active:
        return nn.Sequential(_relu(given, given, size, 1, given), _relu(given, out))
    return nn.Sequential(_linear(given, given, size, given), _linear(given, out))
