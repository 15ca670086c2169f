"""A pose network as an ONNX file, written without PyTorch, that takes no time to run.

For tests of what happens around a network: its points depend on the picture, and it
knows garments of no kind.
"""

from pathlib import Path

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.inference.onnx.crop import Crop
from fashion_mmpose.inference.onnx.metadata import (
    FORMAT,
    KEY,
    PoseMetadata,
    write_metadata,
)
from fashion_mmpose.version import __version__

SIZE_WH = (64, 64)
STRIDE = 8
OPSET = 20


def write_graph(path: Path, benchmark: str = 'fashionai') -> Path:
    """Write a network of a benchmark's whole layout, for whole pictures; its path.

    A convolution with random weights makes a map of each key point; a point is the mean
    place under its map, its covariance the spread, its score the greatest share.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    num_points = len(garments.keypoints(benchmark))
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(num_points, 3, STRIDE, STRIDE))
    cells = [(np.arange(side // STRIDE) + 0.5) * STRIDE - 0.5 for side in SIZE_WH]
    places = np.stack(np.meshgrid(*cells), -1).reshape(-1, 2)
    squares = np.einsum('ci,cj->cij', places, places).reshape(-1, 4)
    constants = dict(
        weight=(weight / 1024).astype(np.float32),
        places=places.astype(np.float32),
        squares=squares.astype(np.float32),
        flat=np.array([-1, len(places)]),
        column=np.array([-1, 2, 1]),
        row=np.array([-1, 1, 2]),
        matrix=np.array([-1, 2, 2]),
        last=np.array([-1]),
    )
    nodes = [
        ('Cast', ['images'], 'numbers', dict(to=TensorProto.FLOAT)),
        ('Transpose', ['numbers'], 'planes', dict(perm=[0, 3, 1, 2])),
        ('Conv', ['planes', 'weight'], 'maps', dict(strides=[STRIDE, STRIDE])),
        ('Reshape', ['maps', 'flat'], 'all_logits', {}),
        ('Gather', ['all_logits', 'rows'], 'logits', {}),
        ('Softmax', ['logits'], 'shares', {}),
        ('MatMul', ['shares', 'places'], 'points', {}),
        ('ReduceMax', ['shares', 'last'], 'scores', dict(keepdims=0)),
        ('MatMul', ['shares', 'squares'], 'flat_moments', {}),
        ('Reshape', ['flat_moments', 'matrix'], 'moments', {}),
        ('Reshape', ['points', 'column'], 'columns', {}),
        ('Reshape', ['points', 'row'], 'rows_of_points', {}),
        ('MatMul', ['columns', 'rows_of_points'], 'outer', {}),
        ('Sub', ['moments', 'outer'], 'covariances', {}),
    ]
    width, height = SIZE_WH
    float32 = TensorProto.FLOAT
    inputs = [
        ('images', TensorProto.UINT8, ['batch', height, width, 3]),
        ('rows', TensorProto.INT64, ['points']),
    ]
    outputs = [
        ('points', float32, ['points', 2]),
        ('scores', float32, ['points']),
        ('covariances', float32, ['points', 2, 2]),
    ]
    graph = helper.make_graph(
        [helper.make_node(kind, of, [to], **more) for kind, of, to, more in nodes],
        'small',
        [helper.make_tensor_value_info(*each) for each in inputs],
        [helper.make_tensor_value_info(*each) for each in outputs],
        [numpy_helper.from_array(each, name) for name, each in constants.items()],
    )
    opset = helper.make_operatorsetid('', OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=9)
    helper.set_model_props(model, {KEY: write_metadata(_metadata(benchmark))})
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
    return path


def _metadata(benchmark: str) -> PoseMetadata:
    return PoseMetadata(
        format=FORMAT,
        version=__version__,
        benchmark=benchmark,
        category=None,
        categories=garments.categories(benchmark),
        keypoints=tuple(garments.keypoints(benchmark)),
        bbox_source='image',
        crop=Crop(method='affine', size_wh=SIZE_WH),
        color='bgr',
        decoder={},
        weights='float32',
    )


def small_network(folder: Path) -> tuple[str, ...]:
    """Options of a command that finds skirts by such a network, which it writes."""
    path = write_graph(folder / 'small.onnx')
    return '--pose', str(path), '--category', 'skirt', '--device', 'cpu'
