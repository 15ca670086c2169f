"""Sizes of image files, from their headers only."""

import multiprocessing
import os
from collections.abc import Sequence

from PIL import Image
from tqdm import tqdm

from .workers import leave_interrupts_to_parent

_ORIENTATION = 0x0112  # the Exif tag
_QUARTER_TURNS = (5, 6, 7, 8)  # its values that exchange width and height


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
    bar = dict(total=len(paths), desc='image sizes', unit='image', disable=None)
    # Below some hundred files a process starts longer than it works.
    if workers <= 1 or len(paths) < 256:
        return list(tqdm(map(_size_or_none, paths), **bar))
    with multiprocessing.Pool(workers, leave_interrupts_to_parent) as pool:
        return list(tqdm(pool.imap(_size_or_none, paths, chunksize=64), **bar))


def _size_or_none(path: str) -> tuple[int, int] | None:
    try:
        return image_size(path)
    except (OSError, ValueError):
        return None
