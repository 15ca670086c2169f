"""Flip test of pictures that do not fill the network's input."""

import math

import numpy as np
import torch
from mmpose.models.pose_estimators import TopdownPoseEstimator
from mmpose.registry import MODELS
from torch import Tensor

from fashion_mmpose.codecs import PointSimCC
from fashion_mmpose.models.heads.category_rows import decode_heatmaps

from .features import check_head


@MODELS.register_module()
class PaddedFlipEstimator(TopdownPoseEstimator):
    """MMPose's top-down estimator, mirroring the picture and not its padding.

    MMPose's flip test mirrors the whole input, so that what ``ResizeInput`` padded on
    the right lies on the left. The `FashionAI CPN system`_ mirrors the picture before
    it pads, so that its networks never see padding there; the mirrored heatmap is zero
    outside of the picture. Where the picture fills the input's width, nothing differs.

    Mirrored heatmaps are cut at a whole cell: where the picture's width is no multiple
    of the stride, they lie up to a cell beside the others.

    The head must be one over :class:`PointHeatmap`, and the pipeline must have
    ``ResizeInput`` with ``keep_ratio=True``. Arguments are those of
    :class:`mmpose.models.TopdownPoseEstimator`.

    Raises:
        TypeError: If the head is none over :class:`PointHeatmap`, or gives profiles
            (:class:`PointSimCC`).
        ValueError: If ``test_cfg`` asks for ``shift_heatmap``, which mends a shift that
            this flip test does not have.

    .. _`FashionAI CPN system`:
        https://github.com/gathierry/FashionAI-KeyPointsDetectionOfApparel
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        check_head(self, 'model.type=TopdownPoseEstimator')
        if isinstance(self.head.decoder, PointSimCC):
            raise TypeError(
                'PaddedFlipEstimator mirrors heatmaps, not the profiles of PointSimCC; '
                'to fix it: model.type=TopdownPoseEstimator'
            )
        if self.test_cfg.get('shift_heatmap', False):
            raise ValueError(
                'PaddedFlipEstimator puts mirrored heatmaps where they belong itself; '
                'to fix it: model.test_cfg.shift_heatmap=False'
            )

    def predict(self, inputs: Tensor, data_samples: list) -> list:
        """Predict the key points of the crops.

        Args:
            inputs (Tensor): Crops (B, 3, H, W), normalised.
            data_samples (list[PoseDataSample]): The batch's B samples.

        Returns:
            list[PoseDataSample]: As MMPose's estimators; of a head with ``states``
            with those of the key points, the means of both looks of a flip test.
        """
        widths = self._widths(inputs, data_samples, self.test_cfg)
        looks = self._looks(inputs, widths)
        heatmaps = self._mean_heatmaps(looks, widths, data_samples)
        instances, fields = decode_heatmaps(
            self.head.decoder, heatmaps, data_samples, self.test_cfg
        )
        self.head.tell_states(instances, looks, data_samples)
        return self.add_pred_to_datasample(instances, fields, data_samples)

    def predict_heatmaps(
        self, inputs: Tensor, data_samples: list, test_cfg: dict
    ) -> Tensor:
        """The heatmaps that are decoded.

        Args:
            inputs (Tensor): Crops (B, 3, H, W), normalised, at any scale.
            data_samples (list[PoseDataSample]): The batch's B samples.
            test_cfg (dict): ``flip_test``.

        Returns:
            Tensor: Shape (B, K, H', W').
        """
        widths = self._widths(inputs, data_samples, test_cfg)
        return self._mean_heatmaps(self._looks(inputs, widths), widths, data_samples)

    def _widths(
        self, inputs: Tensor, data_samples: list, test_cfg: dict
    ) -> list[int] | None:
        """Columns of the inputs that a flip test mirrors; None without one."""
        if not test_cfg.get('flip_test', False):
            return None
        return [
            content_width(sample) * inputs.shape[3] // sample.metainfo['input_size'][0]
            for sample in data_samples
        ]

    def _looks(self, inputs: Tensor, widths: list[int] | None) -> list[tuple]:
        """Features of the inputs and, of a flip test, of their mirror images."""
        looks = [self.extract_feat(inputs)]
        if widths is not None:
            looks.append(self.extract_feat(mirror_left(inputs, widths)))
        return looks

    def _mean_heatmaps(
        self, looks: list[tuple], widths: list[int] | None, data_samples: list
    ) -> Tensor:
        """The mean of the heatmaps of all looks, mirror images put back."""
        plain, *others = (
            self.head.predict_heatmaps(feats, data_samples, dict(flip_test=False))
            for feats in looks
        )
        if widths is None:
            return plain
        (mirrored,) = others
        stride = float(self.head.decoder.scale_factor[0])
        cells = [int(width // stride) for width in widths]
        columns = torch.arange(mirrored.shape[-1], device=mirrored.device)
        inside = columns < columns.new_tensor(cells)[:, None, None, None]
        mirrored = mirror_left(mirrored, cells) * inside
        mirrored = mirrored[:, data_samples[0].metainfo['flip_indices']]
        return (plain + mirrored) / 2


def content_width(data_sample) -> int:
    """Columns of the input that hold the picture, as ``ResizeInput`` rounds them.

    Args:
        data_sample (PoseDataSample): With ``ori_shape`` (H, W), ``input_size`` [w, h]
            and the box, xyxy in pixels of the image.
    """
    x1, y1, x2, y2 = np.asarray(data_sample.gt_instances.bboxes[0], np.float64)
    image_height, image_width = data_sample.metainfo['ori_shape'][:2]
    width = min(math.ceil(x2), image_width) - max(math.floor(x1), 0)
    height = min(math.ceil(y2), image_height) - max(math.floor(y1), 0)
    input_width, input_height = data_sample.metainfo['input_size']
    return max(1, int(width * min(input_width / width, input_height / height)))


def mirror_left(maps: Tensor, widths: list[int]) -> Tensor:
    """Mirror the first columns of every map, and leave the others.

    Args:
        maps (Tensor): Shape (B, C, H, W).
        widths (list[int]): B numbers of columns.

    Returns:
        Tensor: A copy.
    """
    return torch.stack(
        [
            torch.cat((one[..., :width].flip(-1), one[..., width:]), dim=-1)
            for one, width in zip(maps, widths)
        ]
    )
