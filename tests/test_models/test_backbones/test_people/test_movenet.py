"""MoveNet's features, and the published files that they are read from."""

import json

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS
from torch.nn import functional

import fashion_mmpose.plugin  # noqa: F401
from fashion_mmpose.errors import FormatError

NET = 'StatefulPartitionedCall/center_net/model_1'
HEAT = 'StatefulPartitionedCall/kpt_heatmap_0'
# Channels of the blocks' outputs, and those with stride 2, as MobileNetV2's paper has
# them.
BLOCKS = [16, 24, 24, *[32] * 3, *[64] * 4, *[96] * 3, *[160] * 3, 320]
HALVED = (1, 3, 6, 13)


def published():
    """Random weights by the names of the published graph, TensorFlow's axes."""
    rng = np.random.default_rng(0)
    weights = {}

    def add(kernel, bias, *shape):
        fan = shape[0] * shape[1] * (1 if shape[3] == 1 else shape[2])
        weights[kernel] = rng.normal(0, (2 / fan) ** 0.5, shape)
        if bias:
            channels = shape[2] if shape[3] == 1 else shape[3]
            weights[bias] = rng.normal(0, 0.3, channels)

    def folded(name, *shape):
        add(f'{NET}/{name}_weights', f'{NET}/{name}_bn_offset', *shape)

    def plain(name, *shape):
        ends = 'Conv2D/ReadVariableOp', 'BiasAdd/ReadVariableOp'
        add(*(f'{name}/{end}' for end in ends), *shape)

    folded('model/Conv1/Conv2D', 3, 3, 3, 32)
    channels = 32
    for number, out in enumerate(BLOCKS):
        name = f'model/block_{number}' if number else 'model/expanded_conv'
        inside = channels * 6 if number else channels
        if number:
            folded(f'{name}_expand/Conv2D', 1, 1, channels, inside)
        folded(f'{name}_depthwise/depthwise', 3, 3, inside, 1)
        folded(f'{name}_project/Conv2D', 1, 1, inside, out)
        channels = out
    folded('model/Conv_1/Conv2D', 1, 1, 320, 1280)
    plain(f'{NET}/conv2d', 1, 1, 1280, 64)
    for number, (given, out, finer) in enumerate(
        [(64, 64, 32), (32, 32, 24), (24, 24, 24)]
    ):
        plain(f'{NET}/conv2d_{number + 1}', 1, 1, given, out)
        name = f'separable_conv2d{f"_{number}" if number else ""}/separable_conv2d'
        add(f'{NET}/{name}/ReadVariableOp', None, 3, 3, out, 1)
        folded(name, 1, 1, out, finer)
    for head, number, out in [('kpt_offset_0', 6, 34), ('kpt_heatmap_0', 4, 17)]:
        name = f'StatefulPartitionedCall/{head}'
        own = f'{name}/separable_conv2d_{number}'
        add(f'{own}/separable_conv2d/ReadVariableOp', None, 3, 3, 24, 1)
        kernel = f'{own}/separable_conv2d/ReadVariableOp_1'
        add(kernel, f'{own}/BiasAdd/ReadVariableOp', 1, 1, 24, 96)
        plain(f'{name}/conv2d_{number + 1}', 1, 1, 96, out)
    return weights


def write(folder, weights):
    entries = [
        dict(name=name, shape=list(value.shape), dtype='float32')
        for name, value in weights.items()
    ]
    group = dict(paths=['weights.bin'], weights=entries)
    (folder / 'weights.bin').write_bytes(
        b''.join(value.astype('<f4').tobytes() for value in weights.values())
    )
    path = folder / 'movenet.json'
    path.write_text(json.dumps(dict(weightsManifest=[group])))
    return str(path)


def convolve(x, weights, kernel, bias=None, stride=1):
    """As TensorFlow does it on sides that the stride divides."""
    kernel = weights[kernel]
    depthwise = kernel.shape[3] == 1 and kernel.shape[0] == 3
    axes = (2, 3, 0, 1) if depthwise else (3, 2, 0, 1)
    tensor = torch.tensor(kernel.transpose(axes), dtype=torch.float32)
    if kernel.shape[0] == 3:
        x = functional.pad(x, (0, 1, 0, 1) if stride == 2 else (1, 1, 1, 1))
    bias = None if bias is None else torch.tensor(weights[bias], dtype=torch.float32)
    groups = x.shape[1] if depthwise else 1
    return functional.conv2d(x, tensor, bias, stride, groups=groups)


