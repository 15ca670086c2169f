"""Steps in bfloat16 on the CPU, and steps that PyTorch compiles."""

import numpy as np
import pytest
import torch
from mmengine.optim import OptimWrapper
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData
from mmpose.registry import KEYPOINT_CODECS, MODELS, OPTIM_WRAPPERS
from mmpose.structures import PoseDataSample

from fashion_mmpose.config import load_config
from fashion_mmpose.engine import CpuAmpOptimWrapper
from fashion_mmpose.overrides import check_keys

NUM_KEYPOINTS, SIDE = 4, 64
CODEC = dict(
    type='PointHeatmap', input_size=(SIDE, SIDE), heatmap_size=(16, 16), sigma=2
)
HEADS = {
    'one stage': dict(type='PointHeatmapHead', in_channels=512),
    'cascade': dict(type='CPNHead', in_channels=(64, 128, 256, 512), channels=32),
}


@pytest.fixture(params=HEADS.values(), ids=HEADS)
def head(request):
    return request.param


def build(head):
    """A network with the same weights every time, in training."""
    is_cascade = head['type'] == 'CPNHead'
    torch.manual_seed(0)
    model = dict(
        type='TopdownPoseEstimator',
        data_preprocessor=dict(type='PoseDataPreprocessor'),
        backbone=dict(
            type='ResNet', depth=18, out_indices=(0, 1, 2, 3) if is_cascade else (3,)
        ),
        head=dict(head, out_channels=NUM_KEYPOINTS, decoder=CODEC),
    )
    with DefaultScope.overwrite_default_scope('mmpose'):
        return MODELS.build(model).train()


def batch(num=2):
    rng = np.random.default_rng(0)
    codec = KEYPOINT_CODECS.build(CODEC)
    samples = []
    for _ in range(num):
        points = rng.uniform(8, 56, (1, NUM_KEYPOINTS, 2)).astype(np.float32)
        sample = PoseDataSample()
        sample.gt_instance_labels = InstanceData(**codec.encode(points)).to_tensor()
        samples.append(sample)
    pixels = rng.integers(0, 255, (num, 3, SIDE, SIDE), dtype=np.uint8)
    return dict(inputs=list(torch.from_numpy(pixels)), data_samples=samples)


def trained(model, wrapper=OptimWrapper, step=None, num=2):
    """Losses of some steps."""
    optimizer = wrapper(torch.optim.SGD(model.parameters(), lr=1e-4))
    step = step or model.train_step
    return [float(step(batch(), optimizer)['loss']) for _ in range(num)]


def test_bfloat16_trains_as_float32_does(head):
    plain, mixed = build(head), build(head)
    kinds = set()
    for layer in mixed.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_hook(lambda *args: kinds.add(args[2].dtype))
    expected = trained(plain)
    found = trained(mixed, CpuAmpOptimWrapper)
    assert kinds == {torch.bfloat16}
    assert found != expected
    np.testing.assert_allclose(found, expected, rtol=0.03)
    start = build(head).state_dict()
    for weights in mixed.parameters():
        assert weights.dtype == torch.float32
        assert weights.isfinite().all()
    # Which way the steps go.
    one, other = (
        torch.cat([(m - start[name]).flatten() for name, m in each.named_parameters()])
        for each in (plain, mixed)
    )
    assert torch.cosine_similarity(one, other, dim=0) > 0.7


def test_it_is_built_from_a_config():
    wrapper = OPTIM_WRAPPERS.build(
        dict(
            type='CpuAmpOptimWrapper',
            optimizer=torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1),
        )
    )
    assert isinstance(wrapper, CpuAmpOptimWrapper)


@pytest.mark.slow
def test_compiled_steps(head):
    """As MMEngine compiles them: the graph is traced, and not turned into C++."""
    model = build(head)
    step = torch.compile(model.train_step, backend='eager')
    found = trained(model, step=step)
    np.testing.assert_allclose(found, trained(build(head)), rtol=1e-5)


def test_compile_is_an_entry_of_configs():
    check_keys(load_config('small/cpn_r18_all'), {'compile': True})
    check_keys(load_config('small/cpn_r18_all'), {'compile.backend': 'inductor'})
