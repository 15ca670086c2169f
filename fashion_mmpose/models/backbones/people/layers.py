"""Layers of networks that TensorFlow has trained."""

from collections.abc import Callable

from mmcv.cnn.bricks import Conv2dAdaptivePadding
from torch import Tensor, nn

Activation = Callable[[Tensor], Tensor]
relu6 = nn.ReLU6(inplace=True)


class Convolution(nn.Module):
    """A convolution as TensorFlow pads it, and what follows it.

    Args:
        in_channels (int): Channels in.
        out_channels (int): Channels out.
        size (int): Side of the kernel. Defaults to 1.
        stride (int): Defaults to 1.
        groups (int): Defaults to 1.
        activation (Callable, optional): What follows, in place where it can. Defaults
            to ReLU6.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        size: int = 1,
        stride: int = 1,
        groups: int = 1,
        activation: Activation | None = relu6,
    ) -> None:
        super().__init__()
        # At a stride of 1 TensorFlow pads both sides alike, which costs no copy.
        layer = nn.Conv2d if stride == 1 else Conv2dAdaptivePadding
        self.conv = layer(
            in_channels, out_channels, size, stride, size // 2, groups=groups
        )
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) to (B, out_channels, ceil(H / s), ceil(W / s))."""
        x = self.conv(x)
        return x if self.activation is None else self.activation(x)


class Block(nn.Module):
    """An inverted residual block of MobileNetV2.

    Args:
        in_channels (int): Channels in.
        out_channels (int): Channels out.
        widening (int): So many times the channels are inside; 1 for no first layer.
        stride (int): Of the block.
        activation (Callable): Of its inner layers. Defaults to ReLU6.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        widening: int,
        stride: int,
        activation: Activation = relu6,
    ) -> None:
        super().__init__()
        inside = in_channels * widening
        self.out_channels = out_channels
        inner = dict(activation=activation)
        self.expand = (
            Convolution(in_channels, inside, **inner) if widening > 1 else None
        )
        self.depthwise = Convolution(inside, inside, 3, stride, groups=inside, **inner)
        self.project = Convolution(inside, out_channels, activation=None)
        self.residual = stride == 1 and in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) to (B, out_channels, H / stride, W / stride)."""
        inside = x if self.expand is None else self.expand(x)
        out = self.project(self.depthwise(inside))
        return x + out if self.residual else out
