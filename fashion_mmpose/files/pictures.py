"""Pictures in files: their sizes, their pixels, and how they are written."""

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from fashion_mmpose.errors import PictureError

from .outputs import OutputFiles
from .parallel import map_in_order

_ORIENTATION = 0x0112  # the Exif tag
_QUARTER_TURNS = (5, 6, 7, 8)  # its values that exchange width and height
_CHUNK = 512  # headers that a process reads at a time: some fifty milliseconds


# -------------------------------------------------------------------------------- sizes


def image_size(path: str | os.PathLike) -> tuple[int, int]:
    """Width and height in pixels of an image as it is decoded for training.

    MMPose decodes with OpenCV, which turns a picture upright as its Exif orientation
    says; so does this size. No pixel is decoded.

    Raises:
        OSError: If the file is missing or not an image.
        ValueError: If the header is damaged.
    """
    try:
        with Image.open(path) as image:
            width, height = image.size
            # Asking a PNG without Exif data for them would decode the picture.
            turn = image.getexif().get(_ORIENTATION) if 'exif' in image.info else None
    except (SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f'{path}: {error}') from error
    return (height, width) if turn in _QUARTER_TURNS else (width, height)


def image_sizes(paths: Sequence[str], workers: int = 1) -> list[tuple[int, int] | None]:
    """Width and height of every file, or None where there is no readable image.

    Processes share the work: reading a header is mostly Python, which threads of one
    process cannot do side by side.

    Args:
        paths: Image files.
        workers: Processes; 1 or less reads here.
    """
    sizes = map_in_order(
        _size_or_none, paths, len(paths), workers, _CHUNK, 'image sizes', 'image'
    )
    return list(sizes)


def _size_or_none(path: str) -> tuple[int, int] | None:
    try:
        return image_size(path)
    except (OSError, ValueError):
        return None


# ------------------------------------------------------------------------------ reading


def read_picture(path: str | os.PathLike) -> np.ndarray:
    """Decode a file as MMPose and MMDetection do.

    It is turned upright as its Exif orientation says. Grey becomes BGR, 16 bits
    become 8 (the upper ones), CMYK is converted, and transparency is dropped. A file
    that is cut short is refused: from memory, OpenCV decodes all of a picture or
    nothing. Bytes that changed inside of a JPEG go unnoticed, where they leave it
    readable.

    Returns:
        np.ndarray: BGR, uint8, shape (H, W, 3).

    Raises:
        PictureError: If the file is missing, damaged or no picture.
    """
    try:
        data = np.frombuffer(Path(path).read_bytes(), np.uint8)
        pixels = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    except OSError as error:
        raise PictureError(f'{path}: {error.strerror or error}') from error
    except cv2.error as error:  # e.g. of more pixels than OpenCV allows
        raise PictureError(f'{path} cannot be decoded: {error}') from error
    if pixels is None:
        raise PictureError(
            f'{path} is no picture that OpenCV reads, or is cut short or damaged'
        )
    return pixels


def as_bgr(image: np.ndarray, what: str = 'the array') -> np.ndarray:
    """A picture in memory in the form of :func:`read_picture`.

    Args:
        image: uint8 or uint16, of which the upper 8 bits count; grey (H, W) or
            (H, W, 1), BGR (H, W, 3) or BGRA (H, W, 4), whose transparency is dropped.
        what: What it is, for the error.

    Returns:
        np.ndarray: BGR, uint8, shape (H, W, 3); the same array where it is that.

    Raises:
        ValueError: If it is of another type or shape, or empty.
    """
    channels = check_array(image, what)
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if channels == 1:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    return image if channels == 3 else np.ascontiguousarray(image[..., :3])


def check_array(image: np.ndarray, what: str) -> int:
    """The number of channels of an array, if it is a picture.

    Args:
        image: See :func:`as_bgr`.
        what: What it is, for the error.

    Raises:
        ValueError: If it is of another type or shape, or empty.
    """
    channels = 1 if image.ndim == 2 else image.shape[-1] if image.ndim == 3 else 0
    if image.dtype not in (np.uint8, np.uint16) or channels not in (1, 3, 4):
        raise ValueError(
            f'{what} is of type {image.dtype} and shape {image.shape}; a picture is '
            'of type uint8 or uint16 and of shape (H, W), (H, W, 3) BGR or (H, W, 4)'
        )
    if not image.size:
        raise ValueError(f'{what} has no pixel: its shape is {image.shape}')
    return channels


# ------------------------------------------------------------------------------ writing


def write_picture(
    path: str | os.PathLike, picture: np.ndarray, jpeg_quality: int | None = None
) -> None:
    """Write a picture in the form that its name asks for, complete or not at all.

    Args:
        path: The file; missing folders are made.
        picture: BGR, uint8, shape (H, W, 3).
        jpeg_quality: Quality of a JPEG, 0 to 100; None for OpenCV's own, 95.

    Raises:
        ValueError: If OpenCV cannot write pictures of that kind.
    """
    suffix = Path(path).suffix
    options = []
    if jpeg_quality is not None:
        options = [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality]
    try:
        done, encoded = cv2.imencode(suffix, picture, options)
    except cv2.error as error:
        raise ValueError(f'cannot write {path}: {error}') from error
    if not done:
        raise ValueError(f'cannot write {path}: OpenCV has no encoder for {suffix!r}')
    with OutputFiles() as outputs:
        outputs.open_binary(path).write(encoded.tobytes())
