"""Garments cut out of their pictures, on their way through the pose networks."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np

from fashion_mmpose.garments import GarmentPrediction
from fashion_mmpose.inference.protocols import PoseNetwork
from fashion_mmpose.media.prefetch import prefetch
from fashion_mmpose.media.reading import Picture


@dataclass(frozen=True, eq=False)
class Crop:
    """A box of a picture that a pose network shall look at.

    Attributes:
        picture: Its pixels, and where they come from.
        bbox: x1, y1, x2, y2 in pixels of the picture, shape (4, ).
        score: Score of the box.
        category: Category of the garment in it.
        network: The network of the category.

    Raises:
        ValueError: If the box lies outside of the picture.
    """

    picture: Picture
    bbox: np.ndarray
    score: float
    category: str
    network: PoseNetwork

    def __post_init__(self) -> None:
        height, width = self.picture.pixels.shape[:2]
        x1, y1, x2, y2 = self.bbox.tolist()
        if x1 >= width or y1 >= height or x2 <= 0 or y2 <= 0:
            raise ValueError(
                f'picture {self.picture.image_id} ({self.picture.source.image}): the '
                f'box {self.bbox.tolist()} (x1, y1, x2, y2) lies outside of its '
                f'{width}x{height} pixels'
            )

    def sample(self) -> dict:
        """What the network takes."""
        return self.network.sample(
            self.picture.pixels,
            self.category,
            self.bbox,
            self.score,
            self.picture.source.image,
            self.picture.image_id,
        )

    def prediction(self, found: GarmentPrediction) -> GarmentPrediction:
        """What the network has found, with the place that the picture comes from."""
        source = self.picture.source
        return replace(found, image=source.image, frame=self.picture.frame)


def predict_crops(crops: Sequence[Crop], batch_size: int) -> list[GarmentPrediction]:
    """Send crops through their networks, those of one network together.

    While a GPU computes, the next batch is cut out. On a CPU that would take from the
    network more than it saves.

    Args:
        crops: Crops of any number of pictures and networks.
        batch_size: At most so many go through a network at once.

    Returns:
        list[GarmentPrediction]: In the order of the crops.
    """
    found = [None] * len(crops)
    batches = _batches(crops, batch_size)
    if not all(crop.network.is_on_cpu for crop in crops):
        batches = prefetch(batches, 1)
    with closing(batches):
        for rows, samples in batches:
            predicted = crops[rows[0]].network.predict(samples)
            for row, garment in zip(rows, predicted):
                found[row] = crops[row].prediction(garment)
    return found


def _batches(
    crops: Sequence[Crop], batch_size: int
) -> Iterator[tuple[list[int], list[dict]]]:
    """Indices of crops of one network, and their samples, which are made here."""
    by_network = {}
    for row, crop in enumerate(crops):
        by_network.setdefault(crop.network, []).append(row)
    for same in by_network.values():
        for start in range(0, len(same), batch_size):
            rows = same[start : start + batch_size]
            yield rows, [crops[row].sample() for row in rows]
