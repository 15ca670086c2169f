"""Garments whose boxes alone are asked for: no network looks for their key points."""

from collections.abc import Sequence

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.garments import GarmentPrediction
from fashion_mmpose.inference.protocols import Detector, PoseNetwork


class BoxesAlone:
    """What stands in the place of a pose network; its garments have no key points.

    Args:
        definition: The benchmark of the categories.
        categories: Those that a detector finds.

    Attributes:
        benchmark: Name of the benchmark.
        definition: The benchmark.
        categories: The categories.
        is_on_cpu: True: nothing is computed.
    """

    is_on_cpu = True

    def __init__(
        self, definition: garments.Benchmark, categories: tuple[str, ...]
    ) -> None:
        self.benchmark = definition.name
        self.definition = definition
        self.categories = categories

    def sample(
        self,
        pixels: np.ndarray,
        category: str,
        bbox: np.ndarray,
        bbox_score: float = 1.0,
        image: str | int = '',
        image_id: int = 0,
    ) -> dict:
        """What is known of a garment; see :class:`.protocols.PoseNetwork`."""
        return dict(
            image_id=image_id,
            image=str(image),
            category=category,
            bbox=np.array(bbox, np.float32),
            bbox_score=float(bbox_score),
        )

    def predict(self, samples: Sequence[dict]) -> list[GarmentPrediction]:
        """The garment of every sample, without key points."""
        return [
            GarmentPrediction(
                frame=None,
                benchmark=self.benchmark,
                keypoints=np.zeros((0, 2), np.float32),
                scores=np.zeros(0, np.float32),
                definition=self.definition,
                **sample,
            )
            for sample in samples
        ]


def boxes_alone(detector: Detector | None) -> dict[str, PoseNetwork]:
    """What stands in the place of the pose network of each of a detector's categories.

    Args:
        detector: The detector, which tells its benchmark or, by its ``classes``, which
            of the built-in ones it is.

    Raises:
        ValueError: If there is no detector, or its categories are those of no benchmark
            that is known.
    """
    classes = tuple(getattr(detector, 'classes', None) or ())
    definition = getattr(detector, 'definition', None) or _holding(classes)
    if definition is None:
        raise ValueError(
            f'the detector finds {list(classes)}, the categories of no benchmark that '
            'is known here; to fix it: give its config and weights, whose data set '
            'names the description of the benchmark'
        )
    known = garments.categories(definition)
    held = tuple(each for each in classes if each in known)
    return dict.fromkeys(held, BoxesAlone(definition, held))


def _holding(classes: Sequence[str]) -> garments.Benchmark | None:
    """The built-in benchmark that has all of these categories."""
    for name in garments.BENCHMARKS:
        if classes and {*classes} <= {*garments.categories(name)}:
            return garments.benchmark(name)
    return None
