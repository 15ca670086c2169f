"""tools/train.py and tools/test.py on a detector, as a user runs them."""

import re

import pytest
import torch
from tiny_detector import write_config
from toolbox import tool

pytestmark = pytest.mark.slow


def reported(result):
    """The last box mAP in the log of a run."""
    log = result.stdout + result.stderr
    return float(re.findall(r'coco/bbox_mAP: (-?[\d.]+)', log)[-1])


def test_a_detector_trains_and_tests(drawn):
    write_config(drawn / 'tiny_det.py', drawn / 'data')
    short = '--cfg-options', 'train_cfg.max_epochs=1', 'train_cfg.val_interval=1'
    trained = tool('train.py', 'tiny_det.py', *short, cwd=drawn)
    checkpoint = 'work_dirs/tiny_det/epoch_1.pth'
    content = torch.load(drawn / checkpoint, weights_only=True)
    assert content['meta']['dataset_meta']['classes'][:2] == ('blouse', 'outwear')
    tested = tool(
        'test.py', 'tiny_det.py', checkpoint, '--show-dir', 'boxes', cwd=drawn
    )
    assert 0 <= reported(tested) <= 1
    # The same weights, data and metric.
    assert reported(tested) == reported(trained)
    assert len(list((drawn / 'boxes').glob('*.jpg'))) == 5
