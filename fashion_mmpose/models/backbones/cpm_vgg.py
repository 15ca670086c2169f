"""Feature extractor of the FashionAI CPM system."""

from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn

# Convolutions of each block as (width in units of base_channels, number); a pooling
# of stride 2 lies between two blocks.
BLOCKS = ((1, 2), (2, 2), (4, 4), (8, 6))

KAIMING = dict(type='Kaiming', layer='Conv2d', mode='fan_in')


@MODELS.register_module()
class CPMVGG(BaseModule):
    """The first convolutions of VGG, at an eighth of the input's size.

    3x3 convolutions with ReLU and "same" padding: 64 (twice), pooling, 128 (twice),
    pooling, 256 (four times), pooling, 512 (six times), and one that gives the
    features. The feature extractor of the `convolutional pose machine`_ in the
    FashionAI CPM system; there is no normalisation layer.

    Args:
        in_channels (int): Channels of the input. Defaults to 3.
        base_channels (int): Channels of the first block; the others have 2, 4 and
            8 times as many. Defaults to 64.
        out_channels (int): Channels of the features. Defaults to 128.
        init_cfg (dict, optional): Defaults to Kaiming's initialisation with zero
            biases. PyTorch's own, and the published one of Glorot, let the signal
            fade over this many layers without normalisation.

    .. _`convolutional pose machine`: https://arxiv.org/abs/1602.00134
    """

    def __init__(
        self,
        in_channels: int = 3,
        base_channels: int = 64,
        out_channels: int = 128,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg or KAIMING)
        blocks = []
        channels = in_channels
        for width, depth in BLOCKS:
            layers = []
            for _ in range(depth):
                layers += conv_relu(channels, width * base_channels, 3)
                channels = width * base_channels
            blocks.append(nn.Sequential(*layers))
        self.blocks = nn.ModuleList(blocks)
        self.pool = nn.MaxPool2d(2)
        self.output = nn.Sequential(*conv_relu(channels, out_channels, 3))

    def forward(self, x: Tensor) -> tuple[Tensor]:
        """(B, in_channels, H, W) -> one level (B, out_channels, H / 8, W / 8)."""
        for index, block in enumerate(self.blocks):
            x = block(self.pool(x) if index else x)
        return (self.output(x),)


def conv_relu(in_channels: int, out_channels: int, kernel_size: int) -> list[nn.Module]:
    """A convolution that keeps the size, and a ReLU."""
    conv = nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2)
    return [conv, nn.ReLU(inplace=True)]
