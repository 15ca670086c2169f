"""Published weights of the segmenter by the names of :class:`.SelfieParsing`."""

import os
from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import Tensor

from fashion_mmpose.errors import FormatError
from fashion_mmpose.weights.tensorflow.lite_model import read_lite_weights

_ATTENTION = ('mix.0', 'mix.1', 'query', 'key', 'value', 'out')


def selfie_weights(
    path: str | os.PathLike, own: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Weights of the published network.

    Args:
        path: Its ``.tflite`` file.
        own: The state dict that is to be filled, for names and shapes.

    Returns:
        dict: Tensors on the CPU, in single precision, for every name in ``own``.

    Raises:
        FileNotFoundError: If the file is missing.
        FormatError: If it holds another network.
        ImportError: If the package ``tflite`` is missing.
    """
    given = read_lite_weights(path)
    layers = list(_layers())
    weights = {}
    for names, constants in zip(layers, given):
        for name, value in zip(names, constants):
            weights[name] = _as_torch(name, value, own[name])
    same = len(given) == len(layers) and all(
        name in weights and weights[name].shape == wanted.shape
        for name, wanted in own.items()
    )
    if not same:
        raise FormatError(
            f'{path} does not hold the weights of this network; to fix it: give '
            'selfie_multiclass_256x256.tflite'
        )
    return weights


def _layers() -> Iterator[tuple[str, ...]]:
    """Names of the weights of the layers, in the order in which the graph runs them."""

    def plain(*layers: str) -> Iterator[tuple[str, ...]]:
        for layer in layers:
            yield f'{layer}.weight', f'{layer}.bias'

    def convolutions(start: str, *layers: str) -> Iterator[tuple[str, ...]]:
        return plain(*(f'{start}{layer}.conv' for layer in layers))

    def block(start: str) -> Iterator[tuple[str, ...]]:
        return convolutions(f'{start}.', 'expand', 'depthwise', 'project')

    def mixer(start: str, depth: int) -> Iterator[tuple[str, ...]]:
        yield from convolutions(f'{start}.enter.', '0', '1')
        for number in range(depth):
            layer = f'{start}.layers.{number}.'
            yield (f'{layer}scale',)
            yield (f'{layer}offset',)
            yield from convolutions(layer, *_ATTENTION)
        yield from convolutions(f'{start}.', 'leave')

    def pair(start: str) -> Iterator[tuple[str, ...]]:
        return convolutions(f'{start}.', '0', '1')

    yield from convolutions('', 'stem')
    yield from pair('laterals.0')
    for number in range(3):
        yield from block(f'stages.1.{number}')
    yield from pair('laterals.1')
    for stage, depth in ((2, 2), (3, 4)):
        yield from block(f'stages.{stage}.0')
        yield from mixer(f'stages.{stage}.1', depth)
        yield from pair(f'laterals.{stage}')
    for number in reversed(range(4)):
        yield from pair(f'levels.{number}')
    for number in range(5):
        yield from pair(f'head.{number}')
    yield from plain('enlarge', 'classify')


def _as_torch(name: str, value: np.ndarray, wanted: Tensor) -> Tensor:
    """(out, height, width, in) to (out, in, height, width); of depthwise kernels (1,
    height, width, channels) to (channels, 1, height, width), and of the transposed one
    (out, height, width, in) to (in, out, height, width).
    """
    tensor = torch.tensor(value)
    if tensor.dim() != 4:
        return tensor
    turned = name == 'enlarge.weight' or wanted.shape[1:2] == (1,)
    return tensor.permute(3, 0, 1, 2) if turned else tensor.permute(0, 3, 1, 2)
