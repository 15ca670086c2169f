"""The frames of videos, streams and cameras, and how they end."""

import os
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import cv2
import numpy as np

from fashion_mmpose.files.pictures.pixels import as_bgr
from fashion_mmpose.media.source import Source

# What a player would do, by the angle that a header says.
_TURNS = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}
_PORTS = dict(rtsp=554, rtsps=322, http=80, https=443, rtmp=1935)
_CONNECT_S = 5.0
# From here on a header does not count frames: WebM tells how finely it times them.
_NO_RATE = 1000.0
_TIMED_FRAMES = 16  # from whose times the rate is reckoned then
# Headers count frames roughly; a video ends too early beyond this share.
_MISSING_SHARE = 0.01
# Headers of Matroska count no frames; their length is that of the sound, which is a
# little longer.
_MATROSKA = ('.mkv', '.webm')
_LONGER_S = 0.5


class Frames:
    """Reads frame by frame; to be iterated over once.

    Frames are turned upright as the header of a video says.

    Args:
        source: A video, a stream or a camera.

    Attributes:
        error: After the last frame: why there is none, or that there should be more;
            empty where all were read.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.error = ''

    def __iter__(self) -> Iterator[tuple[np.ndarray, float | None]]:
        """Pixels (BGR, uint8, shape (H, W, 3)) and frames per second.

        Where the header of a video tells no rate, it is that of its first frames.
        """
        source = self.source
        is_video = source.kind == 'video'
        what = f'camera {source.image}' if source.kind == 'camera' else source.name
        what = str(source.image) if is_video else what
        if is_video and not os.path.isfile(source.image):
            self.error = f'{what}: no such file'
            return
        capture = cv2.VideoCapture(source.image)
        num_read, last_s = 0, 0.0
        try:
            turn = None
            if is_video:
                # Releases of OpenCV differ in whether they turn frames themselves.
                capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)
                angle = capture.get(cv2.CAP_PROP_ORIENTATION_META)
                turn = _TURNS.get(round(angle) % 360)
            fps = rate = _positive(capture.get(cv2.CAP_PROP_FPS))
            if fps is None or fps >= _NO_RATE:
                rate = _rate_of(source.image) if is_video else None
            expected = None
            if source.kind != 'camera':
                expected = _positive(capture.get(cv2.CAP_PROP_FRAME_COUNT))
            while True:
                has_frame, pixels = capture.read()
                if not has_frame:
                    break
                last_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                num_read += 1
                pixels = as_bgr(pixels, what)
                yield (pixels if turn is None else cv2.rotate(pixels, turn)), rate
        finally:
            capture.release()
        if not num_read:
            self.error = f'{what} gives no frame to OpenCV'
            if source.kind == 'stream':
                self.error = f'{what} cannot be opened: {_stream_reason(source)}'
        elif expected is None and not is_video:
            self.error = f'{what} stopped after {num_read} frames'
        elif expected and _ends_early(
            num_read, last_s, expected, fps, what.lower().endswith(_MATROSKA)
        ):
            self.error = (
                f'{what} breaks off: {num_read} of {expected:.0f} frames could be read'
            )


def _rate_of(path: str | int) -> float | None:
    """Frames per second of a video's first frames, by their times; None if unknown."""
    capture = cv2.VideoCapture(path)
    try:
        times_ms = [
            capture.get(cv2.CAP_PROP_POS_MSEC)
            for _ in range(_TIMED_FRAMES)
            if capture.grab()
        ]
    finally:
        capture.release()
    if len(times_ms) < 2 or times_ms[-1] <= times_ms[0]:
        return None
    rate = 1000 * (len(times_ms) - 1) / (times_ms[-1] - times_ms[0])
    return rate if rate < _NO_RATE else None


def _positive(number: float) -> float | None:
    return number if np.isfinite(number) and number > 0 else None


def _ends_early(
    num_read: int, last_s: float, expected: float, fps: float | None, with_sound: bool
) -> bool:
    """Whether frames are missing, by their number and by their times.

    Where frames are not evenly spaced, headers give a number that is reckoned from the
    length; the last frame's time tells then.
    """
    if expected - num_read <= max(1, _MISSING_SHARE * expected):
        return False
    if fps is None or last_s <= 0:
        return True
    missing_s = expected / fps - (last_s + 1 / fps)
    least_s = _LONGER_S if with_sound else 1.5 / fps
    return missing_s > max(least_s, _MISSING_SHARE * expected / fps)


def _stream_reason(source: Source) -> str:
    """Why a stream gives nothing, as the network says."""
    address = urlsplit(str(source.image))
    try:
        port = address.port or _PORTS.get(address.scheme)
        if address.hostname and port:
            place = (address.hostname, port)
            socket.create_connection(place, timeout=_CONNECT_S).close()
    except (OSError, ValueError) as error:
        return str(error)
    return 'there is no video at this address that OpenCV reads'
