"""Garments cut out of their pictures, on their way through the pose networks."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from fashion_mmpose.garments import GarmentPrediction
from fashion_mmpose.inference.protocols import PoseNetwork
from fashion_mmpose.media.prefetch import prefetch
from fashion_mmpose.media.reading import Picture

_MAX_SIDE = 32766  # of pictures that OpenCV warps
# So many times the longer side of a box lie around its centre, each way, in what a
# network may see of it: more than padding and the shape of its input make of the box.
_REACH = 2


@dataclass(frozen=True, eq=False)
class _Window:
    """The part of a picture about a box that OpenCV can warp.

    Attributes:
        start: x, y of its first pixel in the picture, shape (2, ).
        end: The same behind its last one, shape (2, ).
        size_wh: Width and height that it is shrunk to.
    """

    start: np.ndarray
    end: np.ndarray
    size_wh: tuple[int, int]

    @classmethod
    def about(cls, bbox: np.ndarray, picture_wh: tuple[int, int]) -> '_Window | None':
        """The window of a box; None where the whole picture can be warped."""
        if max(picture_wh) <= _MAX_SIDE:
            return None
        first, last = np.asarray(bbox, np.float64).reshape(2, 2)
        centre = (first + last) / 2
        reach = _REACH * (last - first).max()
        start = np.floor(centre - reach).clip(0, picture_wh).astype(int)
        end = np.ceil(centre + reach).clip(0, picture_wh).astype(int)
        sides = end - start
        share = min(1.0, _MAX_SIDE / sides.max())
        width, height = (max(1, int(side * share)) for side in sides.tolist())
        return cls(start, end, (width, height))

    @property
    def factor(self) -> np.ndarray:
        """Pixels of the window per pixel of the picture, shape (2, ), at most 1."""
        return np.array(self.size_wh) / (self.end - self.start)

    def cut(self, pixels: np.ndarray) -> np.ndarray:
        """The window of a picture (H, W, 3)."""
        (x1, y1), (x2, y2) = self.start, self.end
        part = pixels[y1:y2, x1:x2]
        if (x2 - x1, y2 - y1) == self.size_wh:
            return part
        return cv2.resize(part, self.size_wh, interpolation=cv2.INTER_AREA)

    def from_picture(self, points: np.ndarray) -> np.ndarray:
        """Points (n, 2) in pixels of the picture -> pixels of the window."""
        # Centres of pixels have whole coordinates.
        return (points - self.start + 0.5) * self.factor - 0.5

    def to_picture(self, points: np.ndarray) -> np.ndarray:
        """Points (n, 2) in pixels of the window -> pixels of the picture, float32."""
        moved = (points + 0.5) / self.factor - 0.5 + self.start
        return moved.astype(np.float32)


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

    @cached_property
    def _window(self) -> _Window | None:
        assert self.picture.pixels is not None  # as of every picture that was read
        height, width = self.picture.pixels.shape[:2]
        return _Window.about(self.bbox, (width, height))

    def sample(self) -> dict:
        """What the network takes."""
        pixels, bbox, window = self.picture.pixels, self.bbox, self._window
        if window is not None:
            pixels = window.cut(pixels)
            bbox = window.from_picture(np.reshape(bbox, (2, 2))).ravel()
        return self.network.sample(
            pixels,
            self.category,
            bbox,
            self.score,
            self.picture.source.image,
            self.picture.image_id,
        )

    def prediction(self, found: GarmentPrediction) -> GarmentPrediction:
        """What the network has found, with the place that the picture comes from."""
        source = self.picture.source
        found = replace(found, image=source.image, frame=self.picture.frame)
        window = self._window
        if window is None:
            return found
        covariances = found.covariances
        if covariances is not None:
            zoom = 1 / window.factor
            covariances = (covariances * zoom[:, None] * zoom).astype(np.float32)
        return replace(
            found,
            bbox=np.asarray(self.bbox, np.float32),
            keypoints=window.to_picture(found.keypoints),
            covariances=covariances,
        )


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
