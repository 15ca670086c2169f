"""The one record of a garment that was predicted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fashion_mmpose.errors import FormatError

from .layout import full_layout, own_points
from .lookup import Named, category_of_id, garment
from .lookup import benchmark as lookup_benchmark
from .table import Benchmark, Garment

_PROBABILITIES = 'keypoint_probabilities'
_STATES = 'keypoint_states'
_ROUNDED = 1e-4  # what the rounding of entries leaves of a score


@dataclass(frozen=True, eq=False)
class GarmentPrediction:
    """A garment in a picture and where its landmarks are.

    Metrics, files, pictures and callers get this record; what they show or write of a
    garment is a view of it. K: key points of its category. All positions are pixels of
    the picture.

    Attributes:
        image_id: Number of the picture in its annotation file; of pictures that come
            without one, the number among all pictures and frames of the call, from 0.
        image: Path of the picture or the video; an array's place among the inputs; the
            number of a camera.
        frame: Number of the frame in a video or of a camera, from 0; None elsewhere.
        benchmark: Name of the benchmark whose key points these are.
        category: Name of the category.
        bbox: x1, y1, x2, y2, shape (4, ), float32.
        bbox_score: 0 to 1; 1 where no detector found the box.
        keypoints: x, y, shape (K, 2), float32; (0, 2) where boxes alone were asked for.
        scores: Scores of the key points, shape (K, ), float32; (0, ) without points.
        definition: The benchmark; None for a built-in one, which its name tells.
        covariances: How sure the key points are: covariance of x and y of each, in
            square pixels, shape (K, 2, 2), float32; None where nobody knows.
        dof: Degrees of freedom: errors are distributed as Student's t, of which the
            covariances are the scale. Infinite, as by default, for the Gaussian, whose
            tails are shorter; a calibration tells.
        track_id: Which garment of a video it is, the same in all its frames, from 0;
            None where garments are not followed.
        probabilities: How likely each key point lies within the tolerance that the
            network was calibrated with, shape (K, ), float32; None where nobody knows.
        states: How likely each key point is absent, occluded and visible, shape (K, 3),
            float32; None where the network does not tell.
    """

    image_id: int
    image: str | int
    frame: int | None
    benchmark: str
    category: str
    bbox: np.ndarray
    bbox_score: float
    keypoints: np.ndarray
    scores: np.ndarray
    definition: Benchmark | None = field(default=None, repr=False)
    covariances: np.ndarray | None = field(default=None, repr=False)
    dof: float = np.inf
    track_id: int | None = None
    probabilities: np.ndarray | None = field(default=None, repr=False)
    states: np.ndarray | None = field(default=None, repr=False)

    @classmethod
    def from_coco(
        cls, entry: Mapping, benchmark: Named, image: str | int | None = None
    ) -> 'GarmentPrediction':
        """The garment of an entry of a COCO result list.

        Args:
            entry: As :meth:`to_coco`, :meth:`to_official` and :meth:`to_dict` give it,
                in either layout; without ``bbox``, or where that is empty, the box is
                the extent of the points.
            benchmark: Whose key points these are, or the name of a built-in one.
            image: Path of the picture; None for what the entry says, ``''`` if it says
                nothing.

        Raises:
            FormatError: If the number of key points fits neither layout, or that of
                their probabilities or states is another one.
            ValueError: If the category is unknown.
        """
        kind = category_of_id(benchmark, entry['category_id'])
        points = np.reshape(entry['keypoints'], (-1, 3)).astype(np.float32)
        what = f'the prediction for image {entry["image_id"]}'
        own = own_points(points, kind, what)
        xy, scores = own[:, :2], own[:, 2]
        bbox = np.concatenate((xy.min(axis=0), xy.max(axis=0)))
        told = entry.get('bbox')
        if told is not None and len(told):  # some tools write [] or null for none
            x, y, width, height = told
            bbox = np.array((x, y, x + width, y + height), np.float32)
        return cls(
            image_id=entry['image_id'],
            image=entry.get('image', '') if image is None else image,
            frame=entry.get('frame'),
            benchmark=kind.dataset,
            category=kind.name,
            bbox=bbox,
            bbox_score=_bbox_score(entry, garment_score(1.0, scores)),
            keypoints=xy,
            scores=scores,
            definition=lookup_benchmark(benchmark),
            track_id=entry.get('track_id'),
            probabilities=_told_of_points(entry, _PROBABILITIES, (len(own),), what),
            states=_told_of_points(entry, _STATES, (len(own), 3), what),
        )

    @property
    def table(self) -> Named:
        """The benchmark, or the name of a built-in one."""
        return self.definition or self.benchmark

    @property
    def garment(self) -> Garment:
        """The category: its outline, mirrors and colours."""
        return garment(self.table, self.category)

    @property
    def names(self) -> tuple[str, ...]:
        """K names of the key points."""
        return self.garment.keypoints

    @property
    def points(self) -> np.ndarray:
        """x, y, score of the key points, shape (K, 3), float64."""
        points = np.empty((len(self.scores), 3))
        points[:, :2] = self.keypoints
        points[:, 2] = self.scores
        return points

    @property
    def score(self) -> float:
        """The box's score times the mean score of the points: :func:`garment_score`."""
        return garment_score(self.bbox_score, self.scores)

    @property
    def caption(self) -> str:
        """What is written into pictures: ``'skirt 0.87'``, of track 3 ``'#3 ...'``."""
        number = '' if self.track_id is None else f'#{self.track_id} '
        return f'{number}{self.category.replace("_", " ")} {self.score:.2f}'

    def to_coco(self, in_full_layout: bool = False) -> dict:
        """An entry of a COCO result list, in plain values.

        Args:
            in_full_layout: Whether the benchmark's full layout is written; points of
                other categories stand in the middle of the box and score 0, where they
                do not stretch the garment. Defaults to False, K points.

        Returns:
            dict: ``image_id``, ``category_id``, ``bbox`` (x, y, width, height),
            ``score`` and ``keypoints`` (x, y, score of each).
        """
        points = self.points
        if in_full_layout:
            x1, y1, x2, y2 = self.bbox.tolist()
            points = full_layout(points, self.garment)
            is_own = np.zeros(len(points), bool)
            is_own[list(self.garment.channels)] = True
            points[~is_own] = (x1 + x2) / 2, (y1 + y2) / 2, 0
        return coco_entry(
            self.image_id,
            self.garment.category_id,
            self.bbox,
            self.score,
            points,
        )

    def to_official(self, score: float | None = None) -> dict:
        """An entry of DeepFashion2's result list, as its writer and evaluator take it.

        Args:
            score: Another one than the garment's own, where a metric has its own rule.

        Returns:
            dict: ``image_id``, ``category_id``, ``score`` and ``keypoints`` (K, 3).
        """
        return dict(
            image_id=self.image_id,
            category_id=self.garment.category_id,
            score=self.score if score is None else score,
            keypoints=self.points,
        )

    def to_dict(self) -> dict:
        """Plain values in the form of a COCO result list, and names.

        Returns:
            dict: What :meth:`to_coco` gives, as ``tools/test.py --out`` writes it;
            ``image``, ``frame`` (of videos and cameras only), ``track_id`` (of
            garments that are followed), ``category``,
            ``bbox_score``, ``keypoint_probabilities`` (of calibrated networks only),
            ``keypoint_states`` (of networks that tell them) and ``keypoint_names``.
            Without key points it has neither ``keypoints`` nor their names.
        """
        coco = self.to_coco()
        entry = dict(image_id=coco['image_id'], image=self.image)
        if self.frame is not None:
            entry['frame'] = self.frame
        if self.track_id is not None:
            entry['track_id'] = self.track_id
        entry |= dict(
            category_id=coco['category_id'],
            category=self.category,
            bbox=coco['bbox'],
            bbox_score=round(self.bbox_score, 6),
            score=coco['score'],
        )
        if not len(self.scores):
            return entry
        entry['keypoints'] = coco['keypoints']
        if self.probabilities is not None:
            own = self.probabilities.astype(float).round(4)
            entry[_PROBABILITIES] = own.tolist()
        if self.states is not None:
            entry[_STATES] = self.states.astype(float).round(4).tolist()
        return dict(entry, keypoint_names=list(self.names))

    def measurements(self, scale: Any = None, **options) -> list:
        """Lengths of this garment, see :func:`fashion_mmpose.measure.measure`.

        Args:
            scale: What tells centimetres, such as
                ``find_scale(image, Marker(side=10))`` or
                ``KnownLength('shoulder_left', 'shoulder_right', 40)``; None for pixels
                and ratios. Defaults to None.
            **options: ``measures`` and ``min_score`` of that function.

        Returns:
            list[Measured]: One per measurement, absent ones included.
        """
        # Measuring needs the table of garments, which this module is part of.
        from fashion_mmpose.measure import measure

        return measure(
            self.keypoints,
            self.garment,
            scale,
            scores=self.scores,
            covariances=self.covariances,
            dof=self.dof,
            probabilities=self.probabilities,
            **options,
        )

    def draw(self, image: np.ndarray, **style) -> np.ndarray:
        """Draw this garment alone into its picture.

        Args:
            image: BGR, uint8, shape (H, W, 3), or grey, 16 bits or with
                transparency; it is not changed.
            **style: ``keypoint_thr`` and ``with_names`` of
                :func:`fashion_mmpose.visualization.draw_predictions`.

        Returns:
            np.ndarray: BGR, uint8, shape (H, W, 3).
        """
        # Drawing needs the table of garments, which this module is part of.
        from fashion_mmpose.visualization import draw_predictions

        return draw_predictions(image, [self], **style)


