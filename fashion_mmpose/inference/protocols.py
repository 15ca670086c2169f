"""What a detector and a pose network must offer to be used here."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from fashion_mmpose.garments import GarmentPrediction

from .detections import Detections


class Detector(Protocol):
    """What finds garments, such as :class:`fashion_mmpose.GarmentDetector`.

    Attributes:
        classes: Names of the categories that it tells apart; it may lack them.
    """

    def detect(
        self,
        images: Sequence[np.ndarray],
        batch_size: int = 8,
        categories: Sequence[str | None] | None = None,
    ) -> list[Detections]:
        """The garments of pictures (BGR, uint8), one entry per picture.

        Of each, only the boxes of its entry of ``categories`` are wanted, if it has
        one; boxes of others may not stand in their way.
        """


class PoseNetwork(Protocol):
    """What finds key points, such as :class:`fashion_mmpose.PoseNetwork`.

    Attributes:
        benchmark: Name of the benchmark whose key points it finds.
        categories: Names of the categories that it was trained for.
        is_on_cpu: Whether the network computes where the crops are made.
        bbox_source: What it was trained on: ``'annotation'``, garments in their boxes,
            or ``'image'``, whole pictures; it may lack that, or have None.
    """

    benchmark: str
    categories: tuple[str, ...]
    is_on_cpu: bool

    def sample(
        self,
        pixels: np.ndarray,
        category: str,
        bbox: np.ndarray,
        bbox_score: float = 1.0,
        image: str | int = '',
        image_id: int = 0,
    ) -> dict:
        """Cut a garment out of its picture (BGR, uint8): what :meth:`predict` takes."""

    def predict(self, samples: Sequence[dict]) -> list[GarmentPrediction]:
        """The garment of every sample, in pixels of its picture."""
