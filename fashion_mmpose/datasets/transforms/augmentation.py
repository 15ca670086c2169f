"""Pictures mirrored and crops moved at random."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmpose.datasets.transforms import RandomFlip
from mmpose.registry import TRANSFORMS


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
            if 'keypoint_states' in results:
                states = results['keypoint_states']
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
