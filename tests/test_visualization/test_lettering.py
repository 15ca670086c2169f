"""Letters of any script, in the room that is asked for them."""

from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest

from fashion_mmpose.visualization import lettering
from fashion_mmpose.visualization.lettering import FONT, text_size, write_text

DEJAVU = Path(matplotlib.get_data_path(), 'fonts', 'ttf', 'DejaVuSans.ttf')
GREY, WHITE, BLACK = 128, (255, 255, 255), (0, 0, 0)


@pytest.fixture(autouse=True)
def only_font(monkeypatch):
    """Systems have different fonts: here there is one, without Chinese letters."""
    monkeypatch.delenv(FONT, raising=False)
    monkeypatch.setattr(lettering, '_FONTS', ('no such font.ttf', str(DEJAVU)))
    lettering._font.cache_clear()
    yield
    lettering._font.cache_clear()


def ground():
    return np.full((60, 200, 3), GREY, np.uint8)


def written(text, place=(20, 40), scale=0.8, **options):
    canvas = ground()
    write_text(canvas, text, place, scale, WHITE, **options)
    return canvas


def by_opencv(text, place=(20, 40), scale=0.8, thickness=1):
    canvas = ground()
    face = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(canvas, text, place, face, scale, WHITE, thickness, cv2.LINE_AA)
    return canvas


def test_ascii_is_drawn_by_opencv(monkeypatch):
    monkeypatch.setenv(FONT, 'no such font.ttf')
    np.testing.assert_array_equal(written('skirt 0.87'), by_opencv('skirt 0.87'))
    (width, above), below = cv2.getTextSize('skirt', 0, 0.8, 2)
    assert text_size('skirt', 0.8, 2) == (width, above, below)


@pytest.mark.parametrize(
    'text', ['Größe', 'юбка', 'φούστα', 'Ru\u0308ck\u200den\u00a01']
)
@pytest.mark.parametrize('scale', [0.4, 1])
def test_other_letters_stand_in_their_room(text, scale):
    canvas = written(text, scale=scale)
    width, above, below = text_size(text, scale)
    changed = (canvas != GREY).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert columns.min() >= 20 - 1 and columns.max() <= 20 + width
    assert 40 - above <= rows.min() and rows.max() < 40 + below
    assert columns.max() - columns.min() > 0.8 * width - 8  # it is as wide as that
    assert (canvas[changed].max(axis=0) == 255).all()
    assert (canvas != by_opencv(text, scale=scale)).any()


def test_letters_differ_and_are_as_high_as_opencvs():
    """Signs for a missing letter would be all alike."""
    assert (written('ÖÄ') != written('ÄÖ')).any()
    heights = []
    for canvas in (written('Ж', scale=1), written('H', scale=1)):
        rows = np.nonzero((canvas != GREY).any(axis=2))[0]
        heights.append(rows.max() - rows.min())
    assert abs(heights[0] - heights[1]) <= 2


def test_a_halo_is_around_the_letters():
    canvas = written('Größe', halo=BLACK)
    assert (canvas == 0).all(axis=2).any() and (canvas == 255).all(axis=2).any()
    left = np.nonzero((canvas != GREY).any(axis=2))[1].min()
    plain = np.nonzero((written('Größe') != GREY).any(axis=2))[1].min()
    assert left < plain


@pytest.mark.parametrize('place', [(-30, 40), (180, 40), (20, 3), (20, 75)])
def test_letters_end_at_the_edge_of_the_picture(place):
    whole = np.full((300, 600, 3), GREY, np.uint8)
    write_text(whole, 'Größe', (place[0] + 100, place[1] + 100), 0.8, WHITE)
    expected = whole[100:160, 100:300]
    assert (expected != GREY).any()
    np.testing.assert_array_equal(written('Größe', place), expected)


@pytest.mark.parametrize('place', [(500, 40), (20, -90), (-400, 40)])
def test_nothing_is_drawn_outside(place):
    np.testing.assert_array_equal(written('Größe', place), ground())


def test_letters_that_no_font_has_are_question_marks():
    np.testing.assert_array_equal(written('上衣 1'), by_opencv('?? 1'))
    assert text_size('上衣 1', 0.8) == text_size('?? 1', 0.8)


def test_a_font_may_be_named(monkeypatch):
    monkeypatch.setattr(lettering, '_FONTS', ())
    np.testing.assert_array_equal(written('Größe'), by_opencv('Gr??e'))
    monkeypatch.setenv(FONT, str(DEJAVU))
    assert (written('Größe') != by_opencv('Gr??e')).any()


def test_what_is_named_must_be_a_font(monkeypatch, tmp_path):
    (tmp_path / 'font.ttf').write_text('no font')
    monkeypatch.setenv(FONT, str(tmp_path / 'font.ttf'))
    with pytest.raises(ValueError, match=r'font\.ttf, which is no font .* to fix it'):
        text_size('Größe', 1)
