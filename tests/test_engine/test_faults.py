"""What ends a training that nobody stopped, or keeps it from beginning."""

import multiprocessing
import os
import signal
import time
from types import SimpleNamespace

import pytest
import torch
from mmengine.dataset import DefaultSampler
from mmengine.runner import EpochBasedTrainLoop
from mmpose.structures import PoseDataSample
from toy_training import Line, Numbers, toy_runner

from fashion_mmpose.config.loading import config_names, read_config
from fashion_mmpose.engine.faults import dead_workers_named, loss_fault
from fashion_mmpose.engine.runner import TrainingRunner
from fashion_mmpose.errors import TrainingError

HOOK = dict(custom_hooks=[dict(type='FiniteLossHook')])


class Failing(Line):
    """Its loss is not finite from a step on."""

    def __init__(self, step, value=float('nan')):
        super().__init__()
        self.step = step
        self.value = value

    def forward(self, inputs, mode):
        found = super().forward(inputs, mode)
        if mode == 'loss':
            self.step -= 1
            if self.step <= 0:
                found['loss'] = found['loss'] * self.value
        return found


class Nothing(Numbers):
    ann_file = 'none.json'

    def __len__(self):
        return 0


@pytest.mark.parametrize('part', ['train', 'val'])
@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(dataset=Nothing()), 'none.json: the data set has no sample'),
        (
            dict(batch_size=3, drop_last=True),
            r'Numbers: the data set has fewer samples \(2\) than a batch',
        ),
    ],
)
def test_a_training_does_not_begin_with_nothing(tmp_path, part, changes, message):
    run = toy_runner(tmp_path, [0.5], 1, runner_type=TrainingRunner)
    getattr(run, f'_{part}_dataloader').update(changes)
    with pytest.raises(ValueError, match=message) as error:
        run.train()
    has_way = part == 'val' and 'no sample' in message
    assert ('or train with --no-validate' in str(error.value)) == has_way
    assert not (tmp_path / 'epoch_1.pth').exists()


def test_epochs_have_an_end(tmp_path):
    sampler = dict(type='InfiniteSampler')
    run = toy_runner(tmp_path, [0.5], 1, runner_type=TrainingRunner)
    run._train_dataloader.update(sampler=sampler)
    with pytest.raises(ValueError, match='InfiniteSampler goes on for ever'):
        run.train()
    iterations = dict(by_epoch=False, max_iters=2, val_interval=5)
    counting = dict(train_cfg=iterations, runner_type=TrainingRunner)
    run = toy_runner(tmp_path, [0.5], 1, dict(by_epoch=False), **counting)
    run._train_dataloader.update(sampler=sampler)
    run.train()
    assert (tmp_path / 'iter_2.pth').exists()


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_a_loss_that_is_not_finite_ends_a_training(tmp_path, value):
    run = toy_runner(
        tmp_path,
        [0.5] * 3,
        max_epochs=3,
        model=Failing(2, value),
        runner_type=TrainingRunner,
        **HOOK,
    )
    with pytest.raises(TrainingError) as error:
        run.train()
    first, pictures, good, mend = str(error.value).splitlines()
    assert f'(loss: {value}) at iteration 2, batch 1 of 1 in epoch 2' in first
    assert good.endswith('epoch_1.pth') and 'epoch_1.pth' in mend
    assert not (tmp_path / 'epoch_2.pth').exists()


@pytest.mark.slow
def test_a_training_that_counts_by_iterations(tmp_path):
    run = toy_runner(
        tmp_path,
        [0.5] * 3,
        max_epochs=3,
        model=Failing(3),
        runner_type=TrainingRunner,
        train_cfg=dict(by_epoch=False, max_iters=9),
        log_processor=dict(by_epoch=False),
        **HOOK,
    )
    with pytest.raises(TrainingError, match=r'\(loss: nan\) at iteration 3, and'):
        run.train()


def test_a_checkpoint_with_spoilt_weights_is_not_a_good_one(tmp_path):
    """The last step of an epoch may spoil them, and only the next loss tells."""
    first = toy_runner(tmp_path, [0.5] * 3, 2, runner_type=TrainingRunner, **HOOK)
    first.train()
    path = tmp_path / 'epoch_2.pth'
    content = torch.load(path, weights_only=True)
    content['state_dict']['layer.weight'][:] = float('nan')
    torch.save(content, path)
    run = toy_runner(
        *(tmp_path, [0.5] * 4, 3),
        runner_type=TrainingRunner,
        resume=True,
        load_from=str(path),
        **HOOK,
    )
    with pytest.raises(TrainingError, match='last good checkpoint: .*epoch_1.pth'):
        run.train()


def test_the_pictures_of_the_batch_are_named(tmp_path):
    samples = [PoseDataSample(metainfo=dict(img_path=f'{n}.jpg')) for n in 'aba']
    state = SimpleNamespace(
        iter=6,
        epoch=2,
        train_dataloader=[0] * 3,
        train_loop=object.__new__(EpochBasedTrainLoop),
        hooks=[],
        work_dir=str(tmp_path),
        _load_from=None,
    )
    outputs = dict(loss=torch.tensor(float('nan')), loss_a=torch.tensor(0.5), acc=1)
    text = loss_fault(state, 0, dict(data_samples=samples), outputs)
    assert '(loss: nan, loss_a: 0.5) at iteration 7, batch 1 of 3 in epoch 3' in text
    assert 'pictures of the batch: a.jpg, b.jpg\n' in text
    assert 'last good checkpoint: none yet' in text


class Deadly(Numbers):
    """The process that loads a sample is killed."""

    def __getitem__(self, index):
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize('after', [0, 1])
def test_a_killed_worker(tmp_path, after):
    dataset = Numbers() if after else Deadly()
    loader = dict(
        batch_size=1,
        num_workers=1,
        dataset=dataset,
        sampler=DefaultSampler(dataset, seed=0),
    )
    run = toy_runner(
        tmp_path, [0.5] * 3, 3, runner_type=TrainingRunner, train_dataloader=loader
    )
    if after:
        run.call_hook = _killing_workers(run, after)
    with pytest.raises(TrainingError) as error:
        run.train()
    (line,) = str(error.value).splitlines()
    assert 'a process that loads data (pid ' in line
    # PyTorch does not learn the signal where a process ends before it is listened for.
    assert '(Killed)' in line or (not after and ') has ended; ' in line)
    assert '/dev/shm' in line and 'num_workers' in line
    expected = '--resume goes on from ' if after else 'there is no checkpoint yet'
    assert expected in line and ('epoch_1.pth' in line) is bool(after)


def _killing_workers(run, epoch):
    """The run's hooks; the processes that load are killed after a batch of an epoch."""
    call = run.call_hook

    def call_hook(name, **kwargs):
        if name == 'after_train_iter' and run.epoch == epoch:
            for worker in multiprocessing.active_children():
                os.kill(worker.pid, signal.SIGKILL)
            time.sleep(60)  # PyTorch, which listens for their end, breaks it off
        call(name, **kwargs)

    return call_hook


def test_other_errors_stay():
    with pytest.raises(RuntimeError, match='^other$'), dead_workers_named(str):
        raise RuntimeError('other')


@pytest.mark.slow
@pytest.mark.parametrize('name', config_names())
def test_every_training_looks_at_its_losses(name):
    cfg = read_config(name)
    hooks = [*cfg.get('default_hooks', {}).values(), *cfg.get('custom_hooks', ())]
    kinds = {hook['type'].rpartition('.')[2] for hook in hooks if hook}
    assert 'FiniteLossHook' in kinds
