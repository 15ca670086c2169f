"""Graphs whose weights lie in a ``.safetensors`` file beside them."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fashion_mmpose.errors import FormatError

from .reduced import cast_halves, half_name

_HEAD = 8  # bytes that tell how long the header is
_MOST_OWN = 0.02  # share of the numbers that may be constants of the computation

_MEND = 'to fix it: write the graph of the network whose weights these are'


@dataclass(frozen=True)
class _Stored:
    """A tensor in half precision: its values, and where the file has them."""

    values: np.ndarray
    offset: int


def share_weights(
    model, path: str | os.PathLike, stored_name: Callable[[str], str]
) -> None:
    """Take the weights out of a graph that a file has in half precision.

    The graph refers to them as ONNX's external data: to the file's name, in the folder
    of the graph, and to the place of each tensor in it.

    Args:
        model (onnx.ModelProto): The graph, in single precision; it is changed.
        path: The ``.safetensors`` file.
        stored_name: From the name of weights in the graph to that in the file.

    Raises:
        FormatError: If the file has other weights than the graph.
    """
    from onnx import TensorProto

    stored = _read(Path(path))
    shared, sizes = [], []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        name = tensor.name
        found = stored.get(stored_name(name))
        if found is None:
            sizes.append(np.prod(tensor.dims, dtype=int))
            continue
        if not _are_equal(tensor, found):
            raise FormatError(f'{path}: {name} is not what the graph has; {_MEND}')
        _refer(tensor, found, Path(path).name)
        shared.append(name)
    num_stored = sum(each.values.size for each in stored.values())
    if sum(sizes) > _MOST_OWN * num_stored:
        raise FormatError(
            f'{path} lacks {sum(sizes)} of the numbers that the graph has; {_MEND}'
        )
    cast_halves(model, shared)


def _read(path: Path) -> dict[str, _Stored]:
    """The tensors in half precision of a ``.safetensors`` file."""
    content = path.read_bytes()
    start = _HEAD + int.from_bytes(content[:_HEAD], 'little')
    stored = {}
    for name, entry in json.loads(content[_HEAD:start]).items():
        if name != '__metadata__' and entry['dtype'] == 'F16':
            first, end = entry['data_offsets']
            values = np.frombuffer(content[start + first : start + end], '<f2')
            stored[name] = _Stored(values.reshape(entry['shape']), start + first)
    return stored


def _are_equal(tensor, stored: _Stored) -> bool:
    from onnx import numpy_helper

    return np.array_equal(
        numpy_helper.to_array(tensor), stored.values.astype(np.float32)
    )


def _refer(tensor, stored: _Stored, file_name: str) -> None:
    """Let a tensor of a graph be one of a file."""
    from onnx import TensorProto

    name = tensor.name
    tensor.Clear()
    tensor.name = half_name(name)
    tensor.dims.extend(stored.values.shape)
    tensor.data_type = TensorProto.FLOAT16
    tensor.data_location = TensorProto.EXTERNAL
    place = dict(location=file_name, offset=stored.offset, length=stored.values.nbytes)
    for key, value in place.items():
        tensor.external_data.add(key=key, value=str(value))
