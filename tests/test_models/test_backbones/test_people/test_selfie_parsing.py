"""The parser of people, and the published file that it is read from."""

import numpy as np
import pytest
import torch
from lite_model_file import lite_model
from mmpose.registry import MODELS
from torch.nn import functional

import fashion_mmpose.plugin  # noqa: F401
from fashion_mmpose.errors import FormatError

pytestmark = pytest.mark.slow


class Graph:
    """The published graph, operator by operator, with random weights.

    ``operators`` are the constants that its file holds; pictures run through it as the
    operators of TensorFlow Lite do, channels last.
    """

    def __init__(self):
        self.rng = np.random.default_rng(0)
        self.operators = []
        self.known = None

    def numbers(self, *shapes):
        """Constants of the next operator."""
        if self.known is not None:
            return [torch.from_numpy(each) for each in next(self.known)]
        made = []
        for shape in shapes:
            spread = 0.2
            if len(shape) == 4:
                fan = np.prod(shape[1:3]) * (shape[3] if shape[0] > 1 else 1)
                spread = (1.5 / fan) ** 0.5
            made.append(self.rng.normal(0, spread, shape).astype(np.float32))
        self.operators.append([None, *made])
        return [torch.from_numpy(each) for each in made]

    def conv(self, x, out, size=1, stride=1, depthwise=False):
        channels = x.shape[3]
        shape = (1, size, size, channels) if depthwise else (out, size, size, channels)
        kernel, bias = self.numbers(shape, (out,))
        axes = (3, 0, 1, 2) if depthwise else (0, 3, 1, 2)
        x = x.permute(0, 3, 1, 2)
        if size == 3:  # 'SAME'
            x = functional.pad(x, (0, 1, 0, 1) if stride == 2 else (1, 1, 1, 1))
        x = functional.conv2d(
            x, kernel.permute(axes), bias, stride, groups=channels if depthwise else 1
        )
        return x.permute(0, 2, 3, 1)

    def pair(self, x, out, size, relu=False):
        x = self.conv(x, x.shape[3], size, depthwise=True)
        x = self.conv(x.relu() if relu else x, out)
        return x.relu() if relu else x

    def block(self, x, out, stride=1):
        inside = 6 * x.shape[3]
        y = self.conv(x, inside).relu()
        y = self.conv(self.conv(y, inside, 3, stride, True).relu(), out)
        return x + y if x.shape == y.shape else y

    def attention(self, x):
        channels = x.shape[3]
        (scale,) = self.numbers((channels,))
        (offset,) = self.numbers((channels,))
        normed = x * scale + offset
        mixed = self.conv(self.conv(normed, 2 * channels), channels)
        weights = self.conv(normed, 1).softmax(2)
        context = (self.conv(normed, channels) * weights).sum(2, keepdim=True)
        seen = self.conv(normed, channels).relu() * context
        return mixed + (self.conv(seen, channels) + x)

    def mixer(self, x, inside, depth):
        out = x.shape[3]
        x = self.conv(self.conv(x, inside, 3).relu(), inside).relu()
        batch, height, width, _ = x.shape
        # (B, cells of a patch, patches, C), by the graph's reshapes and transpositions.
        x = x.reshape(batch * height // 4, 4, width // 4, 4 * inside).transpose(1, 2)
        x = x.reshape(batch, height * width // 16, 16, inside).transpose(1, 2)
        for _ in range(depth):
            x = self.attention(x)
        x = x.transpose(1, 2).reshape(batch * height // 4, width // 4, 4, 4 * inside)
        x = x.transpose(1, 2).reshape(batch, height, width, inside)
        return self.conv(x, out)

    def resized(self, x, size, mode):
        more = {} if mode == 'nearest' else dict(align_corners=False)
        x = functional.interpolate(x.permute(0, 3, 1, 2), size, mode=mode, **more)
        return x.permute(0, 2, 3, 1)

    def __call__(self, x):
        """Pictures (B, 3, H, W) to probabilities (B, 6, H, W)."""
        x = self.conv(x.permute(0, 2, 3, 1), 16, 3, 2).relu()
        laterals = [self.pair(x, 64, 1)]
        x = self.block(self.block(self.block(x, 64), 128, 2), 128)
        laterals.append(self.pair(x, 64, 1))
        x = self.mixer(self.block(x, 256, 2), 128, 2)
        laterals.append(self.pair(x, 64, 1))
        x = self.mixer(self.block(x, 384, 2), 192, 4)
        level = self.pair(x, 64, 1)
        size = laterals[0].shape[1:3]
        total = self.resized(self.pair(level, 64, 3), size, 'bilinear')
        for lateral in reversed(laterals):
            level = self.resized(level, lateral.shape[1:3], 'nearest') + lateral
            total = total + self.resized(self.pair(level, 64, 3), size, 'bilinear')
        for _ in range(5):
            total = self.pair(total, 32, 3, relu=True)
        kernel, bias = self.numbers((32, 2, 2, 32), (32,))
        x = functional.conv_transpose2d(
            total.permute(0, 3, 1, 2), kernel.permute(3, 0, 1, 2), bias, 2
        )
        return self.conv(x.permute(0, 2, 3, 1), 6).softmax(3).permute(0, 3, 1, 2)


@pytest.fixture(scope='module')
def graph():
    graph = Graph()
    graph(torch.rand(1, 3, 64, 64))
    return graph


def written(folder, operators):
    path = folder / 'selfie.tflite'
    path.write_bytes(lite_model(operators))
    return str(path)


def build(pretrained=None):
    return MODELS.build(dict(type='SelfieParsing', pretrained=pretrained))


def test_published_weights_give_the_published_graph(tmp_path, graph):
    network = build(written(tmp_path, graph.operators)).eval()
    network.init_weights()
    torch.manual_seed(0)
    x = torch.rand(2, 3, 128, 192)
    graph.known = iter([constants[1:] for constants in graph.operators])
    expected = graph(x)
    graph.known = None
    assert expected.std() > 0.02
    parsed = network(x)
    assert parsed.shape == (2, 6, 128, 192)
    torch.testing.assert_close(parsed, expected, rtol=1e-3, atol=1e-4)


def test_as_many_weights_as_published():
    assert sum(each.numel() for each in build().parameters()) == 4_070_476


def test_files_of_other_networks(tmp_path, graph):
    first, *others = graph.operators
    wrong = [None, np.zeros((16, 5, 5, 3), np.float32), first[2]]
    for operators in ([wrong, *others], others, [*graph.operators, first]):
        network = build(written(tmp_path, operators))
        with pytest.raises(FormatError, match='does not hold the weights of this netw'):
            network.init_weights()


def test_a_file_that_is_missing(tmp_path):
    network = build(str(tmp_path / 'selfie.tflite'))
    with pytest.raises(
        FileNotFoundError, match='selfie.tflite, are missing; to fix it'
    ):
        network.init_weights()


def test_sides_that_have_no_patches():
    with pytest.raises(ValueError, match='100x64 cannot be parsed; to fix it: let the'):
        build()(torch.rand(1, 3, 64, 100))


def test_it_stays_as_it_is():
    network = build().train()
    assert not any(each.requires_grad for each in network.parameters())
    assert not network(torch.rand(1, 3, 64, 64)).requires_grad
