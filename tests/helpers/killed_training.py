"""Trains as it is told, each time in a fork, which may kill itself."""

import json
import multiprocessing
import os
import shutil
import signal
import sys
from pathlib import Path

import setuptools  # noqa: F401 - by every training
import torch
from mmengine.hooks import Hook
from toy_training import toy_runner

# Epoch 3 makes the plateau, and the last epoch is the best.
SCORES = [0.5, 0.4, 0.45, 0.3]
SCHEDULES = dict(
    plateau=dict(
        type='ReduceOnPlateauLR',
        monitor='fashionai/NE',
        rule='less',
        patience=0,
        factor=0.1,
    ),
    cosine=dict(type='CosineAnnealingLR', T_max=4, eta_min=1e-3),
)
SECONDS = 120  # for one training of four epochs


class Moments(Hook):
    """Copy the folder at each moment, or kill the process at one; note their names."""

    priority = 'HIGHEST'

    def __init__(self, folder, copies, victim):
        self.folder = folder
        self.copies = copies
        self.victim = victim
        self.names = []
        self.runner = None

    def reach(self, name):
        epoch = self.runner.epoch if self.runner else 0
        self.names.append(f'{epoch}: {name}')
        number = len(self.names) - 1
        if number == self.victim:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.copies and epoch >= 2:
            shutil.copytree(self.folder, self.copies / str(number))

    def around(self, function, which):
        def call(*args):
            self.reach(f'{function.__name__} {os.path.basename(args[which])}')
            function(*args)

        return call

    def before_train(self, runner):
        self.runner = runner

    def after_train_iter(self, runner, *args, **kwargs):
        self.reach('iteration')

    def before_val_epoch(self, runner):
        self.reach('validation begins')

    def after_val_epoch(self, runner, metrics):
        self.reach('validation ends')

    def after_val(self, runner):
        self.reach('validation is over')

    def after_run(self, runner):
        if self.copies:
            (self.copies / 'names.json').write_text(json.dumps(self.names))


def train(folder, schedule, checkpoint, copies=None, victim=None, resume=False):
    moments = Moments(folder, copies and Path(copies), victim)
    os.replace = moments.around(os.replace, 1)
    os.remove = moments.around(os.remove, 0)
    torch.manual_seed(0)
    hook = dict(save_best='fashionai/NE', rule='less') | checkpoint
    toy_runner(
        folder,
        SCORES,
        len(SCORES),
        hook,
        resume=resume,
        randomness=dict(seed=0),
        param_scheduler=[SCHEDULES[schedule]],
        custom_hooks=[
            moments,
            dict(type='EpochSeedHook'),
            dict(
                type='PersistentEarlyStoppingHook',
                monitor='fashionai/NE',
                rule='less',
                patience=9,
            ),
        ],
    ).train()


def train_each(runs):
    """Train in the folder ``training``; what each of the processes ends with.

    Args:
        runs: Of each what its folder is renamed from, if there is one, and in the end
            to, and the arguments of :func:`train`.
    """
    codes = []
    for begin, end, settings in runs:
        folder = Path('training')
        if begin:
            Path(begin).rename(folder)
        process = multiprocessing.get_context('fork').Process(
            target=train, args=(folder.absolute(),), kwargs=settings
        )
        process.start()
        process.join(SECONDS)
        codes.append(process.exitcode)
        folder.rename(end)
    return codes


if __name__ == '__main__':
    print(json.dumps(train_each(json.loads(sys.argv[1]))))