def _bbox_score(entry: Mapping, mean: float) -> float:
    """The box's score, of points with a mean score, as far as an entry tells it."""
    told = entry.get('bbox_score')
    # Entries that were scored anew since keep that score.
    if told is not None and abs(told * mean - entry['score']) < _ROUNDED:
        return told
    return entry['score'] / mean if mean else entry['score']


def _told_of_points(
    entry: Mapping, key: str, shape: tuple[int, ...], what: str
) -> np.ndarray | None:
    """Numbers of the key points, float32; None where an entry does not have them."""
    if entry.get(key) is None:
        return None
    try:
        told = np.array(entry[key], np.float32)
    except (TypeError, ValueError):  # words, or lists of several lengths
        told = None
    if told is None or told.shape != shape:
        raise FormatError(
            f'{what} has {key} that are not numbers of shape {shape}, in the order of '
            'its key points'
        )
    return told


def garment_score(bbox_score: float, scores: np.ndarray) -> float:
    """What a predicted garment scores in captions and in result files.

    Args:
        bbox_score: Score of its box.
        scores: Scores of its key points, shape (K, ). Points that score 0 do not
            count: a network that shares its channels leaves those of other categories
            there.

    Returns:
        float: The box's score times the mean score of the points; of a garment that has
        none, the box's.
    """
    if not len(scores):
        return bbox_score
    scored = scores[scores > 0]
    return bbox_score * float(scored.mean() if len(scored) else 0)


def coco_entry(
    image_id: int,
    category_id: int,
    bbox: np.ndarray,
    score: float,
    points: np.ndarray,
) -> dict:
    """An entry of a COCO result list, in plain values.

    Args:
        image_id: Id of the picture.
        category_id: Category id of the garment, or of whatever was predicted.
        bbox: x1, y1, x2, y2 in pixels of the picture, shape (4, ).
        score: Score of box and points; see :func:`garment_score`.
        points: x, y in pixels of the picture and score, shape (K, 3).

    Returns:
        dict: ``image_id``, ``category_id``, ``bbox`` (x, y, width, height), ``score``
        and ``keypoints`` (x, y, score of each).
    """
    x1, y1, x2, y2 = bbox.tolist()
    return dict(
        image_id=image_id,
        category_id=category_id,
        bbox=[round(value, 4) for value in (x1, y1, x2 - x1, y2 - y1)],
        score=round(score, 6),
        keypoints=points.round(4).ravel().tolist(),
    )
