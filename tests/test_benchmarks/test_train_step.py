"""The training step of a small network, with either head."""

from contextlib import contextmanager
from functools import partial

import numpy as np
import pytest
from mmengine.registry import DefaultScope
from mmpose.registry import KEYPOINT_CODECS

from benchmarks.fashionai import train_step as module
from benchmarks.fashionai.train_step import packed, train_step
from benchmarks.recipes import config, stock_codec
from benchmarks.timing import one_turn


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope('mmpose'):
        yield


@pytest.mark.slow
def test_both_sides(monkeypatch):
    """Ours alone keeps its memory."""
    kept = []

    @contextmanager
    def here(work, *args):
        monkeypatch.setattr(module, 'keep_memory', lambda: kept.append(args))
        yield partial(one_turn, work(*args))

    monkeypatch.setattr(module, 'apart', here)
    figures = train_step(rounds=1, batch_size=1, size=64)
    assert list(figures) == ['ours', 'mmpose']
    assert all(figures[side]['ms_per_image'] > 0 for side in figures)
    ((head, *_),) = kept
    assert head['type'] == 'PointHeatmapHead'


def test_stock_codec_has_the_same_grid():
    codec = config('cpn_r152_fashionai_blouse').codec
    stock = KEYPOINT_CODECS.build(stock_codec(codec, unbiased=True))
    assert stock.input_size == (512, 512) and stock.heatmap_size == (128, 128)
    assert stock.sigma == 8 and stock.unbiased


@pytest.mark.parametrize(
    'kind, fields',
    [('PointHeatmap', None), ('MSRAHeatmap', (13, 16, 16))],
)
def test_what_the_loader_hands_over(kind, fields):
    """Points, or weights and maps."""
    codec = KEYPOINT_CODECS.build(
        dict(type=kind, input_size=(64, 64), heatmap_size=(16, 16), sigma=2)
    )
    points = np.full((1, 13, 2), 20, np.float32)
    sample = packed(codec.encode(points, np.ones((1, 13), np.float32)))
    assert sample.gt_instance_labels.keypoint_weights.tolist() == [[1] * 13]
    if fields is None:
        assert sample.gt_instance_labels.keypoint_labels.tolist() == [[[5, 5]] * 13]
        assert 'gt_fields' not in sample
    else:
        assert sample.gt_fields.heatmaps.shape == fields
