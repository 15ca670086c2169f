"""Predicted garments as objects of supervision, and back.

The pictures' ids and names, and which benchmark it is, travel in ``data``; nothing is
lost but the number of a frame.
"""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.errors import extra_needed
from fashion_mmpose.garments import GarmentPrediction


def require_supervision() -> ModuleType:
    """supervision, which only this needs.

    Raises:
        ImportError: If it is missing or does not load.
    """
    with extra_needed('supervision does not load', 'exchange'):
        import supervision
    return supervision


def to_detections(predictions: Sequence[GarmentPrediction]) -> Any:
    """``supervision.Detections``: the boxes of garments, of one picture as a rule.

    ``confidence`` is the garment's score, ``class_id`` its category, from 1, and
    ``data`` has ``class_name``, ``box_score``, ``image_id`` and ``image``.

    Args:
        predictions: The garments.
    """
    supervision = require_supervision()
    if not predictions:
        return supervision.Detections.empty()
    return supervision.Detections(
        xyxy=np.stack([garment.bbox for garment in predictions]),
        confidence=np.array([garment.score for garment in predictions], np.float32),
        class_id=_class_ids(predictions),
        data=_data(predictions),
    )


def to_key_points(predictions: Sequence[GarmentPrediction]) -> Any:
    """``supervision.KeyPoints`` of garments, of one picture as a rule.

    All have one number of key points: those of their category where it is the same, or
    else the benchmark's full layout, where points of other categories are at 0, 0 and
    not ``visible``. ``data`` has what that of :func:`to_detections` has, and ``xyxy``,
    the boxes; where they are known, ``covariance``, (K, 2, 2) in square pixels, its
    degrees of freedom ``dof``, ``probability``, (K, ), ``state``, how likely each point
    is absent, occluded and visible, (K, 3), and ``track_id``.

    Args:
        predictions: The garments, of one benchmark.

    Raises:
        ValueError: If they are of several benchmarks.
    """
    supervision = require_supervision()
    if not predictions:
        return supervision.KeyPoints.empty()
    if len({garment.benchmark for garment in predictions}) > 1:
        raise ValueError(
            'garments of several benchmarks have no common key points; to fix it: '
            'convert those of each benchmark on their own'
        )
    own = len({garment.category for garment in predictions}) == 1
    kinds = [prediction.garment for prediction in predictions]
    num = len(kinds[0].keypoints) if own else kinds[0].layout_size
    xy = np.zeros((len(predictions), num, 2), np.float32)
    scores = np.zeros((len(predictions), num), np.float32)
    visible = np.zeros((len(predictions), num), bool)
    known = [prediction.covariances for prediction in predictions]
    covariances = np.full((len(predictions), num, 2, 2), np.nan, np.float32)
    probabilities = np.full((len(predictions), num), np.nan, np.float32)
    states = np.full((len(predictions), num, 3), np.nan, np.float32)
    for row, (prediction, kind) in enumerate(zip(predictions, kinds)):
        places = np.arange(num) if own else np.array(kind.channels)
        xy[row, places] = prediction.keypoints
        scores[row, places] = prediction.scores
        visible[row, places] = True
        if known[row] is not None:
            covariances[row, places] = known[row]
        if prediction.probabilities is not None:
            probabilities[row, places] = prediction.probabilities
        if prediction.states is not None:
            states[row, places] = prediction.states
    data = _data(predictions)
    data['xyxy'] = np.stack([garment.bbox for garment in predictions])
    if any(each is not None for each in known):
        data['covariance'] = covariances
        data['dof'] = np.array([garment.dof for garment in predictions])
    if any(garment.probabilities is not None for garment in predictions):
        data['probability'] = probabilities
    if any(garment.states is not None for garment in predictions):
        data['state'] = states
    return supervision.KeyPoints(
        xy=xy,
        class_id=_class_ids(predictions),
        keypoint_confidence=scores,
        detection_confidence=np.array([g.score for g in predictions], np.float32),
        visible=visible,
        data=data,
    )


def from_key_points(
    key_points: Any, benchmark: garments.Named, image_id: int = 0, image: str = ''
) -> list[GarmentPrediction]:
    """Garments of ``supervision.KeyPoints``.

    Args:
        key_points: What :func:`to_key_points` gives, or another model's: ``class_id``
            is the category, from 1, and the points are the category's or the
            benchmark's.
        benchmark: Whose key points these are.
        image_id: Number of the picture, where ``data`` has none.
        image: Path of the picture, where ``data`` has none.

    Raises:
        FormatError: If the number of key points fits neither layout.
        ValueError: If there is no ``class_id``, or it is no category.
    """
    if len(key_points.xy) and key_points.class_id is None:
        raise ValueError(
            'the key points have no class_id; to fix it: set it to the ids of the '
            f'categories of {garments.benchmark(benchmark).name}, from 1'
        )
    data = key_points.data
    predictions = []
    for row, xy in enumerate(key_points.xy):
        kind = garments.category_of_id(benchmark, int(key_points.class_id[row]))
        scores = np.ones(len(xy), np.float32)
        if key_points.keypoint_confidence is not None:
            scores = key_points.keypoint_confidence[row]
        points = np.column_stack((xy, scores)).astype(np.float32)
        own = garments.own_points(points, kind, f'garment {row}')
        box = np.concatenate((own[:, :2].min(axis=0), own[:, :2].max(axis=0)))
        covariances, probabilities, states = (
            _known(data, name, row, kind)
            for name in ('covariance', 'probability', 'state')
        )
        track = _plain(data['track_id'][row]) if 'track_id' in data else None
        predictions.append(
            GarmentPrediction(
                image_id=int(data['image_id'][row]) if 'image_id' in data else image_id,
                image=_plain(data['image'][row]) if 'image' in data else image,
                frame=None,
                benchmark=kind.dataset,
                category=kind.name,
                bbox=np.asarray(data['xyxy'][row] if 'xyxy' in data else box),
                bbox_score=_box_score(key_points, row),
                keypoints=own[:, :2],
                scores=own[:, 2],
                definition=garments.benchmark(benchmark),
                covariances=covariances,
                dof=float(data['dof'][row]) if 'dof' in data else np.inf,
                track_id=track,
                probabilities=probabilities,
                states=states,
            )
        )
    return predictions


def _known(
    data: Mapping, name: str, row: int, kind: garments.Garment
) -> np.ndarray | None:
    """What is known of the own points of a garment; None where nothing is."""
    if name not in data or not np.isfinite(data[name][row]).any():
        return None
    return garments.own_points(np.asarray(data[name][row]), kind, f'garment {row}')


def _box_score(key_points: Any, row: int) -> float:
    if 'box_score' in key_points.data:
        return float(key_points.data['box_score'][row])
    if key_points.detection_confidence is not None:
        return float(key_points.detection_confidence[row])
    return 1.0


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, 'item') else value


def _class_ids(predictions: Sequence[GarmentPrediction]) -> np.ndarray:
    return np.array([garment.garment.category_id for garment in predictions])


def _data(predictions: Sequence[GarmentPrediction]) -> dict[str, Any]:
    tracks = [garment.track_id for garment in predictions]
    followed = any(track is not None for track in tracks)
    own = dict(track_id=np.array(tracks, object)) if followed else {}
    return dict(
        own,
        class_name=np.array([garment.category for garment in predictions]),
        box_score=np.array([garment.bbox_score for garment in predictions]),
        image_id=np.array([garment.image_id for garment in predictions]),
        image=np.array([garment.image for garment in predictions], object),
    )
