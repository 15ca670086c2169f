"""A second look at a garment, in a crop around the points of the first."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from mmpose.models.pose_estimators import TopdownPoseEstimator
from mmpose.registry import MODELS
from torch import Tensor

from fashion_mmpose.models.heads.category_rows import own_rows

from .features import tested_features


@dataclass(frozen=True)
class Frames:
    """Where crops lie in their pictures. B: pictures.

    Attributes:
        centers: Their centres, x and y in pixels of the picture, shape (B, 2).
        sizes: Their widths and heights, in pixels of the picture, shape (B, 2).
    """

    centers: Tensor
    sizes: Tensor


@MODELS.register_module()
class TwoPassEstimator(TopdownPoseEstimator):
    """MMPose's top-down estimator, which looks twice at garments without boxes.

    A network that gets whole pictures sees a garment smaller and less centred than one
    that gets boxes. Here the first look finds the garment's points in the input, and
    the second finds them again in the crop around those, at the size of the codec's
    input. The input may be larger than that, so that the second look sees more than the
    first: a test pipeline with twice the codec's size gives crops of half the picture
    in full detail. Nothing differs in training.

    Crops lie on pixels as ``TopdownAffine`` has them, and black surrounds the picture.

    Args:
        padding (float): Factor of the extent of the first look's points. Defaults to
            1.25, what MMPose gives boxes.
        smallest (float): Least width and height of the second crop, in those of the
            input. Defaults to 0.25.
        **kwargs: Arguments of :class:`mmpose.models.TopdownPoseEstimator`; the head is
            one over :class:`PointHeatmap`.
    """

    def __init__(self, *args, padding: float = 1.25, smallest: float = 0.25, **kwargs):
        super().__init__(*args, **kwargs)
        self.padding = padding
        self.smallest = smallest

    def predict(self, inputs: Tensor, data_samples: list) -> list:
        """Predict the key points of the inputs.

        Args:
            inputs (Tensor): Pictures (B, 3, H, W), normalised, of the codec's aspect
                ratio.
            data_samples (list[PoseDataSample]): The batch's B samples.

        Returns:
            list[PoseDataSample]: As MMPose's estimators. Heatmaps
            (``test_cfg.output_heatmaps``) are those of the second look.
        """
        rows = own_rows(data_samples, self.head.out_channels)
        if rows is None:
            rows = torch.arange(len(data_samples) * self.head.out_channels)
        rows = rows.to(inputs.device)
        frames = self.first_look(inputs, data_samples, rows)
        feats = tested_features(self, self.cut(inputs, frames), self.test_cfg)
        preds = self.head.predict(feats, data_samples, self.test_cfg)
        preds, fields = preds if isinstance(preds, tuple) else (preds, None)
        placed = zip(preds, frames.centers.cpu().numpy(), frames.sizes.cpu().numpy())
        for each, center, size in placed:
            zoom = size / self.head.decoder.input_size
            each.keypoints = each.keypoints * zoom + center - 0.5 * size
            if 'keypoint_covariances' in each:
                each.keypoint_covariances *= zoom[:, None] * zoom
        return self.add_pred_to_datasample(preds, fields, data_samples)

    def first_look(self, inputs: Tensor, samples: list, rows: Tensor) -> Frames:
        """The crops around the points that the network finds in whole inputs.

        Args:
            inputs (Tensor): Pictures (B, 3, H, W), normalised.
            samples (list[PoseDataSample]): Samples of the batch; the first tells the
                mirror images of the key points.
            rows (Tensor): Places of the garments' points in (B, K), flattened; int64,
                shape (M, ).
        """
        whole = whole_frames(inputs)
        maps = self.maps(inputs, whole, samples, rows)
        points, _ = self.head.decoder.decode_maps(maps)
        picture = rows // self.head.out_channels
        return self._around(self.placed(points, picture, whole), picture, whole)

    def maps(
        self, inputs: Tensor, frames: Frames, samples: list, rows: Tensor
    ) -> Tensor:
        """Heatmaps (M, H', W') of points in crops; see :meth:`first_look`."""
        feats = tested_features(self, self.cut(inputs, frames), self.test_cfg)
        return self.head.predict_maps(feats, samples, self.test_cfg, rows)

    def zooms(self, frames: Frames) -> Tensor:
        """Pixels of the pictures per pixel of their crops, in x and y, (B, 2)."""
        return frames.sizes / frames.sizes.new_tensor(self.head.decoder.input_size)

    def placed(self, points: Tensor, picture: Tensor, frames: Frames) -> Tensor:
        """Points (M, 2) in crops of pictures (M, ), in pixels of the pictures."""
        inner = points / points.new_tensor(self.head.decoder.input_size) - 0.5
        return inner * frames.sizes[picture] + frames.centers[picture]

    def cut(self, inputs: Tensor, frames: Frames) -> Tensor:
        """Crops of the codec's size, (B, 3, h, w)."""
        width, height = map(int, self.head.decoder.input_size)
        columns = _pixels(frames, 0, width)[:, None].expand(-1, height, -1)
        rows = _pixels(frames, 1, height)[:, :, None].expand(-1, -1, width)
        last = inputs.new_tensor([inputs.shape[-1] - 1, inputs.shape[-2] - 1])
        grid = torch.stack((columns, rows), -1) / last * 2 - 1
        black = self._black(inputs)
        return black + F.grid_sample(
            inputs - black, grid, padding_mode='zeros', align_corners=True
        )

    def _around(self, points: Tensor, picture: Tensor, whole: Frames) -> Frames:
        """Crops around the points (M, 2) of pictures (M, ), of the input's shape."""
        index = picture[:, None].expand(-1, 2)
        least, most = (
            # A picture that no point is asked of keeps its whole.
            ends.scatter_reduce(0, index, points, how, include_self=False)
            for ends, how in (
                (whole.centers - whole.sizes / 2, 'amin'),
                (whole.centers + whole.sizes / 2, 'amax'),
            )
        )
        share = (most - least) * self.padding / whole.sizes
        share = share.amax(dim=1, keepdim=True).clamp(min=self.smallest)
        return Frames((least + most) / 2, share * whole.sizes)

    def _black(self, inputs: Tensor) -> Tensor:
        """What black becomes by the normalisation, (1, 3, 1, 1)."""
        preprocessor = self.data_preprocessor
        if not preprocessor._enable_normalize:
            return inputs.new_zeros(1, 3, 1, 1)
        return (-preprocessor.mean / preprocessor.std).to(inputs)[None]


def whole_frames(inputs: Tensor) -> Frames:
    """The frames of whole pictures (B, 3, H, W)."""
    size = inputs.new_tensor([inputs.shape[-1], inputs.shape[-2]])
    sizes = size.expand(inputs.shape[0], 2)
    return Frames(sizes / 2, sizes)


def _pixels(frames: Frames, axis: int, length: int) -> Tensor:
    """Where a crop's columns (0) or rows (1) lie in the picture, (B, length)."""
    cells = torch.arange(length, device=frames.sizes.device) / length - 0.5
    return frames.centers[:, axis, None] + cells * frames.sizes[:, axis, None]
