"""Weights of a TensorFlow Lite model, read without TensorFlow.

The package ``tflite`` knows the format; https://ai.google.dev/edge/litert/conversion
says where such files come from.
"""

import os
import struct
from pathlib import Path

import numpy as np

from fashion_mmpose.errors import FormatError, extra_needed

_IDENTIFIER = b'TFL3'  # four bytes in


def read_lite_weights(path: str | os.PathLike) -> list[list[np.ndarray]]:
    """The constant numbers of a model's operators, in the order in which they run.

    A tensor of such a file is named after whatever its converter has joined in it, so
    operators are told by their order.

    Args:
        path: The ``.tflite`` file.

    Returns:
        list[list[np.ndarray]]: For every operator that has any, its constant inputs,
        float32: a kernel (out, height, width, in), a depthwise one (1, height, width,
        channels), biases and factors (channels, ).

    Raises:
        FileNotFoundError: If the file is missing.
        FormatError: If it is no such model or a damaged one.
        ImportError: If the package ``tflite`` is missing.
    """
    content = Path(path).read_bytes()
    if content[4:8] != _IDENTIFIER:
        raise FormatError(f'{path} is no TensorFlow Lite model')
    with extra_needed('reading a TensorFlow Lite model', 'tflite'):
        import tflite

    try:
        model = tflite.Model.GetRootAsModel(content, 0)
        graph = model.Subgraphs(0)
        found = [
            _constants(model, graph, graph.Operators(number))
            for number in range(graph.OperatorsLength())
        ]
    except (AttributeError, TypeError, ValueError, struct.error) as error:
        raise FormatError(f'{path} is a damaged TensorFlow Lite model') from error
    return [constants for constants in found if constants]


def _constants(model, graph, operator) -> list[np.ndarray]:
    """The inputs of an operator that are constant floats."""
    import tflite

    constants = []
    for index in operator.InputsAsNumpy():
        tensor = graph.Tensors(int(index))
        buffer = model.Buffers(tensor.Buffer())
        if tensor.Type() == tflite.TensorType.FLOAT32 and buffer.DataLength():
            numbers = np.frombuffer(buffer.DataAsNumpy().tobytes(), '<f4')
            constants.append(numbers.reshape(tensor.ShapeAsNumpy()))
    return constants
