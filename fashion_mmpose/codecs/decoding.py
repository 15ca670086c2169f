"""How a position is read off a heatmap: the published decoders, batched.

M: maps, H: rows, W: columns. Positions are cells, (x, y), the centre of the
first cell being 0. Everything runs on the device of the maps. A decoder takes the
maps, the blurred maps (M, H, W) and the size of a cell in input pixels, (x, y); it
returns cells (M, 2) and the values of the maxima (M, ).
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def blur(
    maps: Tensor, kernel_size: int, sigma: float | None = None, border: str = 'reflect'
) -> Tensor:
    """Gaussian blur of every map, as OpenCV's ``GaussianBlur``.

    Args:
        maps (Tensor): Shape (M, H, W).
        kernel_size (int): Odd size of the kernel in cells.
        sigma (float, optional): Standard deviation in cells; by default derived
            from the size by OpenCV's rule.
        border (str): ``'reflect'`` (without repeating the edge) or
            ``'constant'`` (zeros).

    Returns:
        Tensor: Shape (M, H, W).
    """
    radius = kernel_size // 2
    if sigma is None:
        sigma = 0.3 * ((kernel_size - 1) * 0.5 - 1) + 0.8
    taps = torch.exp(torch.arange(radius + 1).double().square() / (-2 * sigma**2))
    taps = (taps / (taps[0] + 2 * taps[1:].sum())).tolist()
    padded = F.pad(maps[None], (radius,) * 4, mode=border)[0]
    # Shifted sums are several times faster than a convolution with one channel.
    for dim in (2, 1):
        size = padded.shape[dim] - 2 * radius
        total = padded.narrow(dim, radius, size) * taps[0]
        for offset in range(1, radius + 1):
            for start in (radius - offset, radius + offset):
                total.add_(padded.narrow(dim, start, size), alpha=taps[offset])
        padded = total
    return padded


def is_flat(maps: Tensor, min_variance: float) -> Tensor:
    """Which maps are constant, or have less than that variance; bool (M, )."""
    cells = maps.flatten(1)
    flat = cells.amax(1) <= cells.amin(1)
    if min_variance > 0:
        squares = torch.linalg.vector_norm(cells, dim=1).square() / cells.shape[1]
        flat |= squares - cells.mean(1).square() < min_variance
    return flat


def maximum(maps: Tensor) -> tuple[Tensor, Tensor]:
    """The first maximum of every map.

    First the highest value of every row, then the place in the highest row: on a CPU
    PyTorch finds values several times faster than places.

    Args:
        maps (Tensor): Shape (M, H, W).

    Returns:
        tuple: Values (M, ) and cells (x, y), int64 (M, 2).
    """
    peaks, rows = maps.amax(2).max(1)
    columns = _lines(maps, rows).argmax(1)
    return peaks, torch.stack((columns, rows), dim=1)


def two_maxima(maps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The maximum and the second highest cell of every map.

    Args:
        maps (Tensor): Shape (M, H, W), of two cells at least.

    Returns:
        tuple: Values of the maximum (M, ), its cells (x, y), and those of the second,
        int64 (M, 2).
    """
    highest = maps.amax(2)  # (M, H)
    peaks, rows = highest.max(1)
    line = _lines(maps, rows)  # (M, W)
    columns = line.argmax(1)
    # Once more, without the maximum.
    line.scatter_(1, columns[:, None], -torch.inf)
    highest.scatter_(1, rows[:, None], line.amax(1, keepdim=True))
    second_rows = highest.argmax(1)
    same = (second_rows == rows)[:, None]
    second_columns = torch.where(same, line, _lines(maps, second_rows)).argmax(1)
    return (
        peaks,
        torch.stack((columns, rows), dim=1),
        torch.stack((second_columns, second_rows), dim=1),
    )


def _lines(maps: Tensor, rows: Tensor) -> Tensor:
    """A copy of one row (M, ) of each map, shape (M, W)."""
    # Not len(): where the graph is exported, M is no number yet.
    return maps[torch.arange(maps.shape[0], device=maps.device), rows]


