"""A garment looked at in several crops of one input."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.structures import InstanceData
from mmpose.models.pose_estimators import TopdownPoseEstimator
from mmpose.registry import MODELS
from torch import Tensor

from fashion_mmpose.models.heads.category_rows import own_rows

from .features import check_head, tested_features


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
class MultiCropEstimator(TopdownPoseEstimator):
    """MMPose's top-down estimator, which looks at crops of several sizes.

    Every crop is a share of the input, about its centre, at the size of the codec's
    input; points, scores and what else is told of them are the means of all crops, each
    with the flip test. Nothing differs in training. The test pipeline gives the input a
    frame that is wider than that of the training, and a size that is larger in
    proportion: with 1.5 times ``padding`` of ``GetBBoxCenterScale`` and 1.5 times
    ``input_size`` of ``TopdownAffine``, a scale of 1 / 1.5 is the crop of the training.

    With ``point_crop`` each point is looked at again, in a crop about the place where
    it was found. If it is found in the middle half of that crop, both ways, its place
    and covariance are those of this look; what is farther away is most likely another
    place, and the point stays where it was. Scores are those of the looks at the
    garment. The network has to know such crops, see
    :class:`fashion_mmpose.datasets.transforms.CropAroundPoint`.

    Crops lie on pixels as ``TopdownAffine`` has them, and black surrounds the input.

    Args:
        scales (Sequence[float]): Widths and heights of the crops, in those of the
            input. Defaults to (1, ).
        point_crop (float, optional): Width and height of the crops about single points,
            in those of the input. None for no such crops. Defaults to None.
        **kwargs: Arguments of :class:`mmpose.models.TopdownPoseEstimator`; the head is
            one over :class:`PointHeatmap`.

    Raises:
        TypeError: If there is a ``point_crop``, and the head is none over
            :class:`PointHeatmap`.
        ValueError: If there is no scale, or a scale or ``point_crop`` is not positive.
    """

    def __init__(
        self,
        *args,
        scales: Sequence[float] = (1.0,),
        point_crop: float | None = None,
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        if not scales or min(scales) <= 0:
            raise ValueError(f'scales must be positive numbers, got {scales}')
        if point_crop is not None and point_crop <= 0:
            raise ValueError(f'point_crop must be a positive number, got {point_crop}')
        if point_crop is not None:
            check_head(self, 'model.point_crop=None')
        self.scales = tuple(scales)
        self.point_crop = point_crop

    def predict(self, inputs: Tensor, data_samples: list) -> list:
        """Predict the key points of the inputs.

        Args:
            inputs (Tensor): Pictures (B, 3, H, W), normalised, of the codec's aspect
                ratio.
            data_samples (list[PoseDataSample]): The batch's B samples.

        Returns:
            list[PoseDataSample]: As MMPose's estimators. Heatmaps
            (``test_cfg.output_heatmaps``) are those of the first crop.
        """
        rows = own_rows(data_samples, self.head.out_channels)
        if rows is None:
            rows = torch.arange(len(data_samples) * self.head.out_channels)
        rows = rows.to(inputs.device)
        frames = self.garment_frames(inputs, data_samples, rows)
        looks = [
            self._look(inputs, crops, data_samples) for crops in self.scaled(frames)
        ]
        preds = [mean_of(each) for each in zip(*(found for found, _ in looks))]
        if self.point_crop is not None:
            self._look_closely(inputs, frames, data_samples, rows, preds)
        return self.add_pred_to_datasample(preds, looks[0][1], data_samples)

    def garment_frames(self, inputs: Tensor, samples: list, rows: Tensor) -> Frames:
        """The frames of the garments, of which the crops are shares: whole inputs.

        Args:
            inputs (Tensor): Pictures (B, 3, H, W), normalised.
            samples (list[PoseDataSample]): Samples of the batch; the first tells the
                mirror images of the key points.
            rows (Tensor): Places of the garments' points in (B, K), flattened; int64,
                shape (M, ).
        """
        return whole_frames(inputs)

    def scaled(self, frames: Frames) -> list[Frames]:
        """Crops about the same centres, of every scale."""
        return [
            # As they are, and not times one, which would be a step of a graph.
            frames if scale == 1 else Frames(frames.centers, frames.sizes * scale)
            for scale in self.scales
        ]

    def _look(
        self, inputs: Tensor, frames: Frames, data_samples: list
    ) -> tuple[list[InstanceData], list | None]:
        """What is found in crops, in pixels of the inputs, and the heatmaps."""
        feats = tested_features(self, self.cut(inputs, frames), self.test_cfg)
        preds = self.head.predict(feats, data_samples, self.test_cfg)
        preds, fields = preds if isinstance(preds, tuple) else (preds, None)
        placed = zip(preds, frames.centers.cpu().numpy(), frames.sizes.cpu().numpy())
        for each, center, size in placed:
            zoom = size / self.head.decoder.input_size
            each.keypoints = each.keypoints * zoom + center - 0.5 * size
            if 'keypoint_covariances' in each:
                each.keypoint_covariances *= zoom[:, None] * zoom
        return preds, fields

    def _look_closely(
        self,
        inputs: Tensor,
        frames: Frames,
        data_samples: list,
        rows: Tensor,
        preds: list[InstanceData],
    ) -> None:
        """Put the points of ``preds`` where crops about each of them show them."""
        count = self.head.out_channels
        for index, each in enumerate(preds):
            # A picture at a time: each has as many crops as its garment has points.
            own = rows[rows // count == index] % count
            channels = own.cpu().numpy()
            points = inputs.new_tensor(each.keypoints[0, channels])
            one = Frames(frames.centers[index, None], frames.sizes[index, None])
            found, moments, is_near = self.close_look(
                inputs[index, None], one, points, data_samples, own
            )
            channels = channels[is_near.cpu().numpy()]
            each.keypoints[0, channels] = found[is_near].cpu().numpy()
            if 'keypoint_covariances' in each:
                moments = moments[is_near].cpu().numpy()
                each.keypoint_covariances[0, channels] = moments

    def close_look(
        self,
        inputs: Tensor,
        frames: Frames,
        points: Tensor,
        samples: list,
        rows: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """What crops about points show of them.

        Args:
            inputs (Tensor): Pictures (B, 3, H, W), normalised.
            frames (Frames): Those of the garments, see :meth:`garment_frames`.
            points (Tensor): Where the points were found, in pixels of the pictures,
                shape (M, 2).
            samples (list[PoseDataSample]): See :meth:`garment_frames`.
            rows (Tensor): See :meth:`garment_frames`.

        Returns:
            tuple: Points (M, 2) and their covariances (M, 2, 2) in pixels of the
            pictures, and whether they lie in the middle half of the crop, both ways;
            bool, shape (M, ).
        """
        count = self.head.out_channels
        picture = rows // count
        close = Frames(points, frames.sizes[picture] * self.point_crop)
        places = torch.arange(rows.shape[0], device=rows.device)
        own = places * count + rows % count
        maps = self.maps(inputs[picture], close, samples, own).float()
        found, _, moments = self.decoded(maps, places, close)
        moved = (found - close.centers).abs() / close.sizes
        return found, moments, (moved < 0.25).all(1)

    def decoded(
        self, maps: Tensor, picture: Tensor, frames: Frames
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Points, scores and covariances of maps of crops, in pixels of the pictures.

        Args:
            maps (Tensor): Shape (M, H', W').
            picture (Tensor): Whose crop each map is of; int64, shape (M, ).
            frames (Frames): The crops.

        Returns:
            tuple: Shapes (M, 2), (M, ) and (M, 2, 2).
        """
        decoder = self.head.decoder
        points, scores = decoder.decode_maps(maps)
        zoom = (frames.sizes / frames.sizes.new_tensor(decoder.input_size))[picture]
        moments = decoder.covariances(maps, points)
        moments = moments * zoom.unsqueeze(2) * zoom.unsqueeze(1)
        return self.placed(points, picture, frames), scores, moments

    def maps(
        self,
        inputs: Tensor,
        frames: Frames,
        samples: list,
        rows: Tensor,
        parses: bool = True,
    ) -> Tensor:
        """Heatmaps (M, H', W') of points in crops.

        See :meth:`garment_frames`, and :func:`.tested_features` for ``parses``.
        """
        crops = self.cut(inputs, frames)
        feats = tested_features(self, crops, self.test_cfg, parses)
        return self.head.predict_maps(feats, samples, self.test_cfg, rows)

    def placed(self, points: Tensor, picture: Tensor, frames: Frames) -> Tensor:
        """Points (M, 2) in crops of pictures (M, ), in pixels of the pictures."""
        inner = points / points.new_tensor(self.head.decoder.input_size) - 0.5
        return inner * frames.sizes[picture] + frames.centers[picture]

    def cut(self, inputs: Tensor, frames: Frames) -> Tensor:
        """Crops of the codec's size, (B, 3, h, w)."""
        width, height = map(int, self.head.decoder.input_size)
        columns = _pixels(frames, 0, width).unsqueeze(1).expand(-1, height, -1)
        rows = _pixels(frames, 1, height).unsqueeze(2).expand(-1, -1, width)
        last = inputs.new_tensor([inputs.shape[-1] - 1, inputs.shape[-2] - 1])
        grid = torch.stack((columns, rows), -1) / last * 2 - 1
        black = self._black(inputs)
        return black + F.grid_sample(
            inputs - black, grid, padding_mode='zeros', align_corners=True
        )

    def _black(self, inputs: Tensor) -> Tensor:
        """What black becomes by the normalisation, (1, 3, 1, 1)."""
        preprocessor = self.data_preprocessor
        if not preprocessor._enable_normalize:
            return inputs.new_zeros(1, 3, 1, 1)
        return (-preprocessor.mean / preprocessor.std).to(inputs)[None]


def mean_of(looks: Sequence[InstanceData]) -> InstanceData:
    """What several looks at one garment have found, number by number their mean."""
    return InstanceData(
        **{
            key: np.mean([each[key] for each in looks], axis=0)
            for key in looks[0].keys()  # noqa: SIM118  it is no dictionary
        }
    )


def whole_frames(inputs: Tensor) -> Frames:
    """The frames of whole pictures (B, 3, H, W)."""
    size = inputs.new_tensor([inputs.shape[-1], inputs.shape[-2]])
    sizes = size.expand(inputs.shape[0], 2)
    return Frames(sizes / 2, sizes)


def _pixels(frames: Frames, axis: int, length: int) -> Tensor:
    """Where a crop's columns (0) or rows (1) lie in the picture, (B, length)."""
    cells = torch.arange(length, device=frames.sizes.device) / length - 0.5
    return frames.centers.narrow(1, axis, 1) + cells * frames.sizes.narrow(1, axis, 1)
