"""Heads over :class:`PointHeatmap`: their common part, and the single-stage head."""

from collections.abc import Sequence

import torch
from mmpose.models.heads import HeatmapHead
from mmpose.registry import KEYPOINT_CODECS, MODELS
from torch import Tensor, nn

from fashion_mmpose.codecs import PointHeatmap
from fashion_mmpose.garments.shared import shared_places
from fashion_mmpose.models.losses.base import LabelledLoss, PointTargets, batch_targets

from .category_rows import check_key_points, decode_heatmaps, decode_rows, own_rows
from .stage_heatmaps import PendingHeatmaps, SharedHeatmaps, StageHeatmaps
from .state_branch import add_states, state_branch


class PointHeadMixin:
    """Targets, losses, flip test and decoding of heads over :class:`PointHeatmap`.

    A head that mixes it in has ``forward``, which returns heatmaps (B, K, H, W)
    or a tuple of them, one per stage, the last being the prediction; and
    ``stage_losses``, the name and the loss module of each stage. With
    ``with_background`` the heatmaps have a channel more, the last, which is
    trained but not decoded.

    Only labelled channels are trained, and only those of a sample's own category are
    decoded. A head that need not compute the others has ``stage_heatmaps`` as well.
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

    def __init_subclass__(cls, **kwargs) -> None:
        super().__init_subclass__(**kwargs)
        # Stages that a class inherits know nothing of a forward that comes before them,
        # its own or that of a class that is mixed in.
        ways = {'forward', 'stage_heatmaps'}
        first = next(each for each in cls.__mro__ if ways & vars(each).keys())
        if 'stage_heatmaps' not in vars(first):
            cls.stage_heatmaps = PointHeadMixin.stage_heatmaps

    def stage_losses(self) -> tuple[tuple[str, nn.Module], ...]:
        """Name and loss module of every stage, in the order of ``forward``."""
        raise NotImplementedError

    def stage_heatmaps(self, feats: tuple) -> tuple[StageHeatmaps, ...]:
        """What ``forward`` returns, stage by stage; computed when it is asked for."""
        heatmaps = self.forward(feats)
        if not isinstance(heatmaps, tuple):
            heatmaps = (heatmaps,)
        return tuple(map(StageHeatmaps, heatmaps))

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
            pixels and ``keypoint_scores`` (1, K), and of heads with ``states``
            ``keypoint_states`` (1, K, 3) and ``keypoints_visible`` (1, K), see
            :func:`.state_branch.add_states`; or that list and one of B ``PixelData``
            with ``heatmaps`` (K, H, W).
        """
        test_cfg = test_cfg or {}
        shape = (len(batch_data_samples), self.out_channels)
        rows = own_rows(batch_data_samples, self.out_channels)
        maps = self.predict_maps(feats, batch_data_samples, test_cfg, rows)
        preds, fields = decode_rows(self.decoder, maps, shape, rows, test_cfg)
        looks = feats if test_cfg.get('flip_test', False) else [feats]
        self.tell_states(preds, looks, batch_data_samples)
        return preds if fields is None else (preds, fields)

    def tell_states(self, preds: list, looks: Sequence, samples: list) -> None:
        """Add the states of the key points to what is predicted, if they are learnt.

        Args:
            preds (list[InstanceData]): B, changed in place: see
                :func:`.state_branch.add_states`.
            looks (Sequence[tuple]): Feature maps of the input and, of a flip test,
                of its mirror image.
            samples (list[PoseDataSample]): The batch's B samples.
        """
        if self._has_states:
            add_states(preds, [self._states(each) for each in looks], samples)

    @property
    def _has_states(self) -> bool:
        return getattr(self, 'states', None) is not None

    def _states(self, feats: tuple) -> Tensor:
        """Logits of the key points' states, (B, K, 3)."""
        return self.states(feats, getattr(self, 'places', None))

    def predict_heatmaps(
        self, feats: tuple, batch_data_samples: list, test_cfg: dict
    ) -> Tensor:
        """All heatmaps, of the last stage, averaged over flips.

        Other categories' channels are computed as well; :func:`decode_heatmaps` leaves
        them out.

        Args:
            feats (tuple | list): As in :meth:`predict`.
            batch_data_samples (list[PoseDataSample]): The batch's B samples.
            test_cfg (dict): ``flip_test`` and ``shift_heatmap``.

        Returns:
            Tensor: Shape (B, K, H, W).
        """
        maps = self.predict_maps(feats, batch_data_samples, test_cfg, None)
        return maps.unflatten(0, (-1, self.out_channels))

    def predict_maps(
        self,
        feats: tuple,
        batch_data_samples: list,
        test_cfg: dict,
        rows: Tensor | None,
    ) -> Tensor:
        """Some heatmaps, of the last stage, averaged over flips.

        Args:
            feats (tuple | list): As in :meth:`predict`.
            batch_data_samples (list[PoseDataSample]): Samples of the batch, of which
                the first tells the mirror images of the key points.
            test_cfg (dict): ``flip_test`` and ``shift_heatmap``.
            rows (Tensor, optional): Places of the maps in (B, K), flattened; int64,
                shape (M, ). None for all of them.

        Returns:
            Tensor: Shape (M, H, W).

        Raises:
            ValueError: If the samples have other key points than the head.
        """
        if not test_cfg.get('flip_test', False):
            return self._final_maps(feats, rows)
        plain = self._final_maps(feats[0], rows)
        # Not len(): where the graph is exported, M is no number yet.
        mirrored_rows = torch.arange(plain.shape[0]) if rows is None else rows
        flip_indices = torch.as_tensor(
            batch_data_samples[0].metainfo['flip_indices'], device=mirrored_rows.device
        )
        check_key_points(self.out_channels, len(flip_indices))
        channels = mirrored_rows % self.out_channels
        mirrored_rows = mirrored_rows - channels + flip_indices[channels]
        shift = test_cfg.get('shift_heatmap', False)
        maps = self._final_maps(feats[1], mirrored_rows)
        mirrored = self.decoder.mirrored(maps, shift)
        return (plain + mirrored) * 0.5

    def _final_maps(self, feats: tuple, rows: Tensor | None) -> Tensor:
        last = self.stage_heatmaps(feats)[-1]
        if self.with_background:
            last = StageHeatmaps(last.dense()[:, :-1])
        if rows is not None:
            rows = rows.to(feats[-1].device)
        maps = last.maps(rows)
        return maps.relu() if self.nonnegative else maps

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

        Raises:
            ValueError: If the samples have other key points than the head.
        """
        for sample in batch_data_samples:
            weights = sample.gt_instance_labels.keypoint_weights
            check_key_points(self.out_channels, weights.shape[1])
        points = batch_targets(self.decoder, batch_data_samples)
        targets = points.with_background() if self.with_background else points
        stages = self.stage_heatmaps(feats)
        losses = {}
        for (name, module), stage in zip(self.stage_losses(), stages):
            if isinstance(module, LabelledLoss):
                maps = stage.maps(targets.some_rows)
                loss = module.of_maps(maps, targets)
            else:
                heatmaps = stage.dense()
                maps = targets.select(heatmaps)
                loss = module(heatmaps, targets.dense(), targets.weights)
            losses[name] = self.stage_weight * loss
        if (train_cfg or {}).get('compute_acc', True):
            if self.with_background:  # which is no point
                maps = maps[targets.channels < self.out_channels]
            losses['acc_pose'] = pck_accuracy(maps, points)
        if self._has_states:
            losses |= self.states.losses(self._states(feats), batch_data_samples)
        return losses


def places_of(out_channels: int, share_places: bool) -> tuple[int, ...] | None:
    """The channel of a network that each key point has, where places are shared.

    Args:
        out_channels (int): Number of key points K.
        share_places (bool): See :class:`PointHeatmapHead`.

    Returns:
        tuple | None: K channels; None where every key point has its own.

    Raises:
        ValueError: If places are to be shared, and the key points are not the 294.
    """
    if not share_places:
        return None
    places = shared_places()
    if out_channels != len(places):
        raise ValueError(
            f'share_places is for the {len(places)} landmarks of DeepFashion2, not '
            f'for out_channels={out_channels}; to fix it: share_places=False'
        )
    return places


@torch.no_grad()
def pck_accuracy(maps: Tensor, targets: PointTargets, thr: float = 0.05) -> Tensor:
    """Share of labelled points whose maximum is near, for ``acc_pose``.

    Near is within ``thr`` of the heatmap's width in x and of its height in y,
    taken as one ellipse. Unlike MMPose's function, a mean over the shares of the key
    points, this one counts all points alike, and stays on the device.

    Args:
        maps (Tensor): The labelled maps, of the codec's kind; shape (M, H, W).
        targets (PointTargets): M labelled points.
        thr (float): Defaults to 0.05.

    Returns:
        Tensor: Scalar in [0, 1]; 0 where nothing is labelled.
    """
    if len(maps) == 0:
        return targets.points.new_zeros(())
    cells = targets.codec.peaks(maps.detach())
    size = cells.new_tensor(targets.codec.heatmap_size)
    distance = ((cells - targets.points) / size).norm(dim=1)
    return (distance < thr).float().mean()


@MODELS.register_module()
class PointHeatmapHead(PointHeadMixin, HeatmapHead):
    """MMPose's heatmap head over :class:`PointHeatmap`.

    Layers and parameter names are those of :class:`mmpose.models.HeatmapHead`,
    so that its checkpoints load; targets are drawn on the device, and only the
    labelled channels are drawn, compared and decoded.

    Args:
        in_channels (int): Channels of the last feature map.
        out_channels (int): Number of key points K.
        loss (dict): A :class:`LabelledLoss` of this package or any key point
            loss of MMPose. Defaults to :class:`LabelledMSELoss`.
        decoder (dict): A :class:`PointHeatmap`; required.
        share_places (bool): Whether landmarks that are one place in several categories
            are one channel of the network, see
            :func:`fashion_mmpose.garments.shared.shared_places`: 81 in the place of
            DeepFashion2's 294, of which ``out_channels`` keeps speaking. Defaults to
            False.
        states (dict, optional): Settings of a :class:`.StateBranch`, which tells
            whether key points are absent, occluded or visible: ``loss_weight``. An
            empty one for its defaults; None for no branch. Defaults to None.
        **kwargs: As :class:`mmpose.models.HeatmapHead`: ``deconv_out_channels``
            and the like.

    Raises:
        TypeError: If ``decoder`` is not a :class:`PointHeatmap`.
        ValueError: If places are to be shared, and the key points are not the 294.
    """

    places: torch.Tensor | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        loss: dict | None = None,
        decoder: dict | None = None,
        share_places: bool = False,
        states: dict | None = None,
        **kwargs,
    ) -> None:
        places = places_of(out_channels, share_places)
        self.map_channels = out_channels if places is None else max(places) + 1
        super().__init__(
            in_channels,
            self.map_channels,
            loss=loss or dict(type='LabelledMSELoss'),
            **kwargs,
        )
        self.decoder = self.build_codec(decoder)
        self.states = state_branch(states, self.in_channels, self.out_channels)
        self.out_channels = out_channels
        table = None if places is None else torch.tensor(places)
        self.register_buffer('places', table, persistent=False)

    def forward(self, feats: tuple) -> Tensor:
        """Heatmaps (B, K, H, W) of feature maps, of which the last is read."""
        maps = self.final_layer(self.features(feats))
        return maps if self.places is None else maps.index_select(1, self.places)

    def features(self, feats: tuple) -> Tensor:
        """What the last layer reads, (B, C, H, W), of feature maps."""
        return self.conv_layers(self.deconv_layers(feats[-1]))

    def stage_losses(self) -> tuple[tuple[str, nn.Module], ...]:
        """The only stage."""
        return (('loss_kpt', self.loss_module),)

    def stage_heatmaps(self, feats: tuple) -> tuple[StageHeatmaps, ...]:
        """As ``forward``, the last layer pending."""
        pending = PendingHeatmaps(self.features(feats), self.final_layer)
        if self.places is None:
            return (pending,)
        return (SharedHeatmaps(pending, self.map_channels, self.places),)
