"""How sure a heatmap is of its point: the spread of its values around it.

M: maps, H: rows, W: columns. Positions are cells, (x, y), the centre of the first cell
being 0.
"""

import torch
from torch import Tensor

# Of the maximum; what is lower is taken for noise, of which a map is full.
NOISE = 0.25


def spread(maps: Tensor, cells: Tensor) -> Tensor:
    """Second moments of the maps' values about their points.

    Values count by how far they rise above a quarter of the map's maximum, wherever
    they are: a map that has two maxima, or whose networks or mirror images disagree, is
    unsure of its point.

    Args:
        maps (Tensor): Shape (M, H, W).
        cells (Tensor): The points that were read off them, shape (M, 2).

    Returns:
        Tensor: Covariances in square cells, shape (M, 2, 2). A map that says nothing,
        constant or without a positive value, has the spread of all of its cells.
    """
    height, width = maps.shape[1:]
    peaks = maps.amax((1, 2), keepdim=True)
    weights = (maps - NOISE * peaks).clamp(min=0)
    weights = torch.where(peaks > 0, weights, torch.ones_like(weights))
    x, y = (
        torch.arange(size, device=maps.device, dtype=maps.dtype) - cell
        for size, cell in zip((width, height), cells.split(1, dim=1))
    )
    along_x, along_y = weights.sum(1), weights.sum(2)
    total = along_x.sum(1)
    xx = (along_x * x.square()).sum(1)
    yy = (along_y * y.square()).sum(1)
    # Not a product of matrices, which mixed precision takes in 16 bits.
    xy = ((weights * x.unsqueeze(1)).sum(2) * y).sum(1)
    moments = torch.stack((xx, xy, xy, yy), dim=1) / total.unsqueeze(1)
    return moments.unflatten(1, (2, 2))
