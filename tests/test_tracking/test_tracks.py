"""Identities and categories of boxes, and the boxes between two frames."""

import numpy as np
import pytest

from fashion_mmpose.synthetic import draw_moving
from fashion_mmpose.tracking import BoxTracker, CutDetector, FrameBoxes, Tracks
from fashion_mmpose.tracking.tracks import between

pytest.importorskip('trackers')
SIZE = np.array((60.0, 100.0))


def box(x, y):
    return np.concatenate(((x, y), (x, y) + SIZE))


def test_garments_that_move_keep_their_numbers():
    """Whatever their order is, and after a frame in which one is not found."""
    tracker = BoxTracker(25)
    for frame in range(20):
        boxes = np.array([box(10 + 5 * frame, 20), box(400 - 5 * frame, 150)])
        order = [1, 0] if frame % 2 else [0, 1]
        rows = order if frame != 12 else [1]
        found = tracker.update(boxes[rows], np.full(len(rows), 0.8))
        assert found.tolist() == rows


def test_what_is_scored_low_begins_no_track():
    tracker = BoxTracker(25, score_thr=0.5)
    boxes = np.array([box(10, 10), box(300, 10)])
    assert tracker.update(boxes, np.array([0.9, 0.2])).tolist() == [0, -1]
    assert tracker.update(np.empty((0, 4)), np.empty(0)).tolist() == []


def test_after_a_cut_all_are_others():
    tracker = BoxTracker(25)
    boxes = np.array([box(10, 10), box(300, 10)])
    scores = np.array([0.9, 0.8])
    first = tracker.update(boxes, scores).tolist()
    tracker.cut()
    assert not set(first) & set(tracker.update(boxes, scores).tolist())


def test_a_category_is_that_of_most_frames_and_fades():
    tracks = Tracks(BoxTracker(25), 25)
    seen = ['vest'] * 10 + ['sling'] * 2 + ['vest'] * 3 + ['sling'] * 60
    found = [
        tracks.update(np.array([box(10, 10)]), np.array([0.8]), [label]).labels[0]
        for label in seen
    ]
    assert set(found[:16]) == {'vest'}  # two frames do not change it
    assert found[-1] == 'sling'  # but another garment in its place does
    tracks.cut()
    assert tracks.update(np.array([box(10, 10)]), np.array([0.8]), ['shorts']).labels


def test_boxes_between_two_frames():
    before = FrameBoxes(
        (3, 5), np.array([box(0, 0), box(200, 0)]), np.array([0.9, 0.8]), ('a', 'b')
    )
    after = FrameBoxes((5,), np.array([box(240, 80)]), np.array([0.7]), ('b',))
    found = between(before, after, 3)
    assert [each.tracks for each in found] == [(3, 5)] * 3
    assert [each.bboxes[1, :2].tolist() for each in found] == [
        [210, 20],
        [220, 40],
        [230, 60],
    ]
    assert all(each.bboxes[0].tolist() == box(0, 0).tolist() for each in found)
    (held,) = between(before, None, 1)
    assert held.bboxes.tolist() == before.bboxes.tolist()


@pytest.mark.slow
@pytest.mark.parametrize('seed', range(4))
def test_cuts(seed):
    """Where the scene changes, and nowhere else."""
    frames = list(draw_moving(seed, 24))
    detector = CutDetector()
    assert [detector.is_cut(each.image) for each in frames] == [
        each.is_cut for each in frames
    ]
    assert sum(each.is_cut for each in frames) == 1
