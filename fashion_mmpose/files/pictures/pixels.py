"""Pictures in files: their sizes, their pixels, and how they are written.

Every way in goes through one gate: a file's first bytes say what it is, its header is
checked against its length, and only then is it decoded, JPEG and PNG by OpenCV and the
others by Pillow, whose readers fail cleanly where OpenCV's may not.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from fashion_mmpose.errors import PictureError
from fashion_mmpose.files.parallel import map_in_order
from fashion_mmpose.files.writing.outputs import OutputFiles

from .formats import JPEG, PNG
from .headers import (
    PictureHeader,
    check_limit,
    damaged,
    header_of,
    opened,
    parse_header,
    read_header,
)

_CHUNK = 512  # headers that a process reads at a time: some fifty milliseconds
_CHUNK_OF_PICTURES = 16  # those that it decodes at a time: about as long
_OPENCV_READS = ('BMP', 'JPEG', 'PNG', 'PPM', 'TIFF', 'WEBP')  # Pillow's names
_BITS_PER_SAMPLE = 258  # tags of TIFF
_PHOTOMETRIC = 262


# -------------------------------------------------------------------------------- sizes


def image_size(path: str | os.PathLike) -> tuple[int, int]:
    """Width and height in pixels of an image as it is decoded for training.

    The picture is turned upright as its Exif orientation says, whatever its format;
    so is this size. No pixel is decoded.

    Raises:
        OSError: If the file is missing.
        ValueError: If it is no picture, or its header is damaged.
    """
    return read_header(path).size


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
    """Decode a file as :func:`decode_picture` does.

    Returns:
        np.ndarray: BGR, uint8, shape (H, W, 3).

    Raises:
        PictureError: If the file is missing, damaged or no picture.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise PictureError(f'{path}: {error.strerror or error}') from error
    return decode_picture(data, path)


def check_pictures(
    paths: Sequence[str], workers: int = 1
) -> Iterator[tuple[int, int] | str]:
    """Decode every file as :func:`read_picture` does, to see whether that works.

    Args:
        paths: Image files.
        workers: Processes; 1 or less reads here.

    Yields:
        tuple[int, int] | str: Width and height in pixels as decoded, in the order of
        the paths, or one line that names the file and says why it cannot be read.
    """
    return map_in_order(
        _size_or_fault,
        paths,
        len(paths),
        workers,
        _CHUNK_OF_PICTURES,
        'pictures',
        'picture',
    )


def picture_fault(path: str | os.PathLike) -> str | None:
    """One line that names a file and says why it cannot be read; None if it can."""
    found = _size_or_fault(path)
    return found if isinstance(found, str) else None


def _size_or_fault(path: str | os.PathLike) -> tuple[int, int] | str:
    try:
        height, width = read_picture(path).shape[:2]
    except PictureError as error:
        return ' '.join(str(error).split())
    except Exception as error:
        # Whatever a damaged file does to a decoder must not end a long run.
        reason = ' '.join(str(error).split())
        return f'{path} cannot be decoded: {reason or type(error).__name__}'
    return width, height


def decode_picture(
    data: bytes, what: object = 'the picture', upright: bool = True
) -> np.ndarray:
    """Decode a picture as a viewer shows it.

    It is turned upright as its Exif orientation says. Grey becomes BGR, 16 bits
    become 8 (the upper ones), CMYK is converted, and transparency is dropped. Of an
    animation the first picture counts. Pixels that are floating-point numbers are
    refused, for nobody knows what is white. A file that is cut short is refused:
    from memory, all of a picture is decoded or nothing. Bytes that changed inside of
    a JPEG go unnoticed, where they leave it readable.

    Args:
        data: The bytes of the file.
        what: What it is, for errors.
        upright: Turn it as Exif says; a TIFF always is. Defaults to True.

    Returns:
        np.ndarray: BGR, uint8, shape (H, W, 3).

    Raises:
        PictureError: If it is damaged, no picture, or one that is not read.
    """
    header = parse_header(data, len(data), what)
    if _is_for_opencv(data, header):
        pixels = _by_opencv(data, header, what)
    else:
        pixels, is_upright = _by_pillow(data, header, what)
        if is_upright:
            return pixels
    return _turned(pixels, header.orientation) if upright else pixels


