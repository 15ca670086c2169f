"""Markers, boards and sheets of paper are found, and tell centimetres."""

import cv2
import numpy as np
import pytest

from fashion_mmpose.errors import FormatError
from fashion_mmpose.inference.outputs.measuring import Measuring
from fashion_mmpose.measure import (
    Board,
    Marker,
    Sheet,
    TargetError,
    find_scale,
    from_corners,
    sheet,
)
from fashion_mmpose.measure.centimetres import Centimetres
from fashion_mmpose.measure.scaling.plane_fit import tell_plane
from fashion_mmpose.measure.scaling.scale import transform

# From the table, in cm, to the picture.
VIEW = np.array([[14.0, 1.5, 60], [-1.0, 13.0, 140], [3e-4, 6e-4, 1]])
TARGETS = [Marker(12), Marker(12, number=7), Board(5, 7, 3, 2.2), sheet('a4')]


def picture(target, view=VIEW, size=(900, 700), ground=90) -> np.ndarray:
    """A target whose corner lies at 5, 5 cm, four times as fine and then shrunk."""
    tile = target.draw(32)
    step = target.size[0] / tile.shape[1], target.size[1] / tile.shape[0]
    place = np.array(
        [[step[0], 0, 5 + step[0] / 2], [0, step[1], 5 + step[1] / 2], [0, 0, 1]]
    )
    fine = np.array([[4, 0, 1.5], [0, 4, 1.5], [0, 0, 1]])
    large = cv2.warpPerspective(
        tile, fine @ view @ place, (4 * size[0], 4 * size[1]), borderValue=ground
    )
    small = cv2.resize(large, size, interpolation=cv2.INTER_AREA)
    noisy = small + np.random.default_rng(3).normal(0, 2, small.shape)
    gray = np.clip(np.round(noisy), 0, 255).astype(np.uint8)
    return cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR)


def errors(scale) -> tuple[float, float]:
    """Error of a length of 20 cm beside the target, and what the scale says of it."""
    ends = transform(np.array([(30.0, 12), (42, 28)]), VIEW)

    def length(each) -> float:
        first, second = each.to_plane(ends)
        return float(np.linalg.norm(second - first))

    said = [(length(up) - length(down)) / 2 for up, down in scale.deviating()]
    return length(scale) - 20, float(np.linalg.norm(said))


@pytest.mark.slow
@pytest.mark.parametrize('target', TARGETS, ids=repr)
def test_they_tell_centimetres(target):
    scale = find_scale(picture(target), target)
    assert scale.unit == 'cm'
    error, said = errors(scale)
    assert abs(error) < 0.2  # 1 %
    assert abs(error) < 3 * said < 1


def test_grey_pictures():
    seen = picture(Marker(12))
    grey = cv2.cvtColor(seen, cv2.COLOR_BGR2GRAY)
    again = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    expected = find_scale(again, Marker(12)).homography
    assert (find_scale(grey, Marker(12)).homography == expected).all()
    with pytest.raises(ValueError, match='a picture is of type uint8 or uint16'):
        find_scale(seen / 255, Marker(12))


def test_the_border_of_a_marker_is_outside_of_its_side():
    target = Marker(12)
    scale = find_scale(picture(target), target)
    border = target.border
    assert target.size == (12 + 2 * border, 12 + 2 * border)
    inner = 5 + border + np.array([(0, 0), (12, 0), (12, 12), (0, 12)])
    expected = transform(inner, VIEW)
    np.testing.assert_allclose(scale.corners, expected, atol=0.3)


def test_a_marker_is_chosen_by_its_number():
    image = picture(Marker(12, number=7))
    with pytest.raises(TargetError, match='with the number 3'):
        find_scale(image, Marker(12, number=3))
    assert find_scale(image, Marker(12)).unit == 'cm'


@pytest.mark.parametrize('target', TARGETS, ids=repr)
def test_nothing_is_found_where_nothing_is(target):
    empty = np.full((300, 400, 3), 120, np.uint8)
    with pytest.raises(TargetError, match='to fix it'):
        find_scale(empty, target)


