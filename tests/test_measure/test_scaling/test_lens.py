"""The lens of a camera, from pictures of a board."""

import json
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from fashion_mmpose.errors import FormatError
from fashion_mmpose.measure import (
    Board,
    Lens,
    LensError,
    Marker,
    TargetError,
    estimate_lens,
    find_scale,
    in_pixels,
    pixels_per_cm,
    read_lens,
    write_lens,
)
from fashion_mmpose.measure.centimetres import Centimetres
from fashion_mmpose.synthetic import TableCamera, draw_board, sample_camera
from fashion_mmpose.synthetic.flat.boards import BOARD

CAMERA = sample_camera(1)
GRID = np.stack(np.meshgrid(np.linspace(100, 1500, 8), np.linspace(80, 1120, 6)), -1)
GRAY = np.full((1200, 1600, 3), 128, np.uint8)
LENS = Lens(np.array([[900.0, 0, 400], [0, 900, 300], [0, 0, 1]]), np.zeros(5))


@cache
def board(index):
    return draw_board(CAMERA, 0, index)


@pytest.fixture(scope='module', autouse=True)
def forget_boards():
    yield
    board.cache_clear()


def pictures(num, **others):
    for index in range(num):
        yield f'{index}.jpg', board(index)
    yield from others.items()


@pytest.fixture(scope='module')
def estimate():
    return estimate_lens(pictures(10, gray=GRAY), BOARD)


@pytest.mark.slow
def test_the_true_lens_is_found(estimate):
    points = GRID.reshape(-1, 2)
    off = estimate.lens.straightened(points) - CAMERA.lens.straightened(points)
    # Without a lens, the corners of the picture are many pixels off.
    bent = points - CAMERA.lens.straightened(points)
    assert np.linalg.norm(bent, axis=1).max() > 15
    assert np.linalg.norm(off, axis=1).max() < 3
    assert np.linalg.norm(off, axis=1).mean() < 0.5
    assert estimate.lens.size_wh == (1600, 1200)
    focal = CAMERA.lens.matrix[0, 0]
    assert abs(estimate.lens.matrix[0, 0] / focal - 1) < 4 * estimate.focal_error + 1e-4
    assert 0 < estimate.error_px < 0.2 and 0 < estimate.focal_error < 0.01
    assert 0.5 <= estimate.covered <= 1


@pytest.mark.slow
def test_coefficients_that_nothing_tells_are_zero(estimate):
    k1, _, _, _, k3 = estimate.lens.distortion
    assert k1 == pytest.approx(CAMERA.lens.distortion[0], abs=0.02)
    assert k3 == 0
    assert estimate.lens.matrix[0, 0] == estimate.lens.matrix[1, 1]


@pytest.mark.slow
def test_a_wide_lens_has_all_that_it_needs():
    matrix = np.array([[900.0, 0, 800], [0, 900, 600], [0, 0, 1]])
    wide = Lens(matrix, np.array([-0.3, 0.12, 0, 0, -0.02]), (1600, 1200))
    camera = TableCamera((1600, 1200), wide)
    drawn = ((str(i), draw_board(camera, 1, i)) for i in range(10))
    found = estimate_lens(drawn, BOARD)
    assert found.lens.distortion[1] > 0.05
    points = GRID.reshape(-1, 2)
    off = found.lens.straightened(points) - wide.straightened(points)
    assert np.median(np.linalg.norm(off, axis=1)) < 0.5


@pytest.mark.slow
def test_pictures_without_the_board_are_left_out(estimate):
    assert len(estimate.used) == 10 and [*estimate.left_out] == ['gray']
    assert 'inner corners' in estimate.left_out['gray']


@pytest.mark.slow
def test_a_board_that_was_bent_is_left_out():
    def warped():
        yield from pictures(8)
        image = draw_board(CAMERA, 0, 20)
        rows = np.arange(1200) + (12 * np.sin(np.arange(1200) / 60)).astype(int)
        yield 'wavy', image[np.clip(rows, 0, 1199)]

    found = estimate_lens(warped(), BOARD)
    assert 'pixels off' in found.left_out['wavy'] and len(found.used) == 8


def test_good_pictures_are_enough_however_many_are_bad(monkeypatch):
    """Each round leaves out what is far off; the others seemed near before."""
    off = [0.5] * 5 + [2.0 * 2**number for number in range(30)]
    rounds = []

    def fit(views, size_wh):
        own = np.array([off[int(corners[0, 0])] for corners, _ in views])
        rounds.append(len(own))
        return SimpleNamespace(
            of_pictures=own, lens=LENS, error_px=0.5, focal_error=0.01
        )

    def corners(self, image):
        return np.full((6, 2), float(image[0, 0, 0])), np.zeros((6, 2))

    monkeypatch.setattr('fashion_mmpose.measure.scaling.lens._fit', fit)
    monkeypatch.setattr(Board, 'corners', corners)
    given = ((f'{i}.jpg', np.full((9, 12, 3), i, np.uint8)) for i in range(len(off)))
    found = estimate_lens(given, BOARD)
    assert found.used == tuple(f'{i}.jpg' for i in range(5))
    assert len(rounds) > 4 and len(found.left_out) == 30


