"""What a parser of photographs would make of a drawing whose classes are known."""

import torch
from torch import Tensor
from torch.nn import functional

from .selfie_parsing import NUM_CLASSES

# How likely a place is taken for background, hair, body skin, face skin, clothes and
# others.
_MISTAKEN_FOR = (0.55, 0.03, 0.12, 0.0, 0.2, 0.1)
_HOLES = (0.5, 0.35)  # probabilities of a first and of a second kind of mistake
_NOTHING = 0.12  # of finding nobody
_BEND = 1.5  # largest spread of the moved borders, in cells of the result


def simulated_parsing(classes: Tensor) -> Tensor:
    """Class probabilities with the errors of a parser, at half the size.

    Borders are moved, smooth places are taken for another class, and sometimes nobody
    is found at all.

    Args:
        classes: Class of every pixel, shape (B, H, W), whole numbers from 0 to 5 of any
            type; both sides even.

    Returns:
        Tensor: Shape (B, 6, H / 2, W / 2), float32.
    """
    batch, device = len(classes), classes.device
    maps = functional.one_hot(classes.long(), NUM_CLASSES).permute(0, 3, 1, 2).float()
    maps = _bent(functional.avg_pool2d(maps, 2))
    mistaken_for = torch.tensor(_MISTAKEN_FOR, device=device)
    for probability in _HOLES:
        cells = int(torch.randint(2, 9, (1,)))
        limit = torch.empty(batch, 1, 1, 1, device=device).uniform_(0.6, 1.6)
        hole = (8 * (_noise(maps, 1, cells) - limit)).sigmoid()
        hole = hole * (torch.rand(batch, 1, 1, 1, device=device) < probability)
        taken_for = torch.multinomial(mistaken_for, batch, replacement=True)
        other = functional.one_hot(taken_for, NUM_CLASSES)[:, :, None, None]
        maps = torch.lerp(maps, other.expand_as(maps).float(), hole)
    background = torch.zeros_like(maps)
    background[:, 0] = 1
    nobody = torch.rand(batch, 1, 1, 1, device=device) < _NOTHING
    return torch.where(nobody, background, maps)


def _bent(maps: Tensor) -> Tensor:
    """The maps with their borders moved smoothly, each by another amount."""
    batch, _, height, width = maps.shape
    cells = int(torch.randint(8, 24, (1,)))
    reach = _BEND * torch.rand(batch, 1, 1, 1, device=maps.device)
    move = reach * _noise(maps, 2, cells)
    move = move * move.new_tensor([2 / width, 2 / height])[:, None, None]
    eye = torch.eye(2, 3, device=maps.device).expand(batch, 2, 3)
    grid = functional.affine_grid(eye, list(maps.shape), align_corners=False)
    return functional.grid_sample(
        maps,
        grid + move.permute(0, 2, 3, 1),
        padding_mode='border',
        align_corners=False,
    )


def _noise(like: Tensor, channels: int, cells: int) -> Tensor:
    """Smooth noise of unit spread at ``cells`` x ``cells`` places."""
    coarse = torch.randn(len(like), channels, cells, cells, device=like.device)
    return functional.interpolate(
        coarse, like.shape[-2:], mode='bicubic', align_corners=False
    )
