"""Published weights of MoveNet by the names of :class:`.MoveNetFeatures`."""

import os
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from fashion_mmpose.errors import FormatError
from fashion_mmpose.weights.tensorflow.graph_model import read_graph_weights

# The graph's names of what its converter has joined with batch normalisation, of plain
# convolutions, and of the two convolutions of a separable one.
_FOLDED = {'weight': '_weights', 'bias': '_bn_offset'}
_PLAIN = {'weight': 'Conv2D/ReadVariableOp', 'bias': 'BiasAdd/ReadVariableOp'}
_AROUND = {
    'stem.conv': ('model/Conv1/Conv2D', _FOLDED),
    'last.conv': ('model/Conv_1/Conv2D', _FOLDED),
    'top': ('model_1/conv2d/', _PLAIN),
    'laterals.0': ('model_1/conv2d_1/', _PLAIN),
    'laterals.1': ('model_1/conv2d_2/', _PLAIN),
    'laterals.2': ('model_1/conv2d_3/', _PLAIN),
    'maps': ('kpt_heatmap_0/conv2d_5/', _PLAIN),
}
_IN_BLOCKS = dict(
    expand='_expand/Conv2D',
    depthwise='_depthwise/depthwise',
    project='_project/Conv2D',
)
_MERGES = tuple(f'separable_conv2d{end}/separable_conv2d' for end in ('', '_1', '_2'))
_HIDDEN = 'kpt_heatmap_0/separable_conv2d_4/'


def movenet_weights(
    path: str | os.PathLike, own: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Weights of the published network.

    Args:
        path: Its TensorFlow.js graph model, a ``.json`` file.
        own: The state dict that is to be filled, for names and shapes.

    Returns:
        dict: Tensors on the CPU, in single precision, for every name in ``own``.

    Raises:
        FileNotFoundError: If a file is missing.
        FormatError: If a weight is missing or has another shape.
    """
    given = read_graph_weights(path)
    weights = {}
    for name, wanted in own.items():
        ending = graph_name(name)
        found = [value for key, value in given.items() if f'/{key}'.endswith(ending)]
        if len(found) != 1:
            raise FormatError(
                f'{path} does not hold the weights of MoveNet: {len(found)} of them '
                f'are called ...{ending}; to fix it: give movenet-lightning.json or '
                'movenet-thunder.json'
            )
        value = _as_torch(found[0], wanted)
        if value.shape != wanted.shape:
            raise FormatError(
                f'{path} does not hold the weights of this variant of MoveNet: '
                f'{ending[1:]} has the shape {list(found[0].shape)}, which does not '
                f'fit {name} {list(wanted.shape)}; to fix it: set variant to the one '
                'of the file'
            )
        weights[name] = value
    return weights


def graph_name(name: str) -> str:
    """What a weight of :class:`.MoveNetFeatures` is called in the graph, its end."""
    layer, _, kind = name.rpartition('.')
    if layer in _AROUND:
        start, kinds = _AROUND[layer]
        return f'/{start}{kinds[kind]}'
    first, number, *rest = layer.split('.')
    if first == 'blocks':
        block = 'expanded_conv' if number == '0' else f'block_{number}'
        return f'/model/{block}{_IN_BLOCKS[rest[0]]}{_FOLDED[kind]}'
    if first == 'merges':
        start = f'/model_1/{_MERGES[int(number)]}'
        if rest[0] == 'depthwise':
            return f'{start}/ReadVariableOp'
        return f'{start}{_FOLDED[kind]}'
    if number == 'depthwise':
        return f'/{_HIDDEN}separable_conv2d/ReadVariableOp'
    end = 'separable_conv2d/ReadVariableOp_1' if kind == 'weight' else _PLAIN['bias']
    return f'/{_HIDDEN}{end}'


def _as_torch(value: np.ndarray, wanted: Tensor) -> Tensor:
    """(height, width, in, out) to (out, in, height, width); depthwise ones have
    (channels, 1) in the place of (in, out).
    """
    tensor = torch.tensor(value)
    if tensor.dim() != 4:
        return tensor
    depthwise = wanted.shape[1] == 1 and tensor.shape[3] == 1
    return tensor.permute(2, 3, 0, 1) if depthwise else tensor.permute(3, 2, 0, 1)
