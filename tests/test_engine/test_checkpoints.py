"""A run that is killed while it saves can be resumed."""

import os

import pytest
import torch
from toy_training import toy_runner

SCORES = [0.5, 0.4, 0.3, 0.6]


class Killed(BaseException):
    """What no handler of MMEngine's catches."""


def files(folder):
    return sorted(path.name for path in folder.glob('*.pth'))


def train(folder, max_epochs, resume=False, **checkpoint):
    hook = dict(max_keep_ckpts=1, save_best='fashionai/NE', rule='less', **checkpoint)
    runner = toy_runner(folder, SCORES, max_epochs, hook, resume=resume)
    runner.train()
    return runner


def test_only_the_newest_and_the_best_stay(tmp_path):
    train(tmp_path, 4)
    assert files(tmp_path) == ['best_fashionai_NE_epoch_3.pth', 'epoch_4.pth']
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith('.tmp')] == []


@pytest.mark.parametrize(
    'victim', ['epoch_3.pth', 'best_fashionai_NE_epoch_3.pth'], ids=['last', 'best']
)
@pytest.mark.parametrize('moment', ['write', 'replace'])
def test_a_kill_while_saving_loses_nothing(tmp_path, monkeypatch, victim, moment):
    """Epoch 3 is the best: neither its predecessor nor the last best may be gone."""
    train(tmp_path, 2)
    before = {name: (tmp_path / name).read_bytes() for name in files(tmp_path)}
    assert set(before) == {'epoch_2.pth', 'best_fashionai_NE_epoch_2.pth'}
    real = os.replace

    def killed(source, target):
        if os.path.basename(target) == victim:
            if moment == 'write':
                os.truncate(source, 100)
            raise Killed
        real(source, target)

    monkeypatch.setattr(os, 'replace', killed)
    with pytest.raises(Killed):
        train(tmp_path, 4, resume=True)
    assert victim not in files(tmp_path)
    for name in files(tmp_path):
        torch.load(tmp_path / name, weights_only=True)
    # What the victim would have replaced is as it was.
    old = victim.replace('3', '2')
    assert (tmp_path / old).read_bytes() == before[old]

    monkeypatch.setattr(os, 'replace', real)
    assert train(tmp_path, 4, resume=True).epoch == 4
    # A run that saved epoch 3 goes on with 4, and 3 stays without a score.
    best = 3 if victim == 'epoch_3.pth' else 2
    expected = [f'best_fashionai_NE_epoch_{best}.pth', 'epoch_4.pth']
    assert files(tmp_path) == expected


def test_other_places_keep_their_own_backend(tmp_path):
    runner = train(tmp_path, 1, backend_args=dict(backend='local'))
    hook = next(hook for hook in runner.hooks if hasattr(hook, 'backend_args'))
    assert hook.backend_args == dict(backend='local')
    assert files(tmp_path) == ['best_fashionai_NE_epoch_1.pth', 'epoch_1.pth']
