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


def _cells(index: Tensor, width: int) -> Tensor:
    return torch.stack((index % width, index // width), dim=1)


def argmax(
    maps: Tensor, blurred: Tensor, cell_size: Sequence[float]
) -> tuple[Tensor, Tensor]:
    """The maximum of the blurred map, and its value; (M, 2), (M, )."""
    peaks, index = blurred.flatten(1).max(1)
    return _cells(index, maps.shape[2]).to(maps.dtype), peaks


def second_max(
    maps: Tensor, blurred: Tensor, cell_size: Sequence[float]
) -> tuple[Tensor, Tensor]:
    """A quarter of the way from the maximum to the second highest cell."""
    values, index = blurred.flatten(1).topk(2)
    first, second = (_cells(index[:, i], maps.shape[2]).to(maps.dtype) for i in (0, 1))
    return (3 * first + second) / 4, values[:, 0]


def quarter(
    maps: Tensor, blurred: Tensor, cell_size: Sequence[float]
) -> tuple[Tensor, Tensor]:
    """A quarter cell from the maximum toward the higher neighbour on each axis.

    As published, a maximum in the first two or the last row or column is left
    where it is.
    """
    peaks, index = blurred.flatten(1).max(1)
    height, width = maps.shape[1:]
    cells = _cells(index, width)
    x, y = cells[:, 0], cells[:, 1]
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
    peaks, index = maps.flatten(1).max(1)
    height, width = maps.shape[1:]
    cells = _cells(index, width)
    x, y = cells[:, 0], cells[:, 1]
    inside = (x > 1) & (x < width - 2) & (y > 1) & (y < height - 2)
    index = torch.where(inside, index, 2 * width + 2)
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
    peaks, index = large.flatten(1).max(1)
    return _cells(index, size[1]) / maps.new_tensor(cell_size), peaks


DECODERS = dict(
    argmax=argmax, quarter=quarter, second_max=second_max, dark=dark, resized=resized
)
