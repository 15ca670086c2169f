"""Steps in bfloat16 on the CPU, and steps that PyTorch compiles."""

import numpy as np
import pytest
import torch
from mmengine.registry import OPTIM_WRAPPERS, DefaultScope
from small_steps import HEADS, build, trained

from fashion_mmpose.config.loading import load_config
from fashion_mmpose.config.overrides import check_keys
from fashion_mmpose.engine import CpuAmpOptimWrapper
from fashion_mmpose.engine.optim.compiling import compile_losses


@pytest.fixture(params=HEADS.values(), ids=HEADS)
def head(request):
    return request.param


@pytest.mark.slow
def test_bfloat16_trains_as_float32_does(head):
    """With eight pictures: how processors round shows in batch norms of few cells."""
    plain, mixed = build(head), build(head)
    kinds = set()
    for layer in mixed.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_hook(lambda *args: kinds.add(args[2].dtype))
    expected = trained(plain, num_pictures=8)
    found = trained(mixed, CpuAmpOptimWrapper, num_pictures=8)
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
    assert torch.cosine_similarity(one, other, dim=0) > 0.85


@pytest.mark.parametrize('scope', ['mmpose', 'mmdet'])
def test_it_is_built_from_a_config(scope):
    """Of landmarks and of detectors, whose scope does not see MMPose's names."""
    pytest.importorskip(f'{scope}.registry')
    with DefaultScope.overwrite_default_scope(scope):
        wrapper = OPTIM_WRAPPERS.build(
            dict(
                type='CpuAmpOptimWrapper',
                optimizer=torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1),
            )
        )
    assert isinstance(wrapper, CpuAmpOptimWrapper)


@pytest.mark.slow
def test_compiled_losses():
    """The graph is traced, not turned into C++. A cascade is trained so elsewhere."""
    head = dict(HEADS['one stage'], in_channels=64, deconv_out_channels=())
    model, plain = build(head, num_stages=1), build(head, num_stages=1)
    compile_losses(model, backend='eager')
    np.testing.assert_allclose(trained(model), trained(plain), rtol=1e-5)


def test_compile_is_an_entry_of_configs():
    check_keys(load_config('small/cpn_r18_all'), {'compile': True})
    check_keys(load_config('small/cpn_r18_all'), {'compile.backend': 'inductor'})
    with pytest.raises(ValueError, match='compiled'):
        check_keys(load_config('small/cpn_r18_all'), {'compiled': True})
