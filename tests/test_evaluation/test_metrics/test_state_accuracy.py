"""StateAccuracy: garments of several pictures and boxes, as a test run gives them."""

import numpy as np
import pytest
from mmpose.registry import METRICS

from fashion_mmpose.evaluation.metrics import StateAccuracy
from fashion_mmpose.garments import garment

SKIRT = garment('fashionai', 'skirt')  # of four key points
SURE = 0.8


def shares_of(told: list[int]) -> np.ndarray:
    """Probabilities, shape (K, 3), of states that are told."""
    return (
        np.full((len(told), 3), (1 - SURE) / 2) + (SURE * 1.5 - 0.5) * np.eye(3)[told]
    )


def sample(img_id: int, truth: list[int], *boxes: tuple[float, list[int]]) -> dict:
    """A skirt whose points have these states, and what boxes (score, states) tell."""
    points = np.column_stack((np.ones((4, 2)), truth))
    return dict(
        img_id=img_id,
        category_id=SKIRT.category_id,
        raw_ann_info=dict(
            id=img_id, category_id=SKIRT.category_id, keypoints=points.ravel().tolist()
        ),
        pred_instances=dict(
            keypoints=np.ones((len(boxes), 4, 2), np.float32),
            keypoint_scores=np.ones((len(boxes), 4), np.float32),
            bboxes=np.zeros((len(boxes), 4), np.float32),
            bbox_scores=np.array([score for score, _ in boxes], np.float32),
            keypoint_states=np.array([shares_of(told) for _, told in boxes]),
        ),
    )


def evaluate(*samples: dict) -> dict:
    metric = METRICS.build(dict(type='StateAccuracy'))
    assert isinstance(metric, StateAccuracy)
    for each in samples:
        metric.process(None, [each])
    metrics = metric.evaluate(len(samples))
    assert metrics.keys() == {*metric.metric_names()}
    return {name.removeprefix('fashionai/state_'): v for name, v in metrics.items()}


def test_the_best_box_of_each_picture():
    scores = evaluate(
        sample(1, [2, 2, 1, 0], (0.9, [2, 1, 1, 0])),
        sample(2, [2, 0, 1, 2], (0.3, [2, 0, 1, 2])),
        sample(2, [2, 0, 1, 2], (0.2, [0, 2, 2, 0]), (0.8, [2, 2, 2, 2])),
        sample(3, [1, 1, 1, 1]),  # nothing was found
    )
    assert scores['recall_visible'] == pytest.approx(3 / 4)
    assert scores['recall_occluded'] == pytest.approx(1 / 2)
    assert scores['recall_absent'] == pytest.approx(1 / 2)
    assert scores['accuracy'] == pytest.approx((3 / 4 + 1 / 2 + 1 / 2) / 3)
    # One comes first; the other seven points have one score.
    assert scores['AP_absent'] == pytest.approx((1 + 2 / 8) / 2)
    # Two come first, one of them rightly; then the other four.
    assert scores['AP_occluded'] == pytest.approx((1 / 2 + 2 / 6) / 2)


def test_a_sample_that_padding_repeats_counts_once():
    one = sample(1, [2, 2, 1, 0], (0.9, [2, 1, 1, 0]))
    other = sample(2, [2, 2, 1, 1], (0.9, [2, 1, 1, 0]))
    assert evaluate(one, other, one) == evaluate(one, other)


def test_without_garments():
    assert np.isnan([*evaluate(sample(3, [1, 1, 1, 1])).values()]).all()


def test_a_network_that_tells_none():
    plain = sample(1, [2, 2, 1, 0], (0.9, [2, 1, 1, 0]))
    del plain['pred_instances']['keypoint_states']
    with pytest.raises(ValueError, match='tells no states.*`states=dict\\(\\)`'):
        evaluate(plain)
