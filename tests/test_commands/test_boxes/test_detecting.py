"""A detector over the pictures of a list: what a picture that cannot be read says."""

import pytest

from fashion_mmpose.commands.boxes.detecting import detect_images
from fashion_mmpose.formats.coco.images import ImageList
from fashion_mmpose.inference.detections import Detections


class FailingDetector:
    """Finds nothing, and cannot read pictures."""

    classes = ('skirt',)

    def __init__(self, error: Exception) -> None:
        self.error = error

    def file_pipeline(self, sample: dict) -> dict:
        raise self.error

    def detect_samples(self, samples: list) -> list[Detections]:
        return []


@pytest.mark.parametrize(
    ('error', 'reason'),
    [
        (MemoryError(), 'MemoryError'),
        (ValueError('\nbelow an empty line'), 'ValueError'),
        (OSError('truncated\nin line 7'), 'truncated'),
    ],
)
def test_a_picture_that_cannot_be_read_says_why(tmp_path, error, reason: str):
    (tmp_path / 'a.jpg').touch()
    images = ImageList('fashionai', (4,), ('a.jpg',), ((0, 0),))
    detector = FailingDetector(error)
    out = tmp_path / 'boxes.json'
    done = detect_images(detector, images, tmp_path, out, {}, num_workers=0)
    assert done.unreadable == (('a.jpg', reason),) and done.num_boxes is None
