"""The adapter: checks, checkpoints, distributed runs without a GPU."""

import importlib
import os
import pickle
import re
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.logging import HistoryBuffer
from mmengine.optim import OneCycleLR, OneCycleParamScheduler
from toolbox import run_cold, run_with_libraries

from fashion_mmpose.stack import compat

# ------------------------------------------------------------------------ checks


def import_error(prelude, folder):
    """What the first import of the plugin says after a prelude."""
    code = f'import sys\n{prelude}\nimport fashion_mmpose.plugin'
    (folder / 'use.py').write_text(code)
    result = run_with_libraries('use.py', cwd=folder, check=False)
    assert result.returncode == 1
    return result.stderr.strip().splitlines()[-1]


@pytest.mark.slow
def test_nothing_is_told_of_what_only_mmpose_can_mend(tmp_path):
    done = run_cold('-c', 'import fashion_mmpose.plugin', cwd=tmp_path)
    assert done.stderr == done.stdout == ''


@pytest.mark.slow
def test_import_without_mmpose_names_the_mend(tmp_path):
    line = import_error("sys.modules['mmpose'] = None", tmp_path)
    assert line.startswith('ImportError: fashion_mmpose needs mmpose')
    assert '`pip install --no-deps mmpose==1.3.2`' in line


def missing(name, error):
    real = importlib.import_module

    def import_module(module, *args):
        if module == name:
            raise error
        return real(module, *args)

    return SimpleNamespace(import_module=import_module)


@pytest.mark.parametrize(
    'name, error, message',
    [
        pytest.param(
            'torchvision',
            RuntimeError('operator torchvision::nms does not exist'),
            'torchvision does not load .*nms does not exist.* `pip install torch==',
            id='torchvision',
        ),
        pytest.param(
            'mmengine',
            ModuleNotFoundError("No module named 'pkg_resources'"),
            r"needs mmengine.*pkg_resources.* `pip install 'setuptools<81'`",
            id='pkg_resources',
        ),
        pytest.param(
            'mmpose',
            ValueError('numpy.dtype size changed, may indicate binary incompatibility'),
            r"needs mmpose.*size changed.* `pip install 'numpy<2'`",
            id='numpy 2',
        ),
        pytest.param(
            'mmpose',
            AttributeError('_ARRAY_API not found'),
            r"needs mmpose.* `pip install 'numpy<2'`",
            id='numpy 2 arrays',
        ),
        pytest.param(
            'mmengine',
            ModuleNotFoundError('no'),
            '`pip install mmengine`',
            id='mmengine',
        ),
        pytest.param(
            'mmcv',
            ModuleNotFoundError('no'),
            '`pip install mmcv-lite==2.1.0`',
            id='mmcv',
        ),
        pytest.param(
            'mmpose',
            AssertionError('MMCV==1.7.0 is used but incompatible.'),
            'MMCV==1.7.0 is used but incompatible.*to fix it',
            id='mmpose-asserts',
        ),
    ],
)
def test_missing_parts(monkeypatch, name, error, message):
    monkeypatch.setattr(compat, 'importlib', missing(name, error))
    with pytest.raises(ImportError, match=message):
        compat.check_stack()


@pytest.mark.parametrize('version', ['1.7.2', '2.2.0'])
def test_wrong_mmcv(monkeypatch, version):
    import mmcv

    monkeypatch.setattr(compat, 'mmcv_range', lambda: ('2.0.0', '2.2.0'))
    monkeypatch.setattr(mmcv, '__version__', version)
    with pytest.raises(ImportError, match=rf'mmcv >= 2.0.0, < 2.2.0, but {version}'):
        compat.check_stack()


def test_mmdet_is_asked_for_when_used(monkeypatch):
    assert compat.require_mmdet().__name__ == 'mmdet'
    monkeypatch.setattr(
        compat, 'importlib', missing('mmdet', ModuleNotFoundError('no'))
    )
    with pytest.raises(ImportError, match='`pip install --no-deps mmdet==3.3.0`'):
        compat.require_mmdet()


# ------------------------------------------------------------------- checkpoints


def test_mmengine_checkpoints_load(tmp_path):
    buffer = HistoryBuffer([1.0, 2.0, 6.0], [1, 1, 1])
    content = dict(
        state_dict={'weight': torch.ones(2)},
        message_hub=dict(log_scalars={'train/loss': buffer}),
        meta=dict(
            dataset_meta=dict(
                sigmas=np.float32([0.5, 0.25]), names=['a'], ids=np.arange(3)
            ),
            best=np.float64(0.5),
            color=np.uint8(7),
            flag=np.bool_(True),
        ),
    )
    torch.save(content, tmp_path / 'c.pth')
    loaded = torch.load(tmp_path / 'c.pth', weights_only=True)
    restored = loaded['message_hub']['log_scalars']['train/loss']
    assert restored.mean() == 3 and restored.statistics('max') == 6
    np.testing.assert_array_equal(loaded['meta']['dataset_meta']['sigmas'], [0.5, 0.25])
    assert (loaded['meta']['best'], loaded['meta']['color']) == (0.5, 7)