def check_for_opencv(data: bytes, what: object = 'the picture') -> None:
    """Refuse a file that is damaged, or of a format that OpenCV reads unsafely.

    It is for who needs OpenCV's own decoding; the others call :func:`decode_picture`.

    Raises:
        PictureError: If the file is not to be given to OpenCV.
    """
    kind = parse_header(data, len(data), what).format
    if kind.opener not in _OPENCV_READS:
        raise PictureError(
            f'{what} is a picture of the kind {kind.name}, which is read in colour only'
        )


def _is_for_opencv(data: bytes, header: PictureHeader) -> bool:
    """Whether OpenCV decodes a picture safely, and all of it or nothing."""
    if header.format is JPEG:
        # Older releases fill up with grey what a file that is cut short lacks.
        return data.rfind(b'\xff\xd9', header.pixels_at) >= 0
    # The newest ones read animations, with a reader of their own.
    return header.format is PNG and not header.is_animated


def _by_opencv(data: bytes, header: PictureHeader, what: object) -> np.ndarray:
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:  # e.g. of more pixels than OpenCV allows
        raise PictureError(f'{what} cannot be decoded: {error}') from error
    if pixels is None:
        raise damaged(what, header.format, 'OpenCV cannot decode it')
    _check_shape(pixels, (header.width, header.height), header, what)
    return pixels


def _by_pillow(
    data: bytes, header: PictureHeader, what: object
) -> tuple[np.ndarray, bool]:
    """The pixels, and whether they are upright whatever Exif says."""
    with opened(data, header.format, what) as image:
        # Files that hold several pictures may name another one at second sight.
        check_limit(header_of(image, header.format), what)
        is_upright = isinstance(image, TiffImageFile)
        bits = image.tag_v2.get(_BITS_PER_SAMPLE, (16,)) if is_upright else (16,)
        image.load()
        pixels = _eight_bits(image, max(bits), what)
    size = header.size if is_upright else (header.width, header.height)
    _check_shape(pixels, size, header, what)
    return pixels, is_upright


def _eight_bits(image: Image.Image, bits: int, what: object) -> np.ndarray:
    """BGR, uint8, of a picture in any of Pillow's modes."""
    mode = image.mode
    # Pillow scales every PNM of more than 8 bits to 16.
    is_deep = mode.startswith('I;16') or (mode == 'I' and image.format == 'PPM')
    if is_deep and bits == 16:
        deep = np.asarray(image).astype(np.uint16)
        if isinstance(image, TiffImageFile) and image.tag_v2.get(_PHOTOMETRIC) == 0:
            # White is 0, which Pillow turns for 8 bits and not for 16.
            deep = np.iinfo(np.uint16).max - deep
        return as_bgr(deep)
    if is_deep or mode in ('I', 'F'):
        kind = 'floating-point' if mode == 'F' else 'whole'
        raise PictureError(
            f'{what} holds {kind} numbers on no known scale instead of 8 or 16 bits; '
            'to fix it: scale them to 0 to 255, and save it as PNG'
        )
    rgb = np.asarray(image if mode == 'RGB' else image.convert('RGB'))
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)


def _check_shape(
    pixels: np.ndarray, size: tuple[int, int], header: PictureHeader, what: object
) -> None:
    height, width = pixels.shape[:2]
    if (width, height) != size:
        raise damaged(
            what,
            header.format,
            f'it says {size[0]}x{size[1]} pixels and has {width}x{height}',
        )


def _turned(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Upright pixels; Exif's numbers count mirrors and quarter turns."""
    if orientation in (5, 6, 7, 8):
        pixels = cv2.transpose(pixels)
    flip = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}.get(orientation)
    return pixels if flip is None else cv2.flip(pixels, flip)


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
        picture: BGR, uint8, shape (H, W, 3), or one channel, shape (H, W).
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
