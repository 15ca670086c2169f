"""Videos of drawn garments that move, with exact landmarks in every frame."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from .deepfashion2 import DrawnPicture, draw_deepfashion2

SIZE_WH = (640, 480)
FPS = 25.0
_CARD_HEIGHT = 380


@dataclass(frozen=True, eq=False)
class MovingGarment:
    """A garment in one frame. K: landmarks of its category.

    Attributes:
        number: Which garment it is, in all frames; another one after a cut.
        category: Its name in the table of garments.
        keypoints: x, y in pixels, shape (K, 2), float64, covered ones included.
        bbox: x1, y1, x2, y2 of what is in the frame, shape (4, ), float64.
        visible: Share of its box that nothing covers, 0 to 1.
    """

    number: int
    category: str
    keypoints: np.ndarray
    bbox: np.ndarray
    visible: float


@dataclass(frozen=True, eq=False)
class MovingFrame:
    """A frame of a video.

    Attributes:
        image: BGR, uint8, shape (H, W, 3).
        garments: Those in it.
        is_cut: Whether it is the first one of another scene.
    """

    image: np.ndarray
    garments: list[MovingGarment]
    is_cut: bool = False


def draw_moving(seed: int, num_frames: int = 75) -> Iterator[MovingFrame]:
    """Two cards with drawn people that pass each other, sway, turn and come nearer.

    The one in front covers the other for a while. At two thirds of the video a cut
    leads to another scene of the same kind.

    Args:
        seed: Seed of the video, 0 or above; the same gives the same frames.
        num_frames: Frames. Defaults to 75, three seconds.

    Yields:
        MovingFrame: Frame by frame.
    """
    rng = np.random.default_rng([seed, 4])
    cut = round(num_frames * 2 / 3)
    first = 0
    for scene, length in enumerate((cut, num_frames - cut)):
        cards = [_Card(seed, 2 * scene + place, rng, place) for place in (0, 1)]
        backdrop = _backdrop(rng)
        for frame in range(length):
            time = frame / FPS
            share = frame / max(num_frames * 2 / 3, 1)
            canvas, garments, covered = backdrop.copy(), [], None
            for place in (0, 1):  # the second one is in front
                card = cards[place]
                view = card.view(time, share)
                mask = card.paint(canvas, view)
                found = card.garments(view, first + 100 * place)
                if covered is not None:
                    garments = [_cover(each, mask) for each in garments]
                covered = mask
                garments += found
            seen = [each for each in garments if each.visible > 0]
            yield MovingFrame(canvas, seen, is_cut=scene == 1 and frame == 0)
        first += 1000


class _Card:
    """A drawn picture that moves as a whole."""

    def __init__(
        self, seed: int, number: int, rng: np.random.Generator, place: int
    ) -> None:
        self.drawn: DrawnPicture = draw_deepfashion2(seed, number)
        height, width = self.drawn.image.shape[:2]
        self._scale = _CARD_HEIGHT / height
        self._center = np.array((width, height)) / 2
        self._side = 1 if place else -1
        self._sway = rng.uniform(0.02, 0.05), rng.uniform(0.4, 0.9)  # share, Hz
        self._turn = rng.uniform(3, 8), rng.uniform(0.2, 0.6)  # degrees, Hz
        self._nearer = rng.uniform(0.05, 0.2)
        self._phase = rng.uniform(0, 2 * np.pi, 2)

    def view(self, time: float, share: float) -> np.ndarray:
        """From the drawn picture to the frame, shape (2, 3)."""
        width, height = SIZE_WH
        angle = self._turn[0] * np.sin(
            2 * np.pi * self._turn[1] * time + self._phase[0]
        )
        scale = self._scale * (1 + self._nearer * share)
        matrix = cv2.getRotationMatrix2D(self._center.tolist(), angle, scale)
        sway = self._sway[0] * height
        # They change sides.
        x = width / 2 - self._side * width * 0.24 * np.cos(np.pi * share)
        y = height / 2 + sway * np.sin(
            2 * np.pi * self._sway[1] * time + self._phase[1]
        )
        matrix[:, 2] += np.array((x, y)) - self._center
        return matrix

    def paint(self, canvas: np.ndarray, view: np.ndarray) -> np.ndarray:
        """Paint the card; where it is, bool, shape (H, W)."""
        moved = cv2.warpAffine(self.drawn.image, view, SIZE_WH)
        inside = np.full(self.drawn.image.shape[:2], 255, np.uint8)
        mask = cv2.warpAffine(inside, view, SIZE_WH) > 127
        canvas[mask] = moved[mask]
        return mask

    def garments(self, view: np.ndarray, first: int) -> list[MovingGarment]:
        """Its garments in the frame, nothing covered."""
        limit = np.array(SIZE_WH * 2, float)
        found = []
        for row, item in enumerate(self.drawn.items):
            points = item.exact @ view[:, :2].T + view[:, 2]
            x1, y1, x2, y2 = item.box
            corners = np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)], float)
            moved = corners @ view[:, :2].T + view[:, 2]
            box = np.concatenate((moved.min(axis=0), moved.max(axis=0)))
            box = np.clip(box, 0, limit)
            is_inside = np.all(box[2:] - box[:2] > 1)
            found.append(
                MovingGarment(first + row, item.category, points, box, float(is_inside))
            )
        return found


def _cover(garment: MovingGarment, mask: np.ndarray) -> MovingGarment:
    """The same garment behind what is painted where a mask is true."""
    x1, y1, x2, y2 = np.rint(garment.bbox).astype(int)
    part = mask[y1:y2, x1:x2]
    free = 1 - float(part.mean()) if part.size else 0.0
    return MovingGarment(
        garment.number,
        garment.category,
        garment.keypoints,
        garment.bbox,
        min(garment.visible, free),
    )


def _backdrop(rng: np.random.Generator) -> np.ndarray:
    width, height = SIZE_WH
    coarse = rng.integers(40, 220, (4, 5, 3)).astype(np.uint8)
    smooth = cv2.resize(coarse, SIZE_WH, interpolation=cv2.INTER_CUBIC)
    noise = rng.normal(0, 4, (height, width, 1))
    return np.clip(smooth + noise, 0, 255).astype(np.uint8)
