"""Heads over :class:`PointHeatmap`: their common part, and the single-stage head."""

import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.models.heads import HeatmapHead
from mmpose.models.utils.tta import flip_heatmaps
from mmpose.registry import KEYPOINT_CODECS, MODELS
from torch import Tensor, nn

from fashion_mmpose import garments
from fashion_mmpose.codecs import PointHeatmap
from fashion_mmpose.models.losses.base import (
    LabelledLoss,
    PointTargets,
    batch_targets,
)


class PointHeadMixin:
    """Targets, losses, flip test and decoding of heads over :class:`PointHeatmap`.

    A head that mixes it in has ``forward``, which returns heatmaps (B, K, H, W)
    or a tuple of them, one per stage, the last being the prediction; and
    ``stage_losses``, the name and the loss module of each stage. With
    ``with_background`` the heatmaps have a channel more, the last, which is
    trained but not decoded.
    """

    decoder: PointHeatmap

    # Predictions below zero count as zero before they are averaged and decoded.
    nonnegative = False
    with_background = False
    stage_weight = 1.0  # factor of every stage's loss

    @staticmethod
    def build_codec(decoder: dict | None) -> PointHeatmap:
        """Build the codec, which draws the targets and decodes the heatmaps.

        Raises:
            TypeError: If it is not a :class:`PointHeatmap`.
        """
        codec = None if decoder is None else KEYPOINT_CODECS.build(decoder)
        if not isinstance(codec, PointHeatmap):
            raise TypeError(
                'the head needs decoder=dict(type="PointHeatmap", ...), got '
                f'{decoder!r}: it also draws the targets'
            )
        return codec

    def stage_losses(self) -> tuple[tuple[str, nn.Module], ...]:
        """Name and loss module of every stage, in the order of ``forward``."""
        raise NotImplementedError

    def predict(
        self, feats: tuple, batch_data_samples: list, test_cfg: dict | None = None
    ):
        """Predict key points, and heatmaps if ``test_cfg.output_heatmaps`` is set.

        Args:
            feats (tuple | list): Feature maps of the input; with
                ``test_cfg.flip_test`` a list of those of the input and of its
                mirror image.
            batch_data_samples (list[PoseDataSample]): The batch's B samples.
            test_cfg (dict): ``flip_test``, ``shift_heatmap``,
                ``output_heatmaps`` as in MMPose.

        Returns:
            list | tuple: B ``InstanceData`` with ``keypoints`` (1, K, 2) in input
            pixels and ``keypoint_scores`` (1, K); or that list and one of B
            ``PixelData`` with ``heatmaps`` (K, H, W).
        """
        test_cfg = test_cfg or {}
        heatmaps = self.predict_heatmaps(feats, batch_data_samples, test_cfg)
        preds, fields = decode_heatmaps(
            self.decoder, heatmaps, batch_data_samples, test_cfg
        )
        return preds if fields is None else (preds, fields)

    def predict_heatmaps(
        self, feats: tuple, batch_data_samples: list, test_cfg: dict
    ) -> Tensor:
        """The heatmaps that are decoded: of the last stage, averaged over flips.

        Args:
            feats (tuple | list): As in :meth:`predict`.
            batch_data_samples (list[PoseDataSample]): The batch's B samples.
            test_cfg (dict): ``flip_test`` and ``shift_heatmap``.

        Returns:
            Tensor: Shape (B, K, H, W).
        """
        if not test_cfg.get('flip_test', False):
            return self._final_heatmaps(feats)
        plain, mirrored = (self._final_heatmaps(item) for item in feats)
        mirrored = flip_heatmaps(
            mirrored,
            flip_indices=batch_data_samples[0].metainfo['flip_indices'],
            shift_heatmap=test_cfg.get('shift_heatmap', False),
        )
        return (plain + mirrored) * 0.5

    def _final_heatmaps(self, feats: tuple) -> Tensor:
        heatmaps = self.forward(feats)
        if isinstance(heatmaps, tuple):
            heatmaps = heatmaps[-1]
        if self.with_background:
            heatmaps = heatmaps[:, :-1]
        return heatmaps.relu() if self.nonnegative else heatmaps

    def decode(self, heatmaps: Tensor, batch_data_samples: list | None = None) -> list:
        """Decode heatmaps (B, K, H, W) in one call; other categories' channels rest.

        Args:
            heatmaps (Tensor): Shape (B, K, H, W).
            batch_data_samples (list[PoseDataSample], optional): Tell the
                categories, and so the channels that are decoded.

        Returns:
            list[InstanceData]: See :meth:`predict`.
        """
        return decode_heatmaps(self.decoder, heatmaps, batch_data_samples)[0]

    def loss(
        self, feats: tuple, batch_data_samples: list, train_cfg: dict | None = None
    ) -> dict:
        """Losses of all stages, and the accuracy of the last.

        Args:
            feats (tuple): Feature maps.
            batch_data_samples (list[PoseDataSample]): Samples with the codec's
                ``keypoint_labels`` and ``keypoint_weights``.
            train_cfg (dict): ``compute_acc`` (default True) adds ``acc_pose``.

        Returns:
            dict: Scalars.
        """
        stages = self.forward(feats)
        if not isinstance(stages, tuple):
            stages = (stages,)
        points = batch_targets(self.decoder, batch_data_samples)
        targets = points.with_background() if self.with_background else points
        losses = {}
        for (name, module), heatmaps in zip(self.stage_losses(), stages):
            if isinstance(module, LabelledLoss):
                loss = module(heatmaps, targets)
            else:
                loss = module(heatmaps, targets.dense(), targets.weights)
            losses[name] = self.stage_weight * loss
        if (train_cfg or {}).get('compute_acc', True):
            num_keypoints = points.weights.shape[1]
            losses['acc_pose'] = pck_accuracy(stages[-1][:, :num_keypoints], points)
        return losses


