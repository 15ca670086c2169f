"""Steps of the pipeline that the DeepFashion2 HRNet has and MMPose has not.

https://github.com/svip-lab/HRNet-for-Fashion-Landmark-Estimation.PyTorch
"""

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmpose.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomScaleRotation(BaseTransform):
    """Scale and rotate the crop by normally drawn numbers, clipped.

    As the original HRNet does it. MMPose's ``RandomBBoxTransform`` draws from a
    normal distribution that is cut off at its standard deviation: with the same
    limits of 30 degrees and 10 %, its angles spread over 16 degrees, those of the
    published recipe over 14, and its scales over 5 %, those of the recipe over 7 %.

    Required keys: ``bbox_scale`` (1, 2). Modified keys: ``bbox_scale``. Added keys:
    ``bbox_rotation`` (1, ), degrees, which ``TopdownAffine`` applies about the centre
    of the box.

    Args:
        scale_std (float): Standard deviation of the scale, which is 1 on average.
        max_scale (float): The scale is clipped to [1 - max_scale, 1 + max_scale].
        degrees_std (float): Standard deviation of the angle.
        max_degrees (float): The angle is clipped to [-max_degrees, max_degrees].
        rotation_prob (float): Probability of rotating at all. Defaults to 1.
    """

    def __init__(
        self,
        scale_std: float,
        max_scale: float,
        degrees_std: float,
        max_degrees: float,
        rotation_prob: float = 1.0,
    ) -> None:
        self.scale_std = scale_std
        self.max_scale = max_scale
        self.degrees_std = degrees_std
        self.max_degrees = max_degrees
        self.rotation_prob = rotation_prob

    @cache_randomness
    def _draw(self) -> tuple[float, float]:
        """Scale and degrees."""
        offset, degrees = np.random.randn(2) * (self.scale_std, self.degrees_std)
        scale = 1 + np.clip(offset, -self.max_scale, self.max_scale)
        if np.random.rand() >= self.rotation_prob:
            return scale, 0.0
        return scale, np.clip(degrees, -self.max_degrees, self.max_degrees)

    def transform(self, results: dict) -> dict:
        """Scale ``bbox_scale`` and set ``bbox_rotation``."""
        scale, degrees = self._draw()
        results['bbox_scale'] = (results['bbox_scale'] * scale).astype(np.float32)
        results['bbox_rotation'] = np.array([degrees], np.float32)
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(scale_std={self.scale_std}, '
            f'max_scale={self.max_scale}, degrees_std={self.degrees_std}, '
            f'max_degrees={self.max_degrees}, rotation_prob={self.rotation_prob})'
        )


@TRANSFORMS.register_module()
class TrimAnnotatedBox(BaseTransform):
    """End an annotated box at its last pixel: a pixel less of width and height.

    The published system takes an annotated box's far corner for its last pixel,
    which moves and shrinks the crop by a little; a detector's box it takes as it is.

    Required keys: ``bbox`` (1, 4), xyxy in pixels of the image. Modified keys:
    ``bbox``, if the sample has ``area``, as those in annotated boxes have.
    """

    def transform(self, results: dict) -> dict:
        """Trim ``bbox``."""
        if 'area' in results:
            near, far = np.split(results['bbox'], 2, axis=1)
            far = np.maximum(far - 1, near)
            results['bbox'] = np.concatenate([near, far], axis=1)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'
