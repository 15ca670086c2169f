"""What the pixels of a picture with people show, as a human parser tells it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .canvas import Painted


class Parsing(IntEnum):
    """Classes of human parsing maps.

    They are those of MediaPipe's `selfie multiclass segmenter
    <https://ai.google.dev/edge/mediapipe/solutions/vision/image_segmenter>`_, which
    tells them in photographs, in its order.

    Attributes:
        BACKGROUND: All that belongs to nobody: the scene, what is laid over a picture,
            and figures that nothing shows to be people.
        HAIR: Hair, and all of a head that is seen from behind.
        BODY_SKIN: Neck, trunk, arms, hands and legs where nothing covers them.
        FACE_SKIN: The face, with eyes and mouth.
        CLOTHES: Garments, worn or not, and what is sewn on them.
        OTHERS: What else people wear or carry: shoes, bags, scarves, necklaces.
    """

    BACKGROUND = 0
    HAIR = 1
    BODY_SKIN = 2
    FACE_SKIN = 3
    CLOTHES = 4
    OTHERS = 5


def parsing_map(stack: Sequence[Painted], size_wh: tuple[int, int]) -> np.ndarray:
    """(H, W) uint8: what each pixel shows, a :class:`Parsing`.

    Args:
        stack: All layers of the picture, back to front.
        size_wh: Size of the picture in pixels.
    """
    classes = np.full(size_wh[::-1], Parsing.BACKGROUND, np.uint8)
    for row in stack:
        own = np.full_like(row.mask, row.parsing)
        for parsing, inside in row.details:
            own[inside >= 128] = parsing
        np.copyto(classes[row.window], own, where=row.mask >= 128)
    return classes
