"""A run says when it could not be resumed bit for bit."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.runner import EpochBasedTrainLoop
from toy_training import Numbers, toy_runner

from fashion_mmpose.config.loading import config_names, read_config
from fashion_mmpose.config.parts import is_ensemble
from fashion_mmpose.engine import EpochSeedHook
from fashion_mmpose.engine.resuming import limits_of_resuming
from fashion_mmpose.engine.runner import TrainingRunner

SEEDED = dict(type='EpochSeedHook')
EARLY_STOP = dict(type='EarlyStoppingHook', monitor='fashionai/NE', rule='less')
BY_ITERATIONS = dict(
    train_cfg=dict(by_epoch=False, max_iters=2),
    log_processor=dict(by_epoch=False),
)


def told(folder, caplog, hooks=(SEEDED,), **settings):
    """What the log of a run says of its limits."""
    run = toy_runner(
        folder,
        [0.5] * 3,
        max_epochs=1,
        runner_type=TrainingRunner,
        log_level='WARNING',
        custom_hooks=list(hooks),
        **settings,
    )
    run.logger.addHandler(caplog.handler)
    run.train()
    return [
        text for text in caplog.messages if 'it will not equal an uninterrupted' in text
    ]


def loader(**settings):
    sampler = dict(type='DefaultSampler')
    return dict(dataset=Numbers(), batch_size=2, sampler=sampler, **settings)


@pytest.mark.slow
@pytest.mark.parametrize(
    'settings, reason',
    [
        (BY_ITERATIONS, 'by iterations (train_cfg.by_epoch=False)'),
        (
            dict(train_dataloader=loader(num_workers=1, persistent_workers=True)),
            'train_dataloader.persistent_workers=True',
        ),
        (dict(hooks=[]), 'no EpochSeedHook'),
        (
            dict(
                optim_wrapper=dict(
                    optimizer=dict(type='SGD', lr=0.1), accumulative_counts=2
                )
            ),
            'accumulative_counts does not divide the batches of an epoch',
        ),
        (
            dict(hooks=[SEEDED, EARLY_STOP]),
            'EarlyStoppingHook is in place of PersistentEarlyStoppingHook',
        ),
        (
            dict(checkpoint=dict(type='CheckpointHook')),
            'CheckpointHook is in place of ValidatedCheckpointHook',
        ),
    ],
    ids=['iterations', 'persistent', 'seed', 'parts', 'early-stop', 'checkpoint'],
)
def test_a_run_outside_the_limits_says_so(tmp_path, caplog, settings, reason):
    (text,) = told(tmp_path, caplog, **settings)
    assert reason in text and ';' not in text


@pytest.mark.slow
def test_a_run_within_the_limits_says_nothing(tmp_path, caplog):
    workers = loader(num_workers=1, persistent_workers=False)
    assert told(tmp_path, caplog, train_dataloader=workers) == []


@pytest.mark.parametrize('deterministic', [False, True])
def test_on_a_gpu(deterministic):
    run = SimpleNamespace(
        hooks=[EpochSeedHook()],
        model=SimpleNamespace(parameters=lambda: [SimpleNamespace(is_cuda=True)]),
        deterministic=deterministic,
        optim_wrapper=None,
    )
    loop = object.__new__(EpochBasedTrainLoop)
    loop.dataloader = torch.utils.data.DataLoader(Numbers())
    limits = limits_of_resuming(run, loop)
    assert len(limits) == (0 if deterministic else 1)
    assert all('GPU' in limit for limit in limits)


@pytest.mark.slow
@pytest.mark.parametrize('name', config_names())
def test_the_configs_are_within_the_limits(name):
    cfg = read_config(name)
    if is_ensemble(cfg) or cfg.get('train_dataloader') is None:
        pytest.skip('it is not trained')
    assert cfg.train_cfg.get('by_epoch', True)
    assert not cfg.train_dataloader.get('persistent_workers', False)
    kinds = [hook['type'] for hook in cfg.get('custom_hooks', ())]
    assert any(kind.endswith('EpochSeedHook') for kind in kinds)
    assert not any(kind == 'EarlyStoppingHook' for kind in kinds)
    assert cfg.default_hooks.checkpoint.type.endswith('ValidatedCheckpointHook')
