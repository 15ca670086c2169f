"""From the samples of a test run to scored garments, as DeepFashion2's results list."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.garments.layout import own_points

from .oks_nms import oks_nms

BENCHMARK = 'deepfashion2'
NMS = (None, 'hard', 'soft')
SCOPES = ('category', 'image')


@dataclass(frozen=True)
class GarmentScoring:
    """How a predicted garment is scored, and which are dropped as found twice.

    Attributes:
        rescore: Whether a garment's score is that of its box times the mean score of
            its own points above ``point_score_thr``; the box's alone otherwise.
        point_score_thr: Points that do not score more do not count for ``rescore``; a
            garment without others scores 0.
        nms: ``'hard'`` drops garments that are too similar to a better one, ``'soft'``
            lowers their scores; see
            :func:`fashion_mmpose.evaluation.functional.oks_nms.oks_nms`.
        nms_thr: Its threshold.
        nms_scope: ``'category'`` compares garments of one category in one image.
            ``'image'`` compares all garments of an image, in all 294 slots, those of
            other categories at the corner of the crop: what the `HRNet system`_ does.
            There a garment may drop another one of another category whose box is
            alike.

    Raises:
        ValueError: If an option has no such choice.

    .. _`HRNet system`: https://github.com/svip-lab/
        HRNet-for-Fashion-Landmark-Estimation.PyTorch
    """

    rescore: bool = False
    point_score_thr: float = 0.2
    nms: str | None = None
    nms_thr: float = 0.9
    nms_scope: str = 'category'

    def __post_init__(self) -> None:
        for name, choices in (('nms', NMS), ('nms_scope', SCOPES)):
            value = getattr(self, name)
            if value not in choices:
                raise ValueError(f'unknown {name} {value!r}; choose from {choices}')

    def prediction(self, sample: Mapping) -> dict:
        """What is kept of a sample: a garment's own points, its box, its crop.

        Args:
            sample: ``img_id``, ``category_id`` and ``pred_instances``: one box,
                ``keypoints`` (1, 294 or K, 2) in pixels of the original image,
                ``keypoint_scores`` (1, 294 or K), ``bboxes`` (1, 4) xyxy and
                ``bbox_scores`` (1, ); for NMS in the image also ``input_center`` and
                ``input_scale`` (2, ), in such pixels.

        Returns:
            dict: ``image_id``, ``category_id``, ``keypoints`` (K, 3): x, y, score of
            the own points, ``box_score`` and, for NMS, ``area`` and ``corner``.

        Raises:
            ValueError: If a key is missing, or the number of key points fits neither
                layout.
        """
        whole_image = self.nms is not None and self.nms_scope == 'image'
        crop = ('input_center', 'input_scale') if whole_image else ()
        missing = [
            key
            for key in ('img_id', 'category_id', 'pred_instances', *crop)
            if key not in sample
        ]
        if missing:
            raise ValueError(
                f'a data sample lacks {missing}; add them to `meta_keys` of '
                'PackGarmentInputs'
            )
        garment = garments.category_of_id(BENCHMARK, sample['category_id'])
        instances = sample['pred_instances']
        keypoints = np.asarray(instances['keypoints'], float)[0, :, :2]
        scores = np.asarray(instances['keypoint_scores'], float)[0]
        what = f'the prediction for image {sample["img_id"]}'
        prediction = dict(
            image_id=int(sample['img_id']),
            category_id=garment.category_id,
            keypoints=own_points(np.column_stack((keypoints, scores)), garment, what),
            box_score=float(np.asarray(instances['bbox_scores'])[0]),
        )
        if whole_image:
            center, scale = (np.asarray(sample[key], float) for key in crop)
            prediction.update(corner=center - scale / 2, area=float(scale.prod()))
        elif self.nms is not None:
            x1, y1, x2, y2 = np.asarray(instances['bboxes'], float)[0]
            prediction.update(area=float((x2 - x1) * (y2 - y1)))
        return prediction

    def results(self, predictions: Sequence[dict]) -> list[dict]:
        """The predictions as entries of the official list, in the order of the run.

        Args:
            predictions: See :meth:`prediction`.

        Returns:
            list[dict]: ``image_id``, ``category_id``, ``score`` and ``keypoints``
            (K, 3), without what NMS drops.
        """
        scores = np.array([self._score(entry) for entry in predictions])
        if self.nms is not None:
            for rows in self._rivals(predictions):
                scores[rows] = self._suppress(
                    [predictions[row] for row in rows], scores[rows]
                )
        return [
            dict(
                image_id=entry['image_id'],
                category_id=entry['category_id'],
                score=score,
                keypoints=entry['keypoints'],
            )
            for entry, score in zip(predictions, scores.tolist())
            if score != -np.inf  # what is suppressed
        ]

    def _score(self, prediction: dict) -> float:
        if not self.rescore:
            return prediction['box_score']
        scores = prediction['keypoints'][:, 2]
        counted = scores[scores > self.point_score_thr]
        return prediction['box_score'] * (counted.mean() if len(counted) else 0.0)

    def _rivals(self, predictions: Sequence[dict]) -> Iterator[list[int]]:
        """Rows of the predictions that may be of the same garment, where several."""
        groups = {}
        for row, entry in enumerate(predictions):
            key = [entry['image_id']]
            if self.nms_scope == 'category':
                key.append(entry['category_id'])
            groups.setdefault(tuple(key), []).append(row)
        yield from (rows for rows in groups.values() if len(rows) > 1)

    def _suppress(self, rivals: list[dict], scores: np.ndarray) -> np.ndarray:
        table = garments.benchmark(BENCHMARK).garments.values()
        if self.nms_scope == 'category':
            garment = garments.category_of_id(BENCHMARK, rivals[0]['category_id'])
            sigmas = np.array(garment.sigmas)
            points = np.stack([entry['keypoints'][:, :2] for entry in rivals])
        else:
            sigmas = np.concatenate([garment.sigmas for garment in table])
            points = np.stack([_slots(entry) for entry in rivals])
        areas = np.array([entry['area'] for entry in rivals])
        soft = self.nms == 'soft'
        return oks_nms(points, areas, scores, sigmas, self.nms_thr, soft)


def _slots(prediction: dict) -> np.ndarray:
    """All 294 slots, (294, 2), those of other categories at the crop's corner."""
    garment = garments.category_of_id(BENCHMARK, prediction['category_id'])
    slots = np.tile(prediction['corner'], (len(garments.keypoints(BENCHMARK)), 1))
    slots[list(garment.channels)] = prediction['keypoints'][:, :2]
    return slots
