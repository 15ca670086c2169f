"""How a position is read off a heatmap: the published decoders, batched.

M: maps, H: rows, W: columns. Positions are cells, (x, y), the centre of the
first cell being 0. Everything runs on the device of the maps. A decoder takes the
maps (M, H, W), their :class:`~.blurring.Blur`, the size of a cell in input pixels,
(x, y), and the variance below which a map is flat; it returns cells (M, 2), the values
of the maxima (M, ) and which maps are flat, bool (M, ).

Axes are added by ``unsqueeze``: of ``[:, None]`` a graph that is exported has a slice
of everything, too, and each operation takes time of the export.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .blurring import Blur

BLOCK = 7  # rows about the highest one in which two maxima are sought first
# Relative to the peak: what rounding may do to sums, and the variance of a map that is
# beyond doubt not flat.
ROUNDING = 1e-5
CLEAR_VARIANCE = 1e-4

Decoded = tuple[Tensor, Tensor, Tensor]


def may_branch(maps: Tensor) -> bool:
    """Whether what is computed may depend on the values: cheaply, and not in a graph.

    Values that lie on a GPU would have to be waited for.
    """
    return maps.device.type == 'cpu' and not torch.compiler.is_compiling()


def is_flat(maps: Tensor, min_variance: float, cells: Tensor | None = None) -> Tensor:
    """Which maps are constant, or have less than that variance.

    Args:
        maps (Tensor): Shape (M, H, W).
        min_variance (float): Least variance of a map that says something.
        cells (Tensor, optional): The maxima (x, y), int64 (M, 2), where they are
            known: for most maps the row of the maximum then tells.

    Returns:
        Tensor: Bool, shape (M, ).
    """
    if cells is not None and may_branch(maps):
        doubtful = ~_is_clear(_lines(maps, cells[:, 1]), maps, min_variance)
        if doubtful.any():
            doubtful[doubtful.clone()] = is_flat(maps[doubtful], min_variance)
        return doubtful
    values = maps.flatten(1)
    flat = values.amax(1) <= values.amin(1)
    if min_variance > 0:
        squares = torch.linalg.vector_norm(values, dim=1).square() / values.shape[1]
        flat |= squares - values.mean(1).square() < min_variance
    return flat


def _is_clear(part: Tensor, maps: Tensor, min_variance: float) -> Tensor:
    """Whether a part (M, ...) of the maps is enough to say that they are not flat.

    Squared distances from the mean, of any part, are not more than those of the map.
    """
    part = part.flatten(1)
    peaks = part.amax(1)
    if not min_variance:
        return part.amin(1) < peaks
    squares = (part - part.mean(1, keepdim=True)).square().sum(1)
    variance = squares / (maps.shape[1] * maps.shape[2])
    least = (CLEAR_VARIANCE * peaks.square()).clamp(min=2 * min_variance)
    return variance > least


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
    maps: Tensor, blur: Blur, cell_size: Sequence[float], min_variance: float
) -> Decoded:
    """The maximum of the blurred map, and its value."""
    blurred = blur(maps)
    peaks, cells = maximum(blurred)
    return cells.to(maps.dtype), peaks, is_flat(blurred, min_variance, cells)


def second_max(
    maps: Tensor, blur: Blur, cell_size: Sequence[float], min_variance: float
) -> Decoded:
    """A quarter of the way from the maximum to the second highest cell."""
    few_rows = 2 * (BLOCK + 2 * blur.radius)
    if not may_branch(maps) or maps.shape[1] < few_rows:
        return _second_max_everywhere(maps, blur, min_variance)
    cells, peaks, found = _second_max_in_block(maps, blur, min_variance)
    flat = torch.zeros_like(found)
    if not found.all():
        rest = ~found
        cells[rest], peaks[rest], flat[rest] = _second_max_everywhere(
            maps[rest], blur, min_variance
        )
    return cells, peaks, flat


def _second_max_everywhere(maps: Tensor, blur: Blur, min_variance: float) -> Decoded:
    blurred = blur(maps)
    peaks, first, second = two_maxima(blurred)
    flat = is_flat(blurred, min_variance, first)
    return (3 * first + second).to(maps.dtype) / 4, peaks, flat


def _second_max_in_block(maps: Tensor, blur: Blur, min_variance: float) -> Decoded:
    """The same, of maps whose two maxima are beyond doubt in a few rows.

    A blurred value is a mean of rows, so no value of a blurred row is above the mean of
    the highest values of the rows that it is made of. Where that is lower than the
    second maximum of a block of rows, the other rows need not be blurred.

    Returns:
        tuple: Cells (M, 2), maxima (M, ), and of which maps they are; the other maps
        have to be looked at everywhere, or are flat.
    """
    height = maps.shape[1]
    highest = maps.amax(2)  # (M, H)
    bounds = blur.along(highest.clamp(min=0))
    start = bounds.argmax(1, keepdim=True) - BLOCK // 2
    start = start.clamp(0, height - BLOCK)
    rows = start + torch.arange(BLOCK)  # (M, BLOCK)
    block = blur.some_rows(maps, rows)
    peaks, first, second = two_maxima(block)
    second_values = block[_counted(maps)[:, 0], second[:, 1], second[:, 0]]
    bounds.scatter_(1, rows, -torch.inf)
    found = bounds.amax(1) * (1 + ROUNDING) < second_values
    found &= _is_clear(block, maps, min_variance)
    cells = (3 * first + second).to(maps.dtype) / 4
    cells[:, 1] += start[:, 0]
    return cells, peaks, found


def _counted(maps: Tensor) -> Tensor:
    """Numbers of the maps, int64 (M, 1)."""
    return torch.arange(maps.shape[0], device=maps.device)[:, None]


def quarter(
    maps: Tensor, blur: Blur, cell_size: Sequence[float], min_variance: float
) -> Decoded:
    """A quarter cell from the maximum toward the higher neighbour on each axis.

    As published, a maximum in the first two or the last row or column is left
    where it is.
    """
    blurred = blur(maps)
    peaks, cells = maximum(blurred)
    height, width = maps.shape[1:]
    x, y = cells.unbind(1)
    index = y * width + x
    inside = (x > 1) & (x < width - 1) & (y > 1) & (y < height - 1)
    values = blurred.flatten(1)
    offsets = []
    for stride in (1, width):
        # At the border the cell itself stands in for both of its neighbours.
        step = stride * inside
        after = values.gather(1, (index + step).unsqueeze(1))
        before = values.gather(1, (index - step).unsqueeze(1))
        offsets.append((after - before).sign())
    flat = is_flat(blurred, min_variance, cells)
    return cells + 0.25 * torch.cat(offsets, dim=1), peaks, flat


def dark(
    maps: Tensor, blur: Blur, cell_size: Sequence[float], min_variance: float
) -> Decoded:
    """One Newton step on the logarithm of the blurred map.

    The maximum is that of the map itself. Maxima within two cells of the border,
    and those with a singular Hessian, are left where they are.
    """
    peaks, cells = maximum(maps)
    height, width = maps.shape[1:]
    x, y = cells.unbind(1)
    inside = (x > 1) & (x < width - 2) & (y > 1) & (y < height - 2)
    # Rescaling to the old maximum, as published, would add a constant to the
    # logarithm and change no derivative.
    logs = blur.windows(maps, cells, radius=2).clamp(min=1e-10).log().flatten(1)

    def at(dx: int, dy: int) -> Tensor:
        return logs.select(1, 5 * (2 + dy) + 2 + dx)

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
    offset = offset / determinant.unsqueeze(1)
    offset = torch.where(solvable.unsqueeze(1), offset, 0.0)
    return cells + offset, peaks, is_flat(maps, min_variance, cells)


def resized(
    maps: Tensor, blur: Blur, cell_size: Sequence[float], min_variance: float
) -> Decoded:
    """The maximum of the map after it is resized to the input, as OpenCV resizes.

    A pixel's centre lies half a pixel inside, so the maximum is one of the pixels
    around the middle of the highest cell, on the side of the higher neighbour.
    """
    height, width = maps.shape[1:]
    size = [round(height * cell_size[1]), round(width * cell_size[0])]
    blurred = blur(maps)
    large = F.interpolate(blurred[None], size, mode='bilinear', align_corners=False)[0]
    peaks, pixels = maximum(large)
    return pixels / maps.new_tensor(cell_size), peaks, is_flat(blurred, min_variance)


DECODERS = dict(
    argmax=argmax, quarter=quarter, second_max=second_max, dark=dark, resized=resized
)
# Those that blur a few cells of a map, not all of it.
BLURS_PARTS = ('second_max', 'dark')
