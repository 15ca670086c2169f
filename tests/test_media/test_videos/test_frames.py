"""Videos that lie on their side or break off, and streams."""

import socket
import struct
import threading
from fractions import Fraction

import cv2
import numpy as np
import pytest

from fashion_mmpose.media.reading import load_pictures
from fashion_mmpose.media.sources import find_sources

SIZE_WH = (64, 48)
TURNS = {  # the matrix of a track's header, as players apply it
    0: (1, 0, 0, 1),
    90: (0, 1, -1, 0),
    180: (-1, 0, 0, -1),
    270: (0, -1, 1, 0),
}


def write_video(path, codec, frames=30, seed=None):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), 10.0, SIZE_WH)
    assert writer.isOpened()
    rng = np.random.default_rng(seed or 0)
    for _ in range(frames):
        frame = rng.integers(0, 60, (*SIZE_WH[::-1], 3), np.uint8)
        frame[:24, :32] += 190  # the upper left quarter is bright
        writer.write(frame)
    writer.release()
    return path


def bright_corner(pixels):
    """Row and column of the brightest quarter."""
    height, width = pixels.shape[:2]
    quarters = pixels[: height // 2 * 2].reshape(2, height // 2, 2, width // 2, 3)
    means = quarters.mean((1, 3, 4))
    return tuple(int(i) for i in np.unravel_index(means.argmax(), (2, 2)))


@pytest.mark.parametrize('angle', TURNS)
def test_videos_are_turned_as_a_player_turns_them(tmp_path, angle):
    path = write_video(tmp_path / 'v.mp4', 'mp4v', 3)
    data = bytearray(path.read_bytes())
    at = data.index(b'tkhd') + 44
    a, b, c, d = (number << 16 for number in TURNS[angle])
    data[at : at + 36] = struct.pack('>9i', a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    loaded = list(load_pictures(find_sources(path)))
    assert len(loaded) == 3 and not any(each.error for each in loaded)
    expected = {0: (0, 0), 90: (0, 1), 180: (1, 1), 270: (1, 0)}[angle]
    for picture in loaded:
        assert picture.pixels.shape[:2] == (SIZE_WH if angle % 180 else SIZE_WH[::-1])
        assert bright_corner(picture.pixels) == expected


def cut(path):
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 5])


def blank(path):
    """Lose the second half of the frames, not of the header behind them."""
    data = bytearray(path.read_bytes())
    begin = data.index(b'mdat')
    size = int.from_bytes(data[begin - 4 : begin], 'big')
    half = begin + size // 2
    data[half : begin + size - 8] = bytes(begin + size - 8 - half)
    path.write_bytes(data)


@pytest.mark.parametrize(
    'name, codec, damage', [('v.avi', 'MJPG', cut), ('v.mp4', 'mp4v', blank)]
)
def test_a_video_that_breaks_off(tmp_path, name, codec, damage):
    path = write_video(tmp_path / name, codec)
    damage(path)
    *frames, end = load_pictures(find_sources([path, path]))
    first = [each for each in frames if each.error][0]
    frames = frames[: frames.index(first)]
    assert 5 < len(frames) < 25
    assert all(each.pixels is not None for each in frames)
    for broken in (first, end):
        assert broken.pixels is None
        assert broken.error == (
            f'{path} breaks off: {len(frames)} of 30 frames could be read'
        )


@pytest.mark.parametrize('name, codec', [('v.avi', 'MJPG'), ('v.mp4', 'mp4v')])
def test_a_whole_video_has_no_error(tmp_path, name, codec):
    path = write_video(tmp_path / name, codec)
    loaded = list(load_pictures(find_sources(path)))
    assert len(loaded) == 30 and not any(each.error for each in loaded)


def test_the_rate_of_a_video_that_tells_how_finely_it_is_timed(tmp_path):
    """The header of such a WebM says 1000; its frames come 25 times a second."""
    av = pytest.importorskip('av')
    path = tmp_path / 'v.webm'
    with av.open(str(path), 'w') as file:
        video = file.add_stream('libvpx', rate=1000)
        video.width, video.height, video.pix_fmt = 64, 48, 'yuv420p'
        for number in range(20):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 9, np.uint8))
            frame.pts, frame.time_base = 40 * number + number % 3, Fraction(1, 1000)
            file.mux(video.encode(frame))
        file.mux(video.encode())
    capture = cv2.VideoCapture(str(path))
    assert capture.get(cv2.CAP_PROP_FPS) == 1000  # the premise
    loaded = list(load_pictures(find_sources(path)))
    assert len(loaded) == 20
    (rate,) = {picture.fps for picture in loaded}
    assert rate == pytest.approx(25, rel=0.01)


def test_a_stream_that_nobody_serves():
    with socket.socket() as unused:
        unused.bind(('127.0.0.1', 0))
        port = unused.getsockname()[1]
        (source,) = find_sources(f'http://me:secret@127.0.0.1:{port}/shop/v.mp4')
        assert (source.kind, source.name) == ('stream', '127.0.0.1_shop_v.mp4')
        assert source.num_pictures() is None and not source.is_single
        (picture,) = load_pictures([source])
    assert 'cannot be opened: [Errno 111] Connection refused' in picture.error
    assert 'secret' not in picture.error


def test_a_stream_that_is_no_video():
    with socket.create_server(('127.0.0.1', 0)) as server:

        def answer():
            for _ in range(2):  # OpenCV, and who asks for the reason
                connection, _ = server.accept()
                with connection:
                    connection.settimeout(2)
                    connection.recv(4096)
                    connection.sendall(b'HTTP/1.1 404 Not Found\r\n\r\n')

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        address = f'http://127.0.0.1:{server.getsockname()[1]}/v.mp4'
        (picture,) = load_pictures(find_sources(address))
    assert 'no video at this address that OpenCV reads' in picture.error
