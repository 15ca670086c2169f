"""What a garment and a benchmark are."""

import colorsys
import re
from collections.abc import Mapping
from dataclasses import dataclass

Link = tuple[int, int]

# The constant of the OKS where nobody measured one, as for FashionAI's key points and
# those that users describe: the mean of DeepFashion2's 294 official ones, 0.0392,
# rounded.
DEFAULT_SIGMA = 0.04
# A side as a word of its own, also in names such as brimLeft.
_SIDE = re.compile(
    r'(?<![A-Za-z])(left|right|LEFT|RIGHT)(?![A-Za-z])|(?<![A-Z])(Left|Right)(?![a-z])'
)
_OTHER_SIDE = {
    side: other
    for left, right in (('left', 'right'), ('Left', 'Right'), ('LEFT', 'RIGHT'))
    for side, other in ((left, right), (right, left))
}


@dataclass(frozen=True)
class Measure:
    """A length of a garment, as a tape measure would find it on the flat garment.

    Attributes:
        name: As tables and specification sheets have it, e.g. ``'chest_width'``.
        places: What the tape passes, in this order: of each place the key points,
            local indices, in whose middle it lies; mostly that is one.
        is_curved: Whether the tape follows a seam through the places, a smooth curve,
            and does not go straight from place to place.
        times: What the flat length is multiplied by: 1, or 2 for a girth.
        code: What it is called in the trade or in a company; empty for no code.
    """

    name: str
    places: tuple[tuple[int, ...], ...]
    is_curved: bool = False
    times: int = 1
    code: str = ''


@dataclass(frozen=True)
class Garment:
    """One garment category of a benchmark.

    K: the category's key points. All index tuples are local, 0 to K - 1,
    except ``channels``.

    Attributes:
        dataset: Name of the benchmark, e.g. ``'fashionai'``.
        name: Name of the category, e.g. ``'blouse'``.
        category_id: Number of the category in COCO files, from 1.
        keypoints: K names.
        channels: K positions in the benchmark's full layout.
        layout_size: Key points of the full layout, e.g. 24 or 294.
        color: RGB, by which drawings tell categories apart.
        flip: K indices; ``flip[i]`` is the mirror image of key point i.
        links: Pairs of neighbours along the outline.
        sigmas: K constants of the OKS.
        normalizer: The two key points whose distance normalises errors, or None
            where the benchmark defines none.
        measures: Lengths that a description names; those of the built-in benchmarks
            stand in :mod:`fashion_mmpose.measure.table`.
    """

    dataset: str
    name: str
    category_id: int
    keypoints: tuple[str, ...]
    channels: tuple[int, ...]
    layout_size: int
    color: tuple[int, int, int]
    flip: tuple[int, ...]
    links: tuple[Link, ...]
    sigmas: tuple[float, ...]
    normalizer: Link | None = None
    measures: tuple[Measure, ...] = ()


@dataclass(frozen=True)
class Benchmark:
    """A benchmark: its full layout, its categories in official order, its paper."""

    name: str
    keypoints: tuple[str, ...]
    garments: Mapping[str, Garment]
    paper: Mapping[str, str]


def mirror_name(name: str) -> str:
    """The key point on the other side: left and right exchanged, word by word."""
    return _SIDE.sub(lambda found: _OTHER_SIDE[found[0]], name)


def side_of(name: str) -> str | None:
    """``'left'`` or ``'right'``, as the name of a key point says; None otherwise."""
    found = _SIDE.search(name)
    return found and found[0].lower()


def spread_color(category_id: int, num_categories: int) -> tuple[int, int, int]:
    """RGB colour of a category: hues spread evenly over the benchmark."""
    hue = category_id / num_categories
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.75, 0.95)
    return round(255 * red), round(255 * green), round(255 * blue)
