"""Gaussian blur of heatmaps: of whole maps, or only where it is asked for.

M: maps, H: rows, W: columns. A blurred value is the same, bit for bit, wherever it is
computed.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Blur:
    """Gaussian blur of every map, as OpenCV's ``GaussianBlur``.

    Args:
        kernel_size (int): Odd size of the kernel in cells; 0 for no blur.
        sigma (float, optional): Standard deviation in cells; by default derived
            from the size by OpenCV's rule.
        border (str): ``'reflect'`` (without repeating the edge) or
            ``'constant'`` (zeros).
    """

    kernel_size: int
    sigma: float | None = None
    border: str = 'reflect'

    @property
    def radius(self) -> int:
        """Cells that a kernel reaches to each side."""
        return self.kernel_size // 2

    @cached_property
    def taps(self) -> list[float]:
        """Weights of the cell itself and of those at distances 1 to ``radius``."""
        sigma = self.sigma
        if sigma is None:
            sigma = 0.3 * ((self.kernel_size - 1) * 0.5 - 1) + 0.8
        # Not in PyTorch, whose operations a graph that is exported would have.
        taps = np.exp(np.arange(self.radius + 1.0) ** 2 / (-2 * sigma**2))
        return (taps / (taps[0] + 2 * taps[1:].sum())).tolist()

    def __call__(self, maps: Tensor) -> Tensor:
        """Blurred maps, shape (M, H, W)."""
        if not self.kernel_size:
            return maps
        return self._sums(F.pad(maps[None], (self.radius,) * 4, mode=self.border)[0])

    def some_rows(self, maps: Tensor, rows: Tensor) -> Tensor:
        """Some neighbouring rows of the blurred maps; the border is ``'reflect'``.

        Args:
            maps (Tensor): Shape (M, H, W).
            rows (Tensor): Numbers of the rows, ascending by 1; int64, shape (M, R).

        Returns:
            Tensor: Shape (M, R, W).
        """
        reach = torch.arange(-self.radius, self.radius + 1, device=rows.device)
        needed = torch.cat(
            (
                rows[:, :1] + reach[: self.radius],
                rows,
                rows[:, -1:] + reach[self.radius + 1 :],
            ),
            dim=1,
        ).abs()
        last = maps.shape[1] - 1
        needed = last - (last - needed).abs()
        places = torch.arange(maps.shape[0], device=maps.device)[:, None]
        margins = (self.radius, self.radius)
        return self._sums(F.pad(maps[places, needed], margins, mode='reflect'))

    def windows(self, maps: Tensor, cells: Tensor, radius: int) -> Tensor:
        """Blurred values around cells; the border is ``'constant'``.

        Args:
            maps (Tensor): Shape (M, H, W).
            cells (Tensor): Middles (x, y) of the windows, int64, shape (M, 2).
            radius (int): Cells that a window reaches to each side.

        Returns:
            Tensor: Shape (M, 2 * radius + 1, 2 * radius + 1).
        """
        height, width = maps.shape[1:]
        reach = radius + self.radius
        steps = torch.arange(-reach, reach + 1, device=maps.device)
        x, y = (cell + steps for cell in cells.split(1, dim=1))  # (M, 2 * reach + 1)
        index = y.clamp(0, height - 1).unsqueeze(2) * width
        index = index + x.clamp(0, width - 1).unsqueeze(1)
        values = maps.flatten(1).gather(1, index.flatten(1)).view_as(index)
        inside = ((y >= 0) & (y < height)).unsqueeze(2)
        inside = inside & ((x >= 0) & (x < width)).unsqueeze(1)
        return self._sums(values.masked_fill(~inside, 0))

    def along(self, lines: Tensor) -> Tensor:
        """Lines of values (M, N), blurred; the border is ``'reflect'``."""
        margins = (self.radius, self.radius)
        return self._sums(F.pad(lines, margins, mode='reflect'), dims=(1,))

    def _sums(self, padded: Tensor, dims: tuple[int, ...] = (2, 1)) -> Tensor:
        """Weighted sums, without the margins of values that lie beyond the map."""
        # Shifted sums are several times faster than a convolution with one channel.
        radius, taps = self.radius, self.taps
        for dim in dims:
            size = padded.shape[dim] - 2 * radius
            total = padded.narrow(dim, radius, size) * taps[0]
            for offset in range(1, radius + 1):
                for start in (radius - offset, radius + offset):
                    total.add_(padded.narrow(dim, start, size), alpha=taps[offset])
            padded = total
        return padded
