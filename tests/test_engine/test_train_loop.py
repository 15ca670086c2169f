"""A training that a signal stops goes on in the middle of its epoch, to the bit."""

import json
import os
import random
import signal

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop
from torch.utils.data import Dataset
from toy_training import Line, toy_runner

from fashion_mmpose import interrupts
from fashion_mmpose.engine.runner import TrainingRunner
from fashion_mmpose.engine.work_folder import checkpoint_file, last_checkpoint
from fashion_mmpose.weights.read import read_checkpoint

EPOCHS, BATCHES = 3, 4
SCORES = [0.5, 0.4, 0.45]
BEST = 'best_fashionai_NE_epoch_2.pth'


class Drawn(Dataset):
    """Numbers that every library's generator has a part in."""

    def __len__(self):
        return 2 * BATCHES

    def __getitem__(self, index):
        drawn = random.random() + np.random.rand() + torch.rand(1)
        return index + drawn.float()


class Dropping(Line):
    """Draws in the process of the training, too."""

    def forward(self, inputs, mode):
        inputs = [torch.nn.functional.dropout(x, 0.5, self.training) for x in inputs]
        return super().forward(inputs, mode)


class Stop(Hook):
    """Sends a signal at a moment of an iteration."""

    priority = 'LOWEST'

    def __init__(self, moment, iteration, number=signal.SIGTERM):
        self.moment = moment
        self.iteration = iteration
        self.number = number

    def reach(self, moment, iteration):
        if (moment, iteration) == (self.moment, self.iteration):
            os.kill(os.getpid(), self.number)

    def before_train_iter(self, runner, *args, **kwargs):
        self.reach('before', runner.iter)

    def after_train_iter(self, runner, *args, **kwargs):
        self.reach('after', runner.iter)

    def after_train_epoch(self, runner):
        self.reach('epoch', runner.iter)

    def before_val_iter(self, runner, *args, **kwargs):
        self.reach('val', runner.epoch)


def build(folder, stop=None, workers=0, resume=False, average=None, **kwargs):
    loader = dict(dataset=Drawn(), batch_size=2, num_workers=workers)
    loader['sampler'] = dict(type='DefaultSampler')
    if workers:
        loader['worker_init_fn'] = dict(type='keep_worker_seed')
    hooks = [dict(type='EpochSeedHook'), *filter(None, (stop, average))]
    checkpoint = dict(type='ValidatedCheckpointHook', interval=1) | kwargs
    checkpoint |= dict(save_best='fashionai/NE', rule='less')
    torch.manual_seed(0)
    model = Dropping()
    return toy_runner(
        folder,
        SCORES,
        EPOCHS,
        runner_type=TrainingRunner,
        default_hooks=dict(
            checkpoint=checkpoint, logger=dict(type='LoggerHook', interval=1)
        ),
        model=model,
        train_dataloader=loader,
        resume=resume,
        randomness=dict(seed=0),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.01, momentum=0.9)),
        param_scheduler=[dict(type='CosineAnnealingLR', T_max=12, by_epoch=False)],
        custom_hooks=hooks,
        visualizer=dict(type='Visualizer', vis_backends=[dict(type='LocalVisBackend')]),
    )


def train(*args, **kwargs):
    """Train; whether it came to its end."""
    run = build(*args, **kwargs)
    try:
        with interrupts.working():
            run.train()
    except KeyboardInterrupt:
        return False
    return True


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.tolist()
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def state(folder):
    """All that must be equal."""
    found = dict(names=sorted(path.name for path in folder.glob('*.pth')))
    for name in found['names']:
        content = torch.load(folder / name, weights_only=False)
        parts = ('state_dict', 'optimizer', 'param_schedulers')
        found[name] = plain({key: content.get(key) for key in parts})
        history = content['message_hub']['log_scalars']['train/loss'].data
        found[name]['losses'] = [list(map(float, array)) for array in history]
    newest = max(folder.glob('*/vis_data/scalars.json'))
    unlike = ('time', 'data_time', 'memory')
    found['scalars'] = [
        {k: v for k, v in json.loads(line).items() if k not in unlike}
        for line in newest.read_text().splitlines()
    ]
    found['last'] = (folder / 'last_checkpoint').read_text()
    return found


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    folders = {}

    def of(workers):
        if workers not in folders:
            folders[workers] = tmp_path_factory.mktemp('whole')
            assert train(folders[workers], workers=workers)
        return state(folders[workers])

    return of


