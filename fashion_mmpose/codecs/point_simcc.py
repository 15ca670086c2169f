"""Coordinates as one profile along x and one along y (SimCC)."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from mmpose.registry import KEYPOINT_CODECS
from torch import Tensor

from .point_heatmap import PointHeatmap

PICTURE_STRIDE = 4  # input pixels per cell of the maps that are shown


@KEYPOINT_CODECS.register_module()
class PointSimCC(PointHeatmap):
    """Profiles over finely divided axes, as `SimCC`_ and `RTMPose`_ have them.

    A key point is the place of two maxima, one of W values along x and one of H values
    along y, which lie in one row behind each other: what a head over this codec gives
    for a key point is a map of one row, (1, W + H). Targets, the choice of a category's
    own channels, flip test and decoding are those of :class:`PointHeatmap`.

    Args:
        input_size (tuple): Input size [w, h] in pixels.
        sigma (float | tuple): Standard deviation of the Gaussian in bins; one number,
            or one for x and one for y. RTMPose's for an input of 192x256 are
            (4.9, 5.66).
        split_ratio (float): Bins per input pixel, MMPose's ``simcc_split_ratio``.
            Defaults to 2.
        beta (float): What the profiles are multiplied with before a softmax makes
            distributions of them, as in the loss. Defaults to 10, RTMPose's.
        unbiased (bool): As :class:`PointHeatmap`. False is MMPose's.
        convention (str): Bin of an input coordinate x, as :class:`PointHeatmap` has it
            for cells. ``'msra'``, ``x * split_ratio``, is MMPose's; with ``'centers'``
            a mirrored input has the mirrored profile. Defaults to ``'centers'``.

    Raises:
        ValueError: If an option has no such choice, or a size does not fit.

    .. _`SimCC`: https://arxiv.org/abs/2107.03332
    .. _`RTMPose`: https://arxiv.org/abs/2303.07399
    """

    def __init__(
        self,
        input_size: tuple[int, int],
        sigma: float | Sequence[float],
        split_ratio: float = 2.0,
        beta: float = 10.0,
        unbiased: bool = True,
        convention: str = 'centers',
    ) -> None:
        sigmas = np.broadcast_to(np.asarray(sigma, float), 2)
        if split_ratio <= 0 or beta <= 0 or sigmas.min() <= 0:
            raise ValueError('sigma, split_ratio and beta must be positive')
        width, height = (round(size * split_ratio) for size in input_size)
        super().__init__(
            input_size,
            (width, height),
            sigma=float(sigmas.max()),
            unbiased=unbiased,
            convention=convention,
            decode_mode='argmax',
        )
        self.sigmas = tuple(sigmas.tolist())
        self.split_ratio = split_ratio
        self.beta = beta

    def render(self, points: Tensor) -> Tensor:
        """Draw two Gaussians per point.

        Args:
            points (Tensor): Bins, shape (M, 2).

        Returns:
            Tensor: Profiles of shape (M, 1, W + H), on the device of ``points``.
        """
        return torch.cat(self._gaussians(points, self.sigmas), dim=1)[:, None]

    def profiles(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """The profiles along x (..., W) and y (..., H) of rows (..., W + H)."""
        width = self.heatmap_size[0]
        return maps[..., :width], maps[..., width:]

    def mirrored(self, maps: Tensor, shift: bool = False) -> Tensor:
        """Profiles of an input, from those (..., W + H) of its mirror image.

        Raises:
            ValueError: If they are to be moved by a cell, which is for heatmaps.
        """
        if shift:
            raise ValueError(
                'shift_heatmap is for heatmaps; to fix it: test_cfg=dict('
                'shift_heatmap=False)'
            )
        along_x, along_y = self.profiles(maps)
        return torch.cat((along_x.flip(-1), along_y), dim=-1)

    def peaks(self, maps: Tensor) -> Tensor:
        """The bins (x, y) of the first maxima, int64 (M, 2)."""
        return torch.stack(
            [profile.select(1, 0).argmax(1) for profile in self.profiles(maps)], dim=1
        )

    def decode_maps(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Decode profiles where they lie, without a copy to numpy.

        Args:
            maps (Tensor): Shape (M, 1, W + H), of single precision at least.

        Returns:
            tuple: Input pixels (M, 2) and scores (M, ), the lower one of both maxima,
            between 0 and 1. As in MMPose, a maximum that is not positive says nothing:
            the point is then the centre of the crop, with score 0.
        """
        values = [profile.select(1, 0).amax(1) for profile in self.profiles(maps)]
        scores = torch.minimum(*values)
        cells = self.peaks(maps).to(maps.dtype)
        points = cells * cells.new_tensor(self.scale_factor.tolist()) + self.shift
        centre = points.new_tensor(self.input_size) / 2
        points = torch.where(scores.unsqueeze(1) > 0, points, centre)
        return points, scores.clamp(0, 1)

    def covariances(self, maps: Tensor, points: Tensor) -> Tensor:
        """How far the profiles' distributions are spread about the points.

        Args:
            maps (Tensor): Shape (M, 1, W + H), of single precision at least.
            points (Tensor): Input pixels, shape (M, 2).

        Returns:
            Tensor: Shape (M, 2, 2), square input pixels; x and y are taken for
            independent.
        """
        variances = []
        for axis, profile in enumerate(self.profiles(maps)):
            weights = (self.beta * profile.select(1, 0)).softmax(1)
            size = float(self.scale_factor[axis])
            bins = torch.arange(weights.shape[1], device=maps.device, dtype=maps.dtype)
            places = bins * size + self.shift - points.narrow(1, axis, 1)
            variances.append((weights * places.square()).sum(1))
        return torch.diag_embed(torch.stack(variances, dim=1))

    def pictures(self, maps: Tensor) -> Tensor:
        """Maps (..., h, w) of profiles (..., 1, W + H), for eyes.

        A cell is four input pixels wide and has the product of the largest value along
        x and that along y.
        """
        step = max(1, round(PICTURE_STRIDE * self.split_ratio))
        along_x, along_y = (
            F.max_pool1d(profile.flatten(0, -2).clamp(min=0), step, ceil_mode=True)
            for profile in self.profiles(maps)
        )
        drawn = along_y[:, :, None] * along_x[:, None, :]
        return drawn.unflatten(0, maps.shape[:-2])
