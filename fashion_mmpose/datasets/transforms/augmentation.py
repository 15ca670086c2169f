"""Pictures mirrored and crops moved at random."""

from collections.abc import Mapping

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmpose.datasets.transforms import RandomFlip
from mmpose.registry import TRANSFORMS


def states_of(results: Mapping, points: str) -> np.ndarray | None:
    """The states of a sample's key points, if the data set tells them.

    MMPose's ``KeypointConverter`` brings key points into another layout, and leaves
    their states in that of before: these are of other points then.

    Args:
        results: What a pipeline knows of a sample.
        points: The name of the points there, of shape (1, K, 2).

    Returns:
        np.ndarray | None: Shape (1, K).
    """
    states = results.get('keypoint_states')
    if states is None or states.shape != np.shape(results.get(points, ()))[:2]:
        return None
    return states


def labelled_points(results: Mapping) -> np.ndarray:
    """The labelled points of a garment, x and y, shape (n, 2).

    Args:
        results: ``keypoints`` (1, K, 2) and ``keypoints_visible`` (1, K), or (1, K, 2)
            behind MMPose's ``KeypointConverter``, which adds weights.
    """
    visible = results['keypoints_visible'][0]
    if visible.ndim == 2:
        visible = visible[:, 0]
    return results['keypoints'][0, visible > 0]


@TRANSFORMS.register_module()
class RandomMirror(RandomFlip):
    """MMPose's horizontal ``RandomFlip``, made to be followed by a warp.

    MMPose mirrors the picture by reading it backwards, which OpenCV has to undo with
    a slow copy before it can warp it: a third of the time of a 512x512 sample.

    Args:
        prob (float): Probability of mirroring. Defaults to 0.5.
    """

    def __init__(self, prob: float = 0.5) -> None:
        super().__init__(prob=prob, direction='horizontal')

    def transform(self, results: dict) -> dict:
        """Mirror ``img`` (H, W, 3), boxes and key points, or leave all of them."""
        image = results['img']
        # Everything but the picture is MMPose's work.
        results = super().transform(dict(results, img=image[:1, :1]))
        results['img'] = image
        if results['flip']:
            results['img'] = cv2.flip(image, 1)
            states = states_of(results, 'keypoints')
            if states is not None:
                results['keypoint_states'] = states[:, results['flip_indices']]
        return results


@TRANSFORMS.register_module()
class RandomRotation(BaseTransform):
    """Rotate the crop by a uniformly drawn angle.

    MMPose's ``RandomBBoxTransform`` draws from a truncated normal distribution,
    together with a shift and a scale. This one only sets the angle that
    ``TopdownAffine`` applies about the centre of the box.

    Required keys: none. Added keys: ``bbox_rotation`` (1, ), degrees.

    Args:
        max_degrees (float): The angle is drawn from [-max_degrees, max_degrees].
    """

    def __init__(self, max_degrees: float) -> None:
        self.max_degrees = max_degrees

    @cache_randomness
    def _draw_degrees(self) -> float:
        return np.random.uniform(-self.max_degrees, self.max_degrees)

    def transform(self, results: dict) -> dict:
        """Set ``bbox_rotation``."""
        results['bbox_rotation'] = np.array([self._draw_degrees()], np.float32)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(max_degrees={self.max_degrees})'


@TRANSFORMS.register_module()
class RandomShift(BaseTransform):
    """Move the crop by a uniformly drawn share of the box.

    Required keys: ``bbox_center``, ``bbox_scale``. Modified keys: ``bbox_center``.

    Args:
        max_share (float): The shift is drawn from [-max_share, max_share], in x as a
            share of the box's width and in y of its height.
    """

    def __init__(self, max_share: float) -> None:
        self.max_share = max_share

    @cache_randomness
    def _draw_shares(self) -> np.ndarray:
        return np.random.uniform(-self.max_share, self.max_share, 2)

    def transform(self, results: dict) -> dict:
        """Move ``bbox_center`` (1, 2), pixels of the image."""
        shift = self._draw_shares() * results['bbox_scale']
        results['bbox_center'] = (results['bbox_center'] + shift).astype(np.float32)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(max_share={self.max_share})'


@TRANSFORMS.register_module()
class CropAroundPoint(BaseTransform):
    """Frame one of a garment's points in the place of the garment, in some samples.

    What ``point_crop`` of :class:`fashion_mmpose.models.MultiCropEstimator` looks at in
    tests. Those points of the garment that lie within the crop are learnt in it. It
    comes behind ``GetBBoxCenterScale``, and before what moves and resizes the crop,
    which makes up for the error of the look before.

    Required keys: ``keypoints`` (1, K, 2), ``keypoints_visible``, ``bbox_center`` and
    ``bbox_scale``. Modified keys: ``bbox_center`` (1, 2) and ``bbox_scale`` (1, 2), in
    pixels of the picture.

    Args:
        share (float): Width and height of the crop, in those of the frame of all
            labelled points.
        prob (float): Share of the samples. Defaults to 0.5.
        padding (float): Width and height of that frame, in those of the points' extent.
            Defaults to 1.25, as in :class:`fashion_mmpose.models.TwoPassEstimator`.

    Raises:
        ValueError: If ``share`` or ``padding`` is not positive.
    """

    def __init__(self, share: float, prob: float = 0.5, padding: float = 1.25) -> None:
        if min(share, padding) <= 0:
            raise ValueError(
                f'share and padding must be positive, got {share} and {padding}'
            )
        self.share = share
        self.prob = prob
        self.padding = padding

    @cache_randomness
    def _draw(self, count: int) -> int | None:
        """Which of the points, or none of them."""
        if np.random.random() >= self.prob:
            return None
        return np.random.randint(count)

    def transform(self, results: dict) -> dict:
        """Set ``bbox_center`` and ``bbox_scale``, or leave them."""
        points = labelled_points(results)
        # A single point has no extent, and points on a line none across it.
        extent = np.ptp(points, axis=0) if len(points) else np.zeros(2)
        chosen = self._draw(len(points)) if extent.all() else None
        if chosen is not None:
            extent = extent * self.padding * self.share
            results['bbox_center'] = points[chosen][None].astype(np.float32)
            results['bbox_scale'] = extent[None].astype(np.float32)
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(share={self.share}, prob={self.prob}, '
            f'padding={self.padding})'
        )
