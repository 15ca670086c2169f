"""Which channels are a sample's own, and that the others rest."""

import numpy as np
import pytest
import torch
from mmpose.structures import PoseDataSample

from fashion_mmpose import garments
from fashion_mmpose.codecs import PointHeatmap
from fashion_mmpose.models.heads.category_rows import (
    decode_heatmaps,
    decode_rows,
    own_channels,
    own_rows,
)

CODEC = PointHeatmap((64, 64), (16, 16), sigma=1.5)


def sample(dataset, category, **metainfo):
    """A sample in the full layout."""
    garment = garments.garment(dataset, category)
    info = dict(dataset_name=dataset, category_id=garment.category_id)
    return PoseDataSample(metainfo=info | metainfo)


def test_rows_by_hand():
    batch = [sample('fashionai', 'skirt'), sample('fashionai', 'trousers')]
    rows = own_rows(batch, 24)
    trousers = [15, 16, 19, 20, 21, 22, 23]
    assert rows.tolist() == [15, 16, 17, 18] + [24 + channel for channel in trousers]
    mask = own_channels(batch, torch.zeros(2, 24, 1, 1))
    assert mask.flatten().nonzero().flatten().tolist() == rows.tolist()


@pytest.mark.parametrize('garment', garments.BENCHMARKS['deepfashion2'].garments)
def test_rows_of_every_category(garment):
    """The second of two samples owns its span of the second 294 places."""
    batch = [sample('deepfashion2', 'vest'), sample('deepfashion2', garment)]
    channels = garments.garment('deepfashion2', garment).channels
    assert own_rows(batch, 294)[15:].tolist() == [294 + c for c in channels]


def test_rows_of_a_benchmark_that_a_user_describes():
    """The samples tell the channels; the name is in no table."""
    shown = [np.array([0, 4, 5]), np.array([3, 0, 1])]
    batch = [
        PoseDataSample(metainfo=dict(dataset_name='hats', own_channels=channels))
        for channels in shown
    ]
    assert own_rows(batch, 6).tolist() == [0, 4, 5, 6, 7, 9]
    with pytest.raises(ValueError, match='of hats has channels up to 5, .* have 5'):
        own_rows(batch, 5)


@pytest.mark.parametrize(
    'batch',
    [
        pytest.param(None, id='no samples'),
        pytest.param([], id='an empty batch'),
        pytest.param([PoseDataSample()], id='no category'),
        pytest.param(
            [sample('fashionai', 'skirt', dataset_name='fashionai_skirt')],
            id='layout of the category',
        ),
    ],
)
def test_all_channels_are_own(batch):
    assert own_rows(batch, 4) is None
    assert own_channels(batch, torch.zeros(len(batch or []), 4, 1, 1)) is None


def test_a_sample_that_tells_no_category_among_others():
    batch = [PoseDataSample(), sample('fashionai', 'skirt')]
    assert own_rows(batch, 24).tolist() == [*range(24), 39, 40, 41, 42]


def test_heads_of_another_layout_are_refused():
    """Otherwise one sample's channels would be read as the next one's."""
    batch = [sample('fashionai', 'skirt')]
    with pytest.raises(
        ValueError, match='category 4 of fashionai has channels up to 18.* have 13'
    ):
        own_rows(batch, 13)
    with pytest.raises(ValueError, match='unknown fashionai category id 6'):
        own_rows([sample('fashionai', 'skirt', category_id=6)], 24)


def peaks():
    """Heatmaps (2, 24, 16, 16); channel k of both has its peak in cell (k / 2, 8)."""
    points = torch.stack((torch.arange(24) / 2, torch.full((24,), 8.0)), dim=1)
    return CODEC.render(points).repeat(2, 1, 1).unflatten(0, (2, 24))


@pytest.mark.parametrize('as_rows', [True, False], ids=['rows', 'heatmaps'])
def test_others_are_not_decoded(as_rows):
    batch = [sample('fashionai', 'skirt'), sample('fashionai', 'trousers')]
    heatmaps = peaks()
    rows = own_rows(batch, 24)
    test_cfg = dict(output_heatmaps=True)
    if as_rows:
        own = heatmaps.flatten(0, 1)[rows]
        decoded = decode_rows(CODEC, own, (2, 24), rows, test_cfg)
    else:
        decoded = decode_heatmaps(CODEC, heatmaps, batch, test_cfg)
    for index, (instance, field) in enumerate(zip(*decoded)):
        own = own_channels(batch, heatmaps)[index].numpy()
        points, scores = instance.keypoints[0], instance.keypoint_scores[0]
        # 4 pixels a cell; the quarter step is at most one pixel away.
        assert np.abs(points[own, 0] - 2 * np.flatnonzero(own)).max() <= 1
        assert (scores[own] > 0.9).all() and (scores[~own] == 0).all()
        np.testing.assert_array_equal(points[~own], 32)
        assert torch.equal(field.heatmaps[own], heatmaps[index, own])
        assert (field.heatmaps[~own] == 0).all()


def test_no_heatmaps_unless_they_are_asked_for():
    batch = [sample('fashionai', 'skirt'), sample('fashionai', 'trousers')]
    assert decode_heatmaps(CODEC, peaks(), batch)[1] is None
    rows = own_rows(batch, 24)
    maps = peaks().flatten(0, 1)[rows]
    assert decode_rows(CODEC, maps, (2, 24), rows, {})[1] is None