@pytest.mark.parametrize('target', TARGETS, ids=repr)
@pytest.mark.parametrize('size', [(1, 1), (1, 3000), (40_000, 2), (3, 4000)])
def test_nothing_is_found_in_a_line(target, size):
    """Shops have such pictures, which must not end a run over all of them."""
    with pytest.raises(TargetError, match='to fix it'):
        find_scale(np.full((*size, 3), 200, np.uint8), target)


@pytest.mark.parametrize('others', [0, 1])
def test_a_board_of_which_one_row_is_seen(monkeypatch, others: int):
    """Corners on one line, and one beside it, tell no plane."""
    board = Board(9, 5, 3, 2.2)
    places = np.array([*((3.0 * x, 3.0) for x in range(1, 9)), (6.0, 6.0)])
    places = places[: 8 + others]
    seen = transform(places, VIEW), places
    monkeypatch.setattr(Board, 'corners', lambda self, image: seen)
    with pytest.raises(TargetError, match='[89] inner corners.* to fix it: leave more'):
        find_scale(np.zeros((700, 900, 3), np.uint8), board)


def test_a_garment_over_most_of_a_board_leaves_pixels():
    board = Board(5, 7, 3, 2.2)
    image = picture(board, np.array([[14.0, 0, 60], [0, 14, 60], [0, 0, 1]]))
    lengths = Measuring(Centimetres(board), {})
    assert lengths.scale_of(image)[0].unit == 'cm'
    image[:, 250:] = (60, 60, 90)
    corners, places = board.corners(image)
    assert len(corners) == 6 and np.ptp(places[:, 0]) == 0
    scale, reason = lengths.scale_of(image)
    assert scale.unit == 'px'
    assert reason.startswith('the 6 inner corners of the 5x7 ChArUco board that are')


