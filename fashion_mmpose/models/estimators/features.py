"""The features that a test decodes, and the heads that can do so."""

from collections.abc import Mapping
from functools import partial

import torch
from mmpose.models.pose_estimators import TopdownPoseEstimator
from torch import Tensor

from fashion_mmpose.models.heads.point_heatmap_head import PointHeadMixin


def tested_features(
    model: TopdownPoseEstimator, inputs: Tensor, test_cfg: Mapping, parses: bool = True
) -> tuple | list:
    """Features of inputs and, for a flip test, of their mirror images.

    A graph that is exported has the network once, which both go through in one batch:
    it is half as large, and written and opened in half of the time.

    Args:
        model (TopdownPoseEstimator): The network.
        inputs (Tensor): Crops (B, 3, H, W), normalised.
        test_cfg (Mapping): ``flip_test``.
        parses (bool): Whether people are parsed where the backbone does so; else its
            features are without that, which takes most of its time. Defaults to True.

    Returns:
        tuple | list: What the head's ``predict`` takes: the features, or a list of
        those of the inputs and those of the mirror images.
    """
    extract = model.extract_feat if parses else partial(_unparsed, model)
    if not test_cfg.get('flip_test', False):
        return extract(inputs)
    # What is parsed once need not be parsed anew in the mirror.
    parsed = getattr(model.backbone, 'parsed', None) if parses else None
    inputs = inputs if parsed is None else parsed(inputs)
    mirrored = inputs.flip(-1)
    if not torch.compiler.is_exporting():
        return [extract(inputs), extract(mirrored)]
    both = extract(torch.cat((inputs, mirrored)))
    return list(zip(*(each.unflatten(0, (2, -1)).unbind() for each in both)))


def _unparsed(model: TopdownPoseEstimator, inputs: Tensor) -> tuple:
    """As ``extract_feat``, without human parsing."""
    feats = getattr(model.backbone, 'unparsed', model.backbone)(inputs)
    return model.neck(feats) if model.with_neck else feats


def check_head(model: TopdownPoseEstimator, way_out: str) -> None:
    """Refuse a head that trains, and of which a test wants more than it can do.

    Args:
        model (TopdownPoseEstimator): The network.
        way_out (str): What to set where the head is to stay.

    Raises:
        TypeError: If its head is none over :class:`PointHeatmap`.
    """
    if not isinstance(model.head, PointHeadMixin):
        raise TypeError(
            f'{type(model).__name__} asks its head for heatmaps of single points, '
            f'which {type(model.head).__name__} has not; to fix it: a head of this '
            f'package, such as PointHeatmapHead, or {way_out}'
        )