@pytest.mark.slow
@pytest.mark.parametrize(
    ('given', 'message'),
    [
        (lambda: pictures(3), '3 pictures show the board, and 4 are needed'),
        (lambda: iter(()), '0 pictures show the board'),
        (lambda: pictures(1, gray=GRAY, other=GRAY), 'gray: 0 inner corners'),
    ],
)
def test_too_few_pictures(given, message):
    with pytest.raises(TargetError, match=message):
        estimate_lens(given(), BOARD)


@pytest.mark.slow
def test_pictures_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r'small has 800x600 pixels, and 0.jpg'):
        estimate_lens(pictures(1, small=GRAY[::2, ::2]), BOARD)


@pytest.mark.slow
def test_another_board_is_not_found():
    other = Board(7, 5, 4, 3, '5X5_100')
    with pytest.raises(TargetError, match='check the numbers of squares'):
        estimate_lens(pictures(4), other)


def test_it_goes_through_a_file(tmp_path, estimate):
    path = tmp_path / 'camera.json'
    write_lens(path, estimate.lens, dict(pictures=10))
    assert json.loads(path.read_text())['pictures'] == 10
    again = read_lens(path)
    np.testing.assert_array_equal(again.matrix, estimate.lens.matrix)
    np.testing.assert_array_equal(again.distortion, estimate.lens.distortion)
    assert again.size_wh == (1600, 1200)
    write_lens(path, LENS)
    assert read_lens(path).size_wh is None


def test_a_smaller_picture_has_a_smaller_lens():
    lens = CAMERA.lens.for_size((800, 600))
    assert lens.size_wh == (800, 600)
    points = GRID.reshape(-1, 2)
    # Centres of pixels: 0.5 of a large one is 0 of a small one.
    small = (points + 0.5) / 2 - 0.5
    straight = (CAMERA.lens.straightened(points) + 0.5) / 2 - 0.5
    np.testing.assert_allclose(lens.straightened(small), straight, atol=1e-3)
    assert CAMERA.lens.for_size((1600, 1200)) is CAMERA.lens
    assert LENS.for_size((10, 400)) is LENS  # nobody knows


def test_pictures_of_another_shape_are_not_measured_with_it():
    tall = np.zeros((1600, 1200, 3), np.uint8)
    message = 'calibrated with pictures of 1600x1200, and this one has 1200x1600'
    with pytest.raises(LensError, match=message):
        find_scale(tall, Marker(10), CAMERA.lens)
    known = Centimetres(pixels_per_cm(10), CAMERA.lens)
    with pytest.raises(LensError, match=message):
        known.of(tall)
    assert known.pixels_of(tall).lens is None
    assert known.of(GRAY).lens is CAMERA.lens
    half = known.pixels_of(GRAY[::2, ::2])
    assert half.unit == 'px' and half.lens.size_wh == (800, 600)
    assert in_pixels().lens is None


@pytest.mark.parametrize('size', [[0, 5], [5], 'wide', [1, 2, 3]])
def test_other_sizes_are_refused(tmp_path, size):
    path = tmp_path / 'camera.json'
    write_lens(path, LENS)
    path.write_text(json.dumps(json.loads(path.read_text()) | dict(size=size)))
    with pytest.raises(ValueError, match='no calibration of a camera'):
        read_lens(path)


@pytest.mark.parametrize(
    'matrix',
    [
        pytest.param([[900, 0, 0], [0, 900, 0], [400, 300, 1]], id='rows for columns'),
        pytest.param([[0, 0, 0], [0, 0, 0], [0, 0, 0]], id='empty'),
        pytest.param([[9, 0, 4], [0, 9, 3], [0, 0, 0.01]], id='of another scale'),
        pytest.param([[-900, 0, 400], [0, 900, 300], [0, 0, 1]], id='mirrored'),
    ],
)
def test_a_matrix_is_that_of_a_camera(tmp_path, matrix):
    path = tmp_path / 'lens.json'
    path.write_text(json.dumps(dict(matrix=matrix, distortion=[-0.1, 0, 0, 0])))
    with pytest.raises(FormatError, match=r'is none of a camera; to fix it: write it'):
        read_lens(path)


def test_a_skew_that_opencv_would_leave_out_is_refused(tmp_path):
    path = tmp_path / 'lens.json'
    matrix = [[900, 2.5, 400], [0, 900, 300], [0, 0, 1]]
    path.write_text(json.dumps(dict(matrix=matrix, distortion=[-0.1, 0, 0, 0])))
    with pytest.raises(FormatError, match=r'has a skew of 2\.5, which OpenCV leaves'):
        read_lens(path)