def reference(x, weights):
    """The levels, of the graph's names."""

    def folded(x, name, stride=1):
        name = f'{NET}/{name}'
        return convolve(x, weights, f'{name}_weights', f'{name}_bn_offset', stride)

    def plain(x, name):
        ends = 'Conv2D/ReadVariableOp', 'BiasAdd/ReadVariableOp'
        return convolve(x, weights, *(f'{name}/{end}' for end in ends))

    x = functional.relu6(folded(x, 'model/Conv1/Conv2D', 2))
    inner = []
    for number in range(17):
        name = f'model/block_{number}' if number else 'model/expanded_conv'
        y = x
        if number:
            y = functional.relu6(folded(y, f'{name}_expand/Conv2D'))
        stride = 2 if number in HALVED else 1
        y = functional.relu6(folded(y, f'{name}_depthwise/depthwise', stride))
        y = folded(y, f'{name}_project/Conv2D')
        x = x + y if x.shape == y.shape else y
        inner.append(x)
    top = plain(functional.relu6(folded(x, 'model/Conv_1/Conv2D')), f'{NET}/conv2d')
    levels = [x]
    for number, block in enumerate((9, 5, 2)):
        top = functional.interpolate(top, scale_factor=2.0, mode='bilinear')
        top = top + plain(inner[block], f'{NET}/conv2d_{number + 1}')
        name = f'separable_conv2d{f"_{number}" if number else ""}/separable_conv2d'
        top = convolve(top, weights, f'{NET}/{name}/ReadVariableOp')
        top = folded(top, name).relu()
        levels.append(top)
    own = f'{HEAT}/separable_conv2d_4'
    hidden = convolve(top, weights, f'{own}/separable_conv2d/ReadVariableOp')
    kernel = f'{own}/separable_conv2d/ReadVariableOp_1'
    bias = f'{own}/BiasAdd/ReadVariableOp'
    hidden = convolve(hidden, weights, kernel, bias).relu()
    maps = plain(hidden, f'{HEAT}/conv2d_5').sigmoid()
    levels[-1] = torch.cat([top, hidden, maps], dim=1)
    return levels[::-1]


def build(**kwargs):
    return MODELS.build(dict(type='MoveNetFeatures', **kwargs))


def test_published_weights_give_the_published_graph(tmp_path):
    weights = published()
    network = build(pretrained=write(tmp_path, weights))
    network.init_weights()
    torch.manual_seed(0)
    x = torch.rand(2, 3, 96, 64) * 2 - 1
    levels = network.eval()(x)
    expected = reference(x, weights)
    assert len(levels) == len(expected) == 4
    for level, wanted, channels, stride in zip(
        levels, expected, network.channels, network.strides
    ):
        assert level.shape == (2, channels, 96 // stride, 64 // stride)
        assert wanted.std() > 0.01
        torch.testing.assert_close(level, wanted, rtol=1e-3, atol=1e-4)


def test_sides_that_no_stride_divides():
    levels = build()(torch.rand(1, 3, 101, 67))
    assert [tuple(level.shape[2:]) for level in levels] == [
        (26, 17),
        (13, 9),
        (7, 5),
        (4, 3),
    ]


def test_it_stays_as_it_is_unless_it_is_to_learn():
    x = torch.rand(1, 3, 32, 32)
    assert not any(level.requires_grad for level in build()(x))
    network = build(frozen=False)
    sum(level.sum() for level in network(x)).backward()
    assert all(each.grad is not None for each in network.parameters())


def test_the_larger_variant():
    network = build(variant='thunder')
    assert network.channels == (137, 24, 32, 560)
    assert sum(each.numel() for each in network.parameters()) == 6_211_505
    with pytest.raises(ValueError, match="variant must be one of .*, got 'multipose'"):
        build(variant='multipose')


def test_files_of_other_networks(tmp_path):
    weights = published()
    network = build(variant='thunder', pretrained=write(tmp_path, weights))
    with pytest.raises(FormatError, match='not hold the weights of this variant of M'):
        network.init_weights()
    del weights[f'{HEAT}/conv2d_5/Conv2D/ReadVariableOp']
    network = build(pretrained=write(tmp_path, weights))
    with pytest.raises(FormatError, match='does not hold the weights of MoveNet: 0 of'):
        network.init_weights()
