"""Videos, written frame by frame."""

import os
from pathlib import Path

import cv2
import numpy as np

from fashion_mmpose.media.source import count_frames

_LARGEST_BASE = 65535  # ticks of a second in MPEG-4


def _writable(fps: float) -> float:
    """A rate with as many decimals as MPEG-4 can tell, three at most."""
    for decimals in (3, 2, 1):
        if fps * 10**decimals <= _LARGEST_BASE:
            return round(fps, decimals)
    return float(round(fps))


class VideoFile:
    """An MPEG-4 video that appears when it is finished.

    Args:
        path: The file, which ends in ``.mp4``; missing folders are made.
        fps: Frames per second.
    """

    def __init__(self, path: str | os.PathLike, fps: float) -> None:
        self.path = Path(path)
        self.fps = _writable(fps)
        # OpenCV chooses the container by the suffix.
        self._temporary = self.path.with_name(f'.{self.path.stem}.{os.getpid()}.mp4')
        self._writer: cv2.VideoWriter | None = None
        self._size_wh = (0, 0)
        self._num_frames = 0

    def write(self, frame: np.ndarray) -> None:
        """Add a frame: BGR, uint8; one of another size is resized to the first.

        The last row or column of an odd size is left out, as MPEG-4 demands.

        Raises:
            OSError: If the video cannot be written.
        """
        height, width = frame.shape[:2]
        writer = self._writer or self._open((width, height))
        # OpenCV would leave it out without a word.
        if (width, height) != self._size_wh:
            frame = cv2.resize(frame, self._size_wh, interpolation=cv2.INTER_AREA)
        writer.write(frame)
        self._num_frames += 1

    def _open(self, size_wh: tuple[int, int]) -> cv2.VideoWriter:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        codec = cv2.VideoWriter.fourcc(*'mp4v')
        writer = cv2.VideoWriter(str(self._temporary), codec, self.fps, size_wh)
        self._writer = writer
        self._size_wh = size_wh
        if not writer.isOpened():
            raise OSError(
                f'cannot write {self.path}: OpenCV has no encoder for MPEG-4 at '
                f'{size_wh[0]}x{size_wh[1]} and {self.fps:g} frames per second here'
            )
        return writer

    def finish(self) -> None:
        """Close the video and put it into its place, if it has a frame.

        Raises:
            OSError: If frames of it are missing.
        """
        if self._writer is None:
            return
        self._release()
        # OpenCV does not say that it could not write.
        found = count_frames(self._temporary)
        if found != self._num_frames:
            raise OSError(
                f'cannot write {self.path}: {found} of {self._num_frames} frames are '
                'there afterwards; is the disk full?'
            )
        os.replace(self._temporary, self.path)

    def discard(self) -> None:
        """Give up what is not finished."""
        self._release()
        self._temporary.unlink(missing_ok=True)

    def _release(self) -> None:
        if self._writer is not None:
            self._writer.release()
            self._writer = None
