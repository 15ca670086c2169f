"""Features of a network of timm beside those of one that knows people's joints."""

import torch
from mmpose.registry import MODELS
from torch import Tensor

from .timm_features import TimmFeatures


@MODELS.register_module()
class FeaturesWithJoints(TimmFeatures):
    """Feature levels of a network of timm, and before them those of a second backbone.

    A head that reads the last level alone is as with :class:`.TimmFeatures`, and so are
    the names of the weights; :class:`.LateralHeatmapHead` reads the others, too.

    Where drawings teach, a network that is at home in drawings has no reason to look at
    joints, which only photographs need. So some pictures of a training come without the
    features of timm's network.

    Args:
        model_name (str): See :class:`.TimmFeatures`.
        joints (dict): The second backbone, e.g. ``dict(type='MoveNetFeatures')``; it
            has ``channels`` and ``strides``.
        drop (float): Probability that a picture of a training has zeros in place of
            the features of timm's network. Defaults to 0.
        **kwargs: See :class:`.TimmFeatures`.

    Raises:
        ValueError: If ``drop`` is not in [0, 1), or as :class:`.TimmFeatures`.
    """

    def __init__(
        self, model_name: str, joints: dict, drop: float = 0.0, **kwargs
    ) -> None:
        check_probability('drop', drop)
        super().__init__(model_name, **kwargs)
        self.drop = drop
        self.joints = MODELS.build(joints)

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of the levels, those of the second backbone first."""
        return (*self.joints.channels, *super().channels)

    @property
    def strides(self) -> tuple[int, ...]:
        """Input pixels per cell of the levels, those of the second backbone first."""
        return (*self.joints.strides, *super().strides)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Feature levels.

        Args:
            x (Tensor): Pictures, shape (B, 3, H, W).

        Returns:
            tuple[Tensor]: Levels (B, C_i, H / stride_i, W / stride_i): of the second
            backbone, finest first, and then of timm's network, finest first.
        """
        levels = super().forward(x)
        if self.training and self.drop:
            kept = kept_by_lot(x, self.drop)
            levels = tuple(level * kept for level in levels)
        return (*self.joints(x), *levels)


def check_probability(name: str, value: float) -> None:
    """Refuse what is no probability of leaving something out.

    Raises:
        ValueError: If it is not in [0, 1).
    """
    if not 0 <= value < 1:
        raise ValueError(f'{name} is a probability in [0, 1), got {value!r}')


def kept_by_lot(x: Tensor, drop: float) -> Tensor:
    """Which pictures of a batch keep something: (B, 1, 1, 1) bool, by lot.

    Args:
        x: The batch, shape (B, ...).
        drop: Probability that one does not.
    """
    return torch.rand(len(x), 1, 1, 1, device=x.device) >= drop
