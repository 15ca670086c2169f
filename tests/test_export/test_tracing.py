"""Modules as graphs."""

import numpy as np
import pytest
import torch
from torch import nn

from fashion_mmpose.export.tracing import trace

pytest.importorskip('onnxscript')
onnxruntime = pytest.importorskip('onnxruntime')

pytestmark = pytest.mark.slow


class Network(nn.Module):
    """One of its activations writes in place."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 1)
        self.limit = nn.ReLU6(inplace=True)
        self.last = nn.ReLU6()

    def forward(self, x):
        x = self.conv(x) * 9
        return self.last(self.limit(x) + 1)


def test_activations_in_place_stay_so_outside_of_the_trace():
    torch.manual_seed(0)
    network = Network().eval()
    images = torch.randn(2, 1, 4, 5)
    model = trace(network, dict(x=images), dict(x={0: 'batch'}), ['maps'])
    assert network.limit.inplace and not network.last.inplace
    assert [node.op_type for node in model.graph.node].count('Clip') == 2
    session = onnxruntime.InferenceSession(model.SerializeToString())
    more = torch.randn(3, 1, 4, 5)
    (found,) = session.run(None, dict(x=more.numpy()))
    with torch.no_grad():
        np.testing.assert_allclose(found, network(more), atol=1e-5)
