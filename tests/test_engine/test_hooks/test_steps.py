"""Hooks: seeds by epoch, the early stop, checkpoints that know their validation."""

import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.model import MMDistributedDataParallel
from torch.utils.data import DataLoader, Dataset

from fashion_mmpose.engine import (
    ChannelsLastHook,
    EpochSeedHook,
    StopAtLRHook,
    keep_worker_seed,
)


class Draws(Dataset):
    """Each sample is what Python, numpy and PyTorch draw."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return random.random(), np.random.rand(), torch.rand(()).item()


def draw_epoch(epoch, num_workers, seed=0):
    EpochSeedHook().before_train_epoch(SimpleNamespace(seed=seed, epoch=epoch))
    loader = DataLoader(
        Draws(), batch_size=1, num_workers=num_workers, worker_init_fn=keep_worker_seed
    )
    return [tuple(float(x) for x in batch) for batch in loader]


@pytest.mark.slow
@pytest.mark.parametrize('num_workers', [0, 2])
def test_an_epoch_draws_the_same_whatever_was_before(num_workers):
    first = [draw_epoch(epoch, num_workers) for epoch in range(3)]
    np.random.rand(17), torch.rand(5), random.random()
    assert draw_epoch(2, num_workers) == first[2]
    assert first[0] != first[1] != first[2]
    assert draw_epoch(0, num_workers, seed=1) != first[0]
    # Every sample and every library draws something else.
    values = [value for epoch in first for sample in epoch for value in sample]
    assert len(set(values)) == len(values)


def test_a_validation_draws_the_same_whatever_was_before():
    def draw(iteration):
        state = SimpleNamespace(seed=0, epoch=1, iter=iteration)
        EpochSeedHook().before_val_epoch(state)
        return random.random(), np.random.rand(), torch.rand(()).item()

    first = draw(10)
    assert draw(20) != first
    assert draw(10) == first


def runner(*lrs, initial=1e-3):
    groups = [dict(lr=lr, initial_lr=initial) for lr in lrs]
    return SimpleNamespace(
        optim_wrapper=SimpleNamespace(param_groups=groups),
        train_loop=SimpleNamespace(stop_training=False),
        logger=SimpleNamespace(info=lambda text: None),
    )


@pytest.mark.parametrize(
    'lrs, stops',
    [
        pytest.param([1e-3], False, id='start'),
        pytest.param([1e-3 * 0.1 * 0.1], False, id='a-hundredth'),
        pytest.param([1e-5 * (1 - 1e-9)], False, id='rounding'),
        pytest.param([1e-3 * 0.1 * 0.1 * 0.1], True, id='below'),
        pytest.param([1e-6, 1e-4], False, id='one-group-above'),
    ],
)
def test_stop_at_lr(lrs, stops):
    state = runner(*lrs)
    StopAtLRHook(ratio=1e-2).after_val_epoch(state, {})
    assert state.train_loop.stop_training is stops
    state = runner(*lrs)
    StopAtLRHook(ratio=1e-2).before_train(state)
    assert state.train_loop.stop_training is stops


def test_without_an_initial_rate_training_goes_on():
    """Before the schedulers are built, groups have no initial_lr."""
    state = runner(1e-9)
    del state.optim_wrapper.param_groups[0]['initial_lr']
    StopAtLRHook(ratio=1e-2).before_train(state)
    assert state.train_loop.stop_training is False


def test_channels_last():
    model = torch.nn.Conv2d(4, 8, 3, padding=1)
    ChannelsLastHook().before_run(SimpleNamespace(model=model))
    outputs = model(torch.rand(2, 4, 8, 8))
    assert outputs.is_contiguous(memory_format=torch.channels_last)


def test_channels_last_keeps_the_gradients_of_a_distributed_step(tmp_path):
    """Its first step has the gradients that one process has."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU(), torch.nn.Conv2d(8, 4, 3)
    )
    images = torch.rand(2, 3, 8, 8)

    def gradients(model):
        model.zero_grad()
        model(images).square().mean().backward()
        return [parameter.grad.clone() for parameter in model.parameters()]

    expected = gradients(network)
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{tmp_path}/store', rank=0, world_size=1
    )
    try:
        runner = SimpleNamespace(
            model=MMDistributedDataParallel(network),
            cfg={},
            wrap_model=lambda cfg, model: MMDistributedDataParallel(model),
        )
        before = list(network.parameters())
        ChannelsLastHook().before_run(runner)
        assert all(a is b for a, b in zip(before, runner.model.parameters()))
        for found, wanted in zip(gradients(runner.model), expected):
            torch.testing.assert_close(found, wanted)
    finally:
        torch.distributed.destroy_process_group()
