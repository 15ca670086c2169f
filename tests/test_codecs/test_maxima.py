"""The highest cells of a map, and maps decoded without the rest of their batch."""

import numpy as np
import pytest
import torch

from fashion_mmpose.codecs import PointHeatmap, point_heatmap
from fashion_mmpose.codecs.decoding import maximum, two_maxima

TWO_BY_THREE = {
    'first cell': ([[9, 1, 2], [3, 4, 5]], (0, 0), (2, 1)),
    'same row': ([[1, 2, 3], [8, 4, 9]], (2, 1), (0, 1)),
    'row above': ([[1, 8, 3], [0, 4, 9]], (2, 1), (1, 0)),
    'row below': ([[1, 9, 3], [0, 4, 8]], (1, 0), (2, 1)),
    'tie in a row': ([[1, 2, 3], [7, 9, 9]], (1, 1), (2, 1)),
    'tie of rows': ([[1, 2, 9], [9, 0, 0]], (2, 0), (0, 1)),
    'all the same': ([[0, 0, 0], [0, 0, 0]], (0, 0), (1, 0)),
    'below zero': ([[-4, -3, -9], [-2, -8, -1]], (2, 1), (0, 1)),
}


@pytest.mark.parametrize(
    'values, first, second', TWO_BY_THREE.values(), ids=TWO_BY_THREE
)
def test_by_hand(values, first, second):
    maps = torch.tensor([values], dtype=torch.float32)
    before = maps.clone()
    peaks, cells = maximum(maps)
    assert peaks.tolist() == [maps.max().item()]
    assert [tuple(cell) for cell in cells.tolist()] == [first]
    again, first_cells, second_cells = two_maxima(maps)
    assert torch.equal(again, peaks) and torch.equal(first_cells, cells)
    assert [tuple(cell) for cell in second_cells.tolist()] == [second]
    assert torch.equal(maps, before)


@pytest.mark.parametrize('height, width', [(12, 7), (1, 9), (9, 1)])
def test_equal_to_sorting(height, width):
    generator = torch.Generator().manual_seed(0)
    # Every value once.
    maps = torch.stack(
        [torch.randperm(height * width, generator=generator) for _ in range(200)]
    ).float()
    order = maps.argsort(dim=1, descending=True)
    peaks, first, second = two_maxima(maps.view(-1, height, width))
    assert torch.equal(peaks, torch.full((200,), height * width - 1.0))
    for rank, cells in enumerate((first, second)):
        assert torch.equal(cells[:, 1] * width + cells[:, 0], order[:, rank])


def test_maps_without_the_rest_of_their_batch(monkeypatch):
    """Rows 5 and 1 of (2, 3), in pieces of one map; the others rest."""
    codec = PointHeatmap((64, 32), (16, 8), sigma=1.0, decode_mode='argmax')
    cells = torch.tensor([[3.0, 2.0], [9.0, 6.0]])
    monkeypatch.setattr(point_heatmap, 'PIECE', 16 * 8)
    points, scores = codec.decode_rows(
        codec.render(cells), (2, 3), torch.tensor([5, 1])
    )
    assert points.shape == (2, 1, 3, 2) and scores.shape == (2, 1, 3)
    expected = np.full((6, 2), [32, 16])
    expected[5], expected[1] = (12, 8), (36, 24)
    np.testing.assert_array_equal(points.reshape(6, 2), expected)
    np.testing.assert_array_equal(scores.reshape(6), [0, 1, 0, 0, 0, 1])


def test_all_maps_in_pieces(monkeypatch):
    """Where every map is there, they need no rows."""
    codec = PointHeatmap((64, 64), (16, 16), sigma=2.0)
    maps = torch.rand(3, 2, 16, 16, generator=torch.Generator().manual_seed(0))
    expected = codec.batch_decode(maps)
    monkeypatch.setattr(point_heatmap, 'PIECE', 4 * 16 * 16)
    found = codec.decode_rows(maps.flatten(0, 1), (3, 2))
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    # As a tensor that still has a graph, and in half precision, as they may come.
    half = maps.half().requires_grad_()
    points, scores = codec.batch_decode(half)
    assert points.dtype == scores.dtype == np.float32
    np.testing.assert_allclose(scores, expected[1], atol=1e-3)
