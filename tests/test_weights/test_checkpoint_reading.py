"""Tests for fashion_mmpose.weights.read."""

import os
import pickle

import numpy as np
import pytest
import torch

from fashion_mmpose.weights import WeightsError, read_checkpoint

WEIGHTS = {'conv.weight': torch.arange(6.0).reshape(2, 3), 'conv.bias': torch.ones(2)}
# As the CPN system saves it; the loss is numpy's.
PUBLISHED = dict(
    epoch=7,
    save_dir='checkpoints/',
    state_dict=WEIGHTS,
    lr=None,
    best_val_loss=np.float32(1.5),
)


def under_module(weights):
    return {f'module.{name}': value for name, value in weights.items()}


@pytest.mark.parametrize(
    'content, left_out',
    [
        pytest.param(WEIGHTS, (), id='state-dict'),
        pytest.param(
            PUBLISHED, ('epoch', 'save_dir', 'lr', 'best_val_loss'), id='wrapped'
        ),
        pytest.param(under_module(WEIGHTS), (), id='data-parallel'),
        pytest.param(
            dict(state_dict=under_module(WEIGHTS), optimizer={}),
            ('optimizer',),
            id='wrapped-data-parallel',
        ),
        pytest.param(
            {name: torch.nn.Parameter(value) for name, value in WEIGHTS.items()},
            (),
            id='parameters',
        ),
    ],
)
@pytest.mark.parametrize('zipped', [True, False], ids=['zip', 'before-1.6'])
def test_read_checkpoint(content, left_out, zipped, tmp_path):
    path = tmp_path / 'source.ckpt'
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    stored = read_checkpoint(path)
    assert stored.tensors.keys() == WEIGHTS.keys()
    for name, value in WEIGHTS.items():
        assert torch.equal(stored.tensors[name], value)
        assert not stored.tensors[name].requires_grad
    assert stored.left_out == left_out
    assert stored.meta == {}


def test_meta_is_kept(tmp_path):
    content = dict(meta=dict(epoch=3), state_dict=WEIGHTS, message_hub={})
    torch.save(content, tmp_path / 'epoch_3.pth')
    stored = read_checkpoint(tmp_path / 'epoch_3.pth')
    assert stored.meta == dict(epoch=3) and stored.left_out == ('message_hub',)


def test_a_prefix_that_some_names_lack_stays(tmp_path):
    torch.save({'module.a': torch.ones(1), 'b': torch.ones(1)}, tmp_path / 'a.pth')
    assert list(read_checkpoint(tmp_path / 'a.pth').tensors) == ['module.a', 'b']


class Attack:
    """Runs a command when it is unpickled freely."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, (f'touch {self.marker}',)


@pytest.mark.parametrize('zipped', [True, False], ids=['zip', 'before-1.6'])
def test_code_is_not_executed(zipped, tmp_path):
    path, marker = tmp_path / 'bad.pth', tmp_path / 'executed'
    content = dict(PUBLISHED, extra=Attack(marker))
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(WeightsError, match=r'asks for posix\.system, which is refused'):
        read_checkpoint(path)
    assert not marker.exists()
    # It is a real attack.
    torch.load(path, weights_only=False)
    assert marker.exists()


def write_module(path):
    torch.save(torch.nn.Linear(1, 1), path)


def write_cut_zip(path):
    torch.save(torch.ones(1000), path)
    path.write_bytes(path.read_bytes()[:-300])


def write_cut_old(path):
    torch.save(WEIGHTS, path, _use_new_zipfile_serialization=False)
    path.write_bytes(path.read_bytes()[:-3])


@pytest.mark.parametrize(
    'write, message',
    [
        pytest.param(
            write_module,
            r'asks for torch\.nn\.modules\.linear\.Linear.*network\.state_dict\(\)',
            id='whole-network',
        ),
        pytest.param(lambda path: path.write_bytes(b''), 'cut short', id='empty'),
        pytest.param(
            lambda path: path.write_bytes(b'hello'), 'not a file of torch', id='text'
        ),
        pytest.param(
            lambda path: path.write_bytes(pickle.dumps(WEIGHTS, 4)),
            'is not a file of torch.save',
            id='pickle',
        ),
        pytest.param(write_cut_zip, 'is cut short or damaged', id='cut-zip'),
        pytest.param(write_cut_old, 'is cut short or damaged', id='cut-before-1.6'),
        pytest.param(
            lambda path: torch.save([1], path), 'holds a list, not a', id='list'
        ),
        pytest.param(
            lambda path: torch.save({'a': 1, 'b': torch.ones(1)}, path),
            r"no state dict: its entries \['a'\] are no tensors",
            id='numbers',
        ),
        pytest.param(lambda path: torch.save({}, path), 'it is empty', id='no-weights'),
        pytest.param(lambda path: path.mkdir(), 'is not a file', id='folder'),
    ],
)
@pytest.mark.filterwarnings('ignore:Detected pickle protocol 4')
def test_files_that_are_refused(write, message, tmp_path):
    write(tmp_path / 'source.pth')
    with pytest.raises(WeightsError, match=message) as caught:
        read_checkpoint(tmp_path / 'source.pth')
    assert str(tmp_path / 'source.pth') in str(caught.value)


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'nowhere\.pth does not exist'):
        read_checkpoint(tmp_path / 'nowhere.pth')
