"""The training step of a small network, with either head."""

import multiprocessing

import numpy as np
import pytest
from mmengine.registry import DefaultScope
from mmpose.registry import KEYPOINT_CODECS

from benchmarks import fresh_process
from benchmarks.fashionai import train_step as module
from benchmarks.fashionai.train_step import packed, train_step
from benchmarks.recipes import config, stock_codec


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope('mmpose'):
        yield


@pytest.mark.slow
def test_both_sides(monkeypatch):
    """Each in a process of its own, of which ours alone keeps its memory."""
    forked = multiprocessing.get_context('fork')
    monkeypatch.setattr(
        fresh_process.multiprocessing, 'get_context', lambda method: forked
    )
    kept = multiprocessing.Value('i', 0)
    monkeypatch.setattr(module, 'keep_memory', lambda: add(kept))
    figures = train_step(rounds=1, batch_size=1, size=64)
    assert list(figures) == ['ours', 'mmpose']
    assert all(figures[side]['ms_per_image'] > 0 for side in figures)
    assert kept.value == 1


def add(counter):
    counter.value += 1


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
