"""The boxes of garments in all frames, from a detector that sees some of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .association import BoxTracker

SECONDS_TO_HALF = 1.0


@dataclass(frozen=True)
class FrameBoxes:
    """The garments of a frame that have a track. n: garments.

    Attributes:
        tracks: Numbers of their tracks, n.
        bboxes: x1, y1, x2, y2 in pixels, shape (n, 4), float32.
        scores: Shape (n, ).
        labels: Their categories: what their tracks were taken for up to this frame.
    """

    tracks: tuple[int, ...]
    bboxes: np.ndarray
    scores: np.ndarray
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.tracks)


class Tracks:
    """Boxes with identities, and a category for each of these.

    Every frame has a vote, the score of the box, for the category that the detector
    sees in it; votes that are a second old count half. So a track that another garment
    takes over while it is covered gets its category, soon.

    Args:
        tracker: Says which box is which.
        updates_per_second: How often the detector looks in a second of the video.
    """

    def __init__(self, tracker: BoxTracker, updates_per_second: float) -> None:
        self._tracker = tracker
        self._fading = 0.5 ** (1 / (updates_per_second * SECONDS_TO_HALF))
        self._votes = defaultdict[int, dict[str, float]](dict)

    def cut(self) -> None:
        """The frames that come are another scene."""
        self._tracker.cut()
        self._votes.clear()

    def update(
        self, bboxes: np.ndarray, scores: np.ndarray, labels: Sequence[str]
    ) -> FrameBoxes:
        """What a detector has found in the next frame that it saw.

        Args:
            bboxes: x1, y1, x2, y2 in pixels, shape (n, 4).
            scores: Shape (n, ).
            labels: n categories.
        """
        tracks = self._tracker.update(bboxes, scores)
        rows = [row for row in range(len(tracks)) if tracks[row] >= 0]
        for row in rows:
            votes = self._votes[int(tracks[row])]
            for label in votes:
                votes[label] *= self._fading
            votes[labels[row]] = votes.get(labels[row], 0.0) + float(scores[row])
        numbers = tuple(int(tracks[row]) for row in rows)
        return FrameBoxes(
            numbers,
            np.reshape(bboxes, (-1, 4))[rows].astype(np.float32),
            np.asarray(scores, float)[rows],
            tuple(
                max(self._votes[number], key=self._votes[number].__getitem__)
                for number in numbers
            ),
        )


def between(before: FrameBoxes, after: FrameBoxes | None, num: int) -> list[FrameBoxes]:
    """The boxes of the frames between two that the detector saw.

    A garment that is in both moves straight from box to box; one that is in the first
    alone stays where it was.

    Args:
        before: The first of the two.
        after: The second; None where there is none, or where another scene begins.
        num: Frames between them.
    """
    ends = before.bboxes.copy()
    if after is not None:
        places = {track: row for row, track in enumerate(after.tracks)}
        for row, track in enumerate(before.tracks):
            if track in places:
                ends[row] = after.bboxes[places[track]]
    found = []
    for number in range(1, num + 1):
        share = number / (num + 1)
        boxes = (1 - share) * before.bboxes + share * ends
        moved = boxes.astype(np.float32)
        found.append(FrameBoxes(before.tracks, moved, before.scores, before.labels))
    return found
