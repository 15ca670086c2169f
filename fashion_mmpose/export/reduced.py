"""Graphs whose weights take less space."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from fashion_mmpose.errors import FormatError

FLOAT32, FLOAT16, INT8 = NUMBERS = ('float32', 'float16', 'int8')

_LEAST_SIZE = 64  # smaller tensors are constants of the computation, or not worth it
_HEAD = ('head.', 'bbox_head.')


def reduce_weights(model, numbers: str):
    """Keep the weights of a graph in fewer bits.

    Args:
        model (onnx.ModelProto): The graph; it is changed.
        numbers: ``'float32'`` leaves it as it is. ``'float16'`` keeps the weights in
            half precision, in which they are read; the computation is that of single
            precision. ``'int8'`` quantizes the convolutions of the backbone and the
            neck, whose inputs are quantized when they come; other weights are kept in
            half precision.

    Returns:
        onnx.ModelProto: The graph.

    Raises:
        ValueError: If there is no such choice.
    """
    if numbers not in NUMBERS:
        raise ValueError(f'unknown numbers {numbers!r}; choose from {list(NUMBERS)}')
    if numbers == INT8:
        model = _quantize(model)
    if numbers != FLOAT32:
        _halve(model)
    return model


def _halve(model) -> None:
    """Weights in half precision, and a cast behind each, done when a file is opened."""
    from onnx import TensorProto, numpy_helper

    halved = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor)
        if values.size < _LEAST_SIZE:
            continue
        with np.errstate(over='ignore'):
            halves = values.astype(np.float16)
        if not np.isfinite(halves).all():
            raise FormatError(
                f'the weights {tensor.name} are too large for half precision; to fix '
                'it: export in single precision'
            )
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(halves, half_name(name)))
        halved.append(name)
    put_first(model, [to_single(half_name(name), name) for name in halved])


def half_name(name: str) -> str:
    """Name of the tensor in half precision behind the weights of a name."""
    return f'{name}.half'


def to_single(given: str, result: str):
    """The node that makes single precision of a tensor of any numbers.

    Args:
        given: Name of the tensor.
        result: Name of the result.

    Returns:
        onnx.NodeProto: The node.
    """
    from onnx import TensorProto, helper

    return helper.make_node(
        'Cast', [given], [result], f'{result}.cast', to=TensorProto.FLOAT
    )


def put_first(model, nodes: Sequence) -> None:
    """Let nodes compute what were weights of a graph.

    Args:
        model (onnx.ModelProto): The graph; it is changed.
        nodes (Sequence[onnx.NodeProto]): The nodes, each behind those that it reads.
    """
    # A node comes after those whose results it reads.
    every = [*nodes, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(every)
    # What the graph says of these values is inferred anew.
    names = {name for node in nodes for name in node.output}
    kept = [each for each in model.graph.value_info if each.name not in names]
    del model.graph.value_info[:]
    model.graph.value_info.extend(kept)


def _quantize(model):
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    heads = [
        node.name
        for node in model.graph.node
        if any(part in name for name in node.input for part in _HEAD)
    ]
    with TemporaryDirectory() as folder:
        source, target = Path(folder) / 'single.onnx', Path(folder) / 'int8.onnx'
        onnx.save(model, source)
        quantize_dynamic(
            source,
            target,
            op_types_to_quantize=['Conv'],
            nodes_to_exclude=heads,
            # Of ConvInteger, onnxruntime's CPU has the unsigned one only.
            weight_type=QuantType.QUInt8,
        )
        return onnx.load(target)