def decode_heatmaps(
    codec: PointHeatmap,
    heatmaps: Tensor,
    batch_data_samples: list | None,
    test_cfg: dict | None = None,
) -> tuple[list, list | None]:
    """Decode a batch of heatmaps into MMPose's structures.

    Args:
        codec (PointHeatmap): Decodes all of them in one call.
        heatmaps (Tensor): Shape (B, K, H, W).
        batch_data_samples (list[PoseDataSample], optional): Tell the categories, and
            so the channels that are decoded.
        test_cfg (dict, optional): ``output_heatmaps``.

    Returns:
        tuple: B ``InstanceData`` with ``keypoints`` (1, K, 2) in input pixels and
        ``keypoint_scores`` (1, K); B ``PixelData`` with ``heatmaps`` (K, H, W), or
        None where they are not asked for.
    """
    mask = own_channels(batch_data_samples, heatmaps)
    keypoints, scores = codec.batch_decode(heatmaps, mask)
    instances = [
        InstanceData(keypoints=points, keypoint_scores=point_scores)
        for points, point_scores in zip(keypoints, scores)
    ]
    if not (test_cfg or {}).get('output_heatmaps', False):
        return instances, None
    return instances, [PixelData(heatmaps=maps) for maps in heatmaps.detach()]


@torch.no_grad()
def pck_accuracy(heatmaps: Tensor, targets: PointTargets, thr: float = 0.05):
    """Share of labelled points whose maximum is near, as MMPose's ``acc_pose``.

    Near is within ``thr`` of the heatmap's width in x and of its height in y,
    taken as one ellipse. Unlike MMPose's function this one stays on the device.

    Args:
        heatmaps (Tensor): Shape (B, K, H, W).
        targets (PointTargets): M labelled points.
        thr (float): Defaults to 0.05.

    Returns:
        Tensor: Scalar in [0, 1]; 0 where nothing is labelled.
    """
    if len(targets.rows) == 0:
        return heatmaps.new_zeros(())
    width = heatmaps.shape[-1]
    index = targets.select(heatmaps.detach()).flatten(1).argmax(1)
    cells = torch.stack((index % width, index // width), dim=1)
    size = cells.new_tensor(targets.codec.heatmap_size)
    distance = ((cells - targets.points) / size).norm(dim=1)
    return (distance < thr).float().mean()


def own_channels(batch_data_samples: list | None, heatmaps: Tensor) -> Tensor | None:
    """Bool mask (B, K) of the channels of each sample's own category.

    Returns:
        Tensor | None: None where every channel is the sample's own: the samples
        do not tell a category, or the layout is that of one category.

    Raises:
        ValueError: If a sample's category id is not in the table.
    """
    if not batch_data_samples:
        return None
    channels = [_channels_of(sample.metainfo) for sample in batch_data_samples]
    if all(own is None for own in channels):
        return None
    mask = torch.zeros(heatmaps.shape[:2], dtype=torch.bool)
    for row, own in zip(mask, channels):
        row[slice(None) if own is None else list(own)] = True
    return mask.to(heatmaps.device)


def _channels_of(metainfo: dict) -> tuple[int, ...] | None:
    dataset = metainfo.get('dataset_name')
    category_id = metainfo.get('category_id')
    if dataset not in garments.BENCHMARKS or category_id is None:
        return None
    return garments.category_of_id(dataset, int(category_id)).channels


@MODELS.register_module()
class PointHeatmapHead(PointHeadMixin, HeatmapHead):
    """MMPose's heatmap head over :class:`PointHeatmap`.

    Layers and parameter names are those of :class:`mmpose.models.HeatmapHead`,
    so that its checkpoints load; targets are drawn on the device, and only the
    labelled channels are drawn, compared and decoded.

    Args:
        in_channels (int | Sequence[int]): Channels of the last feature map.
        out_channels (int): Number of key points K.
        loss (dict): A :class:`LabelledLoss` of this package or any key point
            loss of MMPose. Defaults to :class:`LabelledMSELoss`.
        decoder (dict): A :class:`PointHeatmap`; required.
        **kwargs: As :class:`mmpose.models.HeatmapHead`: ``deconv_out_channels``
            and the like.

    Raises:
        TypeError: If ``decoder`` is not a :class:`PointHeatmap`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        loss: dict | None = None,
        decoder: dict | None = None,
        **kwargs,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            loss=loss or dict(type='LabelledMSELoss'),
            **kwargs,
        )
        self.decoder = self.build_codec(decoder)

    def stage_losses(self) -> tuple[tuple[str, nn.Module], ...]:
        """The only stage."""
        return (('loss_kpt', self.loss_module),)
