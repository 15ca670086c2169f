"""One call takes pictures of every kind, and says which it cannot read."""

import threading
import time

import cv2
import numpy as np
import pytest
from mmengine.registry import DefaultScope
from small_networks import ToldDetector, assert_same, inferencer_of

from fashion_mmpose.errors import PictureError
from fashion_mmpose.media.reading import load_pictures
from fashion_mmpose.media.sources import find_sources

PATIENCE_S = 20


@pytest.mark.slow
def test_kinds_of_inputs_give_the_same(small):
    inferencer = inferencer_of(small, 'fashionai_blouse')
    expected = list(inferencer.garments(small.paths))
    for inputs in (
        small.folder,
        f'{small.folder}/*.png',
        small.images,
        (image for image in small.images),
        [image.astype(np.uint16) * 256 + 255 for image in small.images],
        [np.dstack((image, image[..., :1])) for image in small.images],
        [small.folder / '0.png', small.images[1], *small.paths[2:]],
    ):
        assert_same(inferencer.garments(inputs), expected)
    grey = small.images[0][..., 0]
    assert_same(
        inferencer.garments(grey),
        inferencer.garments(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)),
    )


@pytest.mark.slow
def test_every_picture_has_an_entry_a_single_one_too(small):
    inferencer = inferencer_of(small, 'fashionai_all')
    boxes = np.array([[10, 5, 60, 50], [20, 15, 80, 66]], np.float64)
    names = ['skirt', 'blouse']
    expected = list(inferencer.garments(small.paths[:1], [names], [boxes]))
    assert [garment.category for garment in expected] == names
    pattern = f'{small.folder}/[0].png'
    for single in (small.paths[0], small.folder / '0.png', small.images[0], pattern):
        assert_same(inferencer.garments(single, [names], [boxes]), expected)
        one = inferencer.predict(single, names, boxes)
        assert_same(one.garments, expected)
        np.testing.assert_array_equal(one.picture.pixels, small.images[0])
        assert_same(
            inferencer.predict(single, 'skirt').garments,
            inferencer.garments(single, ['skirt']),
        )
    with pytest.raises(ValueError, match='bboxes= has 2 entries for 1 pictures'):
        inferencer(small.paths[0], 'skirt', boxes)


@pytest.mark.parametrize(
    'image, error, message',
    [
        pytest.param(7, TypeError, 'image is a int; to fix it: give a path', id='int'),
        pytest.param([], TypeError, 'image is a list', id='list'),
        pytest.param('.', ValueError, 'is not one picture; to fix it', id='folder'),
        pytest.param('a.mp4', ValueError, 'a.mp4 is not one picture', id='video'),
        pytest.param('none.png', PictureError, 'No such file', id='missing'),
    ],
)
def test_what_is_not_one_picture(small, monkeypatch, image, error, message):
    monkeypatch.chdir(small.folder)
    with pytest.raises(error, match=message):
        inferencer_of(small, 'fashionai_skirt').predict(image)


def test_where_a_garment_was_seen(small, tmp_path):
    path = str(tmp_path / 'clip.avi')
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*'MJPG'), 5.0, (64, 48))
    for _ in range(3):
        writer.write(np.ascontiguousarray(small.images[1][:48]))
    writer.release()
    inferencer = inferencer_of(small, 'fashionai_skirt', batch_size=2)
    found = list(inferencer.garments([small.images[0], path, small.paths[2]]))
    assert [(g.image_id, g.image, g.frame) for g in found] == [
        (0, 0, None),
        (1, path, 0),
        (2, path, 1),
        (3, path, 2),
        (4, small.paths[2], None),
    ]
    np.testing.assert_allclose(found[1].keypoints, found[3].keypoints, atol=1e-4)
    assert 'frame' not in found[0].to_dict() and found[2].to_dict()['frame'] == 1