def argmax(
    maps: Tensor, blurred: Tensor, cell_size: Sequence[float]
) -> tuple[Tensor, Tensor]:
    """The maximum of the blurred map, and its value; (M, 2), (M, )."""
    peaks, cells = maximum(blurred)
    return cells.to(maps.dtype), peaks


def second_max(
    maps: Tensor, blurred: Tensor, cell_size: Sequence[float]
) -> tuple[Tensor, Tensor]:
    """A quarter of the way from the maximum to the second highest cell."""
    peaks, first, second = two_maxima(blurred)
    return (3 * first + second).to(maps.dtype) / 4, peaks


def quarter(
    maps: Tensor, blurred: Tensor, cell_size: Sequence[float]
) -> tuple[Tensor, Tensor]:
    """A quarter cell from the maximum toward the higher neighbour on each axis.

    As published, a maximum in the first two or the last row or column is left
    where it is.
    """
    peaks, cells = maximum(blurred)
    height, width = maps.shape[1:]
    x, y = cells[:, 0], cells[:, 1]
    index = y * width + x
    inside = (x > 1) & (x < width - 1) & (y > 1) & (y < height - 1)
    values = blurred.flatten(1)
    offsets = []
    for stride in (1, width):
        # At the border the cell itself stands in for both of its neighbours.
        step = stride * inside
        after = values.gather(1, (index + step)[:, None])
        before = values.gather(1, (index - step)[:, None])
        offsets.append((after - before).sign())
    return cells + 0.25 * torch.cat(offsets, dim=1), peaks


def dark(
    maps: Tensor, blurred: Tensor, cell_size: Sequence[float]
) -> tuple[Tensor, Tensor]:
    """One Newton step on the logarithm of the blurred map.

    The maximum is that of the map itself. Maxima within two cells of the border,
    and those with a singular Hessian, are left where they are.
    """
    peaks, cells = maximum(maps)
    height, width = maps.shape[1:]
    x, y = cells[:, 0], cells[:, 1]
    inside = (x > 1) & (x < width - 2) & (y > 1) & (y < height - 2)
    index = torch.where(inside, y * width + x, 2 * width + 2)
    # Rescaling to the old maximum, as published, would add a constant to the
    # logarithm and change no derivative.
    logs = blurred.flatten(1).clamp(min=1e-10).log()

    def at(dx: int, dy: int) -> Tensor:
        return logs.gather(1, (index + dy * width + dx)[:, None]).squeeze(1)

    here = at(0, 0)
    gradient_x = 0.5 * (at(1, 0) - at(-1, 0))
    gradient_y = 0.5 * (at(0, 1) - at(0, -1))
    xx = 0.25 * (at(2, 0) - 2 * here + at(-2, 0))
    yy = 0.25 * (at(0, 2) - 2 * here + at(0, -2))
    xy = 0.25 * (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1))
    determinant = xx * yy - xy * xy
    solvable = inside & (determinant != 0)
    determinant = torch.where(solvable, determinant, 1.0)
    offset = torch.stack(
        (xy * gradient_y - yy * gradient_x, xy * gradient_x - xx * gradient_y), dim=1
    )
    offset = torch.where(solvable[:, None], offset / determinant[:, None], 0.0)
    return cells + offset, peaks


def resized(
    maps: Tensor, blurred: Tensor, cell_size: Sequence[float]
) -> tuple[Tensor, Tensor]:
    """The maximum of the map after it is resized to the input, as OpenCV resizes.

    A pixel's centre lies half a pixel inside, so the maximum is one of the pixels
    around the middle of the highest cell, on the side of the higher neighbour.
    """
    height, width = maps.shape[1:]
    size = [round(height * cell_size[1]), round(width * cell_size[0])]
    large = F.interpolate(blurred[None], size, mode='bilinear', align_corners=False)[0]
    peaks, pixels = maximum(large)
    return pixels / maps.new_tensor(cell_size), peaks


DECODERS = dict(
    argmax=argmax, quarter=quarter, second_max=second_max, dark=dark, resized=resized
)
