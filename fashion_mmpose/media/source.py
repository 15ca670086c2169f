"""What a picture, a video or a camera is before it is read."""

import os
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

Input = str | os.PathLike | int | np.ndarray


class Span(NamedTuple):
    """Where in a file the bytes of a picture are.

    Attributes:
        file: The file, an archive.
        offset: Place of the first byte.
        size: Number of bytes.
    """

    file: str
    offset: int
    size: int


@dataclass(frozen=True, eq=False, slots=True)
class Source:
    """Where pictures come from.

    Attributes:
        image: Path of a picture or a video, in an archive that of the archive and the
            member's in it; an array's place among the inputs; the number of a camera;
            the address of a stream.
        kind: ``'picture'``, ``'video'``, ``'array'``, ``'camera'`` or ``'stream'``.
        name: The path below the folder that was asked for; the file's name where it
            was asked for itself.
        array: The picture, where it came in memory.
        span: Where its bytes are, if they are no file of their own.
        listed: What names it: a list or a table, and the line or row; or empty.
        fault: Why it cannot be read, where what names it tells that; or empty.
        number: Its place among all pictures of the inputs, where only some of them are
            read; else None.
    """

    image: str | int
    kind: str
    name: str
    array: np.ndarray | None = None
    span: Span | None = None
    listed: str = ''
    fault: str = ''
    number: int | None = None

    @property
    def is_single(self) -> bool:
        """Whether it is one picture."""
        return self.kind in ('picture', 'array')

    def num_pictures(self) -> int | None:
        """How many pictures it has; None where nobody knows."""
        if self.is_single:
            return 1
        if self.kind in ('camera', 'stream'):
            return None
        count = count_frames(str(self.image))
        return count if count > 0 else None


def count_frames(path: str | os.PathLike) -> int:
    """Frames of a video as its header tells, 0 if it cannot be opened."""
    capture = cv2.VideoCapture(str(path))
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    capture.release()
    return max(count, 0)  # OpenCV 5 tells -1 then
