"""The benchmark of drawn pictures."""

import pytest

from benchmarks import drawing

pytestmark = pytest.mark.slow


def test_every_category_is_drawn(monkeypatch):
    drawn = []
    draw = drawing.draw_deepfashion2
    monkeypatch.setattr(
        drawing,
        'draw_deepfashion2',
        lambda *args: drawn.append(args) or draw(*args),
    )
    figures = drawing.drawing(rounds=1, per_category=1)
    assert list(figures) == ['outfits', 'garments', 'outfits to JPEG']
    assert all(figure['ms_per_image'] > 0 for figure in figures.values())
    # Once to be written, and in the turn that is not counted and the one that is.
    assert len(drawn) == 3 * 13 and len({category for *_, category in drawn}) == 13
