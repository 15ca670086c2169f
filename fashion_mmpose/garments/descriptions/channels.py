"""The order of all key points of a described benchmark: that of a network's channels.

A category that has all of them has them in that order. Its points and the full layout
cannot be told apart by their number, and must not differ.
"""

from collections.abc import Mapping
from reprlib import repr as short
from typing import Any

from fashion_mmpose.errors import FormatError

from .checks import checked_names


def first_named(points: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Key points of categories in the order in which they are first named."""
    return tuple(dict.fromkeys(name for names in points.values() for name in names))


def channel_order(
    points: Mapping[str, tuple[str, ...]],
    layout: Any,
    source: str,
    is_stored: bool = False,
) -> tuple[str, ...]:
    """All key points, each once.

    Args:
        points: Key points of the categories.
        layout: The order that the description gives, None if it gives none: that of a
            category which has all of them, or else that in which they are first named.
        source: Where the description comes from, for errors.
        is_stored: Whether it has all that :func:`.definition.describe` writes, as
            checkpoints and saved configs have it. Those of earlier versions tell no
            layout, and their networks have the points as they are first named.

    Raises:
        FormatError: If the layout is no list of all key points, if two categories have
            all of them in different orders, or if a network was trained with another
            order than that of such a category.
    """
    names = first_named(points)
    complete = {each: own for each, own in points.items() if len(own) == len(names)}
    for category, own in complete.items():
        first = next(iter(complete))
        if own != complete[first]:
            raise FormatError(
                f'{source}: the categories {first!r} and {category!r} have all key '
                'points of the benchmark, in different orders; to fix it: list them '
                f'in {category!r} as in {first!r}, and convert its annotations with '
                'data_converters/labels_to_coco.py, which goes by their names'
            )
    whole = next(iter(complete.items()), None)
    if layout is None:
        if whole is not None and whole[1] != names and is_stored:
            raise FormatError(
                f'{source}: {whole[0]!r} has all key points of the benchmark, in '
                'another order than the channels of networks that an earlier version '
                'trained with it, whose scores and files were wrong; to fix it: train '
                'again with the short description, or, if this one is of no network, '
                f'add layout: {list(whole[1])}'
            )
        return names if whole is None else whole[1]
    order = checked_names(layout, f'{source}: layout', names)
    if len(order) < len(names):
        missing = [name for name in names if name not in order]
        raise FormatError(
            f'{source}: layout lacks the key points {short(missing)}; to fix it: list '
            'all of the benchmark, or leave it out'
        )
    if whole is not None and whole[1] != order:
        raise FormatError(
            f'{source}: layout has another order than {whole[0]!r}, which has all key '
            'points of the benchmark; to fix it: leave the layout out'
        )
    return order
