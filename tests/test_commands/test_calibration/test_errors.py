"""The errors of a network on an annotated set."""

from types import SimpleNamespace

import numpy as np
import pytest
from mmengine.config import Config

from fashion_mmpose import garments
from fashion_mmpose.commands.calibration import errors


def test_a_network_without_spread_is_refused(monkeypatch):
    """MMPose's own heads tell none."""
    found = dict(
        keypoints=np.zeros((1, 4, 2)),
        keypoint_scores=np.ones((1, 4)),
        bboxes=np.array([[0, 0, 9, 9]]),
    )
    sample = dict(img_id=1, category_id=4, pred_instances=found)
    result = SimpleNamespace(to_dict=lambda: sample)
    network = SimpleNamespace(
        definition=garments.benchmark('fashionai'),
        model=SimpleNamespace(test_step=lambda batch: [result]),
    )
    monkeypatch.setattr(errors.DATASETS, 'build', lambda settings: [dict(inputs=0)])
    cfg = Config(dict(val_dataloader=dict(dataset=dict())))
    with pytest.raises(ValueError, match='does not tell the spread of its points'):
        errors.gather_errors(network, cfg, 'val')
