"""Learning rates that fall with the depth of a backbone's blocks."""

import re
from collections.abc import Sequence

from mmengine.logging import print_log
from mmengine.optim import DefaultOptimWrapperConstructor
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS
from torch import nn

# What networks call the rows of their blocks, with a number or before one: blocks.3,
# stages_0.blocks.1, layer1.0, s1.b2.
_ROW = re.compile(r'(?:(?:stages?|layers?|blocks?|s|b)_?)?\d*')
_NEVER_DECAYED = (
    'pos_embed',
    'cls_token',
    'reg_token',
    'mask_token',
    'relative_position',
    'logit_scale',
    'cpb_mlp',
)


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class LayerDecayConstructor(DefaultOptimWrapperConstructor):
    """An optimiser whose learning rate falls by a factor from block to block.

    The head and the neck learn at the optimiser's own rate, the last block of the
    backbone at ``layer_decay`` times that, the one before it at ``layer_decay ** 2``
    times, and so on down to what comes before the first block. Features that were
    learnt on many pictures are kept so where they are general (`BEiT`_, `ViTDet`_).

    Blocks are found by the names of the parameters, in timm's networks (ViT with
    DINOv2's and DINOv3's features, ConvNeXt, Swin, Hiera, EfficientNet, ResNet, ...) as
    in MMPose's; what lies between two blocks, as a change of the resolution does,
    learns with the one that follows. Biases, norms, other parameters of one axis,
    tokens and tables of positions are not decayed by ``weight_decay``.

    Args:
        optim_wrapper_cfg (dict): As in MMEngine; ``optimizer`` has an ``lr``.
        paramwise_cfg (dict): ``layer_decay``, the factor, above 0 and at most 1; no
            other key.

    Raises:
        ValueError: If there is another key, the factor is out of its range, or the
            network has no ``backbone`` with blocks.

    .. _`BEiT`: https://arxiv.org/abs/2106.08254
    .. _`ViTDet`: https://arxiv.org/abs/2203.16527
    """

    def __init__(
        self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None
    ) -> None:
        settings = dict(paramwise_cfg or {})
        self.layer_decay = settings.pop('layer_decay', None)
        if settings or self.layer_decay is None:
            raise ValueError(
                'LayerDecayConstructor takes paramwise_cfg=dict(layer_decay=FACTOR) '
                f'and nothing else, got {paramwise_cfg!r}'
            )
        if not 0 < self.layer_decay <= 1:
            raise ValueError(
                f'layer_decay must be above 0 and at most 1, got {self.layer_decay}'
            )
        super().__init__(optim_wrapper_cfg, paramwise_cfg)
        if self.base_lr is None:
            raise ValueError('LayerDecayConstructor needs optimizer=dict(lr=...)')

    def add_params(self, params: list, module: nn.Module, **kwargs) -> None:
        """Add the groups of a network's parameters, one for each rate and decay."""
        backbone = getattr(module, 'backbone', None)
        names = [] if backbone is None else [n for n, _ in backbone.named_parameters()]
        depths = block_depths(names)
        if not any(depths):
            raise ValueError(
                'layer_decay needs a network with a backbone of numbered blocks; '
                f'{type(module).__name__} has none; to fix it: leave '
                'optim_wrapper.constructor and layer_decay out'
            )
        number_of = {f'backbone.{name}': depth for name, depth in zip(names, depths)}
        top = max(depths) + 1
        groups: dict[tuple[int, bool], dict] = {}
        for name, parameter in module.named_parameters():
            if not parameter.requires_grad:
                continue
            depth = number_of.get(name, top)
            kept = parameter.ndim <= 1 or any(part in name for part in _NEVER_DECAYED)
            group = groups.setdefault(
                (depth, kept),
                dict(params=[], lr=self.base_lr * self.layer_decay ** (top - depth)),
            )
            if kept:
                group['weight_decay'] = 0.0
            group['params'].append(parameter)
        params.extend(groups[key] for key in sorted(groups))
        print_log(
            f'layer decay {self.layer_decay:g} over {top - 1} blocks: learning rates '
            f'from {self.base_lr * self.layer_decay**top:.2g} to {self.base_lr:.2g}',
            logger='current',
        )


def block_depths(names: Sequence[str]) -> list[int]:
    """The block that each parameter of a backbone belongs to.

    Args:
        names: Of the parameters, in the order in which they are registered, which is
            the order in which they run.

    Returns:
        list[int]: 1 for the first block; 0 before it, and everywhere where no
        parameter is in a block.
    """
    rows = [_row(name) for name in names]
    stages = {tuple(row[:size]) for row in rows for size in range(1, len(row))}
    blocks = [() if tuple(row) in stages else tuple(row) for row in rows]
    number_of: dict[tuple, int] = {}
    for block in blocks:
        if block:
            number_of.setdefault(block, len(number_of) + 1)
    depths, following = [], len(number_of)
    for block in reversed(blocks):
        following = number_of.get(block, following)
        depths.append(following)
    depths.reverse()
    first = next((i for i, block in enumerate(blocks) if block), len(blocks))
    return [0] * first + depths[first:]


def _row(name: str) -> list[str]:
    """'model.blocks.3.mlp.fc1.weight' -> ['blocks', '3']; [] outside of blocks."""
    parts = name.split('.')
    start = next((i for i, part in enumerate(parts) if _is_row(part)), len(parts))
    row = []
    for part in parts[start:]:
        if not (_is_row(part) or part.isdigit()):
            break
        row.append(part)
    return row if any(character.isdigit() for character in ''.join(row)) else []


def _is_row(part: str) -> bool:
    return not part.isdigit() and part != '' and _ROW.fullmatch(part) is not None
