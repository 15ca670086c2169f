"""The benchmark of the starter by onnxruntime and by PyTorch."""

import pytest

from benchmarks import starter

pytest.importorskip('onnxruntime')

pytestmark = pytest.mark.slow


def test_figures_of_both(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(starter, '_PAUSE_S', 0)  # figures of one turn are none
    figures = starter.starter_on_both(rounds=1, num_pictures=1, num_starts=1)
    assert list(figures) == ['ours', 'pytorch']
    for figure in figures.values():
        rate = figure['images_per_second']
        assert figure['ms_per_image'] * rate == pytest.approx(1000)
        assert figure['overhead_percent'] > -50
    assert 0 < figures['ours']['start_s'] < figures['pytorch']['start_s']
