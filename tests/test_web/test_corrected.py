"""Garments that people correct: what is taken over, shown, measured and saved."""

from dataclasses import replace

import numpy as np
import pytest
from predicted_garments import predicted_garment

from fashion_mmpose.errors import FormatError
from fashion_mmpose.web.corrected import Corrected, correct_all

SIZE = 100, 80
POINTS = [(10, 20), (50, 20), (10, 70), (60, 70)]  # of a skirt


def skirt(**fields) -> Corrected:
    return Corrected.from_prediction(predicted_garment('skirt', POINTS, **fields))


def rows(*points) -> list[list[float]]:
    return [[x, y, 2, 0] for x, y in points or POINTS]


def test_what_scores_low_counts_as_covered():
    scores = np.array([0.9, 0.19, 0.2, 0.5], np.float32)
    assert skirt(scores=scores).visibility.tolist() == [2, 1, 2, 2]


def test_moved_points_are_certain_and_stay_in_the_picture():
    sent = rows()
    sent[1] = [250, -3, 2, 1]
    moved = skirt().with_points(sent, SIZE)
    assert moved.found.keypoints.tolist() == [[10, 20], [99, 0], [10, 70], [60, 70]]
    assert moved.found.scores.tolist() == pytest.approx([0.9, 1, 0.9, 0.9])
    assert moved.by_hand.tolist() == [False, True, False, False]


def test_only_what_was_moved_is_brought_into_the_picture():
    """A garment that the picture cuts off has points outside of it."""
    places = np.array([(-7.25, 20), (50, 20), (10, 130.123456), (60, 70)])
    garment = Corrected.from_prediction(predicted_garment('skirt', places))
    garment = replace(garment, found=replace(garment.found, keypoints=places))
    sent = garment.view()['points']
    sent[1][:] = [-7, 140, 2, 1]
    moved = garment.with_points(sent, SIZE).found.keypoints
    np.testing.assert_array_equal(np.delete(moved, 1, 0), np.delete(places, 1, 0))
    assert moved[1].tolist() == [0, 79]


def test_a_move_that_is_taken_back_leaves_nothing():
    """Neither a sure score nor a place in the picture for a point outside of it."""
    places = np.array([(-7.25, 20), (50, 20), (10, 70), (60, 70)])
    scores = np.array([0.1, 0.9, 0.9, 0.9], np.float32)
    garment = skirt(scores=scores, probabilities=scores)
    garment = replace(garment, found=replace(garment.found, keypoints=places))
    sent = garment.view()['points']
    moved = garment.with_points([[5, 25, 2, 1], *sent[1:]], SIZE)
    assert moved.found.scores[0] == 1
    back = moved.with_points(sent, SIZE).found
    np.testing.assert_array_equal(back.keypoints, places)
    np.testing.assert_array_equal(back.scores, scores)
    np.testing.assert_array_equal(back.probabilities, scores)


@pytest.mark.parametrize(
    'sent, reason',
    [
        (rows()[:3], 'without its 4 key points'),
        ('abc', 'without its 4 key points'),
        ([*rows()[:3], [1, 2, 3]], 'expected 4 numbers'),
        ([*rows()[:3], [1, float('nan'), 2, 0]], 'not a number'),
        ([*rows()[:3], [1, 2, 3, 0]], 'visibility that is not 0, 1 or 2'),
    ],
)
def test_points_that_are_none_are_refused(sent, reason: str):
    with pytest.raises(FormatError, match=reason):
        skirt().with_points(sent, SIZE)


def test_removed_points_are_neither_drawn_nor_measured_nor_saved():
    sent = rows()
    sent[0][2] = 0
    removed = skirt().with_points(sent, SIZE)
    assert removed.shown(0.2).scores[0] == 0
    lengths = {each.name: each for each in removed.measured(1.0).measurements()}
    assert lengths['waist_width'].reason == 'waistband_left is not there'
    assert lengths['hem_width'].value == pytest.approx(50)
    item = removed.to_item('a.png', SIZE)
    assert item.points[0].tolist() == [0, 0, 0]
    assert item.points[1].tolist() == [50, 20, 2]


