"""What a resumed run does about settings that its checkpoint overrules."""

import pytest
from toy_training import Script, toy_runner

from fashion_mmpose.engine.runner import TrainingRunner

COSINE = dict(type='CosineAnnealingLR', eta_min=0, convert_to_iter_based=True)
STEPS = dict(type='MultiStepLR', milestones=[1, 3], gamma=0.1)


def runner(folder, epochs=2, resume=None, override=False, batch_size=2, **changes):
    kwargs = dict(param_scheduler=[STEPS], randomness=dict(seed=0))
    kwargs |= changes
    run = toy_runner(
        folder,
        [0.5] * 9,
        epochs,
        runner_type=TrainingRunner,
        load_from=resume,
        resume=bool(resume),
        **kwargs,
    )
    run._train_dataloader['batch_size'] = batch_size
    run.override = override
    return run


def rates(run):
    """Learning rates of the epochs that a run goes through."""
    seen = []

    def look(module, args, output):
        if module.training:
            seen.append(run.optim_wrapper.param_groups[0]['lr'])

    run.model.layer.register_forward_hook(look)
    run.train()
    return seen


def optimizer(**kwargs):
    return dict(optim_wrapper=dict(optimizer=dict(dict(type='SGD', lr=0.1), **kwargs)))


@pytest.fixture
def checkpoint(tmp_path):
    runner(tmp_path / 'run').train()
    return str(tmp_path / 'run' / 'epoch_2.pth')


@pytest.mark.parametrize(
    'changes, message',
    [
        (optimizer(lr=0.01), 'optim_wrapper.optimizer.lr was 0.1, is 0.01'),
        (optimizer(weight_decay=0.5), r'optimizer.weight_decay was 0, is 0.5'),
        (optimizer(momentum=0.9), r'optimizer.momentum was 0, is 0.9'),
        (
            dict(param_scheduler=[dict(STEPS, milestones=[1, 4])]),
            r'param_scheduler.0.milestones was \[1, 3\], is \[1, 4\]',
        ),
        (dict(param_scheduler=[STEPS, STEPS]), 'param_scheduler had 1 parts, has 2'),
        (dict(randomness=dict(seed=3)), 'randomness.seed was 0, is 3'),
        (dict(batch_size=1), 'the batches of an epoch were 1, are 2'),
    ],
    ids=['lr', 'weight decay', 'momentum', 'milestones', 'number', 'seed', 'batch'],
)
def test_what_would_have_no_effect_stops(tmp_path, checkpoint, changes, message):
    run = runner(tmp_path / 'run', 4, checkpoint, **changes)
    with pytest.raises(ValueError, match=message) as error:
        run.train()
    assert '--override' in str(error.value)
    assert not (tmp_path / 'run' / 'epoch_3.pth').exists()


@pytest.mark.slow
def test_groups_of_their_own_rates(tmp_path):
    def parts(lr):
        settings = optimizer(lr=lr)
        rules = dict(bias_lr_mult=0.5)
        settings['optim_wrapper'] |= dict(paramwise_cfg=rules)
        return dict(settings, param_scheduler=[dict(STEPS, end=10**9)])

    whole = rates(runner(tmp_path / 'whole', 4, **parts(0.1)))
    runner(tmp_path / 'run', 2, **parts(0.1)).train()
    last = str(tmp_path / 'run' / 'epoch_2.pth')
    run = runner(tmp_path / 'run', 4, last, **parts(0.1))
    assert rates(run) == whole[2:]
    run = runner(tmp_path / 'run', 4, last, **parts(0.2))
    with pytest.raises(ValueError, match='optimizer.lr was 0.1, is 0.2'):
        run.train()


@pytest.mark.parametrize(
    'schedules',
    [
        [dict(type='CosineAnnealingMomentum', T_max=9, eta_min=0.5)],
        [dict(type='OneCycleLR', eta_max=0.1, total_steps=99, by_epoch=False)],
    ],
    ids=['momentum', 'one cycle'],
)
def test_adams_schedules_are_no_change(tmp_path, schedules):
    settings = optimizer(type='Adam', lr=0.1)
    settings['param_scheduler'] = schedules
    runner(tmp_path / 'run', 3, **settings).train()
    last = str(tmp_path / 'run' / 'epoch_2.pth')
    run = runner(tmp_path / 'run', 3, last, **settings)
    run.train()
    assert run.epoch == 3
    settings['optim_wrapper']['optimizer'].update(betas=(0.8, 0.99))
    with pytest.raises(ValueError, match=r'betas was \[0.9, 0.999\], is \[0.8, 0.99\]'):
        runner(tmp_path / 'run', 3, last, **settings).train()


