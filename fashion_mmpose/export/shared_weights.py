"""Graphs whose weights lie in ``.safetensors`` files beside them."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fashion_mmpose.errors import FormatError
from fashion_mmpose.starter.rounding import restored, scales_name

from .reduced import half_name, put_first, to_single

_HEAD = 8  # bytes that tell how long the header is
_MOST_OWN = 0.02  # share of the numbers that may be constants of the computation
_DTYPES = dict(F16='<f2', F32='<f4', I8='i1')

_MEND = 'to fix it: write the graph of the network whose weights these are'


@dataclass(frozen=True)
class _Stored:
    """A tensor of a file: its values, and where the file has them."""

    values: np.ndarray
    file: str
    offset: int


def share_weights(
    model, paths: Sequence[str | os.PathLike], stored_name: Callable[[str], str]
) -> None:
    """Take the weights out of a graph that files have, as halves or whole numbers.

    The graph refers to them as ONNX's external data: to the files' names, in the folder
    of the graph, and to the place of each tensor in them.

    Args:
        model (onnx.ModelProto): The graph, in single precision; it is changed.
        paths: The ``.safetensors`` files; what a later one has takes the place of what
            an earlier one has.
        stored_name: From the name of weights in the graph to that in the files.

    Raises:
        FormatError: If the files have other weights than the graph.
    """
    from onnx import TensorProto

    stored: dict[str, _Stored] = {}
    for path in paths:
        stored |= _read(Path(path))
    told = ' and '.join(os.fspath(path) for path in paths)
    nodes, scales_of, own = [], {}, 0
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        name = tensor.name
        found = stored.get(stored_name(name))
        if found is None:
            own += np.prod(tensor.dims, dtype=int)
            continue
        scales = stored.get(scales_name(stored_name(name)))
        if not _are_equal(tensor, found, scales):
            raise FormatError(f'{told}: {name} is not what the graph has; {_MEND}')
        if scales is None:
            _refer(tensor, half_name(name), found)
            nodes.append(to_single(half_name(name), name))
        else:
            _refer(tensor, f'{name}.whole', found)
            scales_of[name] = scales
            nodes += _product(name)
    for name, scales in scales_of.items():
        ndim = stored[stored_name(name)].values.ndim
        tensor = model.graph.initializer.add()
        _refer(tensor, scales_name(name), scales, (-1, *(1,) * (ndim - 1)))
    num_stored = sum(each.values.size for each in stored.values())
    if own > _MOST_OWN * num_stored:
        raise FormatError(
            f'{told} lacks {own} of the numbers that the graph has; {_MEND}'
        )
    put_first(model, nodes)


def _product(name: str) -> list:
    """Nodes that make weights of whole numbers and their scales."""
    from onnx import helper

    single = f'{name}.single'
    factors = [single, scales_name(name)]
    return [
        to_single(f'{name}.whole', single),
        helper.make_node('Mul', factors, [name], f'{name}.mul'),
    ]


def _read(path: Path) -> dict[str, _Stored]:
    """The tensors of a ``.safetensors`` file."""
    content = path.read_bytes()
    start = _HEAD + int.from_bytes(content[:_HEAD], 'little')
    stored = {}
    for name, entry in json.loads(content[_HEAD:start]).items():
        if name != '__metadata__' and entry['dtype'] in _DTYPES:
            first, end = entry['data_offsets']
            values = np.frombuffer(
                content[start + first : start + end], _DTYPES[entry['dtype']]
            )
            values = values.reshape(entry['shape'])
            stored[name] = _Stored(values, path.name, start + first)
    return stored


def _are_equal(tensor, stored: _Stored, scales: _Stored | None) -> bool:
    from onnx import numpy_helper

    if scales is None:
        expected = stored.values.astype(np.float32)
    else:
        expected = restored(stored.values, scales.values)
    return np.array_equal(numpy_helper.to_array(tensor), expected)


def _refer(
    tensor, name: str, stored: _Stored, shape: Sequence[int] | None = None
) -> None:
    """Let a tensor of a graph be one of a file."""
    from onnx import TensorProto, helper

    values = stored.values if shape is None else stored.values.reshape(shape)
    tensor.Clear()
    tensor.name = name
    tensor.dims.extend(values.shape)
    tensor.data_type = helper.np_dtype_to_tensor_dtype(values.dtype)
    tensor.data_location = TensorProto.EXTERNAL
    place = dict(location=stored.file, offset=stored.offset, length=values.nbytes)
    for key, value in place.items():
        tensor.external_data.add(key=key, value=str(value))
