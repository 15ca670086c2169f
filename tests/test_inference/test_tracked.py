"""Garments of videos with identities, by the starter."""

from copy import copy

import cv2
import numpy as np
import pytest

from fashion_mmpose import GarmentInferencer
from fashion_mmpose.inference import tracked
from fashion_mmpose.inference.detections import Detections
from fashion_mmpose.media.reading import Picture
from fashion_mmpose.media.sources import Source
from fashion_mmpose.synthetic import draw_moving
from fashion_mmpose.synthetic.moving import FPS, SIZE_WH

pytest.importorskip('trackers')
pytestmark = pytest.mark.slow
NUM_FRAMES = 16  # the cut is at 11


@pytest.fixture(scope='module')
def scene():
    return list(draw_moving(2, NUM_FRAMES))


@pytest.fixture(scope='module')
def video(scene, tmp_path_factory):
    path = tmp_path_factory.mktemp('video') / 'scene.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), FPS, SIZE_WH)
    for frame in scene:
        writer.write(frame.image)
    writer.release()
    return path


class TrueDetector:
    """Finds what is there, and counts the frames it was asked for."""

    score_thr = 0.3

    def __init__(self, scene):
        self.frames = [(coarse(frame.image), frame.garments) for frame in scene]
        self.asked = []

    def detect(self, images, batch_size, categories):
        found = []
        for image in images:
            seen = coarse(image)
            off = [np.abs(seen - each).mean() for each, _ in self.frames]
            number = int(np.argmin(off))
            self.asked.append(number)
            garments = self.frames[number][1]
            found.append(
                Detections(
                    np.array([each.bbox for each in garments], np.float32),
                    np.full(len(garments), 0.9, np.float32),
                    tuple(each.category for each in garments),
                )
            )
        return found


def coarse(image):
    return image[::4, ::4].astype(int)


class Remembering:
    """A session that looks once at a crop, or at one of all that it is given."""

    looks_at_all = True

    def __init__(self, session, num_points):
        self.session, self.num_points, self.known = session, num_points, {}
        self.outputs = session.outputs

    def run(self, names, images, rows):
        found = []
        for number, image in enumerate(images):
            own = rows[rows // self.num_points == number] % self.num_points
            key = image.tobytes() if self.looks_at_all else b'', own.tobytes()
            if key not in self.known:
                self.known[key] = self.session.run(names, images=image[None], rows=own)
            found.append(self.known[key])
        return [np.concatenate(each) for each in zip(*found)]


@pytest.fixture(scope='module')
def built():
    built = GarmentInferencer(device='cpu')
    for network in {*built.networks.values()}:
        num_points = len(network.metadata.keypoints)
        network.session = Remembering(network.session, num_points)
    return built


@pytest.fixture
def inferencer(scene, built):
    own = copy(built)
    own.detector = TrueDetector(scene)
    return own


@pytest.mark.parametrize('every', [1, 2])
def test_tracks(inferencer, scene, video, every):
    """A number a garment, new ones after the cut, and the detector asked in between."""
    found = list(inferencer.track(video, detect_every=every))
    assert [each.picture.frame for each in found] == [*range(NUM_FRAMES)]
    asked = {1: [*range(NUM_FRAMES)], 2: [0, 2, 4, 6, 8, 10, 11, 13, 15]}[every]
    assert inferencer.detector.asked == asked
    numbers = {}
    for number in asked:  # in between, boxes are held, too, of what has left
        frame, predicted = scene[number], found[number]
        assert len(predicted.garments) == len(frame.garments)
        for garment in predicted.garments:
            alike = [g for g in frame.garments if g.category == garment.category]
            off = [np.abs(garment.bbox - each.bbox).max() for each in alike]
            true = alike[int(np.argmin(off))]
            assert min(off) < 12
            assert numbers.setdefault(garment.track_id, true.number) == true.number
    assert len(numbers) == len(
        {each.number for frame in scene for each in frame.garments}
    )


def test_smoothing_changes_the_points_alone(inferencer, video):
    raw = list(inferencer.track(video, smooth=False))
    smooth = list(inferencer.track(video))
    moved = []
    for before, after in zip(raw, smooth):
        for one, other in zip(before.garments, after.garments):
            assert one.track_id == other.track_id
            np.testing.assert_array_equal(one.scores, other.scores)
            moved.append(np.abs(one.keypoints - other.keypoints).mean())
    assert moved[0] == 0 and 0 < np.mean(moved) < 15


def test_garments_of_low_scores_are_left_out_frame_by_frame(inferencer, video):
    every = [each.garments for each in inferencer.track(video)]
    scores = sorted(garment.score for some in every for garment in some)
    inferencer.garment_thr = scores[len(scores) // 2]
    found = [each.garments for each in inferencer.track(video)]
    assert [[(each.track_id, each.score) for each in some] for some in found] == [
        [(g.track_id, g.score) for g in some if g.score >= inferencer.garment_thr]
        for some in every
    ]


def test_records_tell_their_track(inferencer, video):
    garment = next(iter(inferencer.track(video))).garments[0]
    assert garment.to_dict()['track_id'] == garment.track_id == 0
    assert garment.caption.startswith('#0 ')


def test_what_cannot_be_followed(inferencer, video, tmp_path):
    picture = tmp_path / 'a.png'
    cv2.imwrite(str(picture), np.zeros((40, 40, 3), np.uint8))
    with pytest.raises(ValueError, match=r'a\.png is a picture'):
        inferencer.track([video, picture])
    with pytest.raises(ValueError, match='detect_every must be at least 1, got 0'):
        inferencer.track(video, detect_every=0)
    with pytest.raises(ValueError, match=r"for \['skirt'\], .* one category for all"):
        inferencer.track(video, ['skirt'])
    with pytest.raises(ValueError, match="no network for 'hat'"):
        inferencer.track(video, 'hat')
    with pytest.raises(ValueError, match='unknown on_error'):
        inferencer.track(video, on_error='pass')
    inferencer.detector = None
    with pytest.raises(ValueError, match='give a detector'):
        inferencer.track(video)


def test_frames_of_a_stream_wait_for_what_the_detector_sees_next(
    inferencer, scene, monkeypatch
):
    """One by one, as a camera gives them; none is lost."""
    source = Source('rtsp://camera', 'stream', 'camera')
    pictures = [
        Picture(number, source, frame.image, number, FPS)
        for number, frame in enumerate(scene)
    ]
    monkeypatch.setattr(tracked, 'load_pictures', lambda *_: (p for p in pictures))
    monkeypatch.setattr(Remembering, 'looks_at_all', False)
    found = list(inferencer.track([source], detect_every=3))
    assert [each.picture.frame for each in found] == [*range(NUM_FRAMES)]
