"""Garments found for the page: in pictures, in boxes, and of a category."""

import threading
import warnings
from dataclasses import replace

import numpy as np

from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.labels.labelled import numbers
from fashion_mmpose.garments import Benchmark, GarmentPrediction
from fashion_mmpose.garments import benchmark as find_benchmark
from fashion_mmpose.inference import GarmentInferencer
from fashion_mmpose.inference.boxes.framing import FramingWarning

from .corrected import Corrected

_LEAST_SIDE = 8  # pixels of a box that somebody draws
_MARGIN = 0.15  # of a drawn box, which is added for the detector to look at


class Finder:
    """Asks an inferencer what the page wants to know; for any number of threads.

    Args:
        inferencer: The networks.

    Attributes:
        categories: Those that it has networks for.
        has_detector: Whether it finds garments by itself.
        benchmark: Whose key points it finds.

    Raises:
        ValueError: If its networks are of several benchmarks, whose categories no file
            holds together.
    """

    def __init__(self, inferencer: GarmentInferencer) -> None:
        self._inferencer = inferencer
        self._turn = threading.Lock()
        self.categories = tuple(inferencer.networks)
        self.has_detector = inferencer.detector is not None
        found = {
            category: find_benchmark(getattr(network, 'definition', network.benchmark))
            for category, network in inferencer.networks.items()
        }
        first = next(iter(found))
        self.benchmark: Benchmark = found[first]
        for category, own in found.items():
            if own.name != self.benchmark.name:
                raise ValueError(
                    f'the network for {first} is of {self.benchmark.name}, and that '
                    f'for {category} of {own.name}; to fix it: open the page with the '
                    'networks of one benchmark'
                )

    def in_picture(
        self, pixels: np.ndarray, name: str, category: str | None = None
    ) -> list[Corrected]:
        """The garments of a picture.

        Args:
            pixels: BGR, uint8, shape (H, W, 3).
            name: What the picture is called.
            category: Other garments are left out; without a detector, the picture is
                of one garment of it. None for all that a detector finds.

        Raises:
            FormatError: If the category is needed, or there is no network for it.
        """
        if category is None and not self.has_detector:
            raise FormatError(
                'nothing tells the category of the garment; to fix it: choose one'
            )
        self._check(category)
        return [self._named(each, name) for each in self._predict(pixels, category)]

    def in_box(
        self, pixels: np.ndarray, name: str, box: object, category: str | None
    ) -> Corrected:
        """The garment in a box.

        Args:
            pixels: BGR, uint8, shape (H, W, 3).
            name: What the picture is called.
            box: x1, y1, x2, y2 in pixels, as a browser sends them.
            category: What it is; None to let the detector decide.

        Raises:
            FormatError: If it is no box in the picture, or nothing tells the category.
        """
        corners = _box_in(box, pixels)
        self._check(category)
        category = category or self._category_in(pixels, corners)
        found = self._predict(pixels, category, corners)
        return self._named(found[0], name)

    def as_category(
        self, pixels: np.ndarray, garment: Corrected, category: str
    ) -> Corrected:
        """A garment once more, as one of another category, in its box.

        Raises:
            FormatError: If there is no network for the category.
        """
        own = garment.found
        again = self.in_box(pixels, str(own.image), own.bbox.tolist(), category)
        return replace(again, number=garment.number, kept=garment.kept)

    def _check(self, category: str | None) -> None:
        if category is not None and category not in self.categories:
            raise FormatError(
                f'there is no network for {str(category)[:40]!r}; to fix it: choose '
                f'from {", ".join(self.categories)}'
            )

    def _predict(
        self,
        pixels: np.ndarray,
        category: str | None,
        box: np.ndarray | None = None,
    ) -> tuple[GarmentPrediction, ...]:
        boxes = None if box is None else box[None]
        # One after the other: the networks keep all cores at work by themselves.
        with self._turn, warnings.catch_warnings():
            # The page says it once, when it is opened.
            warnings.simplefilter('ignore', FramingWarning)
            return self._inferencer.predict(pixels, category, boxes).garments

    def _category_in(self, pixels: np.ndarray, box: np.ndarray) -> str:
        """What the detector takes the garment in a box for."""
        if len(self.categories) == 1:
            return self.categories[0]
        found: tuple[GarmentPrediction, ...] = ()
        if self.has_detector:
            margin = _MARGIN * (box[2:] - box[:2])
            height, width = pixels.shape[:2]
            x1, y1 = np.maximum(box[:2] - margin, 0).astype(int)
            x2, y2 = np.minimum(box[2:] + margin, (width, height)).astype(int)
            found = self._predict(np.ascontiguousarray(pixels[y1:y2, x1:x2]), None)
        if not found:
            raise FormatError(
                'the detector finds no garment in the box; to fix it: choose its '
                'category first'
            )
        return max(found, key=lambda each: each.bbox_score).category

    @staticmethod
    def _named(found: GarmentPrediction, name: str) -> Corrected:
        return Corrected.from_prediction(replace(found, image=name))


def _box_in(box: object, pixels: np.ndarray) -> np.ndarray:
    """The part of a box, shape (4, ), that lies in the picture."""
    corners = np.array(numbers(box, 4, 'the drawn box', 'it'), np.float32)
    height, width = pixels.shape[:2]
    corners = np.clip(corners, 0, (width, height, width, height))
    x1, x2 = sorted(corners[[0, 2]])
    y1, y2 = sorted(corners[[1, 3]])
    if x2 - x1 < _LEAST_SIDE or y2 - y1 < _LEAST_SIDE:
        raise FormatError(
            'the box is too small; to fix it: draw it around the whole garment'
        )
    return np.array((x1, y1, x2, y2), np.float32)
