"""Crops of which parts are hidden: erased, or behind pieces of other garments.

Points that are hidden stay where they are and are trained on, as occluded points are.
What is visible of them becomes occluded in ``keypoint_states``, what is absent stays
absent.
"""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmpose.registry import TRANSFORMS

from fashion_mmpose.files.pictures.pixels import read_picture

from .augmentation import labelled_points, states_of

OCCLUDED, VISIBLE = 1, 2
LEAST_SIDE = 2  # pixels of a piece of a garment


class _Hiding(BaseTransform):
    """Base of the transforms that hide parts of a crop.

    Args:
        prob (float): Share of the samples of which something is hidden.
        most (int): The largest number of pieces; how many is drawn from 1 up to it.

    Raises:
        ValueError: If one of them makes no sense.
    """

    def __init__(self, prob: float, most: int) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob must be in [0, 1], got {prob}')
        if most < 1:
            raise ValueError(f'most must be at least 1, got {most}')
        self.prob = prob
        self.most = most

    @cache_randomness
    def _draw_count(self) -> int:
        if np.random.random() >= self.prob:
            return 0
        return int(np.random.randint(1, self.most + 1))

    def transform(self, results: dict) -> dict:
        """Hide parts of ``img`` (H, W, 3), and note in ``keypoint_states`` of what."""
        count = self._draw_count()
        if not count:
            return results
        # The loader's own, which others may hold.
        image = results['img'].copy()
        hidden = np.zeros(image.shape[:2], bool)
        for _ in range(count):
            self.hide(image, hidden, results)
        results['img'] = image
        states = states_of(results, 'transformed_keypoints')
        if states is not None:
            covered = is_covered(results['transformed_keypoints'], hidden)
            gone = covered & (states == VISIBLE)
            results['keypoint_states'] = np.where(gone, OCCLUDED, states).astype(
                states.dtype
            )
        return results

    def hide(self, image: np.ndarray, hidden: np.ndarray, results: dict) -> None:
        """Hide one part of the image (H, W, 3) and mark it (H, W), both in place."""
        raise NotImplementedError


@TRANSFORMS.register_module()
class ErasedPatches(_Hiding):
    """Fill rectangles of the crop with noise, as `random erasing`_ does.

    It comes after the crop. MMPose's ``Albumentation`` has ``CoarseDropout``, which
    needs another package and knows nothing of occluded points.

    Required keys: ``img`` (H, W, 3), ``transformed_keypoints`` (1, K, 2) and, where the
    data set tells them, ``keypoint_states`` (1, K). Modified keys: ``img``,
    ``keypoint_states``.

    Args:
        prob (float): Share of the samples. Defaults to 0.5.
        most (int): The largest number of rectangles. Defaults to 2.
        area (tuple[float, float]): Their area is drawn from between these shares of the
            crop's. Defaults to (0.01, 0.1).
        aspect (float): Their width over their height is drawn from between one over
            this and this, alike on a logarithmic scale. Defaults to 3.

    Raises:
        ValueError: If one of them makes no sense.

    .. _`random erasing`: https://arxiv.org/abs/1708.04896
    """

    def __init__(
        self,
        prob: float = 0.5,
        most: int = 2,
        area: tuple[float, float] = (0.01, 0.1),
        aspect: float = 3.0,
    ) -> None:
        super().__init__(prob, most)
        if not 0 < area[0] <= area[1] < 1 or aspect < 1:
            raise ValueError(
                f'area must rise within (0, 1) and aspect be at least 1, got {area} '
                f'and {aspect}'
            )
        self.area = tuple(area)
        self.aspect = aspect

    @cache_randomness
    def _draw(self, height: int, width: int) -> tuple[slice, slice]:
        area = np.random.uniform(*self.area) * height * width
        side = np.exp(np.random.uniform(-1, 1) * np.log(self.aspect) / 2)
        tall = int(np.clip(round(np.sqrt(area) / side), 1, height))
        wide = int(np.clip(round(np.sqrt(area) * side), 1, width))
        top = np.random.randint(height - tall + 1)
        left = np.random.randint(width - wide + 1)
        return slice(top, top + tall), slice(left, left + wide)

    def hide(self, image: np.ndarray, hidden: np.ndarray, results: dict) -> None:
        """See :class:`ErasedPatches`."""
        where = self._draw(*image.shape[:2])
        noise = np.random.randint(0, 256, image[where].shape)
        image[where] = noise.astype(image.dtype)
        hidden[where] = True

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(prob={self.prob}, most={self.most}, '
            f'area={self.area}, aspect={self.aspect})'
        )


