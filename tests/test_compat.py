"""The adapter: checks, operators, checkpoints, distributed runs without a GPU."""

import importlib
import os
import pickle
import re
import subprocess
import sys
import zipfile
from importlib.machinery import ModuleSpec
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.logging import HistoryBuffer

from fashion_mmpose import compat

# ------------------------------------------------------------------------ checks


def import_error(prelude):
    """What `import fashion_mmpose` says in a fresh interpreter after a prelude."""
    code = f'import sys\n{prelude}\nimport fashion_mmpose'
    result = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    return result.stderr.strip().splitlines()[-1]


def test_import_without_mmpose_names_the_mend():
    line = import_error("sys.modules['mmpose'] = None")
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
            'MMCV==1.7.0 is used but incompatible.*mend',
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


# --------------------------------------------------------------------- operators

lite = pytest.mark.skipif(
    not compat.serve_operators(), reason='a compiled mmcv is installed'
)


def plain_nms(boxes, scores, threshold, offset):
    """Textbook greedy NMS."""
    keep = []
    for i in np.argsort(-scores, kind='stable'):
        for j in keep:
            sides = np.minimum(boxes[i, 2:], boxes[j, 2:]) - np.maximum(
                boxes[i, :2], boxes[j, :2]
            )
            inter = np.prod(np.maximum(sides + offset, 0))
            areas = [np.prod(boxes[k, 2:] - boxes[k, :2] + offset) for k in (i, j)]
            if inter / (sum(areas) - inter) > threshold:
                break
        else:
            keep.append(i)
    return keep


@lite
@pytest.mark.parametrize('offset', [0, 1])
def test_nms(offset):
    from mmcv.ops import nms

    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 40, (60, 2))
    boxes = np.hstack([corners, corners + rng.uniform(2, 30, (60, 2))]).astype('f4')
    scores = rng.permutation(60).astype('f4') / 60
    detections, keep = nms(
        torch.from_numpy(boxes), torch.from_numpy(scores), 0.5, offset=offset
    )
    assert keep.tolist() == plain_nms(boxes, scores, 0.5, offset)
    np.testing.assert_array_equal(detections[:, :4], boxes[keep])


@lite
def test_offset_matters():
    """Pixel boxes 0-9 and 0-4 share half of their 10 columns only with offset 1."""
    from mmcv.ops import nms

    boxes = torch.tensor([[0.0, 0.0, 9.0, 0.0], [0.0, 0.0, 4.0, 0.0]])
    scores = torch.tensor([0.9, 0.8])
    assert nms(boxes, scores, 0.45, offset=1)[1].tolist() == [0]
    assert nms(boxes, scores, 0.55, offset=1)[1].tolist() == [0, 1]


@lite
def test_roi_align_and_its_gradient():
    from mmcv.ops import roi_align

    rows, columns = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing='ij')
    features = (rows + 10 * columns)[None, None].requires_grad_()
    rois = torch.tensor([[0, 1.0, 2.0, 5.0, 6.0]])
    pooled = roi_align(features, rois, (2, 2), 1.0, 2, 'avg', True)
    # Linear features: each bin is the value at its centre, half a pixel less.
    expected = torch.tensor([[2.5 + 15, 2.5 + 35], [4.5 + 15, 4.5 + 35]])
    torch.testing.assert_close(pooled[0, 0], expected)
    pooled.sum().backward()
    assert features.grad.sum().item() == pytest.approx(4)
    assert features.grad[0, 0, 0].abs().sum() == 0


@lite
def test_other_operators_name_themselves():
    from mmcv.ops import DeformConv2dPack, soft_nms

    with pytest.raises(
        NotImplementedError, match="operator 'softnms' needs a compiled"
    ):
        soft_nms(torch.rand(2, 4), torch.rand(2))
    with pytest.raises(NotImplementedError, match="'deform_conv_forward'"):
        DeformConv2dPack(4, 4, 3, padding=1)(torch.rand(1, 4, 8, 8))


@lite
def test_mmengine_sees_no_compiled_extension():
    from mmengine.utils.dl_utils.misc import mmcv_full_available

    assert mmcv_full_available() is False


def test_a_compiled_mmcv_is_left_alone(monkeypatch):
    monkeypatch.delitem(sys.modules, 'mmcv._ext', raising=False)
    monkeypatch.setattr(
        'importlib.util.find_spec', lambda name: ModuleSpec(name, loader=object())
    )
    assert compat.serve_operators() is False
    assert 'mmcv._ext' not in sys.modules


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
        pytest.param(Payload(eval, '1'), id='eval'),
    ],
)
def test_checkpoints_run_no_code(tmp_path, payload):
    torch.save(dict(payload=payload), tmp_path / 'c.pth')
    with pytest.raises(Exception, match='(?i)unsupported global|only the stat'):
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


def test_gloo_without_a_gpu(monkeypatch):
    calls = []
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)
    monkeypatch.setattr('torch.distributed.init_process_group', calls.append)
    monkeypatch.setenv('RANK', '0')
    cfg = Config(dict())
    compat.prepare_distributed(cfg, 'pytorch')
    assert calls == ['gloo']
    assert cfg.env_cfg.dist_cfg.backend == 'gloo'
    assert cfg.model_wrapper_cfg.device_ids is None