def test_pictures_keep_their_entries_after_broken_videos(small, tmp_path):
    broken, closed = str(tmp_path / 'broken.avi'), str(tmp_path / 'closed.avi')
    writer = cv2.VideoWriter(broken, cv2.VideoWriter_fourcc(*'MJPG'), 5.0, (64, 48))
    for _ in range(10):
        writer.write(np.ascontiguousarray(small.images[1][:48]))
    writer.release()
    content = (tmp_path / 'broken.avi').read_bytes()
    (tmp_path / 'broken.avi').write_bytes(content[: len(content) // 2])
    (tmp_path / 'closed.avi').write_bytes(b'no video')
    inputs = [closed, broken, small.paths[0], 'none.png', small.paths[1]]
    pictures = list(load_pictures(find_sources(inputs)))
    num_frames = sum(picture.frame is not None for picture in pictures)
    assert 0 < num_frames < 10
    names = ['skirt'] * num_frames + ['blouse', 'outwear', 'dress']
    inferencer = inferencer_of(small, 'fashionai_all', batch_size=2)
    found = list(inferencer(inputs, names, on_error='skip'))
    assert [[g.category for g in each.garments] for each in found] == [
        [],
        *[['skirt']] * num_frames,
        *([], ['blouse'], [], ['dress']),
    ]
    box = [[5, 5, 60, 40]]
    boxes = [box] * num_frames + [box * 2, box * 5, box * 3]
    found = list(inferencer(inputs, 'skirt', boxes, on_error='skip'))
    assert [len(each.garments) for each in found[-3:]] == [2, 0, 3]


class Camera:
    """Has one frame at once, and two others when they are released."""

    more = threading.Event()

    def __init__(self, number):
        self.frames = 0

    def get(self, key):
        return 30.0

    def read(self):
        self.frames += 1
        if self.frames > 1 and not self.more.wait(PATIENCE_S):
            raise TimeoutError('the first frame is not predicted')
        pixels = np.full((48, 64, 3), 50 * self.frames, np.uint8)
        return self.frames <= 3, pixels

    def release(self):
        pass


def test_a_cameras_frame_does_not_wait_for_others(small, monkeypatch):
    monkeypatch.setattr(cv2, 'VideoCapture', Camera)
    inferencer = inferencer_of(small, 'fashionai_skirt', batch_size=8)
    found = inferencer.garments(7)
    first = next(found)
    assert (first.image, first.frame, first.image_id) == (7, 0, 0)
    Camera.more.set()
    assert [next(found).frame for _ in range(2)] == [1, 2]
    with pytest.raises(PictureError, match='camera 7 stopped after 3 frames'):
        next(found)


def test_a_cameras_frames_are_not_old(small, monkeypatch):
    """Whatever the batch: what was read ahead is what the camera saw long ago."""
    frames = []

    class Endless(Camera):
        def read(self):
            frames.append(len(frames))
            return True, np.zeros((48, 64, 3), np.uint8)

    monkeypatch.setattr(cv2, 'VideoCapture', Endless)
    found = inferencer_of(small, 'fashionai_skirt', batch_size=8).garments(7)
    for number in range(3):
        assert next(found).frame == number
        time.sleep(0.1)
        # One waits, and one more is in the making.
        assert len(frames) <= number + 3
    found.close()


def test_memory_is_bounded_and_no_thread_is_left(small):
    taken = []

    def inputs():
        for number in range(1000):
            taken.append(number)
            yield small.images[0]

    before = set(threading.enumerate())
    inferencer = inferencer_of(small, 'fashionai_skirt', batch_size=2)
    found = inferencer.garments(inputs())
    assert taken == []
    for number in range(4):
        assert next(found).image_id == number
    # Two windows are done, two pictures wait, and one more is in the making.
    assert len(taken) <= 4 + 2 + 1
    found.close()
    assert set(threading.enumerate()) == before
    assert len(taken) <= 4 + 2 + 1


def test_the_scope_of_the_process_stays(small):
    with DefaultScope.overwrite_default_scope('mmdet'):
        inferencer = inferencer_of(small, 'fashionai_skirt')
        assert len(list(inferencer.garments(small.paths))) == 4
        assert DefaultScope.get_current_instance().scope_name == 'mmdet'


# ----------------------------------------------------------------- unreadable pictures


@pytest.fixture
def some_bad(small, tmp_path):
    """Paths: good, good, cut short, good, empty, missing."""
    data = cv2.imencode('.jpg', small.images[0])[1].tobytes()
    (tmp_path / 'half.jpg').write_bytes(data[: len(data) // 2])
    (tmp_path / 'empty.jpg').write_bytes(b'')
    bad = [str(tmp_path / name) for name in ('half.jpg', 'empty.jpg', 'missing.jpg')]
    return [*small.paths[:2], bad[0], small.paths[2], *bad[1:]]


@pytest.mark.parametrize('batch_size', [1, 2, 8])
def test_what_came_before_an_error_is_given(small, some_bad, batch_size):
    inferencer = inferencer_of(small, 'fashionai_skirt', batch_size=batch_size)
    before = set(threading.enumerate())
    found = inferencer.garments(some_bad)
    assert [next(found).image_id for _ in range(2)] == [0, 1]
    with pytest.raises(PictureError, match='half.jpg .*cut short or damaged'):
        next(found)
    assert set(threading.enumerate()) == before


@pytest.mark.parametrize('batch_size', [1, 2, 8])
def test_unreadable_pictures_are_told_in_their_place(small, some_bad, batch_size):
    inferencer = inferencer_of(small, 'fashionai_all', batch_size=batch_size)
    names = ['skirt', 'blouse', 'dress', 'skirt', 'dress', 'dress']
    predicted = list(inferencer(some_bad, names, on_error='skip'))
    assert [each.picture.image_id for each in predicted] == list(range(6))
    assert [each.picture.source.image for each in predicted] == some_bad
    found = [[garment.category for garment in each.garments] for each in predicted]
    assert found == [['skirt'], ['blouse'], [], ['skirt'], [], []]
    reasons = ['', '', 'half.jpg (JPEG) is cut', '', 'empty.jpg is no', 'No such']
    for each, reason in zip(predicted, reasons):
        assert reason in each.error and bool(each.error) == bool(reason)
    flat = list(inferencer.garments(some_bad, names, on_error='skip'))
    assert_same(flat, [garment for each in predicted for garment in each.garments])
    assert [garment.image_id for garment in flat] == [0, 1, 3]


def test_nothing_but_unreadable_pictures(small, some_bad):
    detector = ToldDetector()
    inferencer = inferencer_of(small, 'deepfashion2_all', det_model=detector)
    predicted = list(inferencer(some_bad[4:], on_error='skip'))
    assert all(each.error and each.garments == () for each in predicted)
    assert len(predicted) == 2 and detector.num_images == []
