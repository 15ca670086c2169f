"""The published networks in plain PyTorch, with the names of their own checkpoints.

Written from their descriptions and independent of the package, for tests that convert
weights. Widths and depths are arguments; the defaults are the published ones.
"""

import timm
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models.resnet import Bottleneck as ResNetBottleneck


def randomize(network, seed=0):
    """Random weights that keep the signal's size, and random statistics."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if name.endswith('running_var'):
                value.copy_(torch.rand(value.shape, generator=generator) + 0.5)
            elif name.endswith('num_batches_tracked'):
                value.fill_(7)
            elif value.ndim == 4:
                gain = (2 / value[0].numel()) ** 0.5
                value.copy_(torch.randn(value.shape, generator=generator) * gain)
            else:  # biases, means, and the factors of normalisation layers
                factor = name.endswith('weight')
                noise = torch.randn(value.shape, generator=generator)
                value.copy_(0.2 * noise + factor)
    return network.eval()


# ---- the CPN system -------------------------------------------------------------


class Bottleneck(nn.Module):
    def __init__(self, channels, mid, expanded):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, mid, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(mid)
        self.conv2 = nn.Conv2d(mid, mid, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(mid)
        self.conv3 = nn.Conv2d(mid, expanded, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(expanded)
        self.shortcut = nn.Sequential()
        if channels != expanded:
            self.shortcut.append(nn.Conv2d(channels, expanded, 1, bias=False))
            self.shortcut.append(nn.BatchNorm2d(expanded))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        return F.relu(self.bn3(self.conv3(y)) + self.shortcut(x))


class GlobalNet(nn.Module):
    def __init__(self, widths, channels, num_keypoints):
        super().__init__()
        c2, c3, c4, c5 = widths
        self.latlayer1 = nn.Conv2d(c5, channels, 1)
        self.latlayer2 = nn.Conv2d(c4, channels, 1)
        self.latlayer3 = nn.Conv2d(c3, channels, 1)
        self.latlayer4 = nn.Conv2d(c2, channels, 1)
        self.toplayer1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.toplayer2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.toplayer3 = nn.Conv2d(channels, num_keypoints, 3, padding=1)

    def stem(self, x):
        raise NotImplementedError

    def forward(self, x):
        c2 = self.layer1(self.stem(x))
        c3 = self.layer2(c2)
        c4 = self.layer3(c3)
        c5 = self.layer4(c4)
        p5 = self.latlayer1(c5)
        p4 = self.toplayer1(twice(p5) + self.latlayer2(c4))
        p3 = self.toplayer2(twice(p4) + self.latlayer3(c3))
        p2 = self.toplayer3(twice(p3) + self.latlayer4(c2))
        return p2, p3, p4, p5


def twice(x):
    return F.interpolate(x, scale_factor=2, mode='bilinear', align_corners=False)


class ResNetGlobalNet(GlobalNet):
    """GlobalNet on torchvision's ResNet."""

    def __init__(self, num_keypoints, depths, width, channels):
        widths = [4 * width * 2**level for level in range(4)]
        super().__init__(widths, channels, num_keypoints)
        self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        previous = width
        for level, depth in enumerate(depths):
            planes, stride = width * 2**level, 2 if level else 1
            downsample = nn.Sequential(
                nn.Conv2d(previous, 4 * planes, 1, stride=stride, bias=False),
                nn.BatchNorm2d(4 * planes),
            )
            previous_blocks = [
                ResNetBottleneck(previous, planes, stride, downsample),
                *(ResNetBottleneck(4 * planes, planes) for _ in range(depth - 1)),
            ]
            setattr(self, f'layer{level + 1}', nn.Sequential(*previous_blocks))
            previous = 4 * planes

    def stem(self, x):
        return F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, stride=2, padding=1)


