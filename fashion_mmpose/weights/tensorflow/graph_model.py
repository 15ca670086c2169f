"""Weights of a TensorFlow.js graph model, read without TensorFlow.

Such a model is ``NAME.json``, which holds the graph and says what the weights are
called, and raw numbers beside it, one tensor after the other:
https://github.com/tensorflow/tfjs/blob/tfjs-v4.22.0/tfjs-core/src/io/types.ts
"""

import math
import os
from pathlib import Path

import msgspec
import numpy as np

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.inner_paths import path_fault

_TYPES = {'float32': '<f4', 'float16': '<f2', 'int32': '<i4'}


class _Stored(msgspec.Struct):
    """In which form the numbers of a weight are stored."""

    dtype: str


class _Weight(msgspec.Struct):
    name: str
    shape: list[int]
    dtype: str
    quantization: _Stored | None = None


class _Group(msgspec.Struct):
    paths: list[str]
    weights: list[_Weight]


class _Model(msgspec.Struct):
    groups: list[_Group] = msgspec.field(name='weightsManifest')


def read_graph_weights(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """The weights of a graph model by their names in the graph.

    Args:
        path: The model's ``.json``; the files that it names lie beside it.

    Returns:
        dict: Arrays, of kernels (height, width, in, out), of depthwise ones (height,
        width, channels, 1). Halves become float32.

    Raises:
        FileNotFoundError: If the model, or one of its files, is missing.
        FormatError: If it is no such model, a file has another size than the model
            says, or numbers are stored in another form.
    """
    path = Path(path)
    try:
        model = msgspec.json.decode(path.read_bytes(), type=_Model)
    except msgspec.DecodeError as error:
        raise FormatError(
            f'{path} is no graph model of TensorFlow.js ({error}); to fix it: give '
            'the .json file that lies beside the .bin files'
        ) from None
    weights = {}
    for group in model.groups:
        weights.update(_read_group(group, path))
    return weights


def _read_group(group: _Group, path: Path) -> dict[str, np.ndarray]:
    for name in group.paths:
        if fault := path_fault(name):
            raise FormatError(f'{path} names a file of weights {name!r}, which {fault}')
    content = b''.join((path.parent / name).read_bytes() for name in group.paths)
    weights = {}
    start = 0
    for weight in group.weights:
        stored = (weight.quantization or weight).dtype
        if stored not in _TYPES or min(weight.shape, default=1) < 0:
            raise FormatError(
                f'{path}: {weight.name} has the shape {weight.shape} and is stored as '
                f'{stored!r}; only {", ".join(_TYPES)} are read'
            )
        dtype = np.dtype(_TYPES[stored])
        count = math.prod(weight.shape)
        if start + count * dtype.itemsize > len(content):
            raise FormatError(
                f'{path}: {", ".join(group.paths)} end within {weight.name}; to fix '
                'it: fetch the files once more'
            )
        values = np.frombuffer(content, dtype, count, start).reshape(weight.shape)
        weights[weight.name] = (
            values.astype(np.float32) if dtype.kind == 'f' else values
        )
        start += values.nbytes
    if start != len(content):
        raise FormatError(
            f'{path} tells {start} bytes of weights, and {", ".join(group.paths)} hold '
            f'{len(content)}; to fix it: fetch the files once more'
        )
    return weights
