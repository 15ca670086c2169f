"""The pictures of files, videos, cameras and memory, in order."""

import threading
import time

import cv2
import numpy as np
import pytest
from coarse_pictures import pictures, png

from fashion_mmpose.media.reading import load_pictures
from fashion_mmpose.media.sources import find_sources

SIZE_WH = (40, 32)


@pytest.fixture(scope='module')
def image():
    """BGR, (32, 40, 3), without a symmetry."""
    return pictures([SIZE_WH])[0]


def test_files_and_arrays_in_order(image, tmp_path):
    paths = []
    for shade in range(20):
        paths.append(png(tmp_path / f'{shade}.png', np.full((8, 9), shade, np.uint8)))
    loaded = list(load_pictures(find_sources([*paths, image]), depth=3, workers=4))
    assert [picture.image_id for picture in loaded] == list(range(21))
    assert [int(picture.pixels[0, 0, 0]) for picture in loaded[:20]] == list(range(20))
    assert loaded[20].pixels is image
    assert all(p.frame is None and p.fps is None and not p.error for p in loaded)


def test_what_cannot_be_read_says_so(image, tmp_path):
    (tmp_path / 'bad.png').write_bytes(b'none')
    (tmp_path / 'bad.mp4').write_bytes(b'none')
    inputs = [tmp_path / 'bad.png', image, tmp_path / 'bad.mp4', 'gone.avi', image]
    loaded = list(load_pictures(find_sources(inputs)))
    assert [picture.image_id for picture in loaded] == [0, 1, 2, 3, 4]
    assert [picture.pixels is None for picture in loaded] == [1, 0, 1, 1, 0]
    for index, reason in (
        (0, 'bad.png is no picture'),
        (2, 'bad.mp4 gives no frame'),
        (3, 'gone.avi: no such file'),
    ):
        assert reason in loaded[index].error


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    """Twelve frames of 7 a second, ever brighter."""
    path = tmp_path_factory.mktemp('video') / 'clip.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 7.0, (64, 48))
    assert writer.isOpened()
    for frame in range(12):
        writer.write(np.full((48, 64, 3), 20 * frame, np.uint8))
    writer.release()
    return path


def test_a_video(image, video):
    (source,) = find_sources(video)
    assert source.num_pictures() == 12
    loaded = list(load_pictures(find_sources([image, video, image]), depth=2))
    assert [picture.image_id for picture in loaded] == list(range(14))
    frames = loaded[1:13]
    assert [picture.frame for picture in frames] == list(range(12))
    assert {picture.fps for picture in frames} == {7.0}
    assert {picture.source.image for picture in frames} == {str(video)}
    means = [picture.pixels.mean() for picture in frames]
    np.testing.assert_allclose(means, 20 * np.arange(12), atol=3)
    assert frames[0].pixels.shape == (48, 64, 3)


class Camera:
    """Stands in for ``cv2.VideoCapture``."""

    opened = []

    def __init__(self, number):
        self.number = number
        self.frames = 0
        self.is_released = False
        Camera.opened.append(self)

    def get(self, key):
        return 0.0

    def read(self):
        self.frames += 1
        if self.number == 9 or self.frames > 30:
            return False, None
        return True, np.full((4, 5, 3), self.frames, np.uint8)

    def release(self):
        self.is_released = True


@pytest.fixture
def cameras(monkeypatch):
    monkeypatch.setattr(Camera, 'opened', [])
    monkeypatch.setattr(cv2, 'VideoCapture', Camera)
    return Camera.opened


def test_a_camera(cameras):
    (source,) = find_sources(1)
    assert source.num_pictures() is None and cameras == []
    loading = load_pictures([source], depth=2)
    first, second = next(loading), next(loading)
    assert (first.frame, second.frame) == (0, 1) and first.fps is None
    assert (first.pixels == 1).all() and (second.pixels == 2).all()
    loading.close()
    (camera,) = cameras
    assert camera.number == 1 and camera.is_released
    assert camera.frames <= 2 + 2 + 1  # seen, waiting, in the making


def test_a_camera_that_is_not_there(cameras):
    (picture,) = load_pictures(find_sources(9))
    assert picture.error == 'camera 9 gives no frame to OpenCV'
    assert cameras[0].is_released


def test_nothing_is_read_far_ahead_and_no_thread_is_left(image, tmp_path):
    path = png(tmp_path / 'a.png', image)
    taken = []

    def inputs():
        for number in range(1000):
            taken.append(number)
            yield path

    before = set(threading.enumerate())
    loading = load_pictures(find_sources(inputs()), depth=5)
    for number in range(20):
        assert next(loading).image_id == number
    time.sleep(0.2)
    # Beyond the twenty, five wait and one more is in the making.
    assert len(taken) <= 20 + 5 + 1
    assert set(threading.enumerate()) > before
    loading.close()
    assert set(threading.enumerate()) == before


def test_arrays_that_are_filled_again():
    """They are taken ahead: all pictures would be the last ones."""

    def frames():
        own = np.empty((2, 3, 3), np.uint8)
        for value in range(20):
            own[:] = value
            yield own

    found = [each.pixels for each in load_pictures(find_sources(frames()), depth=8)]
    assert [int(pixels.max()) for pixels in found] == list(range(20))
    kept = next(frames())
    (picture,) = load_pictures(find_sources([kept]))  # which nobody changes
    assert picture.pixels is kept