class SENetGlobalNet(GlobalNet):
    """GlobalNet on SENet-154, whose blocks timm kept as they were."""

    def __init__(self, num_keypoints, depths, channels):
        super().__init__([256, 512, 1024, 2048], channels, num_keypoints)
        network = timm.create_model('legacy_senet154', layers=depths)
        for level in range(5):
            setattr(self, f'layer{level}', getattr(network, f'layer{level}'))

    def stem(self, x):
        return F.max_pool2d(self.layer0(x), 3, stride=2, ceil_mode=True)


class RefineNet(nn.Module):
    def __init__(self, num_keypoints, channels):
        super().__init__()

        def bottleneck(inputs):
            return Bottleneck(inputs, channels // 4, channels)

        def deconvolution(stride):
            return nn.ConvTranspose2d(
                channels, channels, 2 * stride, stride=stride, padding=stride // 2
            )

        self.bottleneck2 = bottleneck(num_keypoints)
        self.bottleneck3 = nn.Sequential(bottleneck(channels), deconvolution(2))
        self.bottleneck4 = nn.Sequential(
            bottleneck(channels), bottleneck(channels), deconvolution(4)
        )
        self.bottleneck5 = nn.Sequential(
            bottleneck(channels),
            bottleneck(channels),
            bottleneck(channels),
            deconvolution(8),
        )
        self.output = nn.Sequential(
            bottleneck(4 * channels), nn.Conv2d(channels, num_keypoints, 1)
        )

    def forward(self, p2, p3, p4, p5):
        levels = (
            self.bottleneck2(p2),
            self.bottleneck3(p3),
            self.bottleneck4(p4),
            self.bottleneck5(p5),
        )
        return self.output(torch.cat(levels, dim=1))


class SourceCPN(nn.Module):
    """The FashionAI CPN system's network; gives the global and the refined maps."""

    def __init__(self, global_net, num_keypoints, channels):
        super().__init__()
        self.global_net = global_net
        self.refine_net = RefineNet(num_keypoints, channels)

    def forward(self, x):
        levels = self.global_net(x)
        return levels[0], self.refine_net(*levels)


def resnet_cpn(num_keypoints=13, depths=(3, 8, 36, 3), width=64, channels=256):
    trunk = ResNetGlobalNet(num_keypoints, depths, width, channels)
    return SourceCPN(trunk, num_keypoints, channels)


def senet_cpn(num_keypoints=13, depths=(3, 8, 36, 3), channels=256):
    trunk = SENetGlobalNet(num_keypoints, depths, channels)
    return SourceCPN(trunk, num_keypoints, channels)


# ---- HRNet ----------------------------------------------------------------------


def conv_bn(inputs, outputs, size, stride=1, relu=False):
    layers = [
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, *([nn.ReLU()] if relu else []))


class BasicBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + x)


class HRModule(nn.Module):
    """Parallel branches, and every output as the sum of all of them."""

    def __init__(self, widths, num_blocks, num_outputs):
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(*(BasicBlock(width) for _ in range(num_blocks)))
            for width in widths
        )
        self.fuse_layers = nn.ModuleList(
            nn.ModuleList(self.fusion(widths, i, j) for j in range(len(widths)))
            for i in range(num_outputs)
        )

    @staticmethod
    def fusion(widths, i, j):
        if j == i:
            return None
        if j > i:
            up = nn.Upsample(scale_factor=2 ** (j - i), mode='nearest')
            return nn.Sequential(*conv_bn(widths[j], widths[i], 1), up)
        steps = [conv_bn(widths[j], widths[j], 3, 2, True) for _ in range(i - j - 1)]
        return nn.Sequential(*steps, conv_bn(widths[j], widths[i], 3, 2))

    def forward(self, xs):
        xs = [branch(x) for branch, x in zip(self.branches, xs)]
        return [
            F.relu(sum(x if layer is None else layer(x) for layer, x in zip(row, xs)))
            for row in self.fuse_layers
        ]


