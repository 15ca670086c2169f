"""Features that know joints, and what is skin, hair and clothes."""

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional

from .people.simulated_parsing import simulated_parsing
from .with_joints import FeaturesWithJoints, check_probability, kept_by_lot

_GROUPS = 8  # of the normalisation


@MODELS.register_module()
class FeaturesWithParsing(FeaturesWithJoints):
    """:class:`.FeaturesWithJoints` whose further levels know human parsing maps, too.

    A parser tells background, hair, body skin, face skin, clothes and others. That of
    photographs fails on drawings, but drawings know their classes, so a training on
    drawings brings them as a fourth channel of its pictures
    (:class:`.ParsingPreprocessor`), and errors like a parser's are added. Pictures of
    three channels are parsed by the parser. A small network, which learns, makes levels
    of the maps.

    Args:
        model_name (str): See :class:`.TimmFeatures`.
        joints (dict): See :class:`.FeaturesWithJoints`; its levels have the strides 4,
            8, 16 and 32.
        parsing (dict): The parser, e.g. ``dict(type='SelfieParsing')``; it has
            ``num_classes`` and ``stride``.
        parsing_width (int): Channels of the finest level of the maps, a multiple of 8;
            the others have one, two and four times as many. Defaults to 48.
        parsing_drop (float): Probability that a picture of a training has zeros in
            place of these levels. Defaults to 0.
        **kwargs: See :class:`.FeaturesWithJoints`.

    Raises:
        ValueError: If ``parsing_drop`` is not in [0, 1), or as
            :class:`.FeaturesWithJoints`.
    """

    def __init__(
        self,
        model_name: str,
        joints: dict,
        parsing: dict,
        parsing_width: int = 48,
        parsing_drop: float = 0.0,
        **kwargs,
    ) -> None:
        check_probability('parsing_drop', parsing_drop)
        super().__init__(model_name, joints, **kwargs)
        self.parsing_drop = parsing_drop
        self.parsing = MODELS.build(parsing)
        self.parsing_channels = tuple(times * parsing_width for times in (1, 1, 2, 4))
        # The maps have stride 2, so that a cell of stride 4 has four.
        given = 4 * self.parsing.num_classes
        self.of_parsing = nn.ModuleList()
        for number, width in enumerate(self.parsing_channels):
            self.of_parsing.append(
                nn.Sequential(
                    *_layer(given, width, 1 if number == 0 else 2),
                    *_layer(width, width),
                )
            )
            given = width

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of the levels: of joints and parsing together, then of timm's."""
        own = super().channels
        further = (a + b for a, b in zip(own, self.parsing_channels))
        return (*further, *own[len(self.parsing_channels) :])

    def parsed(self, x: Tensor) -> Tensor:
        """Pictures with their maps behind, which a flip test mirrors with them.

        Args:
            x (Tensor): Pictures, shape (B, 3, H, W), as of :meth:`forward`.

        Returns:
            Tensor: Shape (B, 9, H, W), for :meth:`forward`.
        """
        maps = functional.interpolate(self._maps(x), scale_factor=2.0)
        return torch.cat([x, maps], dim=1)

    def _maps(self, x: Tensor) -> Tensor:
        """Maps of half the size of pictures, which are enlarged for the parser."""
        stride, size = self.parsing.stride, x.shape[-2:]
        taken = [-(-side // stride) * stride for side in size]
        pictures = (x * 128 + 127) / 255
        if taken != [*size]:
            pictures = _resized(pictures, taken)
        maps = functional.avg_pool2d(self.parsing(pictures), 2)
        half = [side // 2 for side in size]
        return maps if taken == [*size] else _resized(maps, half)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Feature levels.

        Args:
            x (Tensor): Pictures, shape (B, 3, H, W), RGB, of which 127 was taken and
                the rest divided by 128; or (B, 4, H, W) with the class of every pixel,
                0 to 5; or those of :meth:`parsed`. Sides are multiples of 32.

        Returns:
            tuple[Tensor]: Levels (B, C_i, H / stride_i, W / stride_i): of joints and
            parsing, finest first, and then of timm's network, finest first.
        """
        if x.shape[1] == 3:
            maps = self._maps(x)
        elif x.shape[1] == 4:
            maps = simulated_parsing(x[:, 3])
        else:
            maps = functional.avg_pool2d(x[:, 3:], 2)
        if x.shape[1] > 3:
            x = x[:, :3].contiguous(memory_format=torch.channels_last)
        level = functional.pixel_unshuffle(maps, 2)
        kept = 1
        if self.training and self.parsing_drop:
            kept = kept_by_lot(x, self.parsing_drop)
        of_parsing = []
        for layers in self.of_parsing:
            level = layers(level)
            of_parsing.append(level * kept)
        return _joined(super().forward(x), of_parsing)

    def unparsed(self, x: Tensor) -> tuple[Tensor, ...]:
        """Feature levels with zeros in the place of parsing, as trainings drop it.

        Args:
            x (Tensor): Pictures, shape (B, 3, H, W), as of :meth:`forward`.

        Returns:
            tuple[Tensor]: As of :meth:`forward`.
        """
        levels = super().forward(x)
        zeros = [
            level.new_zeros(level.shape[0], width, *level.shape[2:])
            for level, width in zip(levels, self.parsing_channels)
        ]
        return _joined(levels, zeros)


def _joined(levels: tuple[Tensor, ...], more: list[Tensor]) -> tuple[Tensor, ...]:
    """Levels, the first of which get the channels of others of their size."""
    pairs = (torch.cat(pair, dim=1) for pair in zip(levels, more))
    return (*pairs, *levels[len(more) :])


def _resized(x: Tensor, size: list[int]) -> Tensor:
    return functional.interpolate(x, size, mode='bilinear', align_corners=False)


def _layer(given: int, out: int, stride: int = 1) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(given, out, 3, stride, 1),
        nn.GroupNorm(_GROUPS, out),
        nn.ReLU(inplace=True),
    )
