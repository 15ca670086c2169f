"""MMEngine's EMAHook in our trainings: its average is what is tested and exported."""

import pytest
import torch
from toy_training import toy_runner

from fashion_mmpose.engine.runner import TrainingRunner
from fashion_mmpose.weights.read import read_checkpoint

SCORES = [0.5, 0.3, 0.4, 0.2]
MOMENTUM = 0.25
HOOKS = [dict(type='EpochSeedHook'), dict(type='EMAHook', momentum=MOMENTUM)]
BEST = dict(save_best='fashionai/NE', rule='less', max_keep_ckpts=9)


def run(folder, max_epochs=4, hooks=HOOKS, **settings):
    torch.manual_seed(0)  # of the network's weights
    return toy_runner(
        folder,
        SCORES,
        max_epochs,
        checkpoint=BEST,
        runner_type=TrainingRunner,
        custom_hooks=hooks,
        randomness=dict(seed=0),
        **settings,
    )


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """A training whose weights are noted after every step."""
    folder = tmp_path_factory.mktemp('averaged')
    runner = run(folder)
    steps = []
    train_step = runner.model.train_step

    def noted(data, optim_wrapper):
        losses = train_step(data, optim_wrapper)
        steps.append(runner.model.layer.weight.item())
        return losses

    runner.model.train_step = noted
    runner.train()
    return folder, steps


def weight_in(path):
    return read_checkpoint(path).tensors['layer.weight'].item()


def test_checkpoints_hold_the_average(trained):
    folder, steps = trained
    average = steps[0]
    averages = [average]
    for each in steps[1:]:
        average = (1 - MOMENTUM) * average + MOMENTUM * each
        averages.append(average)
    assert len(steps) == 4 and abs(averages[-1] - steps[-1]) > 1e-3
    for epoch, expected in enumerate(averages, 1):
        assert weight_in(folder / f'epoch_{epoch}.pth') == pytest.approx(expected)
    (best,) = folder.glob('best_*.pth')
    assert weight_in(best) == pytest.approx(averages[3])


@pytest.mark.parametrize('hooks', [HOOKS, HOOKS[:1]], ids=['ema', 'plain'])
def test_the_average_is_tested(trained, hooks, tmp_path):
    """With and without the hook, as configs of a training and of others have it."""
    folder, _ = trained
    seen = []
    path = folder / 'epoch_4.pth'
    runner = run(tmp_path, hooks=hooks, load_from=str(path))
    val_step = runner.model.val_step

    def noted(data):
        seen.append(runner.model.layer.weight.item())
        return val_step(data)

    runner.model.test_step = noted
    runner.test()
    assert seen == [weight_in(path)]


def test_a_resumed_run_averages_on(trained, tmp_path):
    folder, _ = trained
    run(tmp_path, max_epochs=2).train()
    resumed = run(tmp_path, load_from=str(tmp_path / 'epoch_2.pth'), resume=True)
    resumed.train()
    whole, gone_on = (
        torch.load(each / 'epoch_4.pth', weights_only=True)
        for each in (folder, tmp_path)
    )
    for part in ('state_dict', 'ema_state_dict'):
        for key, value in whole[part].items():
            assert torch.equal(gone_on[part][key], value), (part, key)
