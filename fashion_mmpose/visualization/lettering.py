"""Letters in pictures of any size, of any script that a font is there for."""

from __future__ import annotations

import functools
import os
import unicodedata
from collections.abc import Sequence, Set

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

FONT = 'FASHION_MMPOSE_FONT'  # a variable of the environment, which names a font file
_USUAL_SIDE = 1000  # pixels; up to that, lines and letters have their own size
_FACE = cv2.FONT_HERSHEY_SIMPLEX
_EM = 29  # pixels of a font whose capitals are as high as OpenCV's at scale 1
_NO_LETTER = '\U0010ffff'  # no font has it, so that its sign of a missing one is seen
# Fonts that systems bring, which Pillow looks for in their folders. The first that has
# all letters of a text is taken.
_FONTS = (
    *('DejaVuSans.ttf', 'arial.ttf', 'Arial.ttf', 'LiberationSans-Regular.ttf'),
    *('segoeui.ttf', 'NotoSans-Regular.ttf', 'Helvetica.ttc'),
    *('msyh.ttc', 'PingFang.ttc', 'Hiragino Sans GB.ttc', 'STHeiti Light.ttc'),
    *('NotoSansCJK-Regular.ttc', 'NotoSansCJKsc-Regular.otf', 'wqy-microhei.ttc'),
    *('wqy-zenhei.ttc', 'simsun.ttc', 'YuGothM.ttc', 'malgun.ttf', 'Nirmala.ttf'),
    *('AppleSDGothicNeo.ttc', 'NanumGothic.ttf', 'NotoSansDevanagari-Regular.ttf'),
    *('Lohit-Devanagari.ttf', 'leelawui.ttf', 'NotoSansThai-Regular.ttf'),
    'Arial Unicode.ttf',
)


def drawing_scale(image: np.ndarray) -> float:
    """By how much points, lines and letters are enlarged; at least 1.

    Large pictures are shrunk to be looked at, and lines of one pixel are lost then.

    Args:
        image: Shape (H, W, 3).

    Returns:
        float: The square root of the picture's area over 1,000 pixels.
    """
    height, width = image.shape[:2]
    return max(1.0, (height * width) ** 0.5 / _USUAL_SIDE)


def text_size(text: str, scale: float, thickness: int = 1) -> tuple[int, int, int]:
    """The room that :func:`write_text` needs.

    Args:
        text: One line.
        scale: Of the letters; capitals are 21 pixels high at 1.
        thickness: Of their lines, in pixels.

    Returns:
        tuple: Pixels of its width, above its base line, and below.

    Raises:
        ValueError: See :func:`write_text`.
    """
    ascii_text = _ascii(text)
    (width, above), below = cv2.getTextSize(ascii_text, _FACE, scale, thickness)
    font = _font_of(text, scale)
    if font is None:
        return width, above, below
    # As high as lines of OpenCV's letters, unless a script needs more.
    left, top, right, bottom = font.getbbox(_one_line(text), anchor='ls')
    return (
        round(right - min(left, 0)),
        max(above, -round(top)),
        max(below, round(bottom)),
    )


def write_text(
    canvas: np.ndarray,
    text: str,
    place: tuple[int, int],
    scale: float,
    color: Sequence[int],
    thickness: int = 1,
    halo: Sequence[int] | None = None,
) -> None:
    """Write a line of text into a picture, in place.

    ASCII is drawn by OpenCV, other letters by Pillow with the font that
    ``FASHION_MMPOSE_FONT`` names, or one of the system's that has them all. Where there
    is none they become question marks.

    Args:
        canvas: BGR, uint8, shape (H, W, 3).
        text: One line.
        place: x and y of the left end of its base line, in pixels.
        scale: Of the letters; capitals are 21 pixels high at 1.
        color: BGR.
        thickness: Of OpenCV's lines, in pixels.
        halo: BGR of an edge around the letters, so that they are seen on any ground;
            None for no edge.

    Raises:
        ValueError: If ``FASHION_MMPOSE_FONT`` names what is no font.
    """
    font = _font_of(text, scale)
    if font is None:
        inks = [(halo, 3 * thickness)] if halo is not None else []
        for ink, width in (*inks, (color, thickness)):
            cv2.putText(
                canvas, _ascii(text), place, _FACE, scale, ink, width, cv2.LINE_AA
            )
        return
    text = _one_line(text)
    edge = 0 if halo is None else thickness
    box = font.getbbox(text, anchor='ls', stroke_width=edge)
    # Only a window: a picture is copied to Pillow and back.
    low = np.maximum(np.floor(box[:2]).astype(int) + place - 1, 0)
    high = np.minimum(np.ceil(box[2:]).astype(int) + place + 1, canvas.shape[1::-1])
    if (high <= low).any():
        return
    window = canvas[low[1] : high[1], low[0] : high[0]]
    image = Image.fromarray(np.ascontiguousarray(window))
    ImageDraw.Draw(image).text(
        (place[0] - low[0], place[1] - low[1]),
        text,
        fill=tuple(color),
        font=font,
        anchor='ls',
        stroke_width=edge,
        stroke_fill=None if halo is None else tuple(halo),
    )
    window[:] = np.asarray(image)


def _ascii(text: str) -> str:
    """The text with one question mark for each letter that OpenCV does not have."""
    return text.encode('ascii', 'replace').decode()


def _one_line(text: str) -> str:
    return ' '.join(text.split())


def _font_of(text: str, scale: float) -> ImageFont.FreeTypeFont | None:
    """The font of a text; None where OpenCV draws it."""
    # Blanks and joiners have no shape, and fonts need not have them.
    letters = frozenset(
        letter
        for letter in text
        if not letter.isascii() and unicodedata.category(letter)[0] not in 'CZ'
    )
    size = max(1, round(_EM * scale))
    return _font(letters, size, os.environ.get(FONT)) if letters else None


@functools.lru_cache(maxsize=1024)
def _font(
    letters: Set[str], size: int, named: str | None
) -> ImageFont.FreeTypeFont | None:
    if named:
        try:
            return ImageFont.truetype(named, size)
        except OSError as error:
            raise ValueError(
                f'{FONT} is {named}, which is no font that can be read ({error}); to '
                'fix it: name a file .ttf, .otf or .ttc'
            ) from None
    for name in _FONTS:
        try:
            font = ImageFont.truetype(name, size)
        except OSError:  # this system has another one
            continue
        if _has(font, letters):
            return font
    return None


def _has(font: ImageFont.FreeTypeFont, letters: Set[str]) -> bool:
    """Whether a font has all the letters, by what it draws for one that it has not."""
    missing = _shape(font, _NO_LETTER)
    return all(_shape(font, letter) != missing for letter in letters)


def _shape(font: ImageFont.FreeTypeFont, letter: str) -> bytes:
    side = round(font.size)
    image = Image.new('L', (3 * side, 3 * side))
    ImageDraw.Draw(image).text((side, side), letter, fill=255, font=font)
    return image.tobytes()