@pytest.mark.slow
def test_more_epochs(tmp_path, checkpoint):
    endless = dict(param_scheduler=[dict(STEPS, end=10**9)])
    runner(tmp_path / 'run', **endless).train()
    whole = rates(runner(tmp_path / 'whole', 4, **endless))
    assert whole == pytest.approx([0.1, 0.01, 0.01, 0.001])
    assert rates(runner(tmp_path / 'run', 4, checkpoint, **endless)) == whole[2:]


@pytest.mark.slow
def test_more_epochs_of_a_schedule_that_ends_with_them(tmp_path):
    cosine = dict(param_scheduler=[COSINE])
    runner(tmp_path / 'run', **cosine).train()
    path = str(tmp_path / 'run' / 'epoch_2.pth')
    with pytest.raises(ValueError, match='param_scheduler.0.T_max was 2, is 4'):
        runner(tmp_path / 'run', 4, path, **cosine).train()
    whole = rates(runner(tmp_path / 'whole', 4, **cosine))
    resumed = rates(runner(tmp_path / 'run', 4, path, True, **cosine))
    assert resumed == pytest.approx(whole[2:])


@pytest.mark.slow
@pytest.mark.parametrize(
    'changes',
    [
        optimizer(lr=0.5),
        dict(param_scheduler=[dict(STEPS, milestones=[2, 3])]),
        dict(param_scheduler=[dict(STEPS, gamma=0.5), dict(COSINE, T_max=9)]),
        dict(batch_size=1, param_scheduler=[dict(COSINE, T_max=4)]),
    ],
    ids=['rate', 'milestones', 'two', 'batch'],
)
def test_override_goes_on_as_if_it_had_been_so(tmp_path, checkpoint, changes):
    whole = rates(runner(tmp_path / 'whole', 4, **changes))
    run = runner(tmp_path / 'run', 4, checkpoint, True, **changes)
    assert rates(run) == pytest.approx(whole[len(whole) // 2 :])
    assert run.iter == len(whole)


def test_override_of_the_seed(tmp_path, checkpoint):
    run = runner(tmp_path / 'run', 3, checkpoint, True, randomness=dict(seed=3))
    run.train()
    assert run.seed == 3
    assert run.train_dataloader.sampler.seed == 3


WARM_UP = dict(type='LinearLR', start_factor=0.5, by_epoch=False, end=2)
PLATEAU = dict(
    type='ReduceOnPlateauLR',
    monitor='fashionai/NE',
    rule='less',
    factor=0.1,
    patience=0,
    threshold=0.0,
    end=10**9,
)


@pytest.mark.slow
@pytest.mark.parametrize('schedules', [[PLATEAU], [WARM_UP, PLATEAU]])
def test_what_was_learnt_from_scores_stays(tmp_path, schedules):
    """The rate of a plateau, whatever stands beside it, also with another rate."""
    settings = dict(param_scheduler=schedules, batch_size=1)
    whole = rates(runner(tmp_path / 'whole', 6, **settings))
    assert whole[-1] < 0.02 * whole[4]  # the premise
    runner(tmp_path / 'run', 4, **settings).train()
    last = str(tmp_path / 'run' / 'epoch_4.pth')
    plain = rates(runner(tmp_path / 'run', 6, last, True, **settings))
    assert plain == pytest.approx(whole[8:])
    doubled = runner(tmp_path / 'run', 6, last, True, **settings, **optimizer(lr=0.2))
    assert rates(doubled) == pytest.approx([2 * rate for rate in whole[8:]])


class Accuracy(Script):
    """A second score, the higher the better."""

    def compute_metrics(self, results):
        scores = super().compute_metrics(results)
        return dict(scores, accuracy=1 - scores['NE'])


def test_another_score_is_not_compared_with_the_best_of_before(tmp_path):
    """The error of before is high, and the accuracies that follow rise."""
    for epochs, monitor, rule in ((1, 'NE', 'less'), (4, 'accuracy', 'greater')):
        plateau = dict(PLATEAU, monitor=f'fashionai/{monitor}', rule=rule)
        holder = []
        run = runner(
            tmp_path,
            epochs,
            str(tmp_path / 'epoch_1.pth') if epochs > 1 else None,
            override=True,
            param_scheduler=[plateau],
            val_evaluator=[Accuracy([0.7, 0.8, 0.75, 0.72], holder)],
        )
        holder.append(run)
        run.train()
    assert run.optim_wrapper.param_groups[0]['lr'] == pytest.approx(0.1)
