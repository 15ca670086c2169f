"""The benchmark of the starter by onnxruntime and by PyTorch."""

import pytest

from benchmarks.starter import starter_on_both

pytest.importorskip('onnxruntime')

pytestmark = pytest.mark.slow


def test_figures_of_both():
    figures = starter_on_both(rounds=1, num_pictures=1, num_starts=1)
    assert list(figures) == ['ours', 'pytorch']
    for figure in figures.values():
        rate = figure['images_per_second']
        assert figure['ms_per_image'] * rate == pytest.approx(1000)
        assert figure['overhead_percent'] > -50
    assert 0 < figures['ours']['start_s'] < figures['pytorch']['start_s']
