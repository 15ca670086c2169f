"""Benchmarks of GPUs, here on the CPU: what they measure works, whatever it costs."""

import pytest
import torch
from mmengine.logging import MMLogger
from mmengine.registry import DefaultScope
from toolbox import load_tool

from benchmarks import costs
from benchmarks.compiled import compiled
from benchmarks.deepfashion2.training import (
    PRECISIONS,
    batch_of,
    side_config,
    training,
)
from benchmarks.gpu_costs import gpu_costs, repeated, training_step
from fashion_mmpose.engine.optim.mixed_precision import cpu_has_bfloat16

SMALL = 'res18_deepfashion2_mini'
pytestmark = pytest.mark.slow
needs_bfloat16 = pytest.mark.skipif(
    not cpu_has_bfloat16(), reason='--amp needs instructions for bfloat16'
)


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """What a benchmark sets in a process of its own is as before afterwards.

    It draws few pictures.
    """
    monkeypatch.setattr(costs, 'NUM_PICTURES', 4)
    logger = MMLogger.get_current_instance()
    level = logger.level
    with DefaultScope.overwrite_default_scope('mmpose'):
        yield
    logger.setLevel(level)


@needs_bfloat16
def test_costs_of_configs():
    names = ['small/cpn_r18_all', 'detection/rtmdet_demo_deepfashion2']
    figures = gpu_costs(1, names, batch_size=3, device='cpu')
    assert list(figures) == names
    for each in figures.values():
        memory = {name: each.pop(name) for name in ('train_mb', 'amp_mb')}
        assert set(memory.values()) == {0}  # of a GPU
        assert list(each) == ['train_per_second', 'amp_per_second', 'test_per_second']
        assert all(value > 0 for value in each.values())


def test_both_heads_train(monkeypatch):
    """In float32; MMPose's heads do not train in bfloat16, which a CPU has."""
    monkeypatch.delitem(PRECISIONS, ', --amp')
    figures = training(1, batch_size=2, device='cpu', recipe=SMALL)
    assert list(figures) == ['ours', 'mmpose']
    assert all(each['per_second'] > 0 for each in figures.values())


def test_both_heads_have_the_same_task():
    """Of MMPose's side the loader draws the maps."""
    for side, head in dict(ours='PointHeatmapHead', mmpose='HeatmapHead').items():
        cfg = side_config(side, SMALL)
        assert cfg.model.head.type == head and cfg.model.head.out_channels == 294
        batch = batch_of(cfg, 4)
        for sample in batch['data_samples']:
            assert ('gt_fields' in sample) == (side == 'mmpose')
        assert training_step(cfg, batch, 'cpu')() == 4


@needs_bfloat16
def test_compiled_and_not(monkeypatch):
    """What PyTorch compiles is tested with the trainings; it takes long."""
    calls = []

    def compile_losses(forward, backend):
        return lambda *args, **more: calls.append(backend) or forward(*args, **more)

    monkeypatch.setattr(torch, 'compile', compile_losses)
    figures = compiled(2, batch_size=2, config='small/cpn_r18_all')
    assert calls == ['inductor'] * 3
    assert list(figures) == ['compiled', 'as it is']
    assert all(each['ms_per_picture'] > 0 for each in figures.values())


def test_items_come_by_turns():
    assert repeated(dict(inputs=[1, 2], data_samples='ab'), 3) == dict(
        inputs=[1, 2, 1], data_samples=['a', 'b', 'a']
    )


@pytest.mark.parametrize('name', ['gpu-costs', 'training'])
def test_without_a_gpu(name, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    with pytest.raises(SystemExit, match=f'{name} needs a GPU, and PyTorch sees none'):
        load_tool('benchmark.py').main([name])
