"""From the samples of a test run to scored garments, as DeepFashion2 lists them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.evaluation.functional.samples import (
    REQUIRED,
    check_sample,
    predicted_garment,
)
from fashion_mmpose.garments.prediction import GarmentPrediction

from .nms import oks_nms

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
            :func:`fashion_mmpose.evaluation.functional.oks.nms.oks_nms`.
        nms_thr: Its threshold.
        nms_scope: ``'category'`` compares garments of one category in one image.
            ``'image'`` compares all garments of an image, in the full layout, points of
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

    def prediction(
        self, sample: Mapping, benchmark: garments.Named = BENCHMARK
    ) -> dict:
        """What is kept of a sample: the garment, and its crop for NMS.

        Args:
            sample: See :func:`.samples.predicted_garment`; for NMS in the image also
                ``input_center`` and ``input_scale`` (2, ), in pixels of the image.
            benchmark: Whose garments these are. Defaults to DeepFashion2.

        Returns:
            dict: ``image_id``, ``garment`` and, for NMS, ``area`` and ``corner``.

        Raises:
            FormatError: If the number of key points fits neither layout.
            ValueError: If a key is missing.
        """
        whole_image = self.nms is not None and self.nms_scope == 'image'
        crop = ('input_center', 'input_scale') if whole_image else ()
        check_sample(sample, (*REQUIRED, *crop))
        garment = predicted_garment(sample, benchmark)
        prediction: dict[str, Any] = dict(image_id=garment.image_id, garment=garment)
        if whole_image:
            center, scale = (np.asarray(sample[key], float) for key in crop)
            prediction.update(corner=center - scale / 2, area=float(scale.prod()))
        elif self.nms is not None:
            x1, y1, x2, y2 = garment.bbox.tolist()
            prediction.update(area=(x2 - x1) * (y2 - y1))
        return prediction

    def results(self, predictions: Sequence[dict]) -> list[dict]:
        """The predictions as entries of the official list, in the order of the run.

        Args:
            predictions: See :meth:`prediction`.

        Returns:
            list[dict]: ``image_id``, ``category_id``, ``score`` and ``keypoints``
            (K, 3), without what NMS drops.
        """
        return [
            garment.to_official(score) for garment, score in self.scored(predictions)
        ]

    def scored(
        self, predictions: Sequence[dict]
    ) -> list[tuple[GarmentPrediction, float]]:
        """The garments and their scores, without what NMS drops.

        Args:
            predictions: See :meth:`prediction`.
        """
        scores = np.array([self._score(entry) for entry in predictions])
        if self.nms is not None:
            for rows in self._rivals(predictions):
                scores[rows] = self._suppress(
                    [predictions[row] for row in rows], scores[rows]
                )
        return [
            (entry['garment'], score)
            for entry, score in zip(predictions, scores.tolist())
            if score != -np.inf  # what is suppressed
        ]

    def _score(self, prediction: dict) -> float:
        garment = prediction['garment']
        if not self.rescore:
            return garment.bbox_score
        scores = garment.scores.astype(np.float64)
        counted = scores[scores > self.point_score_thr]
        return garment.bbox_score * (counted.mean() if len(counted) else 0.0)

    def _rivals(self, predictions: Sequence[dict]) -> Iterator[list[int]]:
        """Rows of the predictions that may be of the same garment, where several."""
        groups = {}
        for row, entry in enumerate(predictions):
            key = [entry['image_id']]
            if self.nms_scope == 'category':
                key.append(entry['garment'].category)
            groups.setdefault(tuple(key), []).append(row)
        yield from (rows for rows in groups.values() if len(rows) > 1)

    def _suppress(self, rivals: list[dict], scores: np.ndarray) -> np.ndarray:
        if self.nms_scope == 'category':
            sigmas = np.array(rivals[0]['garment'].garment.sigmas)
            points = np.stack([entry['garment'].points[:, :2] for entry in rivals])
        else:
            sigmas = garments.layout_sigmas(rivals[0]['garment'].table)
            points = np.stack([_slots(entry) for entry in rivals])
        areas = np.array([entry['area'] for entry in rivals])
        soft = self.nms == 'soft'
        return oks_nms(points, areas, scores, sigmas, self.nms_thr, soft)


def _slots(prediction: dict) -> np.ndarray:
    """The full layout, (C, 2), points of other categories at the crop's corner."""
    garment = prediction['garment']
    slots = np.tile(prediction['corner'], (garment.garment.layout_size, 1))
    slots[list(garment.garment.channels)] = garment.points[:, :2]
    return slots
