"""Read the pictures of sources, one after the other, ahead of who takes them."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np

from fashion_mmpose.errors import PictureError
from fashion_mmpose.files.parallel import usable_cores
from fashion_mmpose.files.pictures.pixels import as_bgr, decode_picture, read_picture

from .archives import read_span
from .prefetch import prefetch
from .source import Source
from .videos.frames import Frames


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture that was read, or why it was not.

    Attributes:
        image_id: Its number among all pictures and frames, from 0; the source's own
            where that has one.
        source: Where it comes from.
        pixels: BGR, uint8, shape (H, W, 3); None where it could not be read.
        frame: Its number in a video or of a camera, from 0; None elsewhere.
        fps: Frames per second of a video that tells them.
        error: Why it could not be read; empty otherwise.
    """

    image_id: int
    source: Source
    pixels: np.ndarray | None
    frame: int | None = None
    fps: float | None = None
    error: str = ''


def load_pictures(
    sources: Iterable[Source], depth: int = 8, workers: int | None = None
) -> Iterator[Picture]:
    """Read pictures ahead, in threads; OpenCV lets others run while it decodes.

    Args:
        sources: Where they come from.
        depth: At most so many pictures wait. Defaults to 8.
        workers: Threads that decode files. Defaults to half of the cores, at most 4.

    Returns:
        Iterator[Picture]: In the order of the sources; what cannot be read says so in
        ``error``. A video that breaks off has one picture without pixels after its
        frames, which says how many there should be.
    """
    workers = workers or min(4, max(1, usable_cores() // 2))
    with (
        ThreadPoolExecutor(workers) as pool,
        closing(prefetch(_begin(sources, pool), depth)) as begun,
    ):
        for image_id, picture in enumerate(begun):
            if isinstance(picture, Future):
                picture = picture.result()
            number = picture.source.number
            yield replace(picture, image_id=image_id if number is None else number)


def _begin(
    sources: Iterable[Source], pool: ThreadPoolExecutor
) -> Iterator['Picture | Future[Picture]']:
    """Frames as they are read; files are still being decoded."""
    for source in sources:
        if source.is_single:
            yield pool.submit(_read_one, source)
        else:
            yield from _frames(source)


def _read_one(source: Source) -> Picture:
    try:
        if source.kind == 'array':
            assert source.array is not None  # as of every source of this kind
            pixels = as_bgr(source.array, f'array {source.image}')
        else:
            pixels = _pixels_of(source)
    except PictureError as error:
        return Picture(0, source, None, error=str(error))
    return Picture(0, source, pixels)


def _pixels_of(source: Source) -> np.ndarray:
    """The pixels of a file, or of a part of one; BGR, uint8, shape (H, W, 3).

    Raises:
        PictureError: If they cannot be read; it names what lists the picture, too.
    """
    if source.fault:
        raise PictureError(source.fault)
    try:
        if source.span is not None:
            return decode_picture(read_span(source.span), source.image)
        return read_picture(str(source.image))
    except PictureError as error:
        if not source.listed:
            raise
        raise PictureError(f'{error} (named in {source.listed})') from error


def _frames(source: Source) -> Iterator[Picture]:
    """The frames, and what is wrong with their end."""
    video = Frames(source)
    for frame, (pixels, fps) in enumerate(video):
        yield Picture(0, source, pixels, frame, fps)
    if video.error:
        yield Picture(0, source, None, error=video.error)
