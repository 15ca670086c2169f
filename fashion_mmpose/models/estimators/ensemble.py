"""Several networks, one averaged heatmap."""

from collections.abc import Mapping, Sequence

import torch.nn.functional as F
from mmengine.model import BaseModel, ImgDataPreprocessor
from mmpose.models.pose_estimators import TopdownPoseEstimator
from mmpose.registry import MODELS
from torch import Tensor, nn

from fashion_mmpose.codecs import PointSimCC
from fashion_mmpose.codecs.resampling import resample_heatmaps
from fashion_mmpose.config.checks import check_agreement
from fashion_mmpose.config.loading import newest_file, read_members
from fashion_mmpose.models.heads.category_rows import decode_heatmaps
from fashion_mmpose.models.heads.point_heatmap_head import PointHeadMixin
from fashion_mmpose.weights.conversion.convert import dataset_meta
from fashion_mmpose.weights.read import load_weights, read_checkpoint
from fashion_mmpose.weights.trained_for import check_trained_for

from .features import tested_features
from .padded_flip import PaddedFlipEstimator

SIZE_DIVISOR = 32  # an input scaled to a multiple of it passes every backbone


@MODELS.register_module()
class HeatmapEnsemble(TopdownPoseEstimator):
    """Average the final heatmaps of several networks, and of several input scales.

    Every member gets the same crop, resized to its own input size and normalised in
    its own way, and averages its flip test as its own config says. Heatmaps of
    another grid (size, stride or convention) are resampled to the ensemble's, and
    those of another amplitude are rescaled. The mean is decoded once, by the
    ensemble's codec: sum, then blur, then maximum, as in the FashionAI CPN system.
    With a single member and several ``scales`` it is a multi-scale test.

    The members must have been trained for the same crop, up to its size; build the
    run with :func:`fashion_mmpose.commands.runs.running.build_runner`, which compares
    the pipelines.

    Args:
        members (Sequence[str | dict]): One or more networks. A dict has

            - ``config``: path, bare name of a config that the package carries, or
              a loaded config with ``model``, into which
              :func:`fashion_mmpose.config.loading.load_config` turns a name;
            - ``checkpoint``: its weights, a path or a pattern of which the newest
              match is taken. None leaves the weights to a checkpoint of the whole
              ensemble. Defaults to ``work_dirs/<name of the config>/best_*.pth``;
            - ``weight``: in the average. Defaults to 1;
            - ``name``: for messages. Defaults to the name of the config.

            A string is the ``config``.
        decoder (dict): A :class:`PointHeatmap`: the grid of the average, and how it
            is decoded.
        category (str, optional): Fills ``{category}`` in ``config`` and
            ``checkpoint``.
        scales (Sequence[float]): Sizes of the input, in units of the member's own,
            rounded to multiples of 32 pixels. Defaults to (1, ).
        data_preprocessor (dict, optional): Stacks the crops. Defaults to
            ``PoseDataPreprocessor`` without normalisation, which is the members'.
        test_cfg (dict, optional): ``flip_test`` for all members in place of their
            own, ``output_heatmaps``.
        train_cfg (dict, optional): Not used; part of every MMPose model.

    Raises:
        FileNotFoundError: If a config or a checkpoint does not exist.
        TypeError: If a member's head has no :class:`PointHeatmap`.
        ValueError: If the members do not agree on their key points, or a checkpoint
            does not fit its config.
    """

    def __init__(
        self,
        members: Sequence[str | Mapping],
        decoder: dict,
        category: str | None = None,
        scales: Sequence[float] = (1.0,),
        data_preprocessor: dict | None = None,
        test_cfg: dict | None = None,
        train_cfg: dict | None = None,
    ) -> None:
        # MMPose's constructor would build a single backbone.
        BaseModel.__init__(self, data_preprocessor or dict(type='PoseDataPreprocessor'))
        if not members:
            raise ValueError('HeatmapEnsemble needs at least one member')
        if not scales or min(scales) <= 0:
            raise ValueError(f'scales must be positive numbers, got {scales}')
        self.metainfo = None
        self.train_cfg = train_cfg or {}
        self.test_cfg = test_cfg or {}
        self.scales = tuple(scales)
        self.decoder = PointHeadMixin.build_codec(decoder)
        specs = read_members(members, category)
        check_agreement(specs)
        self.members = nn.ModuleList(map(build_member, specs))
        total = sum(spec['weight'] for spec in specs)
        self.weights = [spec['weight'] / total for spec in specs]

    def predict(self, inputs: Tensor, data_samples: list) -> list:
        """Predict the key points of the crops.

        Args:
            inputs (Tensor): Crops (B, 3, H, W), BGR, in [0, 255].
            data_samples (list[PoseDataSample]): The batch's B samples.

        Returns:
            list[PoseDataSample]: As MMPose's estimators.
        """
        heatmaps = self.average_heatmaps(inputs, data_samples)
        instances, fields = decode_heatmaps(
            self.decoder, heatmaps, data_samples, self.test_cfg
        )
        return self.add_pred_to_datasample(instances, fields, data_samples)

    def average_heatmaps(self, inputs: Tensor, data_samples: list) -> Tensor:
        """The weighted mean of the members' heatmaps, (B, K, H', W')."""
        total = 0
        for weight, member in zip(self.weights, self.members):
            for scale in self.scales:
                heatmaps = self._member_heatmaps(member, inputs, scale, data_samples)
                total = total + heatmaps * (weight / len(self.scales))
        return total

    def _member_heatmaps(
        self, member: nn.Module, inputs: Tensor, scale: float, data_samples: list
    ) -> Tensor:
        """One member's heatmaps at one scale, on the ensemble's grid."""
        codec = member.head.decoder
        width, height = codec.input_size
        if scale != 1:
            width, height = (
                max(1, round(side * scale / SIZE_DIVISOR)) * SIZE_DIVISOR
                for side in (width, height)
            )
        resized = inputs
        if inputs.shape[2:] != (height, width):
            resized = F.interpolate(
                inputs, (height, width), mode='bilinear', antialias=True
            )
        normalized = normalize(resized, member.data_preprocessor)
        test_cfg = {**member.test_cfg, **self.test_cfg}
        if isinstance(member, PaddedFlipEstimator):
            heatmaps = member.predict_heatmaps(normalized, data_samples, test_cfg)
        else:
            feats = tested_features(member, normalized, test_cfg)
            heatmaps = member.head.predict_heatmaps(feats, data_samples, test_cfg)
        if codec.amplitude != self.decoder.amplitude:
            heatmaps = heatmaps * (self.decoder.amplitude / codec.amplitude)
        return resample_heatmaps(heatmaps, codec, (width, height), self.decoder)

    def _forward(self, inputs: Tensor, data_samples: list | None = None) -> Tensor:
        """Heatmaps without flip test, which needs the samples' flip pairs."""
        test_cfg, self.test_cfg = self.test_cfg, dict(self.test_cfg, flip_test=False)
        try:
            return self.average_heatmaps(inputs, data_samples)
        finally:
            self.test_cfg = test_cfg

    def loss(self, inputs: Tensor, data_samples: list) -> dict:
        """An ensemble is not trained.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError('train the members of a HeatmapEnsemble one by one')


def normalize(inputs: Tensor, preprocessor: ImgDataPreprocessor) -> Tensor:
    """Crops (B, 3, H, W), BGR, in [0, 255], as a network's own preprocessor does it.

    Without what MMPose's adds to the samples of a batch, which would make the number of
    crops a constant of an exported graph.
    """
    return ImgDataPreprocessor.forward(preprocessor, dict(inputs=inputs))['inputs']


def build_member(spec: Mapping) -> nn.Module:
    """Build one network and load its weights.

    Args:
        spec: As :func:`fashion_mmpose.config.loading.read_members` returns it.

    Raises:
        FileNotFoundError: If its checkpoint does not exist.
        TypeError: If its head has no heatmaps of a :class:`PointHeatmap`.
        ValueError: If the checkpoint does not fit it.
    """
    member = MODELS.build(spec['config']['model'])
    head = getattr(member, 'head', None)
    if not isinstance(head, PointHeadMixin):
        raise TypeError(
            f'{spec["name"]} has a {type(head).__name__}; a member needs a head with '
            'a PointHeatmap, such as PointHeatmapHead, which loads the checkpoints of '
            "MMPose's HeatmapHead"
        )
    if isinstance(head.decoder, PointSimCC):
        raise TypeError(
            f'{spec["name"]} gives profiles (PointSimCC), of which HeatmapEnsemble '
            'makes no mean; to fix it: leave it out, and test it alone'
        )
    if spec['checkpoint'] is not None:
        path = newest_file(spec['checkpoint'], spec['name'])
        stored = read_checkpoint(path)
        tested = dataset_meta(spec['config']).get('dataset_meta', {})
        check_trained_for(stored.meta, tested, spec['name'], path)
        load_weights(member, stored.tensors, spec['name'], path)
    return member
