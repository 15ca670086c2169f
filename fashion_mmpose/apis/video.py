"""Videos, written frame by frame."""

import os
from pathlib import Path

import cv2
import numpy as np


class VideoFile:
    """An MPEG-4 video that appears when it is finished.

    Args:
        path: The file, which ends in ``.mp4``; missing folders are made.
        fps: Frames per second.
    """

    def __init__(self, path: str | os.PathLike, fps: float) -> None:
        self.path = Path(path)
        self.fps = fps
        # OpenCV chooses the container by the suffix.
        self._temporary = self.path.with_name(f'.{self.path.stem}.{os.getpid()}.mp4')
        self._writer: cv2.VideoWriter | None = None

    def write(self, frame: np.ndarray) -> None:
        """Add a frame: BGR, uint8, of the size of the first one.

        The last row or column of an odd size is left out, as MPEG-4 demands.

        Raises:
            OSError: If the video cannot be written.
        """
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            codec = cv2.VideoWriter_fourcc(*'mp4v')
            size = frame.shape[1::-1]
            self._writer = cv2.VideoWriter(str(self._temporary), codec, self.fps, size)
            if not self._writer.isOpened():
                raise OSError(
                    f'cannot write {self.path}: OpenCV has no encoder for MPEG-4 '
                    f'at {size[0]}x{size[1]} and {self.fps:g} frames per second here'
                )
        self._writer.write(frame)

    def finish(self) -> None:
        """Close the video and put it into its place, if it has a frame."""
        if self._writer is not None:
            self._writer.release()
            self._writer = None
            os.replace(self._temporary, self.path)

    def discard(self) -> None:
        """Give up what is not finished."""
        if self._writer is not None:
            self._writer.release()
            self._writer = None
        self._temporary.unlink(missing_ok=True)
