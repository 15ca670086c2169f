"""A pose network from crops to points, as one module that can be traced.

B: crops, K: key points of the layout, M: key points that are asked for, H and W: rows
and columns of the input.
"""

import numpy as np
import torch
from mmpose.models.pose_estimators import TopdownPoseEstimator
from mmpose.structures import PoseDataSample
from torch import Tensor, nn

from fashion_mmpose.errors import FormatError
from fashion_mmpose.inference.onnx.crop import Crop
from fashion_mmpose.models.estimators import (
    HeatmapEnsemble,
    MultiCropEstimator,
    PaddedFlipEstimator,
    TwoPassEstimator,
)
from fashion_mmpose.models.estimators.ensemble import normalize
from fashion_mmpose.models.estimators.features import tested_features
from fashion_mmpose.models.heads.point_heatmap_head import PointHeadMixin


class PoseGraph(nn.Module):
    """Normalisation, network, flip test and decoding.

    The parts are those that a test runs: the data preprocessor, the head's flip test
    and the codec.

    Args:
        model (nn.Module): A pose network of this package.
        flip_indices (Sequence[int]): The mirror image of each of K key points.
        with_heatmaps (bool): Whether the heatmaps are given, too. Defaults to False.

    Raises:
        FormatError: If the network is of a kind that cannot be exported.
    """

    def __init__(
        self, model: nn.Module, flip_indices, with_heatmaps: bool = False
    ) -> None:
        super().__init__()
        self.model = model
        self.is_ensemble = isinstance(model, HeatmapEnsemble)
        for network in model.members if self.is_ensemble else [model]:
            _head_of(network)  # is one that can be exported
        self.codec = model.decoder if self.is_ensemble else model.head.decoder
        self.with_heatmaps = with_heatmaps
        # Flip tests ask the first sample of a batch.
        metainfo = dict(flip_indices=list(map(int, flip_indices)))
        self.samples = [PoseDataSample(metainfo=metainfo)]

    def forward(self, images: Tensor, rows: Tensor) -> tuple[Tensor, ...]:
        """Points of some key points.

        Args:
            images (Tensor): Crops in BGR order, shape (B, H, W, 3), uint8 or float32
                in [0, 255].
            rows (Tensor): Which key points are asked for: ``crop * K + key point``;
                int64, shape (M, ).

        Returns:
            tuple: Points in pixels of the crop (M, 2), scores (M, ), covariances of the
            points (M, 2, 2) and, if they are wanted, the heatmaps (M, H', W') that
            these are read off.
        """
        inputs = images.permute(0, 3, 1, 2)
        inputs = normalize(inputs, self.model.data_preprocessor)
        if isinstance(self.model, MultiCropEstimator):
            found, maps = self._of_crops(inputs, rows)
        else:
            maps = self._maps(inputs, rows)
            found = self._decoded(maps)
        return (*found, self.codec.pictures(maps)) if self.with_heatmaps else found

    def _of_crops(
        self, inputs: Tensor, rows: Tensor
    ) -> tuple[tuple[Tensor, ...], Tensor]:
        """What is found in several crops, on average, and the maps of the first."""
        model, looks, first = self.model, [], None
        picture = rows // model.head.out_channels
        garments = model.garment_frames(inputs, self.samples, rows)
        for frames in model.scaled(garments):
            maps = model.maps(inputs, frames, self.samples, rows)
            first = maps if first is None else first
            looks.append(model.decoded(maps, picture, frames))
        found = looks[0]
        if len(looks) > 1:
            found = tuple(torch.stack(each).mean(0) for each in zip(*looks))
        if model.point_crop is None:
            return found, first
        points, scores, covariances = found
        closer, spread, is_near = model.close_look(
            inputs, garments, points, self.samples, rows
        )
        points = torch.where(is_near.unsqueeze(1), closer, points)
        covariances = torch.where(is_near.view(-1, 1, 1), spread, covariances)
        return (points, scores, covariances), first

    def _decoded(self, maps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Points, scores and covariances."""
        points, scores = self.codec.decode_maps(maps)
        return points, scores, self.codec.covariances(maps, points)

    def _maps(self, inputs: Tensor, rows: Tensor) -> Tensor:
        if self.is_ensemble:
            heatmaps = self.model.average_heatmaps(inputs, self.samples)
            return heatmaps.flatten(0, 1).index_select(0, rows)
        test_cfg = self.model.test_cfg
        feats = tested_features(self.model, inputs, test_cfg)
        return self.model.head.predict_maps(feats, self.samples, test_cfg, rows)


def example_inputs(graph: PoseGraph, crop: Crop) -> tuple[Tensor, Tensor]:
    """Inputs of the shapes that a graph takes: two crops and all of their key points.

    Sizes of 1 would be taken for constants.

    Args:
        graph (PoseGraph): The graph.
        crop (Crop): How its crops are made.

    Returns:
        tuple: Crops (2, H, W, 3) and rows (2 * K, ).
    """
    width, height = crop.size_wh
    images = torch.from_numpy(np.zeros((2, height, width, 3), crop.dtype))
    return images, torch.arange(2 * len(graph.samples[0].metainfo['flip_indices']))


def _head_of(model: nn.Module) -> PointHeadMixin:
    head = getattr(model, 'head', None)
    known = (TopdownPoseEstimator, MultiCropEstimator, TwoPassEstimator)
    if type(model) not in known or not isinstance(head, PointHeadMixin):
        hint = ''
        if isinstance(model, PaddedFlipEstimator):
            hint = (
                '; its flip test depends on the width of each picture: to fix it, set '
                'model.type=TopdownPoseEstimator, which mirrors the whole input'
            )
        raise FormatError(
            f'a {type(model).__name__} with a {type(head).__name__} cannot be '
            'exported: a TopdownPoseEstimator with a head over PointHeatmap is '
            f'expected, or a HeatmapEnsemble of such networks{hint}'
        )
    return head
