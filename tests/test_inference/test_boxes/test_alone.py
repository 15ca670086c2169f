"""Boxes without key points."""

import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.inference import GarmentInferencer
from fashion_mmpose.inference.boxes.alone import boxes_alone
from fashion_mmpose.inference.detections import Detections
from fashion_mmpose.visualization import draw_predictions

PICTURE = np.full((90, 80, 3), 90, np.uint8)


class Detector:
    """Finds a garment of each class, one below the other."""

    def __init__(self, *classes, definition=None):
        self.classes = classes
        self.definition = definition

    def detect(self, images, batch_size=8, categories=None):
        count = len(self.classes)
        boxes = np.float32([[2, 41 * i, 42, 41 * i + 40] for i in range(count)])
        scores = np.linspace(0.9, 0.5, count).astype(np.float32)
        return [Detections(boxes, scores, self.classes) for _ in images]


def test_garments_have_boxes_and_no_points():
    inferencer = GarmentInferencer(
        det_model=Detector('blouse', 'skirt'), boxes_only=True
    )
    first, second = inferencer.predict(PICTURE).garments
    assert (first.benchmark, first.category) == ('fashionai', 'blouse')
    assert first.bbox.tolist() == [2, 0, 42, 40]
    assert second.bbox.tolist() == [2, 41, 42, 81]
    assert first.score == first.bbox_score == pytest.approx(0.9)
    assert first.keypoints.shape == (0, 2) and first.points.shape == (0, 3)
    assert first.to_dict() == dict(
        image_id=0,
        image=0,
        category_id=garments.garment('fashionai', 'blouse').category_id,
        category='blouse',
        bbox=[2, 0, 40, 40],
        bbox_score=0.9,
        score=0.9,
    )
    (asked,) = inferencer.predict(PICTURE, category='skirt').garments
    assert asked.category == 'skirt'


def test_boxes_are_drawn():
    inferencer = GarmentInferencer(det_model=Detector('skirt'), boxes_only=True)
    found = inferencer.predict(PICTURE).garments
    drawn = draw_predictions(PICTURE, found, with_names=True)
    color = found[0].garment.color[::-1]
    assert drawn[40, 30].tolist() == list(color)  # the lower edge
    assert (drawn[42:] == PICTURE[42:]).all() and (drawn[30, 5:40] == 90).all()


def test_pictures_that_opencv_cannot_warp():
    wide = np.zeros((50, 40_000, 3), np.uint8)
    inferencer = GarmentInferencer(det_model=Detector('skirt'), boxes_only=True)
    (found,) = inferencer.predict(wide).garments
    assert found.bbox.tolist() == [2, 0, 42, 40]


def test_the_benchmark_of_a_detector():
    """Its own, or the built-in one that has all of its categories."""
    assert {*boxes_alone(Detector('skirt', 'trousers'))} == {'skirt', 'trousers'}
    networks = boxes_alone(Detector('skirt', 'shorts'))
    assert networks['skirt'].benchmark == 'deepfashion2'
    described = garments.benchmark('deepfashion2')
    networks = boxes_alone(Detector('skirt', 'hat', definition=described))
    assert {*networks} == {'skirt'}
    assert networks['skirt'].benchmark == 'deepfashion2'


@pytest.mark.parametrize('detector', [None, Detector(), Detector('skirt', 'hat')])
def test_categories_of_no_benchmark(detector):
    with pytest.raises(ValueError, match='of no benchmark.*to fix it: give its config'):
        boxes_alone(detector)


@pytest.mark.parametrize(
    'given', [dict(pose2d='cpn'), dict(benchmark='fashionai'), dict(pose='a.onnx')]
)
def test_no_pose_network_beside(given):
    with pytest.raises(ValueError, match='boxes_only leaves the key points out'):
        GarmentInferencer(boxes_only=True, **given)
