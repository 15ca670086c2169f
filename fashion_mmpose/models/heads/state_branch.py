"""Whether key points are absent, occluded or visible, read off the features.

B: samples, K: key points of the layout, C: channels of the network, of which several
key points may share one.
"""

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .category_rows import own_rows

STATES = ('absent', 'occluded', 'visible')  # COCO's visibility: 0, 1, 2
IGNORED = -1


class StateBranch(nn.Module):
    """A linear layer over the mean of the last feature map, three outputs a channel.

    MMPose's ``VisPredictHead`` tells labelled points from others in the same way; this
    one tells all three states, of the points of each garment's own category.

    Args:
        in_channels (int): Channels of the last feature map.
        num_channels (int): C.
        loss_weight (float): Factor of the cross entropy. Defaults to 0.001, which is as
            large as :class:`LabelledMSELoss` of maps of height 1.

    Raises:
        ValueError: If ``loss_weight`` is not positive.
    """

    def __init__(
        self, in_channels: int, num_channels: int, loss_weight: float = 1e-3
    ) -> None:
        super().__init__()
        if not loss_weight > 0:
            raise ValueError(f'loss_weight must be positive, got {loss_weight}')
        self.loss_weight = loss_weight
        self.layer = nn.Linear(in_channels, len(STATES) * num_channels)
        nn.init.normal_(self.layer.weight, std=0.01)
        nn.init.zeros_(self.layer.bias)

    def forward(self, feats: tuple, places: Tensor | None = None) -> Tensor:
        """Logits of the states.

        Args:
            feats (tuple[Tensor]): Levels; the last, (B, in_channels, h, w), is read.
            places (Tensor, optional): The channel of each key point, int64, shape
                (K, ). None where K = C.

        Returns:
            Tensor: Shape (B, K, 3), in the order of ``STATES``.
        """
        logits = self.layer(feats[-1].mean((2, 3))).unflatten(1, (-1, len(STATES)))
        return logits if places is None else logits.index_select(1, places)

    def losses(self, logits: Tensor, batch_data_samples: list) -> dict[str, Tensor]:
        """The loss, and the share of states that are right.

        Points of other categories, and those that lie outside of the crop and are not
        absent, say nothing.

        Args:
            logits (Tensor): Shape (B, K, 3).
            batch_data_samples (list[PoseDataSample]): Samples with
                ``keypoint_states`` (1, K) and ``keypoint_weights``.

        Raises:
            ValueError: If the samples do not tell states.
        """
        wanted = target_states(batch_data_samples).to(logits.device)
        known = wanted != IGNORED
        logits, wanted = logits[known].float(), wanted[known]
        if len(wanted) == 0:
            # Keep the graph: distributed training waits for every gradient.
            return dict(loss_states=logits.sum(), acc_states=logits.sum().detach())
        right = logits.detach().argmax(1) == wanted
        return dict(
            loss_states=self.loss_weight * F.cross_entropy(logits, wanted),
            acc_states=right.float().mean(),
        )


def state_branch(
    settings: Mapping | None, in_channels: int, num_channels: int
) -> StateBranch | None:
    """The branch of a head with these settings; None where it has none."""
    if settings is None:
        return None
    return StateBranch(in_channels, num_channels, **settings)


def target_states(batch_data_samples: list) -> Tensor:
    """What the samples' points are, int64 (B, K); IGNORED where nobody knows.

    Raises:
        ValueError: If the samples do not tell.
    """
    labels = [sample.gt_instance_labels for sample in batch_data_samples]
    if not all('keypoint_states' in label for label in labels):
        raise ValueError(
            'the samples have no keypoint_states, which a head with `states` learns '
            'from; to fix it: train on a GarmentDataset, with RandomMirror and not '
            "MMPose's RandomFlip, or leave `states` out"
        )
    states = torch.cat([label.keypoint_states for label in labels]).long()
    inside = torch.cat([label.keypoint_weights for label in labels]) > 0
    states = states.masked_fill((states > 0) & ~inside, IGNORED)
    rows = own_rows(batch_data_samples, states.shape[1])
    if rows is None:
        return states
    own = torch.full_like(states, IGNORED).flatten()
    rows = rows.to(states.device)
    own[rows] = states.flatten()[rows]
    return own.view_as(states)


def add_states(instances: list, logits: list[Tensor], batch_data_samples: list) -> None:
    """Add what is predicted of the states to what is predicted of the points, in place.

    Args:
        instances (list[InstanceData]): B; each gets ``keypoint_states`` (1, K, 3),
            probabilities in the order of ``STATES``, and MMPose's
            ``keypoints_visible`` (1, K), the last of them. Points of other categories
            are absent.
        logits (list[Tensor]): Shape (B, K, 3); of a flip test those of the mirror
            images, too.
        batch_data_samples (list[PoseDataSample]): The batch's B samples.
    """
    shares = [each.detach().float().softmax(2) for each in logits]
    if len(shares) == 2:
        flip_indices = batch_data_samples[0].metainfo['flip_indices']
        shares[1] = shares[1][:, list(flip_indices)]
    mean = (sum(shares) / len(shares)).cpu().numpy()
    rows = own_rows(batch_data_samples, mean.shape[1])
    if rows is not None:
        foreign = np.ones(mean.shape[:2], bool)
        foreign.reshape(-1)[rows.numpy()] = False
        mean[foreign] = 1, 0, 0
    for each, found in zip(instances, mean):
        each.keypoint_states = found[None]
        each.keypoints_visible = found[None, :, 2]
