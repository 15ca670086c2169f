"""Boxes that are kept, against torchvision and MMDetection."""

import numpy as np
import pytest
import torch
from mmcv.ops import batched_nms
from torchvision.ops import nms

from fashion_mmpose.inference.boxes.suppression import suppress, suppress_by_label


def boxes_of(seed, number, side=100):
    rng = np.random.default_rng(seed)
    near = rng.uniform(0, side, (number, 2))
    far = near + rng.uniform(0, 40, (number, 2))
    scores = rng.permutation(number) / number
    labels = rng.integers(0, 4, number)
    return np.hstack([near, far]).astype(np.float32), np.float32(scores), labels


@pytest.mark.parametrize('seed', range(5))
@pytest.mark.parametrize('iou_thr', [0.1, 0.5, 0.9])
def test_equals_torchvision(seed, iou_thr):
    bboxes, scores, _ = boxes_of(seed, 200)
    expected = nms(*map(torch.from_numpy, (bboxes, scores)), iou_thr).tolist()
    assert suppress(bboxes, scores, iou_thr).tolist() == expected
    assert suppress(bboxes, scores, iou_thr, 7).tolist() == expected[:7]


@pytest.mark.parametrize('seed', range(5))
def test_equals_mmdetections(seed):
    bboxes, scores, labels = boxes_of(seed, 300, side=60)
    tensors = map(torch.from_numpy, (bboxes, scores, labels))
    rule = dict(type='nms', iou_threshold=0.6)
    expected = batched_nms(*tensors, rule)[1].tolist()
    assert suppress_by_label(bboxes, scores, labels, 0.6).tolist() == expected


def test_by_hand():
    bboxes = np.float32([[0, 0, 10, 10], [0, 0, 10, 8], [0, 0, 10, 5], [3, 3, 3, 3]])
    scores = np.float32([0.5, 0.9, 0.4, 0.3])
    # 0 and 1 share 0.8 of their union; 2 shares 0.625 with 1, and a point nothing.
    assert suppress(bboxes, scores, 0.7).tolist() == [1, 2, 3]
    assert suppress(bboxes, scores, 0.8).tolist() == [1, 0, 2, 3]
    assert suppress(bboxes, scores, 0.6).tolist() == [1, 3]
    assert suppress_by_label(bboxes, scores, np.arange(4), 0.1).tolist() == [1, 0, 2, 3]
    empty = np.zeros(0, np.int64)
    assert suppress(bboxes[empty], scores[empty], 0.5).tolist() == []
    assert suppress_by_label(bboxes[empty], scores[empty], empty, 0.5).tolist() == []