def test_checkpoints_of_either_numpy_load(tmp_path):
    """numpy 1 pickles arrays as numpy.core, numpy 2 as numpy._core."""
    content = dict(array=np.arange(3), number=np.float64(0.5))
    for core in ('core', '_core'):
        pickled = pickle.dumps(content, protocol=2)
        pickled = re.sub(rb'numpy\._?core', f'numpy.{core}'.encode(), pickled)
        path = tmp_path / f'{core}.pth'
        torch.save({}, path)
        with zipfile.ZipFile(path) as source:
            parts = {name: source.read(name) for name in source.namelist()}
        with zipfile.ZipFile(path, 'w') as target:
            for name, data in parts.items():
                target.writestr(name, pickled if name.endswith('data.pkl') else data)
        loaded = torch.load(path, weights_only=True)
        assert loaded['array'].tolist() == [0, 1, 2] and loaded['number'] == 0.5


@pytest.mark.parametrize('anneal', ['cos', 'linear'])
def test_checkpoints_of_one_cycle_load(tmp_path, anneal):
    """MMEngine puts the curve of such a schedule into them as a function."""
    optimizer = torch.optim.SGD(torch.nn.Linear(1, 1).parameters(), lr=0.1)
    settings = dict(eta_max=0.5, total_steps=9, anneal_strategy=anneal)
    schedule = OneCycleLR(optimizer, **settings)
    torch.save(dict(param_schedulers=[schedule.state_dict()]), tmp_path / 'c.pth')
    loaded = torch.load(tmp_path / 'c.pth', weights_only=True)
    other = OneCycleLR(optimizer, **settings)
    other.load_state_dict(loaded['param_schedulers'][0])
    assert other.anneal_func is getattr(OneCycleLR, f'_annealing_{anneal}')


class Payload:
    """Pickles into a call."""

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    'payload',
    [
        pytest.param(Payload(os.system, 'true'), id='system'),
        pytest.param(Payload(getattr, Config, 'fromfile'), id='getattr-of-config'),
        pytest.param(
            Payload(getattr, HistoryBuffer, '__init__'), id='getattr-of-a-name'
        ),
        pytest.param(Payload(getattr, np.ndarray, 'min'), id='getattr-of-a-class'),
        pytest.param(Payload(getattr, OneCycleParamScheduler, 'build'), id='schedule'),
        pytest.param(Payload(eval, '1'), id='eval'),
    ],
)
def test_checkpoints_run_no_code(tmp_path, payload):
    torch.save(dict(payload=payload), tmp_path / 'c.pth')
    with pytest.raises(Exception, match='(?i)unsupported global|only min, max'):
        torch.load(tmp_path / 'c.pth', weights_only=True)


# ------------------------------------------------------------------- distributed


def test_with_a_gpu_nothing_is_changed(monkeypatch):
    monkeypatch.setattr('torch.cuda.is_available', lambda: True)
    cfg = Config(dict(env_cfg=dict(dist_cfg=dict(backend='nccl'))))
    compat.prepare_distributed(cfg, 'pytorch')
    assert cfg.env_cfg.dist_cfg.backend == 'nccl' and 'model_wrapper_cfg' not in cfg


def test_a_single_process_is_not_touched():
    cfg = Config(dict())
    compat.prepare_distributed(cfg, 'none')
    assert dict(cfg) == {}


def test_slurm_without_a_gpu(monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)
    monkeypatch.setattr('torch.distributed.init_process_group', calls.append)
    scontrol = tmp_path / 'scontrol'  # as Slurm's, of `node[3-4]`
    scontrol.write_text('#!/bin/sh\n[ "$*" = "show hostnames node[3-4]" ] || exit 1\n')
    with scontrol.open('a') as file:
        file.write('echo node3; echo node4')
    scontrol.chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path), prepend=os.pathsep)
    given = dict(PROCID='3', NTASKS='4', LOCALID='1', JOB_NODELIST='node[3-4]')
    for name, value in given.items():
        monkeypatch.setenv(f'SLURM_{name}', value)
    expected = dict(
        RANK='3',
        WORLD_SIZE='4',
        LOCAL_RANK='1',
        MASTER_ADDR='node3',
        MASTER_PORT='29500',
    )
    for name in expected:
        monkeypatch.setenv(name, '')  # what the call sets is taken back
        monkeypatch.delenv(name)
    compat.prepare_distributed(Config(dict()), 'slurm')
    assert calls == ['gloo']
    assert {name: os.environ[name] for name in expected} == expected


def test_gloo_without_a_gpu(monkeypatch):
    calls = []
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)
    monkeypatch.setattr('torch.distributed.init_process_group', calls.append)
    monkeypatch.setenv('RANK', '0')
    norms = [dict(type='SyncBN', eps=1e-3), dict(type='GN', num_groups=8)]
    cfg = Config(dict(model=dict(neck=dict(norm_cfg=norms[0]), heads=[norms])))
    compat.prepare_distributed(cfg, 'pytorch')
    assert calls == ['gloo']
    # PyTorch synchronises batch norm on GPUs only.
    assert cfg.model.neck.norm_cfg == dict(type='BN', eps=1e-3)
    assert cfg.model.heads == [[dict(type='BN', eps=1e-3), norms[1]]]
    assert cfg.env_cfg.dist_cfg.backend == 'gloo'
    assert cfg.model_wrapper_cfg.device_ids is None