@pytest.mark.slow
@pytest.mark.parametrize(
    'workers, moment, iterations',
    [
        (0, 'before', range(EPOCHS * BATCHES)),
        (0, 'after', range(EPOCHS * BATCHES)),
        (0, 'epoch', [4, 8, 12]),
        (2, 'after', [1, 5, 7, 10]),
    ],
)
def test_a_stopped_training_goes_on_to_the_bit(
    tmp_path, whole, workers, moment, iterations
):
    expected = whole(workers)
    assert expected['names'] == [BEST, 'epoch_1.pth', 'epoch_2.pth', 'epoch_3.pth']
    assert len(expected['epoch_3.pth']['losses'][0]) == EPOCHS * BATCHES
    assert len(expected['scalars']) == EPOCHS * (BATCHES + 1)
    for iteration in iterations:
        folder = tmp_path / str(iteration)
        assert not train(folder, Stop(moment, iteration), workers)
        done = iteration + (moment != 'epoch')
        named = (folder / 'last_checkpoint').read_text()
        epoch = f'epoch_{done // BATCHES}.pth'
        assert named == (epoch if moment == 'epoch' else 'interrupted.pth')
        assert train(folder, workers=workers, resume=True)
        assert state(folder) == expected, iteration


@pytest.mark.slow
@pytest.mark.parametrize('moment, at', [('epoch', 4), ('val', 1), ('val', 2)])
def test_epochs_without_a_checkpoint_are_not_lost_between_them(tmp_path, moment, at):
    """Checkpoints are of each tenth epoch, and validations of each."""
    folders = tmp_path / 'whole', tmp_path / 'run'
    assert train(folders[0], interval=10)
    assert not train(folders[1], Stop(moment, at), interval=10)
    assert last_checkpoint(folders[1]) == folders[1] / 'interrupted.pth'
    assert train(folders[1], interval=10, resume=True)
    expected, found = map(state, folders)
    assert found == expected and found['names'] == [BEST, 'epoch_3.pth']


@pytest.mark.parametrize('moment, at', [('after', 5), ('val', 2)])
def test_weights_and_their_average_are_not_taken_for_each_other(tmp_path, moment, at):
    """A validation has the average in the place of the weights."""
    folders = tmp_path / 'whole', tmp_path / 'run'
    average = dict(type='EMAHook', momentum=0.25)
    assert train(folders[0], interval=10, average=average)
    stop = Stop(moment, at)
    assert not train(folders[1], stop, interval=10, average=average)
    assert last_checkpoint(folders[1]) == folders[1] / 'interrupted.pth'
    assert train(folders[1], interval=10, resume=True, average=average)
    expected, found = (
        torch.load(each / 'epoch_3.pth', weights_only=False) for each in folders
    )
    for part in ('state_dict', 'ema_state_dict'):
        assert plain(found[part]) == plain(expected[part]), part


class StopBetweenHooks(Stop):
    """After the schedule's step and before the best checkpoint, of a validation."""

    priority = 'LOW'

    def after_val_epoch(self, runner, metrics=None):
        self.reach('hooks', runner.epoch)


def test_what_follows_a_validation_is_done_once(tmp_path):
    plateau = dict(monitor='fashionai/NE', rule='less', patience=0, threshold=0.0)

    def end(folder, stop=None, resume=False):
        run = build(folder, stop, resume=resume, interval=10)
        run.param_schedulers = [dict(type='ReduceOnPlateauLR', **plateau)]
        with interrupts.working():
            run.train()

    folders = tmp_path / 'whole', tmp_path / 'run'
    end(folders[0])
    for stop in (StopBetweenHooks('hooks', 2), StopBetweenHooks('hooks', 3)):
        with pytest.raises(KeyboardInterrupt):
            end(folders[1], stop, resume=stop.iteration > 2)
    end(folders[1], resume=True)
    expected, found = map(state, folders)
    assert found == expected and found['names'] == [BEST, 'epoch_3.pth']


@pytest.mark.slow
def test_a_training_that_is_stopped_again_and_again(tmp_path, whole):
    for iteration in range(EPOCHS * BATCHES):
        number = signal.SIGTERM if iteration % 2 else signal.SIGINT
        stop = Stop('after', iteration, number)
        assert not train(tmp_path, stop, resume=iteration > 0)
        assert (tmp_path / 'interrupted.pth').exists()
    assert train(tmp_path, resume=True)
    assert state(tmp_path) == whole(0)


