"""Steps of the pipeline that MMPose does not have."""

import cv2
import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmpose.datasets.transforms import PackPoseInputs, RandomFlip
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
        results['img'] = cv2.flip(image, 1) if results['flip'] else image
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
class PackGarmentInputs(PackPoseInputs):
    """MMPose's ``PackPoseInputs`` without a copy of the picture.

    MMPose rearranges the picture's bytes to channels first in the loader. The data
    preprocessor copies them anyway when it makes floats of them; until then a view
    will do, which takes a tenth of the loader's time off at 512x512.

    Arguments are those of :class:`mmpose.datasets.transforms.PackPoseInputs`.
    """

    def transform(self, results: dict) -> dict:
        """Pack ``img`` (H, W, 3) as ``inputs`` (3, H, W) with the sample's data."""
        image = results['img']
        packed = super().transform(dict(results, img=image[:1, :1]))
        packed['inputs'] = torch.from_numpy(image).permute(2, 0, 1)
        return packed
