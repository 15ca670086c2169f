"""Videos that appear when they are complete."""

import resource
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from fashion_mmpose.media.videos.writing import VideoFile


def frames(levels, size_wh=(64, 48)):
    return [np.full((*size_wh[::-1], 3), level, np.uint8) for level in levels]


def read(path):
    """The frames of a video, and how many a second."""
    capture = cv2.VideoCapture(str(path))
    found = []
    while (frame := capture.read()[1]) is not None:
        found.append(frame)
    return found, capture.get(cv2.CAP_PROP_FPS)


def write(path, pictures, fps=10):
    video = VideoFile(path, fps)
    for picture in pictures:
        video.write(picture)
    video.finish()


@pytest.mark.parametrize('fps', [0.5, 23.976, 66.667, 119.861, 120, 239.917])
def test_frames_and_rate(tmp_path, fps):
    path = tmp_path / 'new/v.mp4'
    write(path, frames([0, 80, 160, 240]), fps)
    found, found_fps = read(path)
    assert found_fps == pytest.approx(fps, rel=1e-3)
    assert [frame.shape for frame in found] == [(48, 64, 3)] * 4
    assert [np.median(f) for f in found] == pytest.approx([0, 80, 160, 240], abs=8)
    assert [each.name for each in path.parent.iterdir()] == ['v.mp4']


def test_odd_sizes_lose_a_row(tmp_path):
    write(tmp_path / 'v.mp4', frames([50], (63, 49)))
    assert read(tmp_path / 'v.mp4')[0][0].shape == (48, 62, 3)


def test_frames_of_other_sizes_are_not_lost(tmp_path):
    write(tmp_path / 'v.mp4', frames([200]) + frames([100], (80, 60)) + frames([0]))
    found, _ = read(tmp_path / 'v.mp4')
    assert [frame.shape for frame in found] == [(48, 64, 3)] * 3
    assert [np.median(f) for f in found] == pytest.approx([200, 100, 0], abs=8)


def test_nothing_appears_before_the_end(tmp_path):
    video = VideoFile(tmp_path / 'v.mp4', 10)
    video.finish()  # no frame, no video
    video.write(frames([0])[0])
    assert not (tmp_path / 'v.mp4').exists()
    video.discard()
    assert not list(tmp_path.iterdir())


def test_no_encoder(tmp_path):
    video = VideoFile(tmp_path / 'v.mp4', 10)
    with pytest.raises(OSError, match=r'v\.mp4: OpenCV has no encoder .* at 1x1 and'):
        video.write(frames([0], (1, 1))[0])
    video.discard()
    assert not list(tmp_path.iterdir())


def test_full_disk(tmp_path):
    """The video of before stays."""
    path = tmp_path / 'v.mp4'
    write(path, frames([7]))
    before = path.read_bytes()
    noise = np.random.default_rng(0).integers(0, 256, (9, 480, 640, 3), np.uint8)
    video = VideoFile(path, 10)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        for frame in noise:
            video.write(frame)
        with pytest.raises(OSError, match=r'0 of 9 frames .* is the disk full\?'):
            video.finish()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    video.discard()
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ['v.mp4']


def test_a_full_disk_as_opencv_5_tells_of_it(tmp_path, monkeypatch):
    """What cannot be opened has -1 frames there, and 0 in OpenCV 4."""
    unopened = SimpleNamespace(get=lambda _: -1.0, release=lambda: None)
    video = VideoFile(tmp_path / 'v.mp4', 10)
    video.write(frames([7])[0])
    monkeypatch.setattr(cv2, 'VideoCapture', lambda path: unopened)
    with pytest.raises(OSError, match=r': 0 of 1 frames .* is the disk full\?'):
        video.finish()
    video.discard()
