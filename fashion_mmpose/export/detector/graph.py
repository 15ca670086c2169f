"""A detector from pictures to all of its boxes, as one module that can be traced.

B: pictures, C: classes, N: boxes of a picture, level by level.
"""

import torch
from mmdet.models.dense_heads import RetinaHead, RTMDetHead
from mmdet.models.detectors import SingleStageDetector
from mmdet.models.task_modules.coders import (
    DeltaXYWHBBoxCoder,
    DistancePointBBoxCoder,
)
from torch import Tensor, nn

from fashion_mmpose.errors import FormatError


class DetectorGraph(nn.Module):
    """Normalisation, network and decoding of boxes, without suppression.

    Args:
        model (nn.Module): A single-stage detector of MMDetection with the head of
            RTMDet or RetinaNet.

    Raises:
        FormatError: If it is another one.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        head = getattr(model, 'bbox_head', None)
        coder = getattr(head, 'bbox_coder', None)
        known = (DeltaXYWHBBoxCoder, DistancePointBBoxCoder)
        if (
            not isinstance(model, SingleStageDetector)
            or not isinstance(head, RTMDetHead | RetinaHead)
            or type(coder) not in known
            or not head.use_sigmoid_cls
        ):
            raise FormatError(
                f'a {type(model).__name__} with a {type(head).__name__} cannot be '
                'exported: a single-stage detector with the head of RTMDet or of '
                'RetinaNet is expected'
            )

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """All boxes of pictures.

        Args:
            images (Tensor): Pictures in BGR order, resized and padded, shape
                (B, H, W, 3), uint8 or float32 in [0, 255].

        Returns:
            tuple: Boxes x1, y1, x2, y2 in pixels of the input (B, N, 4), and scores
            (B, N, C).
        """
        head = self.model.bbox_head
        levels = self.model(self._normalize(images), mode='tensor')
        scores, deltas = (
            [self._by_box(level, size) for level in part]
            for part, size in zip(levels, (head.cls_out_channels, 4))
        )
        sizes = [level.shape[-2:] for level in levels[0]]
        priors = head.prior_generator.grid_priors(
            sizes, dtype=torch.float32, device=images.device
        )
        # A coordinate of each prior, or two: RTMDet's are points.
        prior = torch.cat(priors)
        prior = prior.expand(images.shape[0], -1, -1).flatten(0, 1)
        boxes = head.bbox_coder.decode(prior, torch.cat(deltas, dim=1).flatten(0, 1))
        boxes = boxes.unflatten(0, (images.shape[0], -1))
        return boxes, torch.cat(scores, dim=1).sigmoid()

    def _normalize(self, images: Tensor) -> Tensor:
        """As the data preprocessor does, which pads, too; that is the caller's work."""
        preprocessor = self.model.data_preprocessor
        inputs = images.permute(0, 3, 1, 2)
        if preprocessor._channel_conversion:
            inputs = inputs.flip(1)
        inputs = inputs.float()
        if preprocessor._enable_normalize:
            inputs = (inputs - preprocessor.mean) / preprocessor.std
        return inputs

    @staticmethod
    def _by_box(level: Tensor, size: int) -> Tensor:
        """(B, A * size, H, W) -> (B, H * W * A, size)."""
        return level.permute(0, 2, 3, 1).flatten(1).unflatten(1, (-1, size))
