"""From command line options to a config."""

import pytest
from mmengine.config import Config

from fashion_mmpose.commands import running
from fashion_mmpose.config import load_config


@pytest.fixture
def cfg():
    return load_config('cpn_r152_fashionai_skirt')


def test_resume(cfg, tmp_path):
    running.set_training(cfg, resume='auto')
    assert cfg.resume is True and cfg.load_from is None
    checkpoint = tmp_path / 'epoch_2.pth'
    checkpoint.touch()
    running.set_training(cfg, resume=str(checkpoint))
    assert cfg.load_from == str(checkpoint)
    with pytest.raises(FileNotFoundError, match=r'epoch_9.pth does not exist'):
        running.set_training(cfg, resume=str(tmp_path / 'epoch_9.pth'))


def test_amp(cfg, monkeypatch):
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)
    with pytest.raises(RuntimeError, match='--amp needs a GPU'):
        running.set_training(cfg, amp=True)
    monkeypatch.setattr('torch.cuda.is_available', lambda: True)
    running.set_training(cfg, amp=True)
    assert cfg.optim_wrapper.type == 'AmpOptimWrapper'
    assert cfg.optim_wrapper.loss_scale == 'dynamic'


def test_auto_scale_lr(cfg):
    running.set_training(cfg, auto_scale_lr=True)
    assert cfg.auto_scale_lr == dict(base_batch_size=24, enable=True)
    with pytest.raises(ValueError, match='needs auto_scale_lr=dict'):
        running.set_training(Config(dict()), auto_scale_lr=True)


def test_testing(cfg, tmp_path):
    files = [tmp_path / name for name in ('w.pth', 'boxes.json')]
    for file in files:
        file.touch()
    running.set_testing(
        cfg, str(files[0]), str(files[1]), ['a.json', 'b.csv'], 'pictures'
    )
    assert cfg.load_from == str(files[0])
    assert cfg.test_dataloader.dataset.bbox_file == str(files[1])
    metric, writer, painter = cfg.test_evaluator
    assert metric.type == 'NormalizedError'
    assert writer == dict(type='PredictionFile', out_files=['a.json', 'b.csv'])
    assert painter == dict(type='PictureFiles', out_dir='pictures')
    assert cfg.default_hooks.visualization.enable is False
    with pytest.raises(ValueError, match=r'--out a.txt: its name must end in'):
        running.set_testing(cfg, str(files[0]), out_files=['a.txt'])
    with pytest.raises(FileNotFoundError, match='none.json does not exist'):
        running.set_testing(cfg, str(files[0]), bbox_file='none.json')
    with pytest.raises(FileNotFoundError, match='none.pth does not exist'):
        running.set_testing(cfg, 'none.pth')
