"""An inferencer without networks: all that a run takes besides them is left."""

from collections.abc import Sequence

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.garments import GarmentPrediction
from fashion_mmpose.inference import GarmentInferencer

BENCHMARK = 'deepfashion2'
CATEGORY = 'short_sleeved_shirt'  # of 25 points
BATCH_SIZE = 8
SEED = 5


class RandomInferencer(GarmentInferencer):
    """Finds a garment in every picture, and draws its points at random."""

    # Its own builds networks from files.
    def __init__(self) -> None:
        self.batch_size = BATCH_SIZE
        self.networks = {CATEGORY: RandomPoints()}
        self.detector = None
        self.garment_thr = 0.0


class RandomPoints:
    """A pose network that does not look, and takes next to no time."""

    benchmark = BENCHMARK
    categories: tuple[str, ...] = (CATEGORY,)
    is_on_cpu = True

    def __init__(self) -> None:
        self._rng = np.random.default_rng(SEED)
        self._num_points = len(garments.garment(BENCHMARK, CATEGORY).keypoints)

    def sample(
        self,
        pixels: np.ndarray,
        category: str,
        bbox: np.ndarray,
        bbox_score: float = 1.0,
        image: str | int = '',
        image_id: int = 0,
    ) -> dict:
        """What a garment is, without its pixels."""
        return dict(
            image=image,
            image_id=image_id,
            category=category,
            bbox=bbox,
            bbox_score=bbox_score,
        )

    def predict(self, samples: Sequence[dict]) -> list[GarmentPrediction]:
        """Points within the boxes, with all that a calibrated network tells."""
        shape = len(samples), self._num_points
        places, scores, probabilities = (
            self._rng.random((*shape, *each), np.float32) for each in ((2,), (), ())
        )
        spreads = self._rng.standard_normal((*shape, 2, 2), np.float32)
        covariances = spreads @ spreads.swapaxes(-1, -2)
        return [
            GarmentPrediction(
                **sample,
                frame=None,
                benchmark=BENCHMARK,
                keypoints=sample['bbox'][:2]
                + places[row] * (sample['bbox'][2:] - sample['bbox'][:2]),
                scores=scores[row],
                covariances=covariances[row],
                dof=4.0,
                probabilities=probabilities[row],
            )
            for row, sample in enumerate(samples)
        ]