def test_points_far_outside_of_the_picture_are_not_saved():
    # A quarter of its longer side is 25 pixels.
    places = [(-24, 20), (50, -26), (10, 104), (126, 70)]
    found = predicted_garment('skirt', places, bbox=np.float32([5, 5, 90, 75]))
    garment = Corrected.from_prediction(found)
    item = garment.to_item('a.png', SIZE)
    assert item.points.tolist() == [[-24, 20, 2], [0, 0, 0], [10, 104, 2], [0, 0, 0]]
    assert item.box.tolist() == [0, 0, *SIZE]
    # What a file has there stays in it.
    kept = replace(garment, by_hand=np.ones(4, bool)).to_item('a.png', SIZE).points
    assert kept.tolist() == [[*place, 2] for place in places]


def test_points_below_the_slider_are_not_drawn():
    scores = np.array([0.9, 0.4, 0.9, 0.9], np.float32)
    shown = skirt(scores=scores).shown(0.5)
    assert shown.scores.tolist() == pytest.approx([0.9, 0, 0.9, 0.9])


def test_a_hand_is_as_sure_as_it_clicks():
    found = np.tile(np.eye(2, dtype=np.float32) * 100, (4, 1, 1))
    sent = rows()
    sent[0][3] = 1
    moved = skirt(covariances=found).with_points(sent, SIZE)
    covariances = moved.measured(2.0).covariances
    assert covariances[0].tolist() == [[4, 0], [0, 4]]
    assert covariances[1].tolist() == [[100, 0], [0, 100]]


def test_the_saved_box_holds_every_labelled_point():
    sent = rows((0, 20), (50, 20), (10, 79), (60, 70))
    item = skirt().with_points(sent, SIZE).to_item('a.png', SIZE)
    assert item.box.tolist() == [0, 20, 60, 59]


def test_the_box_of_a_garment_that_is_cut_off_ends_with_the_picture():
    """Its points stay, and files of such boxes are taken for those of others."""
    cut = skirt()
    points = np.array([(10, 20), (50, 20), (-5, 70), (60, SIZE[1] + 24)], np.float32)
    cut = replace(cut, found=replace(cut.found, keypoints=points))
    item = cut.to_item('a.png', SIZE)
    assert item.points[:, :2].tolist() == points.tolist()
    assert item.box.tolist() == [0, 20, 60, SIZE[1] - 20]


def test_the_box_of_a_file_holds_what_it_held_and_what_is_moved():
    """Only what was moved stretches it; that of an untouched garment stays."""
    read = replace(skirt(), by_hand=np.ones(4, bool))
    bbox = np.array([20, 20, 60, 70], np.float32)  # the first point is beside it
    read = replace(read, found=replace(read.found, bbox=bbox))
    assert read.to_item('a.png', SIZE).box.tolist() == [20, 20, 40, 50]
    sent = read.view()['points']
    sent[3][:2] = 70, 75
    moved = read.with_points(sent, SIZE)
    assert moved.to_item('a.png', SIZE).box.tolist() == [20, 20, 50, 55]
    empty = replace(read, found=replace(read.found, bbox=bbox[[0, 1, 0, 1]]))
    assert empty.to_item('a.png', SIZE).box.tolist() == [10, 20, 50, 50]


def test_garments_are_kept_removed_and_brought_back():
    known = {key: replace(skirt(), key=key) for key in (1, 2)}
    kept = correct_all(known, [dict(key=2, points=rows())], SIZE)
    assert [each.key for each in kept] == [2]
    both = [dict(key=key, points=rows()) for key in (1, 2)]
    assert [each.key for each in correct_all(known, both, SIZE)] == [1, 2]


@pytest.mark.parametrize(
    'sent',
    [
        None,
        [dict(key=3, points=rows())],
        [dict(points=rows())],
        ['garment'],
        [dict(key=True, points=rows())],
        [dict(key=1, points=rows())] * 2,
    ],
)
def test_strange_lists_of_garments_are_refused(sent):
    with pytest.raises(FormatError):
        correct_all({1: skirt()}, sent, SIZE)
