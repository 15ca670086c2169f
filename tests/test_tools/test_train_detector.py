"""tools/train.py and tools/test.py on a detector."""

import re

import pytest
import torch
from tiny_detector import write_config
from toolbox import load_tool

pytestmark = pytest.mark.slow


def reported(capsys):
    """The last box mAP in the log of a run."""
    log = ''.join(capsys.readouterr())
    return float(re.findall(r'coco/bbox_mAP: (-?[\d.]+)', log)[-1])


def test_a_detector_trains_and_tests(drawn, monkeypatch, capsys):
    write_config(drawn / 'tiny_det.py', drawn / 'data')
    monkeypatch.chdir(drawn)
    short = ['--cfg-options', 'train_cfg.max_epochs=1', 'train_cfg.val_interval=1']
    assert load_tool('train.py').main(['tiny_det.py', *short]) == 0
    trained = reported(capsys)
    checkpoint = 'work_dirs/tiny_det/epoch_1.pth'
    content = torch.load(drawn / checkpoint, weights_only=True)
    assert content['meta']['dataset_meta']['classes'][:2] == ('blouse', 'outwear')
    shown = ['--show-dir', 'boxes']
    assert load_tool('test.py').main(['tiny_det.py', checkpoint, *shown]) == 0
    tested = reported(capsys)
    assert 0 <= tested <= 1
    # The same weights, data and metric.
    assert tested == trained
    assert len(list((drawn / 'boxes').glob('*.jpg'))) == 5