@TRANSFORMS.register_module()
class PastedGarments(_Hiding):
    """Lay pieces of other garments of the training set over the crop.

    A piece is what lies within the convex hull of the labelled points of a garment that
    is drawn by lot, mirrored by lot, made as large as is drawn and laid anywhere over
    the crop. It comes after the crop, and takes the time to read a picture.

    Required keys: those of :class:`ErasedPatches`, and ``dataset``, which MMPose's data
    sets give their pipelines. Modified keys: ``img``, ``keypoint_states``.

    Args:
        prob (float): Share of the samples. Defaults to 0.3.
        most (int): The largest number of pieces. Defaults to 2.
        size (tuple[float, float]): Their longer side is drawn from between these shares
            of the crop's longer side. Defaults to (0.15, 0.4).

    Raises:
        ValueError: If one of them makes no sense.
    """

    def __init__(
        self,
        prob: float = 0.3,
        most: int = 2,
        size: tuple[float, float] = (0.15, 0.4),
    ) -> None:
        super().__init__(prob, most)
        if not 0 < size[0] <= size[1]:
            raise ValueError(f'size must rise and be more than 0, got {size}')
        self.size = tuple(size)

    @cache_randomness
    def _draw(self, count: int) -> tuple[int, bool, float, np.ndarray]:
        """Which garment, whether mirrored, its size, and its place in [0, 1)."""
        return (
            int(np.random.randint(count)),
            bool(np.random.random() < 0.5),
            float(np.random.uniform(*self.size)),
            np.random.random(2),
        )

    def hide(self, image: np.ndarray, hidden: np.ndarray, results: dict) -> None:
        """See :class:`PastedGarments`.

        Raises:
            PictureError: If the picture of the other garment cannot be read.
            ValueError: If there is no data set to take garments from.
        """
        dataset = results.get('dataset')
        if dataset is None:
            raise ValueError(
                'PastedGarments takes garments from the data set, which these samples '
                'do not come from; to fix it: leave it out of pipelines that do not '
                'train'
            )
        index, mirrored, size, place = self._draw(len(dataset))
        piece = garment_piece(dataset.get_data_info(index))
        if piece is None:
            return
        pixels, mask = piece
        scale = size * max(image.shape[:2]) / max(mask.shape)
        wide, tall = (max(1, round(scale * each)) for each in mask.shape[::-1])
        pixels = cv2.resize(pixels, (wide, tall), interpolation=cv2.INTER_AREA)
        mask = cv2.resize(mask, (wide, tall), interpolation=cv2.INTER_LINEAR)
        if mirrored:
            pixels, mask = cv2.flip(pixels, 1), cv2.flip(mask, 1)
        corner = place * image.shape[1::-1] - (wide / 2, tall / 2)
        paste(image, hidden, pixels, mask > 0.5, np.round(corner).astype(int))

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(prob={self.prob}, most={self.most}, '
            f'size={self.size})'
        )


def garment_piece(record: dict) -> tuple[np.ndarray, np.ndarray] | None:
    """What lies within the hull of a garment's labelled points.

    Args:
        record: A sample of a data set: ``img_path``, ``keypoints`` (1, K, 2) in pixels
            and ``keypoints_visible``, see :func:`.augmentation.labelled_points`.

    Returns:
        tuple | None: Pixels (h, w, 3), BGR, and a mask (h, w), float32, 1 within; None
        where the points have no hull in the picture.

    Raises:
        PictureError: If the picture cannot be read.
    """
    points = labelled_points(record)
    if len(points) < 3:
        return None
    image = read_picture(record['img_path'])
    height, width = image.shape[:2]
    points = points.clip(0, (width - 1, height - 1))
    hull = cv2.convexHull(np.round(points).astype(np.int32))
    left, top, wide, tall = cv2.boundingRect(hull)
    if min(wide, tall) < LEAST_SIDE:
        return None
    mask = np.zeros((tall, wide), np.float32)
    cv2.fillConvexPoly(mask, hull - (left, top), 1.0)
    return image[top : top + tall, left : left + wide], mask


def paste(
    image: np.ndarray,
    hidden: np.ndarray,
    pixels: np.ndarray,
    mask: np.ndarray,
    corner: np.ndarray,
) -> None:
    """Lay pixels over an image, as far as they lie in it, in place.

    Args:
        image: Shape (H, W, 3).
        hidden: Bool, shape (H, W); it is set where something was laid.
        pixels: Shape (h, w, 3).
        mask: Which of them are laid, bool, shape (h, w).
        corner: Column and row of the image where their upper left one comes to lie;
            it may lie outside.
    """
    first = np.maximum(corner, 0)
    last = np.minimum(corner + mask.shape[::-1], image.shape[1::-1])
    if (last <= first).any():
        return
    there = tuple(slice(*ends) for ends in zip(first[::-1], last[::-1]))
    from_first, from_last = first - corner, last - corner
    here = tuple(slice(*ends) for ends in zip(from_first[::-1], from_last[::-1]))
    image[there][mask[here]] = pixels[here][mask[here]]
    hidden[there] |= mask[here]


def is_covered(points: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Which points lie where something is hidden.

    Args:
        points: x, y in pixels of the crop, shape (1, K, 2).
        hidden: Bool, shape (H, W).

    Returns:
        np.ndarray: Bool, shape (1, K); False outside of the crop.
    """
    columns, rows = np.moveaxis(np.round(points[..., :2]).astype(int), -1, 0)
    height, width = hidden.shape
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    covered = hidden[rows.clip(0, height - 1), columns.clip(0, width - 1)]
    return inside & covered
