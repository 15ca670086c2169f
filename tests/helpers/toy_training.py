"""A training of two weights, with a script instead of a score."""

from functools import cache
from itertools import count

import mmengine.runner.runner
import torch
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch.utils.data import Dataset

_numbers = count()  # MMEngine keeps an experiment's objects by its name
# MMEngine asks git, in a process, at each checkpoint: once will do, for forks, too.
mmengine.runner.runner.get_git_hash = cache(mmengine.runner.runner.get_git_hash)
mmengine.runner.runner.get_git_hash()


class Numbers(Dataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return torch.tensor([float(index)])


class Line(BaseModel):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

    def forward(self, inputs, mode):
        out = self.layer(torch.stack(list(inputs)))
        return dict(loss=out.square().mean()) if mode == 'loss' else [out]

    def train_step(self, data, optim_wrapper):
        loss = self(data, 'loss')['loss']
        optim_wrapper.update_params(loss)
        return dict(loss=loss)

    def val_step(self, data):
        return self(data, 'predict')

    test_step = val_step


class Script(BaseMetric):
    """The score that the script has for the epoch."""

    def __init__(self, scores, runner):
        super().__init__(prefix='fashionai')
        self.scores = scores
        self.runner = runner

    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        return dict(NE=self.scores[self.runner[0].epoch - 1])


def toy_runner(
    work_dir,
    scores,
    max_epochs,
    checkpoint=None,
    runner_type=Runner,
    log_level='ERROR',
    **kwargs,
):
    """A runner that trains two weights and scores each epoch as the script says."""
    holder = []
    loader = dict(dataset=Numbers(), batch_size=2, sampler=dict(type='DefaultSampler'))
    in_order = dict(loader, sampler=dict(type='DefaultSampler', shuffle=False))
    hook = dict(type='mmpose.ValidatedCheckpointHook', interval=1)
    hook |= checkpoint or {}
    settings = dict(
        model=Line(),
        train_dataloader=loader,
        val_dataloader=in_order,
        test_dataloader=in_order,
        train_cfg=dict(by_epoch=True, max_epochs=max_epochs, val_interval=1),
        val_cfg=dict(),
        test_cfg=dict(),
        val_evaluator=[Script(scores, holder)],
        test_evaluator=[Script(scores, holder)],
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        default_hooks=dict(checkpoint=hook),
        default_scope='mmpose',
        experiment_name=f'{work_dir.name}-{next(_numbers)}',
    )
    runner = runner_type(
        work_dir=str(work_dir), log_level=log_level, **(settings | kwargs)
    )
    holder.append(runner)
    return runner
