"""Decoded pictures of a data set, kept from epoch to epoch."""

import mmap
import os
import tempfile
from typing import Any

import numpy as np
from mmengine.dataset import Compose
from mmengine.logging import print_log
from mmpose.datasets.transforms import LoadImage

from fashion_mmpose.files.pictures.pixels import read_picture

_MEGABYTE = 10**6
_CHANNELS = 3


class PictureCache:
    """Decoded pictures in memory, or in a file of their own, up to a bound.

    Every picture has its place beforehand, in the order of the ids, as far as there is
    room: where all pictures are read once an epoch, none is worth more than another,
    and one that stays is worth more than one that is thrown out for it. What a worker
    has decoded, all others see, and those of later epochs: the memory is shared by the
    processes that are forked after the cache is made. Memory and disk are given back
    when the last of them ends, however it ends.

    N: pictures.

    Args:
        image_ids (np.ndarray): Ids, each once, ascending; int64, shape (N, ).
        sizes_wh (np.ndarray): Width and height in pixels that the annotation file
            says, shape (N, 2).
        megabytes (float): Room, in a million bytes; a picture of 512x512 takes 0.8.
        folder (str, optional): Where the file lies, on a disk that is faster than
            decoding is; it has no name, and is not there when the run has ended. By
            default the pictures are in memory.

    Raises:
        OSError: If the folder does not exist, or its disk has not that much room.
        ValueError: If there is no room at all.
    """

    def __init__(
        self,
        image_ids: np.ndarray,
        sizes_wh: np.ndarray,
        megabytes: float,
        folder: str | os.PathLike | None = None,
    ) -> None:
        if megabytes <= 0:
            raise ValueError(f'cache: megabytes must be above 0, got {megabytes}')
        lengths = _CHANNELS * np.asarray(sizes_wh, np.int64).prod(axis=1)
        ends = np.cumsum(lengths)
        num = int(np.searchsorted(ends, megabytes * _MEGABYTE, side='right'))
        self._ids = np.asarray(image_ids)[:num]
        self._sizes_wh = np.asarray(sizes_wh)[:num]
        self._starts = ends[:num] - lengths[:num]
        self._size = int(ends[num - 1]) if num else 0
        # Which are there, a byte each; always in memory.
        self._is_kept = np.frombuffer(mmap.mmap(-1, max(1, num)), np.uint8)
        self._pixels = np.frombuffer(_room(max(1, self._size), folder), np.uint8)
        print_log(
            f'cache: {num} of {len(image_ids)} pictures have room, '
            f'{self._size / _MEGABYTE:.0f} MB in {folder or "memory"}',
            'current',
        )

    def __len__(self) -> int:
        """How many pictures have room."""
        return len(self._ids)

    def __deepcopy__(self, memo: dict) -> 'PictureCache':
        # Copies of a data set share it.
        return self

    def __reduce__(self) -> Any:
        raise TypeError(
            'cached pictures are shared with processes that are forked, not spawned; '
            "to fix it: env_cfg=dict(mp_cfg=dict(mp_start_method='fork')), or a data "
            'set without cache'
        )

    @property
    def num_kept(self) -> int:
        """How many pictures are there by now."""
        return int(np.count_nonzero(self._is_kept[: len(self)]))

    def read(self, image_id: int, path: str) -> np.ndarray:
        """A picture as :func:`read_picture` decodes it.

        Args:
            image_id (int): Its id.
            path (str): Its file.

        Returns:
            np.ndarray: BGR, uint8, shape (H, W, 3); the caller's own.

        Raises:
            PictureError: If it cannot be read.
        """
        place = int(np.searchsorted(self._ids, image_id))
        if place == len(self) or self._ids[place] != image_id:
            return read_picture(path)
        width, height = self._sizes_wh[place].tolist()
        start = self._starts[place]
        kept = self._pixels[start : start + _CHANNELS * width * height]
        kept = kept.reshape(height, width, _CHANNELS)
        if self._is_kept[place]:
            return kept.copy()
        pixels = read_picture(path)
        # What the annotation file says may be wrong.
        if pixels.shape == kept.shape:
            kept[:] = pixels
            self._is_kept[place] = 1
        return pixels


def check_loading(pipeline: Compose) -> None:
    """See that a pipeline reads pictures as the cache does.

    Raises:
        ValueError: If it begins with something else than a plain ``LoadImage``.
    """
    first = next(iter(pipeline.transforms), None)
    if (
        not isinstance(first, LoadImage)
        or first.color_type != 'color'
        or first.imdecode_backend != 'cv2'
    ):
        raise ValueError(
            "cache: the pipeline must begin with dict(type='LoadImage'), without "
            f'color_type and imdecode_backend, not with {first}'
        )


def _room(size: int, folder: str | os.PathLike | None) -> mmap.mmap:
    """That many bytes, which forked processes share."""
    if folder is None:
        return mmap.mmap(-1, size)
    with tempfile.TemporaryFile(dir=folder) as file:
        if hasattr(os, 'posix_fallocate'):
            # Or a disk that is full would end the process that writes to it.
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.truncate(size)
        return mmap.mmap(file.fileno(), size)
