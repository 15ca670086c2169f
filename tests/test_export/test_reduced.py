"""Exported files that keep their weights in fewer bits."""

import numpy as np
import pytest

from fashion_mmpose.export import export_network
from fashion_mmpose.export.reduced import reduce_weights
from fashion_mmpose.inference.onnx.pose import OnnxPoseNetwork

pytest.importorskip('onnxscript')
pytest.importorskip('onnxruntime')
onnx = pytest.importorskip('onnx')

pytestmark = pytest.mark.slow


def test_half_precision(small, exported, traced, tmp_path):
    path, single = tmp_path / 'half.onnx', exported('deepfashion2_tops')
    change = export_network(*traced('deepfashion2_tops'), path, numbers='float16')
    assert 0.4 < path.stat().st_size / single.stat().st_size < 0.7
    assert 0 < change.largest_score < 0.01
    network, other = OnnxPoseNetwork(path, 'cpu'), OnnxPoseNetwork(single, 'cpu')
    assert (network.metadata.weights, other.metadata.weights) == ('float16', 'float32')
    asked = small.images[0], 'vest', np.array([3, 2.5, 44, 60])
    (found,), (expected,) = (
        each.predict([each.sample(*asked)]) for each in (network, other)
    )
    assert found.scores.dtype == np.float32
    np.testing.assert_allclose(found.scores, expected.scores, atol=0.01)
    onnx.checker.check_model(onnx.load(path), full_check=True)


def test_int8_leaves_the_head(traced, tmp_path):
    path = tmp_path / 'int8.onnx'
    change = export_network(*traced('deepfashion2_tops'), path, numbers='int8')
    assert change.largest_score > 0
    model = onnx.load(path)
    quantized = [node for node in model.graph.node if node.op_type == 'ConvInteger']
    assert len(quantized) > 15
    assert all('head' not in name for node in quantized for name in node.input)
    single = [node for node in model.graph.node if node.op_type == 'Conv']
    assert single and all('head' in ''.join(node.input) for node in single)
    assert OnnxPoseNetwork(path).metadata.weights == 'int8'


def test_weights_too_large_for_halves():
    weights = np.full(100, 1e6, np.float32)
    tensor = onnx.numpy_helper.from_array(weights, 'conv.weight')
    graph = onnx.helper.make_graph([], 'g', [], [], [tensor])
    with pytest.raises(ValueError, match='conv.weight are too large for half'):
        reduce_weights(onnx.helper.make_model(graph), 'float16')
    with pytest.raises(ValueError, match="unknown numbers 'int4'"):
        reduce_weights(onnx.helper.make_model(graph), 'int4')
