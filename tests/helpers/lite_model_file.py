"""TensorFlow Lite files of a graph that does nothing but hold numbers."""

import flatbuffers
import numpy as np
import tflite


def lite_model(operators):
    """Bytes of a model.

    Args:
        operators: For each operator its inputs: arrays, float32 or others, which are
            constant, or None for one that is not.
    """
    builder = flatbuffers.Builder(1024)
    # The first buffer is that of all that is not constant.
    buffers = [_buffer(builder, None)]
    tensors, inputs = [], []
    for operator in operators:
        inputs.append([])
        for value in operator:
            inputs[-1].append(len(tensors))
            place = 0
            if value is not None:
                place = len(buffers)
                buffers.append(_buffer(builder, value))
            tensors.append(_tensor(builder, value, place))
    made = [_operator(builder, each) for each in inputs]
    tensors = _vector(builder, tflite.SubGraphStartTensorsVector, tensors)
    made = _vector(builder, tflite.SubGraphStartOperatorsVector, made)
    tflite.SubGraphStart(builder)
    tflite.SubGraphAddTensors(builder, tensors)
    tflite.SubGraphAddOperators(builder, made)
    graph = tflite.SubGraphEnd(builder)
    graphs = _vector(builder, tflite.ModelStartSubgraphsVector, [graph])
    buffers = _vector(builder, tflite.ModelStartBuffersVector, buffers)
    tflite.ModelStart(builder)
    tflite.ModelAddVersion(builder, 3)
    tflite.ModelAddSubgraphs(builder, graphs)
    tflite.ModelAddBuffers(builder, buffers)
    builder.Finish(tflite.ModelEnd(builder), b'TFL3')
    return bytes(builder.Output())


def _buffer(builder, value):
    data = None if value is None else builder.CreateByteVector(value.tobytes())
    tflite.BufferStart(builder)
    if data is not None:
        tflite.BufferAddData(builder, data)
    return tflite.BufferEnd(builder)


def _tensor(builder, value, buffer):
    shape = builder.CreateNumpyVector(
        np.array([1] if value is None else value.shape, np.int32)
    )
    is_float = value is None or value.dtype == np.float32
    kind = tflite.TensorType.FLOAT32 if is_float else tflite.TensorType.INT32
    tflite.TensorStart(builder)
    tflite.TensorAddShape(builder, shape)
    tflite.TensorAddType(builder, kind)
    tflite.TensorAddBuffer(builder, buffer)
    return tflite.TensorEnd(builder)


def _operator(builder, indices):
    given = builder.CreateNumpyVector(np.array(indices, np.int32))
    tflite.OperatorStart(builder)
    tflite.OperatorAddInputs(builder, given)
    return tflite.OperatorEnd(builder)


def _vector(builder, start, offsets):
    start(builder, len(offsets))
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return builder.EndVector()
