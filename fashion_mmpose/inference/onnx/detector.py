"""A detector that was exported, in the place of one of PyTorch."""

import os
from collections.abc import Sequence

import numpy as np

from fashion_mmpose.errors import FormatError
from fashion_mmpose.inference.boxes.suppression import (
    check_limits,
    select_boxes,
    suppress_by_label,
    wanted_labels,
)
from fashion_mmpose.inference.detections import Detections, picture_batches

from .metadata import DetectorMetadata
from .picture_input import Resized
from .session import Session


class OnnxGarmentDetector:
    """A detector in an ONNX file.

    It offers what :class:`fashion_mmpose.GarmentDetector` does. C: classes, n: boxes.

    Args:
        path: The file.
        device: See :class:`fashion_mmpose.inference.onnx.session.Session`. Defaults to
            ``'auto'``.
        score_thr: Boxes of lower scores are left out. Defaults to 0.05.
        max_per_image: Only so many boxes of a picture, the best. Defaults to 100.
        max_overlap: Of boxes that overlap by more than that (intersection over union),
            whatever their categories, only the best stays. None for the suppression of
            the detector's config alone, which works inside each category. Defaults to
            None.

    Attributes:
        session: The file, opened.
        metadata: What the file says about itself.
        classes: Names of the categories that it tells apart.

    Raises:
        FileNotFoundError: If there is no such file.
        FormatError: If it is not the file of a detector of this package.
        ImportError: If onnxruntime is missing.
        ValueError: If there is no such device, or a limit is out of its range.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        device: str = 'auto',
        score_thr: float = 0.05,
        max_per_image: int = 100,
        max_overlap: float | None = None,
    ) -> None:
        check_limits(score_thr, max_per_image, max_overlap)
        self.session = Session(path, device)
        metadata = self.session.metadata
        if not isinstance(metadata, DetectorMetadata):
            raise FormatError(f'{path} is a pose network, not a detector')
        self.metadata = metadata
        self.classes = metadata.classes
        self.score_thr = score_thr
        self.max_per_image = max_per_image
        self.max_overlap = max_overlap

    def detect(
        self,
        images: Sequence[np.ndarray],
        batch_size: int = 8,
        categories: Sequence[str | None] | None = None,
    ) -> list[Detections]:
        """Find the garments in pictures.

        Args:
            images: Pictures in BGR order, shape (H, W, 3), uint8.
            batch_size: So many pictures go through the network at once. Defaults to 8.
            categories: Of each picture, the category whose boxes alone count; None for
                all. Defaults to None, all of all.

        Returns:
            list[Detections]: One per picture.

        Raises:
            ValueError: If a picture is of another shape or type.
        """
        found = []
        labels = iter(wanted_labels(self.classes, categories, len(images)))
        for batch in picture_batches(images, batch_size):
            resized = [self.metadata.input.resize(image) for image in batch]
            inputs = self.metadata.input.batch(resized)
            boxes, scores = self.session.run(('boxes', 'scores'), images=inputs)
            levels = self._levels(*inputs.shape[1:3])
            found += [
                self._detections(*each, levels, next(labels))
                for each in zip(batch, resized, boxes, scores)
            ]
        return found

    def _levels(self, height: int, width: int) -> list[int]:
        """Where in the list of boxes each level but the first begins."""
        counts = [
            -(-height // stride) * -(-width // stride) * self.metadata.boxes_per_cell
            for stride in self.metadata.strides
        ]
        return np.cumsum(counts)[:-1].tolist()

    def _detections(
        self,
        image: np.ndarray,
        resized: Resized,
        boxes: np.ndarray,
        scores: np.ndarray,
        levels: list[int],
        label: int | None,
    ) -> Detections:
        """The garments of one picture, from all boxes (N, 4) and scores (N, C)."""
        rule = self.metadata.suppression
        rows, labels = self._candidates(scores, levels)
        bboxes, best = boxes[rows], scores[rows, labels]
        if self.metadata.input.clips:
            height, width = resized.pixels.shape[:2]
            bboxes = np.clip(bboxes, 0, np.array([width, height] * 2, np.float32))
        back = np.array([1 / factor for factor in resized.factor] * 2, np.float32)
        bboxes = bboxes * back
        if rule.min_bbox_size >= 0:
            sides = bboxes[:, 2:] - bboxes[:, :2]
            is_large = (sides > rule.min_bbox_size).all(axis=1)
            bboxes, best, labels = bboxes[is_large], best[is_large], labels[is_large]
        kept = suppress_by_label(bboxes, best, labels, rule.iou_thr, rule.max_per_img)
        bboxes, best, labels = select_boxes(
            bboxes[kept],
            best[kept],
            labels[kept],
            image.shape[1::-1],
            self.score_thr,
            self.max_per_image,
            self.max_overlap,
            label,
        )
        return Detections(bboxes, best, tuple(self.classes[i] for i in labels))

    def _candidates(
        self, scores: np.ndarray, levels: list[int]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows and labels of the best boxes of each level, level by level.

        What scores lower than is asked for cannot suppress anything that stays.
        """
        rule = self.metadata.suppression
        rows, labels = [], []
        for start, part in zip([0, *levels], np.split(scores, levels)):
            is_good = (part > rule.score_thr) & (part >= self.score_thr)
            row, label = np.nonzero(is_good)
            best = np.argsort(-part[row, label], kind='stable')[: rule.nms_pre]
            rows.append(start + row[best])
            labels.append(label[best])
        return np.concatenate(rows), np.concatenate(labels)
