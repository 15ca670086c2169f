"""Pictures that strangers send: checked before a pixel is decoded."""

import base64
import binascii
import os
from dataclasses import dataclass
from pathlib import Path
from unicodedata import category

import cv2
import numpy as np

from fashion_mmpose.errors import PictureError
from fashion_mmpose.files.pictures.headers import parse_header
from fashion_mmpose.files.pictures.pixels import decode_picture

MEGABYTE = 1 << 20
_NAME_LETTERS = 255  # as many as a file's name may have: saved files lead to it
_VIEW_SIDE = 1600  # pixels of what a browser gets to see
_THUMB_SIDE = 96
_VIEW_QUALITY, _THUMB_QUALITY = 88, 75


@dataclass(frozen=True)
class Limits:
    """What is taken.

    Attributes:
        megabytes: Of a file. Defaults to 25.
        megapixels: Of a picture. Defaults to 50.
        pictures: That a browser may have open at once. Defaults to 20.
        disk_megabytes: Of all pictures that are open, of all browsers together.
            Defaults to 2000.
    """

    megabytes: float = 25
    megapixels: float = 50
    pictures: int = 20
    disk_megabytes: float = 2000

    @property
    def max_bytes(self) -> int:
        """Bytes of a file."""
        return int(self.megabytes * MEGABYTE)


def take_upload(path: object, folder: str | os.PathLike) -> bytes:
    """The content of an uploaded file, which is deleted.

    Args:
        path: Where a browser says that it lies.
        folder: The folder of uploads; what lies elsewhere is not touched.

    Raises:
        OSError: If it cannot be read.
        PictureError: If it is no file of that folder.
    """
    text = path if isinstance(path, str) and '\0' not in path else ''
    real = Path(os.path.realpath(text))
    if not real.is_relative_to(os.path.realpath(folder)) or not real.is_file():
        raise PictureError(
            'the picture is no longer here; to fix it: choose it once more'
        )
    try:
        return real.read_bytes()
    finally:
        real.unlink(missing_ok=True)


def decode_upload(data: bytes, name: str, limits: Limits) -> np.ndarray:
    """Decode a picture that is within the limits.

    Args:
        data: The bytes of the file.
        name: What it is called in messages.
        limits: See :class:`Limits`.

    Returns:
        np.ndarray: BGR, uint8, shape (H, W, 3), upright.

    Raises:
        PictureError: If it is too large, damaged or no picture.
    """
    if len(data) > limits.max_bytes:
        raise PictureError(
            f'{name} has {len(data) / MEGABYTE:.1f} MB, and {limits.megabytes:g} MB '
            'are the limit here; to fix it: save it smaller'
        )
    header = parse_header(data, len(data), name)
    pixels = header.width * header.height / 1e6
    if pixels > limits.megapixels:
        raise PictureError(
            f'{name} has {pixels:.1f} megapixels, and {limits.megapixels:g} are the '
            'limit here; to fix it: scale it down'
        )
    return decode_picture(data, name)


def decode_text(text: object, limits: Limits) -> bytes:
    """The bytes of a file that was sent as text.

    Args:
        text: Base64, in one line or in several, with or without the head of a data
            address.
        limits: What is longer is not decoded.

    Raises:
        PictureError: If it is too long, or not base64.
    """
    other = PictureError(
        'the picture is not sent in base64; to fix it: encode the bytes of its file'
    )
    if not isinstance(text, str):
        raise other
    text = ''.join(text.split())  # programs that encode files break the lines
    if text.startswith('data:'):
        text = text.partition(',')[2]
    if len(text) > limits.max_bytes * 4 / 3 + 4:
        raise PictureError(
            f'the picture has more than {limits.megabytes:g} MB, which are the limit '
            'here; to fix it: save it smaller'
        )
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise other from None


def plain_name(name: object) -> str:
    """A file's name as it is shown, without its folders, of harmless letters."""
    last = str(name).replace('\\', '/').rpartition('/')[2]
    kept = ''.join(letter for letter in last if _is_harmless(letter)).strip()
    return kept[:_NAME_LETTERS] or 'picture'


def _is_harmless(letter: str) -> bool:
    # Wide and narrow blanks, as in the names of screenshots, count as not printable.
    return letter.isprintable() or category(letter) == 'Zs'


def view_of(pixels: np.ndarray) -> str:
    """A picture as a browser shows it: a JPEG as a data address.

    Args:
        pixels: BGR, uint8, shape (H, W, 3).
    """
    return _address(_at_most(pixels, _VIEW_SIDE), _VIEW_QUALITY)


def thumb_of(pixels: np.ndarray) -> str:
    """The same, small."""
    return _address(_at_most(pixels, _THUMB_SIDE), _THUMB_QUALITY)


def _at_most(pixels: np.ndarray, side: int) -> np.ndarray:
    height, width = pixels.shape[:2]
    factor = side / max(height, width)
    if factor >= 1:
        return pixels
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _address(pixels: np.ndarray, quality: int) -> str:
    _, encoded = cv2.imencode('.jpg', pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return 'data:image/jpeg;base64,' + base64.b64encode(encoded.tobytes()).decode()
