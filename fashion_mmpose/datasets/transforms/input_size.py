"""A box brought to the size of the network's input."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS
from mmpose.structures.bbox import get_warp_matrix

from fashion_mmpose.inference.onnx.crop import INTERPOLATIONS, resize_box


@TRANSFORMS.register_module()
class TopdownStretch(BaseTransform):
    """Warp the box to the input's size, whatever its aspect ratio.

    MMPose's ``TopdownAffine`` grows the box to the aspect ratio of the input. This
    one stretches it, as the FashionAI CPM system does.

    Required keys: ``img``, ``bbox_center`` (1, 2) and ``bbox_scale`` (1, 2) in pixels
    of the image; optional ``bbox_rotation`` (1, ), degrees, and ``keypoints``
    (1, K, 2). Modified keys: ``img``. Added keys: ``transformed_keypoints``,
    ``input_size``, ``input_center``, ``input_scale``, as by ``TopdownAffine``.

    Args:
        input_size (tuple[int, int]): Input size [w, h] in pixels.
        border_value (float): Value of what lies outside of the image, in [0, 255].
            Defaults to 0, black.
    """

    def __init__(self, input_size: tuple[int, int], border_value: float = 0) -> None:
        self.input_size = tuple(input_size)
        self.border_value = border_value

    def transform(self, results: dict) -> dict:
        """Warp ``img`` (H, W, 3) and the key points."""
        center, scale = results['bbox_center'][0], results['bbox_scale'][0]
        rotation = results['bbox_rotation'][0] if 'bbox_rotation' in results else 0.0
        matrix = get_warp_matrix(
            center, scale, rotation, self.input_size, fix_aspect_ratio=False
        )
        results['img'] = cv2.warpAffine(
            results['img'],
            matrix,
            self.input_size,
            flags=cv2.INTER_LINEAR,
            borderValue=(self.border_value,) * 3,
        )
        results.update(
            input_size=self.input_size,
            input_center=center,
            input_scale=scale,
        )
        # MMPose's inference on single pictures has none.
        if 'keypoints' in results:
            keypoints = results['keypoints'][..., :2]
            results['transformed_keypoints'] = cv2.transform(keypoints, matrix)
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(input_size={self.input_size}, '
            f'border_value={self.border_value})'
        )


@TRANSFORMS.register_module()
class ResizeInput(BaseTransform):
    """Resize the box with ``cv2.resize``, as the published FashionAI systems do.

    For weights that were trained so: ``TopdownAffine`` interpolates between other
    positions (its pixels' corners meet, not their centres), centres the picture and
    rounds otherwise. The box is cut out at whole pixels; what of it lies outside of the
    image is left out.

    Required keys: ``img``, ``bbox`` (1, 4), xyxy in pixels of the image; optional
    ``keypoints`` (1, K, 2). Modified keys: ``img``. Added keys:
    ``transformed_keypoints``, ``input_size``, ``input_center``, ``input_scale``, as by
    ``TopdownAffine``.

    Args:
        input_size (tuple[int, int]): Input size [w, h] in pixels.
        keep_ratio (bool): Whether to keep the aspect ratio and pad on the right and
            at the bottom; the picture is stretched otherwise. Defaults to True.
        interpolation (str): ``'linear'`` or ``'cubic'``. Defaults to ``'linear'``.
        pad_value (float): Value of the padding, in [0, 255]; fractions make the
            picture float32. Defaults to 0.

    Raises:
        ValueError: If the interpolation is unknown, or a box holds nothing of its
            image.
    """

    def __init__(
        self,
        input_size: tuple[int, int],
        keep_ratio: bool = True,
        interpolation: str = 'linear',
        pad_value: float = 0,
    ) -> None:
        if interpolation not in INTERPOLATIONS:
            raise ValueError(
                f'unknown interpolation {interpolation!r}; choose from '
                f'{list(INTERPOLATIONS)}'
            )
        self.input_size = tuple(input_size)
        self.keep_ratio = keep_ratio
        self.interpolation = interpolation
        self.pad_value = pad_value

    def transform(self, results: dict) -> dict:
        """Cut out, resize and pad ``img`` (H, W, 3); move the key points along.

        Raises:
            ValueError: If a step before turned the box, which stays upright here.
        """
        if np.any(results.get('bbox_rotation', 0)):
            raise ValueError(
                'ResizeInput cuts out upright boxes, and a step before it turned one; '
                'to fix it: leave that step out, or take TopdownAffine'
            )
        bbox = results['bbox'][0]
        placed = resize_box(
            results['img'],
            bbox,
            self.input_size,
            self.keep_ratio,
            self.interpolation,
            self.pad_value,
            results.get('img_path', 'the image'),
        )
        results.update(
            img=placed.pixels,
            input_size=self.input_size,
            input_center=placed.center,
            input_scale=placed.scale,
        )
        if 'keypoints' in results:
            offset = placed.center - placed.scale / 2
            keypoints = results['keypoints'][..., :2] - offset
            keypoints = keypoints * (np.array(self.input_size) / placed.scale)
            results['transformed_keypoints'] = keypoints.astype(np.float32)
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(input_size={self.input_size}, '
            f'keep_ratio={self.keep_ratio}, interpolation={self.interpolation!r}, '
            f'pad_value={self.pad_value})'
        )
