"""Hooks: seeds by epoch, the early stop, checkpoints that know their validation."""

import random
import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModel, MMDistributedDataParallel
from mmengine.runner import Runner, ValLoop
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


def runner(*lrs, initial=1e-3, logged=(1e-3,), iteration=1):
    groups = [dict(lr=lr, initial_lr=initial) for lr in lrs]
    log = HistoryBuffer(logged, [1] * len(logged))
    return SimpleNamespace(
        iter=iteration,
        optim_wrapper=SimpleNamespace(param_groups=groups),
        message_hub=SimpleNamespace(log_scalars={'train/lr': log} if logged else {}),
        train_loop=SimpleNamespace(stop_training=False),
        logger=SimpleNamespace(info=lambda text: None),
    )


def stops_at(state):
    """Whether it stops, which it does after a validation as at a start."""
    StopAtLRHook(ratio=1e-2).after_val_epoch(state, {})
    stops = state.train_loop.stop_training
    state.train_loop.stop_training = False
    StopAtLRHook(ratio=1e-2).before_train(state)
    assert state.train_loop.stop_training is stops
    return stops


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
    assert stops_at(runner(*lrs)) is stops


@pytest.mark.parametrize(
    'logged, iteration, stops',
    [
        pytest.param((), 0, False, id='before the first step'),
        pytest.param((1e-6, 2e-6), 2, False, id='warming up'),
        pytest.param((1e-6, 1e-3, 1e-6), 3, True, id='fallen after the warm-up'),
        pytest.param((), 3, True, id='no log'),
    ],
)
def test_warm_up_is_no_fall(logged, iteration, stops):
    assert stops_at(runner(1e-6, logged=logged, iteration=iteration)) is stops


class Mean(BaseModel):
    """Counts its steps."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
        self.steps = 0

    def forward(self, x, mode):
        self.steps += 1
        return dict(loss=self.layer(x).mean())


@pytest.mark.slow
@pytest.mark.parametrize('validated', [True, False])
def test_warm_up_and_fall_across_resumes(tmp_path, validated):
    """The rate rises over four epochs of four steps, and falls after the fifth."""
    validation = dict(
        val_dataloader=dict(
            dataset=[torch.ones(1)], sampler=dict(type='DefaultSampler', shuffle=False)
        ),
        val_evaluator=[],
        val_cfg=dict(type=NoValidation),
    )

    def trained(epochs):
        model = Mean()
        Runner(
            model,
            work_dir=str(tmp_path),
            train_dataloader=dict(
                dataset=[torch.ones(1)] * 4,
                batch_size=1,
                sampler=dict(type='DefaultSampler', shuffle=False),
                collate_fn=lambda batch: dict(x=torch.stack(batch)),
            ),
            **(validation if validated else {}),
            train_cfg=dict(by_epoch=True, max_epochs=epochs),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            param_scheduler=[
                dict(type='LinearLR', start_factor=1e-6, end=16, by_epoch=False),
                dict(type='MultiStepLR', milestones=[5], gamma=1e-3, end=9),
            ],
            custom_hooks=[StopAtLRHook(ratio=0.3)],
            resume=True,
            experiment_name=f'{tmp_path.name} {epochs} {time.time_ns()}',
            log_level='ERROR',
        ).train()
        return model.steps

    assert trained(1) == 4  # it had begun below the limit, and ended there
    assert trained(2) == 4
    assert trained(9) == 12  # the rate falls after the fifth epoch
    assert trained(9) == 0


class NoValidation(ValLoop):
    """A validation that looks at nothing."""

    def run(self):
        """Tell the hooks that it is over."""
        self.runner.call_hook('after_val_epoch', metrics={})


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
