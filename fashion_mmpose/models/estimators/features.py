"""The features that a test decodes."""

from collections.abc import Mapping

from mmpose.models.pose_estimators import TopdownPoseEstimator
from torch import Tensor


def tested_features(
    model: TopdownPoseEstimator, inputs: Tensor, test_cfg: Mapping
) -> tuple | list:
    """Features of inputs and, for a flip test, of their mirror images.

    Args:
        model (TopdownPoseEstimator): The network.
        inputs (Tensor): Crops (B, 3, H, W), normalised.
        test_cfg (Mapping): ``flip_test``.

    Returns:
        tuple | list: What the head's ``predict`` takes: the features, or a list of
        those of the inputs and those of the mirror images.
    """
    feats = model.extract_feat(inputs)
    if not test_cfg.get('flip_test', False):
        return feats
    return [feats, model.extract_feat(inputs.flip(-1))]
