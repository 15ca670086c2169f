"""The landmarks of the DeepFashion2 benchmark on drawn garments.

The benchmark numbers a garment's landmarks around its outline, as its figure shows
(`landmark definitions <https://github.com/switchablenorms/DeepFashion2>`_). Named
points such as armpit or cuff end the seams of a drawn garment; the landmarks
between them are spread evenly along the seam.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.synthetic.clothes.parts import Garment

# One line per category: the seams on the left side of the picture and the numbers of
# the landmarks on them, as in the figure, from the seam's start to its end. ``a-b``
# counts up or down. Where seams meet they share a number; the later one keeps it.
# Numbers on the right side follow from the mirror pairs of the benchmark's table.
_PLANS = """
short_sleeved_shirt | back 2-1 neck 2-4 outer 7-9 inner 12-10 side 12-15 hem 15-16
long_sleeved_shirt | back 2-1 neck 2-4 outer 7-11 inner 16-12 side 16-19 hem 19-20
short_sleeved_outwear | back 4,1 neck 4-2 outer 7-9 inner 12-10 side 12-15 hem 15-16 \
front 2,30,31,16
long_sleeved_outwear | back 2-1 neck 2-4 outer 7-11 inner 16-12 side 16-19 hem 19-20 \
front 4,38,39,20
vest | back 2-1 neck 2-4 armhole 7-8 side 8-10 hem 10-11
sling | back 2-1 neck 2-4 strap 2,7 side 8-10 hem 10-11
shorts | waist 1-2 outer 1,4,5 inner 7-6
trousers | waist 1-2 outer 1,4-6 inner 9-7
skirt | waist 1-2 side 1,4,5 hem 5-6
short_sleeved_dress | back 2-1 neck 2-4 outer 7-9 inner 12-10 side 12-17 hem 17-18
long_sleeved_dress | back 2-1 neck 2-4 outer 7-11 inner 16-12 side 16-21 hem 21-22
vest_dress | back 2-1 neck 2-4 armhole 7-8 side 8-12 hem 12-13
sling_dress | back 2-1 neck 2-4 strap 2,7 side 8-12 hem 12-13
"""


def _numbers(text: str) -> list[int]:
    """'4,38-39,20' -> [4, 38, 39, 20]; '3-1' -> [3, 2, 1]."""
    numbers = []
    for run in text.split(','):
        first, _, last = run.partition('-')
        a, b = int(first), int(last or first)
        step = 1 if a <= b else -1
        numbers += range(a, b + step, step)
    return numbers


def _plans() -> Iterator[tuple[str, list[tuple[str, list[int]]]]]:
    for line in _PLANS.strip().splitlines():
        category, runs = line.split(' | ')
        words = runs.split()
        yield (
            category,
            [(seam, _numbers(text)) for seam, text in zip(words[::2], words[1::2])],
        )


_SEAMS = dict(_plans())


def locate(garment: Garment, category: str) -> tuple[list[str], np.ndarray]:
    """The landmarks of a drawn garment.

    K: landmarks of the category, in the benchmark's order.

    Args:
        garment: The drawn garment.
        category: A DeepFashion2 category whose seams the garment has.

    Returns:
        tuple: K names of the parts on which the landmarks lie, and their positions
        (K, 2) in the frame of the garment.

    Raises:
        KeyError: If the garment lacks one of the seams.
    """
    flip = garments.garment('deepfashion2', category).flip
    order = {part.name: i for i, part in enumerate(garment.parts())}
    names, points = [''] * len(flip), np.full((len(flip), 2), np.nan)
    for seam, numbers in _SEAMS[category]:
        fractions = [step / (len(numbers) - 1) for step in range(len(numbers))]
        on_left = garment.along(f'{seam}_left', fractions)
        on_right = garment.along(f'{seam}_right', fractions)
        for number, left, right in zip(numbers, on_left, on_right):
            here, mirror = number - 1, flip[number - 1]
            if here == mirror:
                # Both halves end here; the landmark is on the one that is seen.
                left = right = max(left, right, key=lambda found: order[found[0]])
            names[here], points[here] = left
            names[mirror], points[mirror] = right
    return names, points
