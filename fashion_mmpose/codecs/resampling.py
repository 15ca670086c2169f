"""Heatmaps of one grid on another."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .point_heatmap import PointHeatmap


def resample_heatmaps(
    heatmaps: Tensor,
    codec: PointHeatmap,
    input_size: tuple[int, int],
    target: PointHeatmap,
) -> Tensor:
    """Read heatmaps at the cells of another codec's grid, bilinearly.

    Both grids lie over the same crop, which the two codecs' networks see at different
    sizes. Pixels are squares: resizing maps pixel x to ``(x + 0.5) * ratio - 0.5``.

    Args:
        heatmaps (Tensor): Shape (B, K, H, W).
        codec (PointHeatmap): Tells where the cells of ``heatmaps`` lie: its stride
            and its convention.
        input_size (tuple[int, int]): Input size [w, h] that gave ``heatmaps``; other
            than the codec's own in a multi-scale test.
        target (PointHeatmap): Tells the input size, the heatmap size, the stride and
            the convention that are asked for.

    Returns:
        Tensor: Shape (B, K, H', W'); ``heatmaps`` itself where the grids agree.
    """
    sizes = heatmaps.shape[:1:-1]  # W, H
    # In numpy: an exported graph holds the places and not their computation.
    places = []
    for axis in (0, 1):
        ratio = input_size[axis] / target.input_size[axis]
        cells = np.arange(target.heatmap_size[axis], dtype=np.float64)
        pixels = cells * float(target.scale_factor[axis])
        pixels = (pixels + target.origin + 0.5) * ratio - 0.5
        place = pixels - codec.origin
        places.append(place / float(codec.scale_factor[axis]))
    if all(
        len(place) == size and np.array_equal(place, np.arange(size))
        for place, size in zip(places, sizes)
    ):
        return heatmaps
    # grid_sample counts from -1, the first cell, to 1, the last.
    x, y = (2 * place / max(size - 1, 1) - 1 for place, size in zip(places, sizes))
    # Places in 16 bits would be off by a pixel.
    maps = heatmaps.float()
    grid = torch.from_numpy(np.stack(np.meshgrid(x, y), axis=-1)).to(maps)
    resampled = F.grid_sample(
        maps,
        grid.expand(heatmaps.shape[0], -1, -1, -1),
        mode='bilinear',
        padding_mode='border',
        align_corners=True,
    )
    return resampled.to(heatmaps)