def test_what_is_saved_can_be_used(tmp_path):
    assert not train(tmp_path, Stop('after', 1))
    assert os.listdir(tmp_path).count('interrupted.pth') == 1
    assert last_checkpoint(tmp_path) == tmp_path / 'interrupted.pth'
    (tmp_path / 'last_checkpoint').unlink()
    assert last_checkpoint(tmp_path) == tmp_path / 'interrupted.pth'
    path = checkpoint_file(str(tmp_path))
    assert set(read_checkpoint(path).tensors) == {'layer.weight', 'layer.bias'}
    # A training that begins anew makes it step aside.
    assert train(tmp_path)
    assert (tmp_path / 'old1/interrupted.pth').exists()
    assert not (tmp_path / 'interrupted.pth').exists()


@pytest.mark.parametrize(
    'save_stopped, seconds, is_saved',
    [(None, 0, True), (None, 11, False), (True, 11, True), (False, 0, False)],
)
def test_whether_it_is_saved(tmp_path, monkeypatch, save_stopped, seconds, is_saved):
    clock = iter(range(0, 10**6, max(1, seconds)))
    monkeypatch.setattr(
        'fashion_mmpose.engine.hooks.checkpoints.time.monotonic',
        lambda: next(clock) if seconds else 0,
    )
    assert not train(tmp_path, Stop('after', 5), save_stopped=save_stopped)
    assert (tmp_path / 'interrupted.pth').exists() == is_saved
    name = 'interrupted.pth' if is_saved else 'epoch_1.pth'
    assert (tmp_path / 'last_checkpoint').read_text() == name


@pytest.mark.slow
def test_a_kill_before_it_is_removed_leaves_nothing_in_the_end(tmp_path, whole):
    assert not train(tmp_path, Stop('after', 1))
    content = (tmp_path / 'interrupted.pth').read_bytes()
    assert not train(tmp_path, Stop('epoch', 4), resume=True)
    (tmp_path / 'interrupted.pth').write_bytes(content)
    assert train(tmp_path, resume=True)
    assert state(tmp_path) == whole(0)


def test_a_gradient_that_is_being_accumulated_is_not_cut(tmp_path):
    run = build(tmp_path, Stop('after', 5))
    run.optim_wrapper = dict(run.optim_wrapper, accumulative_counts=2)
    with pytest.raises(KeyboardInterrupt), interrupts.working():
        run.train()
    assert (tmp_path / 'last_checkpoint').read_text() == 'epoch_1.pth'


class OwnLoop(EpochBasedTrainLoop):
    """A user's."""


def test_other_loops_stay_as_they_are(tmp_path):
    loop = dict(type=OwnLoop, max_epochs=1)
    run = toy_runner(tmp_path, SCORES, 1, None, TrainingRunner, train_cfg=loop)
    run.train()
    assert type(run.train_loop) is OwnLoop


@pytest.mark.parametrize(
    'kind',
    [
        dict(type='EpochBasedTrainLoop'),  # as MMDetection's schedules have it
        dict(type='mmengine.EpochBasedTrainLoop', _scope_='mmengine'),
        dict(type=EpochBasedTrainLoop),
    ],
)
def test_the_loop_of_epochs_may_be_named(tmp_path, kind):
    loop = dict(kind, max_epochs=2)
    run = toy_runner(tmp_path, SCORES, 1, None, TrainingRunner, train_cfg=loop)
    run.register_hook(Stop('after', 1))
    with pytest.raises(KeyboardInterrupt), interrupts.working():
        run.train()
    assert (tmp_path / 'last_checkpoint').read_text() == 'interrupted.pth'


def test_another_number_of_batches_is_told(tmp_path):
    assert not train(tmp_path, Stop('after', 1))
    run = build(tmp_path, resume=True)
    run._train_dataloader['batch_size'] = 4
    with pytest.raises(ValueError, match='the batches of an epoch were 4, are 2'):
        run.train()
    run = build(tmp_path, resume=True)
    run._train_dataloader['batch_size'] = 4
    run.override = True
    run.train()
    assert run.iter == EPOCHS * 2