@pytest.mark.parametrize(
    ('places', 'told'),
    [
        ([(0, 0), (1, 0), (1, 1), (0, 1)], True),
        ([(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)], True),
        ([(0, 0), (1, 0), (2, 0), (3, 0), (0, 1), (5, 1)], True),
        ([(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)], False),
        ([(0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (2, 1)], False),
        ([(0, 0)] * 6, False),
    ],
)
@pytest.mark.parametrize('unit', [0.1, 1, 300])
def test_points_that_tell_a_plane(places: list, told: bool, unit: float):
    assert tell_plane(unit * np.array(places, float) + 7 * unit) == told


def test_corners_that_tell_no_plane_are_a_missing_target():
    line = np.column_stack((np.arange(6.0), np.zeros(6)))
    covariances = np.tile(np.eye(2), (6, 1, 1))
    with pytest.raises(TargetError, match='the corners of a ruler tell no plane'):
        from_corners(50 + 9 * line, line, covariances, (200, 100), 'a ruler')


def test_a_sheet_is_not_taken_for_another_shape():
    image = np.full((700, 900, 3), 70, np.uint8)
    cv2.rectangle(image, (100, 100), (600, 260), (250, 250, 250), -1)  # too long
    cv2.circle(image, (700, 500), 90, (250, 250, 250), -1)
    with pytest.raises(TargetError, match='no sheet of A4'):
        find_scale(image, sheet('a4'))
    cv2.rectangle(image, (100, 400), (310, 696), (250, 250, 250), -1)
    scale = find_scale(image, sheet('a4'))
    first, second = scale.to_plane(np.array([(0.0, 0), (100, 0)]))
    assert np.linalg.norm(second - first) == pytest.approx(10, rel=0.02)


@pytest.mark.slow
def test_a_sheet_that_the_picture_cuts_off_is_none():
    """The picture's own corner is none of a sheet, whose seen part looks like one."""
    grain = np.random.default_rng(0).normal(0, 12, (700, 900, 3))
    image = np.full((700, 900, 3), 90, np.uint8)
    image[:210, :297] = 230

    def taken(seen):
        soft = cv2.GaussianBlur(seen, (0, 0), 1)
        return np.clip(soft + grain, 0, 255).astype(np.uint8)

    with pytest.raises(TargetError, match='no sheet of A4'):
        find_scale(taken(image), sheet('a4'))
    scale = find_scale(taken(np.roll(image, (20, 20), (0, 1))), sheet('a4'))
    first, second = scale.to_plane(np.array([(0.0, 0), (100, 0)]))
    assert np.linalg.norm(second - first) == pytest.approx(10, rel=0.02)


@pytest.mark.parametrize(
    ('corners', 'found'),
    [
        ([(100, 50), (200, 50), (250, 225), (50, 225)], False),  # as shorts taper
        ([(60, 60), (180, 60), (310, 205), (190, 205)], False),  # a slanted pocket
        ([(100, 50), (200, 50), (220, 200), (90, 200)], True),
        ([(60, 60), (200, 70), (180, 250), (40, 230)], True),
    ],
)
def test_a_bright_thing_that_no_sheet_looks_like(corners, found):
    """A camera more or less from above makes no such thing of a sheet."""
    image = np.full((300, 400, 3), 70, np.uint8)
    cv2.fillConvexPoly(image, np.array(corners), (250, 250, 250), cv2.LINE_AA)
    if found:
        scale = find_scale(image, sheet('a4'))
        off = np.linalg.norm(scale.corners[:, None] - np.array(corners), axis=2)
        assert off.min(axis=1).max() < 2
        return
    with pytest.raises(TargetError, match='no sheet of A4'):
        find_scale(image, sheet('a4'))


def test_a_sheet_that_lies_across_has_the_same_sides():
    """One that is nearly square would be found, with its sides exchanged."""
    image = np.full((600, 800, 3), 60, np.uint8)
    image[100:500, 100:520] = 250
    for target in Sheet(20, 21), Sheet(21, 20):
        places = find_scale(image, target).to_plane(
            np.array([(99.5, 99.5), (519.5, 99.5), (99.5, 499.5)])
        )
        assert np.linalg.norm(places[1] - places[0]) == pytest.approx(21, rel=0.003)
        assert np.linalg.norm(places[2] - places[0]) == pytest.approx(20, rel=0.003)


def test_usual_sheets_and_others():
    assert sheet('Letter').size == (21.59, 27.94)
    assert sheet('30x20') == Sheet(20, 30) == Sheet(30, 20)
    for name in ('a9', '20', '0x4', '20xabc'):
        with pytest.raises(FormatError):
            sheet(name)


def test_unknown_dictionaries_are_named():
    with pytest.raises(FormatError, match='4X4_50'):
        find_scale(np.zeros((90, 90, 3), np.uint8), Marker(5, dictionary='9X9'))


@pytest.mark.parametrize('numbers', [(3, 4), (4, 3)])
def test_the_smallest_boards_are_found(numbers: tuple):
    board = Board(*numbers, 6, 4.5)
    image = np.pad(board.draw(120), 80, constant_values=180)
    assert find_scale(image, board).source == '6 corners of a board of 6 cm squares'


@pytest.mark.parametrize(
    ('numbers', 'message'),
    [
        ((7, 5, 3, 4), 'markers of 4 cm do not fit into squares of 3 cm'),
        ((1, 5, 4, 3), 'a board of 1x5 squares has too few inner corners to tell'),
        ((3, 3, 4, 3), 'a board of 3x3 squares has too few .* at least 3 x 4 squares'),
        ((9, 2, 4, 3), 'a board of 9x2 squares has too few'),
        ((11, 11, 4, 3), 'has 60 markers, and 4X4_50 has 50; to fix it'),
    ],
)
def test_boards_that_cannot_be(numbers: tuple, message: str):
    board = Board(*numbers)
    with pytest.raises(ValueError, match=message):
        find_scale(np.zeros((60, 80, 3), np.uint8), board)
    with pytest.raises(ValueError, match=message):
        board.draw(32)
