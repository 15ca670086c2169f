"""Both sides do the same work at full size, and ours less of it."""

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope

from benchmarks.deepfashion2 import parts, predict, sample, targets

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope('mmpose'):
        yield


def test_all_categories_by_turns():
    known = parts.items(14)
    counts = [int(visible.sum()) for _, visible in known]
    assert counts == [25, 33, 31, 39, 15, 15, 10, 14, 8, 29, 37, 19, 19, 25]
    keypoints, visible = known[3]
    own = np.flatnonzero(visible[0])
    assert own.tolist() == list(range(89, 128))
    assert (keypoints[0, own] > 0).all() and not np.delete(keypoints[0], own, 0).any()
    assert (keypoints[0] <= (288, 384)).all() and keypoints[0, :, 1].max() > 288


def test_both_sides_have_the_same_targets():
    """The maps that ours draws are those that MMPose's loader hands over."""
    ours, stock = (
        parts.build_codec(side, unbiased=True) for side in ('ours', 'mmpose')
    )
    assert type(stock).__name__ == 'MSRAHeatmap' and stock.sigma == ours.sigma == 2
    (item,) = parts.items(1)
    encoded, dense = ours.encode(*item), stock.encode(*item)['heatmaps']
    assert dense.shape == (294, 96, 72)
    labelled = encoded['keypoint_weights'][0] > 0
    drawn = ours.render(torch.from_numpy(encoded['keypoint_labels'][0, labelled]))
    # MMPose cuts its Gaussians off at three sigma.
    np.testing.assert_allclose(drawn, dense[labelled], atol=np.exp(-4.5))
    assert not dense[~labelled].any() and dense[labelled].max((1, 2)).min() > 0.8


def test_both_sides_have_the_same_head():
    heads = [
        parts.build_head(side, parts.codec_config(side)) for side in ('ours', 'mmpose')
    ]
    assert [type(head).__name__ for head in heads] == [
        'PointHeatmapHead',
        'HeatmapHead',
    ]
    for ours, theirs in zip(heads[0].parameters(), heads[1].parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert heads[0].final_layer.weight.shape == (294, 48, 1, 1)


def test_sample(capsys):
    figures = sample.sample(rounds=1, num_items=2)
    ours, theirs = figures['ours'], figures['mmpose']
    # Two coordinates and a weight each, or maps and a weight; float32. A state: a byte.
    assert ours['target_bytes'] == 294 * (3 * 4 + 1)
    assert theirs['target_bytes'] == 294 * (96 * 72 + 1) * 4
    picture = 3 * 384 * 288
    for side in (ours, theirs):
        assert side['target_bytes'] < side['annotation_bytes'] < side['all_bytes']
        assert 0 < side['all_bytes'] - side['annotation_bytes'] - picture < 2000
        assert side['ms'] > 0
    assert theirs['annotation_bytes'] > 100 * ours['annotation_bytes']


def test_targets(monkeypatch):
    work = []

    def measured(*args):
        work.append(args)
        return dict(step_mb=float(len(work)))

    monkeypatch.setattr(targets, 'measure', measured)
    figures = targets.targets(rounds=1, batch_size=2)
    assert [args[1:3] for args in work] == [('ours', 2), ('mmpose', 2)]
    for number, side in enumerate(('ours', 'mmpose'), 1):
        known = figures[side]
        assert known['both_ms'] == known['encode_ms'] + known['step_ms']
        assert known['encode_ms'] > 0 and known['step_ms'] > 0
        assert known['step_mb'] == number


@pytest.mark.parametrize('side', ['ours', 'mmpose'])
def test_a_step_has_the_gradients_of_its_batch(side):
    step = targets._Step(side, batch_size=2)
    step.run(step.encode())
    assert step.features.grad.abs().sum((1, 2, 3)).all()
    channels = step.head.final_layer.weight.grad.flatten(1).any(1)
    # Short and long sleeved shirts; MMPose has no gradient elsewhere either.
    assert channels.nonzero().flatten().tolist() == list(range(58))


def test_memory_of_a_step():
    """Not of the features, which are given; theirs is all maps, several times."""
    measured = {
        side: targets._memory_work(side, 1, threads=1)()['step_mb']
        for side in ('ours', 'mmpose')
    }
    one_map = 96 * 72 * 4 / 1e6
    assert 0 <= measured['ours'] < 4 * 25 * one_map + 10
    assert measured['mmpose'] > 2 * 294 * one_map - 10


def test_predict(monkeypatch):
    figures = predict.predict(rounds=1, batch_size=1)
    names = ['dark_ms', 'head_dark_ms', 'head_quarter_ms', 'quarter_ms']
    for side in ('ours', 'mmpose'):
        assert sorted(figures[side]) == names and min(figures[side].values()) > 0


def test_both_sides_find_the_peaks():
    """The same points, in the channels that ours decodes."""
    heatmaps = predict._noisy_heatmaps(1)
    (sample,) = parts.unannotated(1)
    for options in predict.OPTIONS.values():
        found = {}
        for side in ('ours', 'mmpose'):
            head = parts.build_head(side, parts.codec_config(side, **options[side]))
            decode = (heatmaps, [sample]) if side == 'ours' else (heatmaps,)
            found[side] = head.decode(*decode)[0].keypoints[0, :25]
        distance = np.abs(found['ours'] - found['mmpose']).max(1)
        # A cell has 4 pixels; they treat peaks at the border differently.
        assert np.mean(distance < 0.2) > 0.8
