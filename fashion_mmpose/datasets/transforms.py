"""Augmentation that MMPose does not have."""

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmpose.registry import TRANSFORMS


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
