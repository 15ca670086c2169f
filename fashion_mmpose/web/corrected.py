"""Garments that people correct by hand.

K: key points of the category. Positions are pixels of the picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.coco.geometry import FAR, beyond_edges
from fashion_mmpose.formats.labels.entries import Item
from fashion_mmpose.formats.labels.labelled import ABSENT, OCCLUDED, VISIBLE, numbers
from fashion_mmpose.garments import Garment, GarmentPrediction
from fashion_mmpose.measure.measured import MIN_SCORE

BY_HAND = 1.0  # the score of a point that somebody has put into its place
_SHOWN = 1e-3  # pixels by which a point differs at most from what a browser shows


@dataclass(frozen=True, eq=False)
class Corrected:
    """A garment as it is shown, and as it is saved.

    Attributes:
        found: What the network found, in its box; its points are those of the last
            correction.
        visibility: COCO's v of each point, shape (K, ), int.
        by_hand: Which points somebody has moved, shape (K, ), bool.
        number: The id of its annotation, if it has one.
        key: What tells it from all others that its picture had so far.
        kept: Further fields of its annotation, which are written as they are.
        first: As it was found or read; None as long as no correction came.
    """

    found: GarmentPrediction
    visibility: np.ndarray
    by_hand: np.ndarray
    number: int | None = None
    key: int = 0
    kept: Mapping[str, Any] = field(default_factory=dict)
    first: 'Corrected | None' = None

    @classmethod
    def from_prediction(cls, found: GarmentPrediction) -> 'Corrected':
        """A garment that nobody has corrected: what scores low counts as covered."""
        sure = found.scores >= MIN_SCORE
        visibility = np.where(sure, VISIBLE, OCCLUDED)
        return cls(found, visibility, np.zeros(len(sure), bool))

    @property
    def garment(self) -> Garment:
        """Its category."""
        return self.found.garment

    def with_points(self, points: Any, size: tuple[int, int]) -> 'Corrected':
        """The garment after its points were moved.

        Args:
            points: Of each key point x, y in pixels, COCO's v, and whether it was moved
                by hand (0 or 1), as a browser sends them.
            size: Width and height of the picture; what was moved is kept inside.

        Raises:
            FormatError: If they are not K such points.
        """
        count = len(self.found.names)
        where = f'the {self.found.category}'
        if not isinstance(points, list) or len(points) != count:
            raise FormatError(f'{where} was sent without its {count} key points')
        rows = np.array([numbers(row, 4, where, 'a key point') for row in points])
        visibility = rows[:, 2].astype(int)
        if not np.isin(visibility, (ABSENT, OCCLUDED, VISIBLE)).all():
            raise FormatError(f'{where} has a visibility that is not 0, 1 or 2')
        by_hand = rows[:, 3] != 0
        # A point whose move is taken back is what it was, with the score that it had.
        first = self.first or self
        own = first.found
        # A garment that is cut off has points outside, which nobody has moved.
        stays = np.abs(rows[:, :2] - own.keypoints).max(axis=1) < _SHOWN
        places = np.clip(rows[:, :2], 0, np.array(size) - 1)
        places = np.where(stays[:, None], own.keypoints, places)
        places = places.astype(own.keypoints.dtype)
        scores = np.where(by_hand, BY_HAND, own.scores).astype(np.float32)
        moved = replace(own, keypoints=places, scores=scores)
        if own.probabilities is not None:
            sure = np.where(by_hand, 1, own.probabilities).astype(np.float32)
            moved = replace(moved, probabilities=sure)
        return replace(
            self, found=moved, visibility=visibility, by_hand=by_hand, first=first
        )

    def shown(self, least_score: float) -> GarmentPrediction:
        """The garment to draw and to measure: points that are out score 0."""
        is_out = (self.visibility == ABSENT) | (self.found.scores < least_score)
        scores = np.where(is_out, 0, self.found.scores).astype(np.float32)
        return replace(self.found, scores=scores)

    def measured(self, hand_error: float) -> GarmentPrediction:
        """The garment to measure; removed points are nowhere.

        Args:
            hand_error: Standard deviation of a point that was put by hand, in x and in
                y, in pixels.
        """
        is_out = self.visibility == ABSENT
        places = np.where(is_out[:, None], np.nan, self.found.keypoints)
        covariances = self.found.covariances
        if covariances is not None:
            own = hand_error**2 * np.eye(2, dtype=np.float32)
            covariances = np.where(self.by_hand[:, None, None], own, covariances)
        return replace(self.found, keypoints=places, covariances=covariances)

    def to_item(self, where: str, size: tuple[int, int]) -> Item:
        """The garment as an entry of a COCO file, which is written by :mod:`.saving`.

        A point that the network has put far outside of the picture is not labelled:
        nobody sees it there, and a file of such points would be taken for one of
        pictures of another size.

        Args:
            where: What it is called in messages.
            size: Width and height of the picture.
        """
        places = self.found.keypoints
        beyond = beyond_edges(np.hstack((places, places)), np.array([size]))
        is_seen = self.visibility > 0
        is_kept = is_seen & ((beyond <= FAR) | self.by_hand)
        points = np.column_stack((places, self.visibility))
        points = np.where(is_kept[:, None], points, 0).astype(np.float64)
        low, high = self.found.bbox[:2], self.found.bbox[2:]
        first = self.first or self
        # A box that came with points from a file is that of the garment, if it is one.
        is_own = first.by_hand & (first.visibility > 0) & (high > low).all()
        is_own &= (self.found.keypoints == first.found.keypoints).all(axis=1)
        outer = places[is_seen & ~is_own]
        if len(outer):
            # What was moved out of the box belongs to the garment, too. Of one that the
            # picture cuts off points lie outside, where the box must not lead: a file
            # of such boxes would be taken for one with corners, or of other pictures.
            outer = np.clip(outer, 0, size)
            low = np.minimum(low, outer.min(axis=0))
            high = np.maximum(high, outer.max(axis=0))
        # Rounded as it is written, so that its area is the same when it is read again.
        box = np.concatenate((low, high - low)).astype(np.float64).round(4)
        return Item(where, self.garment, points, box, dict(self.kept), self.number)

    def view(self) -> dict:
        """What a browser draws, in plain values."""
        return dict(
            key=self.key,
            category=self.found.category,
            box=self.found.bbox.round(1).tolist(),
            score=round(self.found.score, 3),
            points=[
                [round(float(x), 4), round(float(y), 4), int(v), int(moved)]
                for (x, y), v, moved in zip(
                    self.found.keypoints, self.visibility, self.by_hand
                )
            ],
            scores=self.found.scores.round(3).tolist(),
        )


def correct_all(
    known: Mapping[int, Corrected], sent: Any, size: tuple[int, int]
) -> list[Corrected]:
    """Garments after a browser has sent what became of them.

    Args:
        known: All that it was ever shown of the picture, by their keys; one that was
            removed may come back.
        sent: A list of mappings, each with ``key`` and ``points``; garments that are
            not in it are removed.
        size: Width and height of the picture.

    Raises:
        FormatError: If it is no such list.
    """
    if not isinstance(sent, list):
        raise FormatError('no list of garments was sent')
    kept: dict[int, Corrected] = {}
    for entry in sent:
        key = entry.get('key') if isinstance(entry, Mapping) else None
        if type(key) is not int or key not in known or key in kept:
            raise FormatError(
                'a garment was sent that is not in the picture; to fix it: load the '
                'page again'
            )
        kept[key] = known[key].with_points(entry.get('points'), size)
    return list(kept.values())
