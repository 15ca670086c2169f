"""From pixels to centimetres."""

import cv2
import numpy as np
import pytest

from fashion_mmpose.measure import (
    Lens,
    from_corners,
    in_pixels,
    known_length,
    pixels_per_cm,
)
from fashion_mmpose.measure.scaling.scale import transform

LENS = Lens(
    np.array([[900.0, 0, 410], [0, 900, 290], [0, 0, 1]]),
    np.array([-0.15, 0.03, 1e-3, -5e-4, 0.0]),
)
POINTS = np.array([(20.0, 30.0), (780, 40), (760, 570), (35, 560), (400, 300)])
# From centimetres to pixels, seen at an angle.
VIEW = np.array([[9.0, 0.5, 80], [-0.3, 8.5, 60], [2e-4, 8e-4, 1]])
SHEET = np.array([(0, 0), (21, 0), (21, 29.7), (0, 29.7)])
EXACT = np.tile(1e-6 * np.eye(2), (4, 1, 1))


def length(scale, first, second) -> float:
    ends = scale.to_plane(np.array([first, second], float))
    return float(np.linalg.norm(ends[1] - ends[0]))


def test_pixels_stay_pixels():
    scale = in_pixels()
    assert scale.unit == 'px'
    assert length(scale, (0, 0), (3, 4)) == 5


def test_pixels_per_centimetre():
    scale = pixels_per_cm(8, error=0.08)
    assert scale.unit == 'cm'
    assert length(scale, (0, 0), (48, 64)) == 10
    ((up, down),) = scale.deviating()
    lengths = [length(each, (0, 0), (48, 64)) for each in (up, down)]
    assert abs(lengths[1] - lengths[0]) / 2 == pytest.approx(0.1, rel=1e-3)
    assert pixels_per_cm(8).deviating() == []


@pytest.mark.parametrize('value', [0, -3, np.nan, np.inf])
def test_a_scale_is_positive(value: float):
    with pytest.raises(ValueError, match='must be positive'):
        pixels_per_cm(value)


def test_a_known_length():
    scale = known_length(np.array([(100, 100), (100, 500)]), 80, point_error=2)
    assert length(scale, (0, 0), (0, 5)) == pytest.approx(1)
    ((up, down),) = scale.deviating()
    spread = abs(length(up, (0, 0), (0, 5)) - length(down, (0, 0), (0, 5))) / 2
    assert spread == pytest.approx(np.sqrt(2) * 2 / 400, rel=1e-3)
    with pytest.raises(ValueError, match='give a longer length'):
        known_length(np.array([(0, 0), (2, 0)]), 80, point_error=2)


def test_a_lens_bends_and_straightens():
    straight = LENS.straightened(POINTS)
    assert np.abs(straight - POINTS).max() > 3
    np.testing.assert_allclose(LENS.bent(straight), POINTS, atol=1e-3)


@pytest.mark.parametrize(
    ('focal', 'coefficients'),
    [(800, (0.12, 0.05)), (1100, (0.2, 0.1)), (900, (-0.25, 0.07))],
)
def test_strong_distortion_is_taken_off_as_a_whole(focal, coefficients):
    matrix = np.array([[focal, 0, 959.5], [0, focal, 539.5], [0, 0, 1.0]])
    lens = Lens(matrix, np.array([*coefficients, 0, 0, 0]))
    x, y = np.meshgrid(np.linspace(0, 1919, 25), np.linspace(0, 1079, 15))
    points = np.column_stack((x.ravel(), y.ravel()))
    np.testing.assert_allclose(lens.bent(lens.straightened(points)), points, atol=1e-6)


def test_where_a_lens_file_says_that_nothing_is_seen_there_is_no_place():
    """This polynomial folds back inside of the picture."""
    matrix = np.array([[860, 0, 959.5], [0, 860, 539.5], [0, 0, 1.0]])
    lens = Lens(matrix, np.array([-0.26, 0.08, 0, 0, -0.011]))
    ends = np.array([(959.5, 539.5), (0, 0), (1200, 600)])
    straight = lens.straightened(ends)
    assert np.isfinite(straight).all(axis=1).tolist() == [True, False, True]


@pytest.mark.parametrize('lens', [None, LENS])
def test_corners_take_the_perspective_off(lens: Lens | None):
    corners = transform(SHEET, VIEW)
    away = np.array([(40.0, 10), (55, 60)])
    seen = transform(away, VIEW)
    if lens is not None:
        corners, seen = lens.bent(corners), lens.bent(seen)
    scale = from_corners(corners, SHEET, EXACT, (800, 600), 'a sheet', lens)
    assert length(scale, *seen) == pytest.approx(np.hypot(15, 50), rel=1e-4)
    np.testing.assert_allclose(
        scale.to_picture(scale.to_plane(POINTS)), POINTS, atol=1e-2
    )


@pytest.mark.slow
def test_the_error_of_corners_is_that_of_many_trials():
    rng = np.random.default_rng(4)
    corners = transform(SHEET, VIEW)
    seen = transform(np.array([(30.0, 5), (30, 45)]), VIEW)
    spread = 0.3
    covariances = np.tile(spread**2 * np.eye(2), (4, 1, 1))

    def solve(points):
        return from_corners(points, SHEET, covariances, (800, 600), 'a sheet')

    trials = [
        length(solve(corners + rng.normal(0, spread, (4, 2))), *seen)
        for _ in range(300)
    ]
    said = [
        (length(up, *seen) - length(down, *seen)) / 2
        for up, down in solve(corners).deviating()
    ]
    assert np.linalg.norm(said) == pytest.approx(np.std(trials), rel=0.2)
    assert np.mean(trials) == pytest.approx(40, abs=0.2)


def test_what_moves_all_corners_together_adds_to_the_error():
    corners = transform(SHEET, np.diag((10.0, 10, 1)))
    outward = np.sign(corners - corners.mean(axis=0))
    ends = (0, 0), (200, 0)
    errors = []
    for together in (None, outward):
        scale = from_corners(
            corners, SHEET, EXACT, (400, 400), 'a sheet', together=together
        )
        errors.append(
            np.linalg.norm(
                [length(u, *ends) - length(d, *ends) for u, d in scale.deviating()]
            )
            / 2
        )
    assert errors[0] < 0.01
    # A pixel more on either side, of 210 and 297.
    assert 20 * 2 / 297 < errors[1] < 20 * 2 / 210


def test_small_things_do_not_claim_a_steep_view():
    """Four corners that err by a pixel seem to tell of a very slanted view."""
    small = np.array([(0.0, 0), (5, 0), (5, 5), (0, 5)])
    corners = 100 + 6 * small + [(1, -1), (-1, 1), (1, 0), (0, 0)]
    covariances = np.tile(np.eye(2), (4, 1, 1))
    ends = (600, 500), (700, 500)
    fitted = from_corners(corners, small, covariances, (800, 600), 'a marker')
    exact = cv2.findHomography(corners, small)[0]
    wrong = np.abs(np.diff(transform(np.array(ends, float), exact), axis=0)).max()
    true = 100 / 6
    assert abs(length(fitted, *ends) - true) < 0.3 * true < abs(wrong - true)