class SourceHRNet(nn.Module):
    """The original HRNet with the final layer that gives heatmaps."""

    def __init__(
        self,
        num_keypoints=294,
        widths=(48, 96, 192, 384),
        num_modules=(1, 4, 3),
        num_blocks=4,
    ):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.conv2 = nn.Conv2d(64, 64, 3, stride=2, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(64)
        first = ResNetBottleneck(64, 64, 1, conv_bn(64, 256, 1))
        self.layer1 = nn.Sequential(
            first, *(ResNetBottleneck(256, 64) for _ in range(3))
        )
        self.transition1 = nn.ModuleList(
            [
                conv_bn(256, widths[0], 3, relu=True),
                nn.Sequential(conv_bn(256, widths[1], 3, 2, True)),
            ]
        )
        for stage in (3, 4):
            new = nn.Sequential(
                conv_bn(widths[stage - 2], widths[stage - 1], 3, 2, True)
            )
            transition = nn.ModuleList([*[None] * (stage - 1), new])
            setattr(self, f'transition{stage - 1}', transition)
        for stage, number in zip((2, 3, 4), num_modules):
            outputs = [stage] * number
            if stage == 4:
                outputs[-1] = 1
            modules = (HRModule(widths[:stage], num_blocks, each) for each in outputs)
            setattr(self, f'stage{stage}', nn.Sequential(*modules))
        self.final_layer = nn.Conv2d(widths[0], num_keypoints, 1)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer1(F.relu(self.bn2(self.conv2(x))))
        xs = [transition(x) for transition in self.transition1]
        xs = self.stage2(xs)
        xs = self.stage3([*xs, self.transition2[2](xs[-1])])
        xs = self.stage4([*xs, self.transition3[3](xs[-1])])
        return self.final_layer(xs[0])


# ---- CPM, by the variables of its TensorFlow checkpoints ------------------------

# 3x3 convolutions of the features by their widths; None is a pooling.
CPM_FEATURES = (64, 64, None, 128, 128, None, *[256] * 4, None, *[512] * 6, 128)


def cpm_variables(
    num_keypoints=13, features=CPM_FEATURES, stem=512, channels=128, stages=6, seed=0
):
    """Random variables by TensorFlow's names; kernels are (H, W, in, out)."""
    generator = torch.Generator().manual_seed(seed)
    variables = {}
    number = 0

    def add(size, inputs, outputs, stage=None):
        nonlocal number
        name = f'stage_{stage}' if stage else f'conv2d_{number}' if number else 'conv2d'
        number += not stage
        gain = (2 / (size * size * inputs)) ** 0.5
        kernel = torch.randn(size, size, inputs, outputs, generator=generator) * gain
        bias = 0.1 * torch.randn(outputs, generator=generator)
        variables[f'{name}/kernel'] = kernel.numpy()
        variables[f'{name}/bias'] = bias.numpy()
        return outputs

    width = 3
    for outputs in features:
        width = width if outputs is None else add(3, width, outputs)
    maps = add(1, add(1, width, stem), num_keypoints + 1, stage=1)
    for stage in range(2, stages + 1):
        inner = maps + width
        for _ in range(5):
            inner = add(7, inner, channels)
        maps = add(1, add(1, inner, channels), num_keypoints + 1, stage=stage)
    return variables


def cpm_heatmaps(variables, x, features=CPM_FEATURES, stages=6):
    """The maps (B, K + 1, H / 8, W / 8) of all stages."""
    numbers = iter(range(len(variables)))

    def layer(x, name=None):
        number = None if name else next(numbers)
        name = name or (f'conv2d_{number}' if number else 'conv2d')
        kernel = torch.from_numpy(variables[f'{name}/kernel']).permute(3, 2, 0, 1)
        bias = torch.from_numpy(variables[f'{name}/bias'])
        return F.conv2d(x, kernel, bias, padding=kernel.shape[-1] // 2)

    for outputs in features:
        x = F.max_pool2d(x, 2) if outputs is None else F.relu(layer(x))
    maps = [layer(F.relu(layer(x)), 'stage_1')]
    for stage in range(2, stages + 1):
        y = torch.cat((maps[-1], x), dim=1)
        for _ in range(6):  # five of 7x7, one of 1x1
            y = F.relu(layer(y))
        maps.append(layer(y, f'stage_{stage}'))
    return maps
