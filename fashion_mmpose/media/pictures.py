"""Pictures from files, folders, videos, cameras and memory, one after the other."""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from .prefetch import prefetch
from .video import count_frames

PICTURE_SUFFIXES = frozenset(
    '.bmp .jpe .jpeg .jpg .jp2 .pbm .pgm .png .ppm .tif .tiff .webp'.split()
)
VIDEO_SUFFIXES = frozenset(
    '.avi .flv .m4v .mkv .mov .mp4 .mpeg .mpg .webm .wmv'.split()
)

Input = str | os.PathLike | int | np.ndarray


class PictureError(ValueError):
    """A picture or a video cannot be read; the message names it."""


@dataclass(frozen=True, eq=False)
class Source:
    """Where pictures come from.

    Attributes:
        image: Path of a picture or a video; an array's place among the inputs; the
            number of a camera.
        kind: ``'picture'``, ``'video'``, ``'array'`` or ``'camera'``.
        name: The path below the folder that was asked for; the file's name where it
            was asked for itself.
        array: The picture, where it came in memory.
    """

    image: str | int
    kind: str
    name: str
    array: np.ndarray | None = None

    @property
    def is_single(self) -> bool:
        """Whether it is one picture."""
        return self.kind in ('picture', 'array')

    def num_pictures(self) -> int | None:
        """How many pictures it has; None where nobody knows."""
        if self.is_single:
            return 1
        if self.kind == 'camera':
            return None
        count = count_frames(self.image)
        return count if count > 0 else None


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture that was read, or why it was not.

    Attributes:
        image_id: Its number among all pictures and frames, from 0.
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


# ----------------------------------------------------------------------- what there is


def find_sources(inputs: Input | Iterable[Input | Source]) -> Iterable[Source]:
    """The pictures and videos that inputs lead to, in order.

    Args:
        inputs: A path of a picture, a video or a folder, a pattern such as
            ``'shop/*.jpg'``, an array, the number of a camera; or any number of these,
            or of sources. A folder stands for the pictures and videos below it, sorted
            by path; hidden files are left out.

    Returns:
        Iterable[Source]: A list; where ``inputs`` is an iterator, another one, which
        looks at each input when it is its turn.

    Raises:
        FileNotFoundError: If a folder holds no picture, or nothing fits a pattern.
        TypeError: If an input is of another type.
        ValueError: If an array is no picture.
    """
    if isinstance(inputs, (str, os.PathLike, int, np.integer, np.ndarray)):
        return _sources_of(inputs, 0)
    if isinstance(inputs, bytes) or not isinstance(inputs, Iterable):
        raise TypeError(_not_an_input(inputs))
    found = (
        source
        for place, item in enumerate(inputs)
        for source in _sources_of(item, place)
    )
    return found if isinstance(inputs, Iterator) else list(found)


def _sources_of(item: Input, place: int) -> list[Source]:
    if isinstance(item, Source):
        return [item]
    if isinstance(item, np.ndarray):
        _check_array(item, f'array {place}')
        return [Source(place, 'array', f'{place:06d}', item)]
    if isinstance(item, (int, np.integer)) and not isinstance(item, bool):
        return [Source(int(item), 'camera', f'camera{item}')]
    if not isinstance(item, (str, os.PathLike)):
        raise TypeError(_not_an_input(item))
    path = os.fspath(item)
    if os.path.isdir(path):
        files = _files_below(path)
        if not files:
            raise FileNotFoundError(f'{path} holds no picture and no video')
        return [_file(file, path) for file in files]
    if not os.path.exists(path) and any(letter in path for letter in '*?['):
        files = sorted(filter(os.path.isfile, glob.glob(path, recursive=True)))
        if not files:
            raise FileNotFoundError(f'no file fits {path}')
        fixed = Path(*_before_pattern(Path(path).parts))
        return [_file(file, fixed) for file in files]
    return [_file(path, os.path.dirname(path))]


def _not_an_input(item) -> str:
    return (
        f'{type(item).__name__} is no input: give a path, a pattern, an array (BGR), '
        'the number of a camera, or a list of these'
    )


def _file(path: str, folder: str | os.PathLike) -> Source:
    kind = 'video' if Path(path).suffix.lower() in VIDEO_SUFFIXES else 'picture'
    return Source(path, kind, os.path.relpath(path, folder or '.'))


def _files_below(folder: str) -> list[str]:
    paths = []
    for parent, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith('.')]
        paths += [
            os.path.join(parent, name)
            for name in names
            if not name.startswith('.')
            and Path(name).suffix.lower() in PICTURE_SUFFIXES | VIDEO_SUFFIXES
        ]
    return sorted(paths, key=lambda path: Path(path).parts)


def _before_pattern(parts: Sequence[str]) -> list[str]:
    """The leading folders of a pattern that hold no wildcard."""
    fixed = []
    for part in parts[:-1]:
        if any(letter in part for letter in '*?['):
            break
        fixed.append(part)
    return fixed


# ----------------------------------------------------------------------------- reading


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
    channels = _check_array(image, what)
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if channels == 1:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    return image if channels == 3 else np.ascontiguousarray(image[..., :3])


def _check_array(image: np.ndarray, what: str) -> int:
    """The number of channels, if it is a picture."""
    channels = 1 if image.ndim == 2 else image.shape[-1] if image.ndim == 3 else 0
    if image.dtype not in (np.uint8, np.uint16) or channels not in (1, 3, 4):
        raise ValueError(
            f'{what} is of type {image.dtype} and shape {image.shape}; a picture is '
            'of type uint8 or uint16 and of shape (H, W), (H, W, 3) BGR or (H, W, 4)'
        )
    if not image.size:
        raise ValueError(f'{what} has no pixel: its shape is {image.shape}')
    return channels


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
        ``error``.
    """
    workers = workers or min(4, max(1, (os.cpu_count() or 1) // 2))
    with (
        ThreadPoolExecutor(workers) as pool,
        closing(prefetch(_begin(sources, pool), depth)) as begun,
    ):
        for image_id, picture in enumerate(begun):
            if isinstance(picture, Future):
                picture = picture.result()
            yield replace(picture, image_id=image_id)


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
            pixels = as_bgr(source.array, f'array {source.image}')
        else:
            pixels = read_picture(source.image)
    except PictureError as error:
        return Picture(0, source, None, error=str(error))
    return Picture(0, source, pixels)


def _frames(source: Source) -> Iterator[Picture]:
    what = f'camera {source.image}' if source.kind == 'camera' else source.image
    if source.kind == 'video' and not os.path.isfile(source.image):
        yield Picture(0, source, None, error=f'{what}: no such file')
        return
    capture = cv2.VideoCapture(source.image)
    frame = 0
    try:
        fps = capture.get(cv2.CAP_PROP_FPS)
        fps = fps if np.isfinite(fps) and fps > 0 else None
        while True:
            has_frame, pixels = capture.read()
            if not has_frame:
                break
            yield Picture(0, source, as_bgr(pixels, what), frame, fps)
            frame += 1
    finally:
        capture.release()
    if not frame:
        yield Picture(0, source, None, error=f'{what} gives no frame to OpenCV')
