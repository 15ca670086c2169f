"""A pose network that was exported, in the place of one of PyTorch."""

import os
from collections.abc import Sequence

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.measure.uncertainty.calibration import (
    Calibration,
    beside,
    read_calibration,
)

from .metadata import PoseMetadata
from .session import Session

_OUTPUTS = ('points', 'scores', 'covariances')


class OnnxPoseNetwork:
    """A pose network of this package in an ONNX file.

    It offers what :class:`fashion_mmpose.PoseNetwork` does. K: key points of its
    layout, B: samples, M: key points of all samples' categories together.

    Args:
        path: The file.
        device: See :class:`fashion_mmpose.inference.onnx.session.Session`. Defaults to
            ``'auto'``.

    Attributes:
        session: The file, opened.
        metadata: What the file says about itself.
        benchmark: Name of the benchmark whose key points it finds.
        definition: The benchmark.
        category: The only category in whose layout it is; None for the full layout.
        categories: Names of the categories that it was trained for.
        bbox_source: What it was trained on: ``'annotation'``, ``'image'`` or None.
        calibration: What makes covariances of the spread of its heatmaps, and
            probabilities of its scores, from the file beside it or from its metadata;
            None where there is none.
        is_on_cpu: Whether the network computes where the crops are made.

    Raises:
        FileNotFoundError: If there is no such file.
        FormatError: If it is not the file of a pose network of this package.
        ImportError: If onnxruntime is missing.
        ValueError: If there is no such device.
    """

    def __init__(self, path: str | os.PathLike, device: str = 'auto') -> None:
        self.session = Session(path, device)
        metadata = self.session.metadata
        if not isinstance(metadata, PoseMetadata):
            raise FormatError(f'{path} is a detector, not a pose network')
        self.metadata = metadata
        self.definition = garments.benchmark(metadata.benchmark)
        self.benchmark = self.definition.name
        self.category = metadata.category
        self.categories = garments.in_order(self.definition, metadata.categories)
        self.bbox_source = metadata.bbox_source
        self.calibration = self._calibration(path)
        self.is_on_cpu = self.session.is_on_cpu
        layout = garments.keypoints(self.definition, self.category)
        if tuple(layout) != metadata.keypoints:
            raise FormatError(
                f'{path} has other key points than this version of '
                f'{garments.metainfo_name(self.definition, self.category)}; to fix it: '
                'export the network again'
            )

    def sample(
        self,
        pixels: np.ndarray,
        category: str,
        bbox: np.ndarray,
        bbox_score: float = 1.0,
        image: str | int = '',
        image_id: int = 0,
    ) -> dict:
        """Cut a garment out of its picture: what :meth:`predict` takes.

        Args:
            pixels: BGR, uint8, shape (H, W, 3); it is not changed.
            category: One of :attr:`categories`.
            bbox: x1, y1, x2, y2 in pixels of the picture, shape (4, ).
            bbox_score: Score that the detector gives. Defaults to 1.
            image: The picture's name. Defaults to ''.
            image_id: The picture's number. Defaults to 0.

        Returns:
            dict: ``crop``, and what the prediction tells of the garment.
        """
        bbox = np.asarray(bbox, np.float32)
        return dict(
            crop=self.metadata.crop.cut(pixels, bbox),
            garment=garments.garment(self.definition, category),
            bbox=bbox,
            bbox_score=float(bbox_score),
            image=str(image),
            image_id=image_id,
        )

    def predict(self, samples: Sequence[dict]) -> list[garments.GarmentPrediction]:
        """Find the key points in one batch of samples.

        Args:
            samples: See :meth:`sample`.

        Returns:
            list[GarmentPrediction]: One per sample.
        """
        if not samples:
            return []
        # Files of earlier versions have no covariances.
        names = [each for each in _OUTPUTS if each in self.session.outputs]
        found = self.session.run(names, **self.inputs(samples))
        ends = np.cumsum([len(sample['garment'].channels) for sample in samples])[:-1]
        parts = zip(*(np.split(each, ends) for each in found))
        return [self._prediction(sample, *part) for sample, part in zip(samples, parts)]

    def inputs(self, samples: Sequence[dict]) -> dict[str, np.ndarray]:
        """What the file's network takes.

        Args:
            samples: One or more, see :meth:`sample`.

        Returns:
            dict: ``images``, shape (B, H, W, 3), and ``rows`` of the key points that
            are asked for, ``sample * K + key point``, int64, shape (M, ).
        """
        num_points = len(self.metadata.keypoints)
        owns = [self._channels(sample['garment']) for sample in samples]
        return dict(
            images=np.stack([sample['crop'].pixels for sample in samples]),
            rows=np.concatenate([own + i * num_points for i, own in enumerate(owns)]),
        )

    def _channels(self, garment: garments.Garment) -> np.ndarray:
        """Places of a category's key points in the network's layout, int64."""
        if self.category is not None:
            return np.arange(len(garment.channels))
        return np.array(garment.channels)

    def _prediction(
        self,
        sample: dict,
        points: np.ndarray,
        scores: np.ndarray,
        covariances: np.ndarray | None = None,
    ) -> garments.GarmentPrediction:
        crop = sample['crop']
        if covariances is not None:
            zoom = crop.scale / crop.pixels.shape[1::-1]
            covariances = (covariances * zoom[:, None] * zoom).astype(np.float32)
        found = garments.GarmentPrediction(
            image_id=sample['image_id'],
            image=sample['image'],
            frame=None,
            benchmark=self.benchmark,
            category=sample['garment'].name,
            bbox=sample['bbox'],
            bbox_score=sample['bbox_score'],
            keypoints=crop.to_picture(points),
            scores=scores,
            definition=self.definition,
            covariances=covariances,
        )
        return found if self.calibration is None else self.calibration.applied(found)

    def _calibration(self, path: str | os.PathLike) -> Calibration | None:
        if beside(path).is_file():
            return read_calibration(beside(path))
        content = self.metadata.calibration
        if content is None:
            return None
        return Calibration.from_dict(content, f'the metadata of {path}')
