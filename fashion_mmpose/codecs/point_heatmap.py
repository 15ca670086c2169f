"""Heatmaps whose targets travel as points and are drawn on the device."""

import math
from collections.abc import Iterable
from functools import partial

import numpy as np
import torch
from mmpose.codecs.base import BaseKeypointCodec
from mmpose.registry import KEYPOINT_CODECS
from torch import Tensor

from .blurring import Blur
from .decoding import BLURS_PARTS, DECODERS, maximum
from .spread import spread

PIECE = 2**19  # cells that are decoded at once

# The input pixel at the centre of the first cell, by the stride.
CONVENTIONS = {
    'msra': lambda stride: 0.0,
    'cpn': lambda stride: 1.0,
    'centers': lambda stride: (stride - 1) / 2,
}


@KEYPOINT_CODECS.register_module()
class PointHeatmap(BaseKeypointCodec):
    """Gaussian heatmaps, encoded as points and decoded in one batched call.

    :meth:`encode` runs in the loader's workers and returns coordinates, so a
    sample of 294 landmarks is 294 points and not 294 maps. The head draws the
    maps with :meth:`render`, on the device, for the labelled channels only.
    :meth:`batch_decode` blurs, finds the maximum and steps to the sub-pixel for
    all maps of a batch at once, where the network's output lies.

    Note:

        - batch size: B
        - instance number: N, always 1
        - keypoint number: K
        - drawn or decoded maps: M
        - heatmap size: [W, H]

        Input coordinates are pixels of the network's input; heatmap coordinates
        are cells, the centre of the first cell being 0.

    Args:
        input_size (tuple): Input size [w, h] in pixels.
        heatmap_size (tuple): Heatmap size [W, H] in cells.
        sigma (float): Standard deviation of the Gaussian, in cells.
        amplitude (float): Height of the Gaussian. Scores are divided by it.
            Defaults to 1.
        unbiased (bool): Whether the Gaussian is drawn about the point itself;
            about the centre of the nearest cell otherwise. Defaults to True.
        convention (str): Heatmap coordinate of an input coordinate x.
            ``'msra'``: ``x / stride``, as in MMPose; ``'cpn'``: ``(x - 1) /
            stride``, as in the FashionAI CPN system; ``'centers'``: ``(x + 0.5) /
            stride - 0.5``, a cell lies in the middle of its pixels, so that the
            heatmap of a mirrored input is the mirrored heatmap, without
            ``shift_heatmap``. Defaults to ``'msra'``.
        decode_mode (str): How the position is read off a map, in cells.

            - ``'argmax'``: the first maximum a.
            - ``'quarter'``: a quarter cell from a toward the higher neighbour,
              as in `HRNet`_.
            - ``'second_max'``: ``(3 * a + b) / 4`` with the second maximum b, as
              in the FashionAI CPN system.
            - ``'dark'``: one Newton step on the logarithm of the blurred map, as
              in `DARK`_.
            - ``'resized'``: the first maximum of the map resized to the input, as
              in the FashionAI CPM system: a pixel beside the middle of the highest
              cell, of which the first is at pixel ``(stride - 1) / 2``.

            Defaults to ``'quarter'``.
        blur_kernel_size (int): Odd size of the Gaussian blur before the maximum
            is sought (for ``'dark'``: before the Newton step); 0 for none.
            Defaults to 0.
        blur_sigma (float, optional): Its standard deviation in cells; by default
            what OpenCV derives from the size.
        shift (float, optional): Input pixels added to x and y after decoding. By
            default what the convention took off, so that decoding inverts
            encoding. The CPN system adds 2. ``'resized'`` is the exception: as in
            the CPM system, its points come ``(stride - 1) / 2`` late. What inverts
            its encoding is 0 with ``'centers'``, ``-(stride - 1) / 2`` with
            ``'msra'`` and ``1 - (stride - 1) / 2`` with ``'cpn'``.
        min_variance (float): A map whose variance is below this, or that is
            constant, says nothing: its point is the centre of the crop, with
            score 0. Defaults to 0.

    Raises:
        ValueError: If an option has no such choice, or a size does not fit.

    .. _`HRNet`: https://arxiv.org/abs/1902.09212
    .. _`DARK`: https://arxiv.org/abs/1910.06278
    """

    label_mapping_table = dict(
        keypoint_labels='keypoint_labels',
        keypoint_weights='keypoint_weights',
        # Which the dataset tells.
        keypoint_states='keypoint_states',
    )

    def __init__(
        self,
        input_size: tuple[int, int],
        heatmap_size: tuple[int, int],
        sigma: float,
        amplitude: float = 1.0,
        unbiased: bool = True,
        convention: str = 'msra',
        decode_mode: str = 'quarter',
        blur_kernel_size: int = 0,
        blur_sigma: float | None = None,
        shift: float | None = None,
        min_variance: float = 0.0,
    ) -> None:
        super().__init__()
        if convention not in CONVENTIONS:
            raise ValueError(
                f'unknown convention {convention!r}; choose from {list(CONVENTIONS)}'
            )
        if decode_mode not in DECODERS:
            raise ValueError(
                f'unknown decode_mode {decode_mode!r}; choose from {list(DECODERS)}'
            )
        if blur_kernel_size < 0 or (blur_kernel_size and blur_kernel_size % 2 == 0):
            raise ValueError(
                f'blur_kernel_size must be 0 or odd, got {blur_kernel_size}'
            )
        if decode_mode == 'dark' and not blur_kernel_size:
            raise ValueError("decode_mode 'dark' needs a blur_kernel_size, e.g. 11")
        widths = (sigma, amplitude, 1.0 if blur_sigma is None else blur_sigma)
        if not all(0 < width < math.inf for width in widths):
            raise ValueError(
                f'sigma, amplitude and blur_sigma must be positive, got {sigma}, '
                f'{amplitude} and {blur_sigma}'
            )
        if not min_variance >= 0:
            raise ValueError(f'min_variance must be 0 or more, got {min_variance}')
        self.input_size = tuple(input_size)
        self.heatmap_size = tuple(heatmap_size)
        self.sigma = sigma
        self.amplitude = amplitude
        self.unbiased = unbiased
        self.convention = convention
        self.decode_mode = decode_mode
        self.blur_kernel_size = blur_kernel_size
        self.blur_sigma = blur_sigma
        self.min_variance = min_variance
        self.scale_factor = np.array(input_size, np.float32) / np.array(
            heatmap_size, np.float32
        )  # input pixels per cell, (x, y)
        self.origin = self._origin()
        self.shift = self.origin if shift is None else shift

    def _origin(self) -> float:
        """The input pixel, in x as in y, at the centre of the first cell."""
        strides = self.scale_factor.tolist()
        x, y = map(CONVENTIONS[self.convention], strides)
        if x != y:
            raise ValueError(
                f'convention {self.convention!r} needs one stride in x and y, got '
                f'{strides[0]:g} and {strides[1]:g}'
            )
        return x

    def encode(
        self, keypoints: np.ndarray, keypoints_visible: np.ndarray | None = None
    ) -> dict:
        """Map points from the input space to the heatmap space.

        Args:
            keypoints (np.ndarray): Input pixels, shape (N, K, 2).
            keypoints_visible (np.ndarray, optional): Shape (N, K); labelled
                points, visible or occluded, are > 0.

        Returns:
            dict: ``keypoint_labels`` (N, K, 2), cells; ``keypoint_weights``
            (N, K), the visibility, and 0 where the whole Gaussian (3 sigma) lies
            outside the map.
        """
        if keypoints_visible is None:
            keypoints_visible = np.ones(keypoints.shape[:2], np.float32)
        points = (keypoints - self.origin) / self.scale_factor
        if not self.unbiased:
            points = np.floor(points + 0.5)
        reach = 3 * self.sigma
        inside = (points > -reach) & (points < np.array(self.heatmap_size) - 1 + reach)
        weights = keypoints_visible * inside.all(-1)
        return dict(
            keypoint_labels=points.astype(np.float32),
            keypoint_weights=weights.astype(np.float32),
        )

    def render(self, points: Tensor) -> Tensor:
        """Draw one Gaussian per point.

        Args:
            points (Tensor): Cells, shape (M, 2).

        Returns:
            Tensor: Maps of shape (M, H, W), on the device of ``points``.
        """
        # A round Gaussian is the product of one along x and one along y.
        along_x, along_y = self._gaussians(points, (self.sigma, self.sigma))
        return (self.amplitude * along_y)[:, :, None] * along_x[:, None, :]

    def _gaussians(
        self, points: Tensor, sigmas: tuple[float, float]
    ) -> tuple[Tensor, Tensor]:
        """Gaussians of height 1 along x (M, W) and y (M, H) about points (M, 2)."""
        along_x, along_y = (
            torch.exp(
                (
                    torch.arange(size, device=points.device, dtype=points.dtype)
                    - points[:, axis, None]
                ).square()
                / (-2 * sigma**2)
            )
            for axis, (size, sigma) in enumerate(zip(self.heatmap_size, sigmas))
        )
        return along_x, along_y

    def decode(self, encoded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Decode the maps of one sample; see :meth:`batch_decode`.

        Args:
            encoded (np.ndarray): Heatmaps of shape (K, H, W).

        Returns:
            tuple: Key points (1, K, 2) in input pixels and scores (1, K).
        """
        keypoints, scores = self.batch_decode(torch.from_numpy(encoded)[None])
        return keypoints[0], scores[0]

    @torch.no_grad()
    def batch_decode(
        self,
        batch_encoded: Tensor,
        channel_mask: Tensor | None = None,
        with_covariances: bool = False,
    ) -> tuple[np.ndarray, ...]:
        """Decode a batch of heatmaps where they lie.

        Args:
            batch_encoded (Tensor): Heatmaps of shape (B, K, H, W).
            channel_mask (Tensor, optional): Bool, shape (B, K): the channels of
                each sample's own category. The others are not looked at; their
                points are the centre of the crop, with score 0.
            with_covariances (bool): Whether the spread of the maps is given, too.
                Defaults to False.

        Returns:
            tuple: Key points (B, 1, K, 2) in input pixels, scores (B, 1, K), the
            maximum of the map in units of ``amplitude``, and, if they are wanted,
            covariances (B, 1, K, 2, 2) in square input pixels, see
            :meth:`covariances`.
        """
        shape = tuple(batch_encoded.shape[:2])
        maps = batch_encoded.flatten(0, 1)
        if channel_mask is None or bool(channel_mask.all()):
            return self.decode_rows(maps, shape, None, with_covariances)
        rows = channel_mask.flatten().nonzero().squeeze(1)
        pieces = map(partial(maps.index_select, 0), rows.split(_piece_size(maps)))
        return self._decode_pieces(pieces, shape, rows, with_covariances)

    @torch.no_grad()
    def decode_rows(
        self,
        maps: Tensor,
        shape: tuple[int, int],
        rows: Tensor | None = None,
        with_covariances: bool = False,
    ) -> tuple[np.ndarray, ...]:
        """Decode those maps of a batch that are there, where they lie.

        Args:
            maps (Tensor): Shape (M, H, W).
            shape (tuple[int, int]): B and K of the batch.
            rows (Tensor, optional): Place of each map in (B, K), flattened; int64,
                shape (M, ), on the device of the maps. None if all are there, M being
                B * K.
            with_covariances (bool): As in :meth:`batch_decode`. Defaults to False.

        Returns:
            tuple: As :meth:`batch_decode`. Points without map are the centre of the
            crop, with score 0 and a covariance that is not a number.
        """
        if rows is None:
            rows = torch.arange(len(maps), device=maps.device)
        # Where nothing as large as the maps is made, larger pieces save calls.
        is_lean = not with_covariances and (
            self.decode_mode in BLURS_PARTS
            or (not self.blur_kernel_size and self.decode_mode != 'resized')
        )
        pieces = maps.split((4 if is_lean else 1) * _piece_size(maps))
        return self._decode_pieces(pieces, shape, rows, with_covariances)

    def _decode_pieces(
        self,
        pieces: Iterable[Tensor],
        shape: tuple[int, int],
        rows: Tensor,
        with_covariances: bool,
    ) -> tuple[np.ndarray, ...]:
        """Maps in pieces (m, H, W), of which ``rows`` (M, ) are in (B, K)."""
        batch_size, num_keypoints = shape
        count = batch_size * num_keypoints
        centre = torch.tensor(self.input_size, device=rows.device) / 2
        keypoints = centre.expand(count, 2).clone()
        scores = centre.new_zeros(count)
        moments = centre.new_full((count, 2, 2), torch.nan)
        done = 0
        for piece in pieces:
            places = rows[done : done + len(piece)]
            done += len(piece)
            maps = piece.float()
            keypoints[places], scores[places] = self.decode_maps(maps)
            if with_covariances:
                moments[places] = self.covariances(maps, keypoints[places])
        found = (
            (keypoints, scores, moments) if with_covariances else (keypoints, scores)
        )
        return tuple(
            each.unflatten(0, (batch_size, 1, num_keypoints)).cpu().numpy()
            for each in found
        )

    def decode_maps(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Decode maps where they lie, without a copy to numpy.

        Args:
            maps (Tensor): Shape (M, H, W), of single precision at least.

        Returns:
            tuple: Input pixels (M, 2) and scores (M, ), as in :meth:`batch_decode`.
        """
        # DARK's published blur takes zeros beyond the border, OpenCV's default, which
        # the CPN system uses, mirrors the map.
        border = 'constant' if self.decode_mode == 'dark' else 'reflect'
        blur = Blur(self.blur_kernel_size, self.blur_sigma, border)
        cell_size = self.scale_factor.tolist()
        decoder = DECODERS[self.decode_mode]
        cells, peaks, flat = decoder(maps, blur, cell_size, self.min_variance)
        points = cells * cells.new_tensor(cell_size) + self.shift
        centre = points.new_tensor(self.input_size) / 2
        points = torch.where(flat.unsqueeze(1), centre, points)
        return points, (peaks / self.amplitude).masked_fill(flat, 0)

    def mirrored(self, maps: Tensor, shift: bool = False) -> Tensor:
        """Maps of an input, from those of its mirror image.

        Args:
            maps (Tensor): Shape (..., H, W).
            shift (bool): Whether they are moved by a cell, MMPose's
                ``shift_heatmap``. Defaults to False.

        Returns:
            Tensor: Shape (..., H, W).
        """
        turned = maps.flip(-1)
        if shift:
            turned[..., 1:] = turned[..., :-1].clone()
        return turned

    def peaks(self, maps: Tensor) -> Tensor:
        """The cells (x, y) of the first maxima of maps (M, H, W); int64 (M, 2)."""
        return maximum(maps)[1]

    def pictures(self, maps: Tensor) -> Tensor:
        """Maps (..., H, W) for eyes: themselves."""
        return maps

    def covariances(self, maps: Tensor, points: Tensor) -> Tensor:
        """How far the values of maps are spread about the points read off them.

        Args:
            maps (Tensor): Shape (M, H, W), of single precision at least.
            points (Tensor): Input pixels, shape (M, 2).

        Returns:
            Tensor: Shape (M, 2, 2), square input pixels. They are those of the network,
            which has learnt Gaussians of one width: ``fashion-mmpose calibrate`` fits
            them to its errors.
        """
        cell_size = points.new_tensor(self.scale_factor.tolist())
        moments = spread(maps, (points - self.shift) / cell_size)
        return moments * cell_size.unsqueeze(1) * cell_size


def _piece_size(maps: Tensor) -> int:
    """How many of the maps (M, H, W) are decoded at once.

    Buffers that stay in the cache, and that the system need not hand out anew for every
    piece, are twice as fast on a CPU.
    """
    return max(1, PIECE // (maps.shape[1] * maps.shape[2]))
