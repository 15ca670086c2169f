"""Learning rates that are scaled to the pictures of a step."""

import pytest
import torch
from mmengine.optim import OptimWrapper
from toy_training import Line, toy_runner

from fashion_mmpose.engine.runner import TrainingRunner

WARM_UP = dict(type='LinearLR', start_factor=0.5, by_epoch=False, begin=0, end=4)
PLATEAU = dict(
    type='ReduceOnPlateauLR', monitor='fashionai/NE', patience=0, threshold=1.0
)


def runner(
    folder, epochs=2, lr=0.1, base=None, schedules=(WARM_UP,), parts=1, **changes
):
    optimizer = dict(type='SGD', lr=lr)
    run = toy_runner(
        folder,
        [0.5] * 9,
        epochs,
        runner_type=TrainingRunner,
        optim_wrapper=dict(
            optimizer=optimizer,
            paramwise_cfg=dict(bias_lr_mult=0.5),
            accumulative_counts=parts,
        ),
        param_scheduler=list(schedules),
        auto_scale_lr=base and dict(base_batch_size=base, enable=True),
        randomness=dict(seed=0),
        **changes,
    )
    run._train_dataloader['batch_size'] = 1  # two batches an epoch
    return run


def rates(run):
    """Rates of all groups, the last of them ``base_lr``, of the steps of a run."""
    seen = []

    def look(module, args, output):
        if module.training:
            told = run.optim_wrapper.get_lr()
            seen.append([*told['lr'], *told['base_lr']])

    run.model.layer.register_forward_hook(look)
    run.train()
    return seen


@pytest.mark.slow
@pytest.mark.parametrize(
    'schedules',
    [
        [],
        [WARM_UP],
        [dict(type='MultiStepLR', milestones=[1])],
        [dict(type='CosineAnnealingLR', eta_min=0, convert_to_iter_based=True)],
        [dict(type='ExponentialLR', gamma=0.9, by_epoch=False)],
        [dict(type='PolyLR', power=2.0, convert_to_iter_based=True)],
        [PLATEAU],
    ],
    ids=['none', 'warm-up', 'steps', 'cosine', 'exponential', 'power', 'plateau'],
)
def test_all_groups_and_what_the_log_calls_base(tmp_path, schedules):
    scaled = runner(tmp_path / 'scaled', base=4, schedules=schedules)
    written = runner(tmp_path / 'written', lr=0.025, schedules=schedules)
    seen = rates(scaled)
    assert seen == [pytest.approx(each, abs=1e-12) for each in rates(written)]
    for weight, bias, base in seen:
        assert (weight, bias) == pytest.approx((base, base / 2))


def test_a_step_of_several_batches_sees_the_pictures_of_all(tmp_path):
    run = runner(tmp_path, base=4, schedules=[], parts=2)
    assert rates(run)[0] == pytest.approx([0.05, 0.025, 0.05])


@pytest.mark.slow
def test_a_resumed_run_goes_on_with_scaled_rates(tmp_path):
    whole = rates(runner(tmp_path / 'whole', 4, base=4))
    first = rates(runner(tmp_path / 'run', 2, base=4))
    checkpoint = str(tmp_path / 'run' / 'epoch_2.pth')
    rest = rates(runner(tmp_path / 'run', 4, base=4, resume=True, load_from=checkpoint))
    assert first + rest == whole
    run = runner(tmp_path / 'run', 4, resume=True, load_from=checkpoint)
    with pytest.raises(ValueError, match=r'optimizer\.lr was 0\.025, is 0\.1'):
        run.train()


class TwoOptimizers(Line):
    """Weight and bias learn by optimizers of their own."""

    def train_step(self, data, optim_wrapper):
        for wrapper in optim_wrapper.values():
            wrapper.update_params(self(data, 'loss')['loss'])
        return dict(loss=self(data, 'loss')['loss'])


def two_optimizers(folder, rate=0.1, epochs=1, **changes):
    """Rates of 0.1 and 0.2 by default; the bias waits for two batches."""
    model = TwoOptimizers()
    weight, bias = (
        torch.optim.SGD([parameter], lr=lr)
        for parameter, lr in zip(model.parameters(), (rate, 2 * rate))
    )
    wrappers = dict(
        weight=OptimWrapper(weight), bias=OptimWrapper(bias, accumulative_counts=2)
    )
    return toy_runner(
        folder,
        [0.5] * 9,
        epochs,
        runner_type=TrainingRunner,
        model=model,
        optim_wrapper=wrappers,
        randomness=dict(seed=0),
        custom_hooks=[dict(type='StopAtLRHook', ratio=1e-3)],
        **changes,
    )


def test_each_of_several_optimizers_is_scaled(tmp_path):
    scaling = dict(base_batch_size=4, enable=True)
    run = two_optimizers(tmp_path, auto_scale_lr=scaling)
    run.train()
    told = run.optim_wrapper.get_lr()
    assert told == {'weight.lr': [0.05], 'bias.lr': pytest.approx([0.2])}


def test_several_optimizers_go_on_with_their_settings(tmp_path):
    two_optimizers(tmp_path).train()
    resume = dict(resume=True, load_from=str(tmp_path / 'epoch_1.pth'), epochs=2)
    two_optimizers(tmp_path, **resume).train()
    with pytest.raises(ValueError, match=r'optimizer\.lr was 0\.2, is 0\.4'):
        two_optimizers(tmp_path, rate=0.2, **resume).train()


def test_one_peak_of_all_groups_is_refused(tmp_path):
    cycle = dict(type='OneCycleLR', eta_max=0.1, total_steps=9, by_epoch=False)
    run = runner(tmp_path / 'shares', schedules=[cycle])
    with pytest.raises(ValueError, match='eta_max=0.1, though .* from 0.05 to 0.1;'):
        run.train()
    each = dict(cycle, eta_max=[0.1, 0.05, 0.1])
    steps = rates(runner(tmp_path / 'told', schedules=[each]))
    assert [(2 * bias, base) for weight, bias, base in steps] == [
        pytest.approx((weight, weight)) for weight, bias, base in steps
    ]
    own = dict(bias=[dict(cycle, eta_max=0.2)], weight=[WARM_UP])
    two_optimizers(tmp_path / 'own', param_scheduler=own).train()
    scaling = dict(base_batch_size=4, enable=True)
    run = two_optimizers(tmp_path / 'both', param_scheduler=own, auto_scale_lr=scaling)
    with pytest.raises(ValueError, match='--auto-scale-lr has no effect on OneCycleLR'):
        run.train()
    run = runner(tmp_path / 'scaled', base=4, schedules=[each])
    with pytest.raises(ValueError, match='--auto-scale-lr has no effect on OneCycleLR'):
        run.train()
