"""What a prediction says and how it is drawn."""

import json

import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.garments import GarmentPrediction
from fashion_mmpose.visualization import draw_predictions

NUM = len(garments.keypoints('deepfashion2', 'skirt'))


def prediction(**kwargs):
    """A skirt in a corner of a picture of 100x80; its last point is uncertain."""
    points = np.column_stack((np.linspace(12, 38, NUM), np.linspace(14, 40, NUM)))
    scores = np.full(NUM, 0.5, np.float32)
    scores[-1] = 0.1
    values = dict(
        image_id=3,
        image='a.jpg',
        frame=None,
        benchmark='deepfashion2',
        category='skirt',
        bbox=np.array([10, 12, 40, 42.5], np.float32),
        bbox_score=0.8,
        keypoints=points.astype(np.float32),
        scores=scores,
    )
    return GarmentPrediction(**(values | kwargs))


def test_plain_values():
    entry = prediction().to_dict()
    assert json.loads(json.dumps(entry)) == entry
    assert entry['image_id'] == 3 and entry['image'] == 'a.jpg'
    assert entry['category'] == 'skirt' and entry['category_id'] == 9
    assert entry['bbox'] == [10, 12, 30, 30.5]
    assert entry['bbox_score'] == 0.8
    mean = (0.5 * (NUM - 1) + 0.1) / NUM
    assert entry['score'] == pytest.approx(0.8 * mean, abs=1e-6)
    assert np.shape(entry['keypoints']) == (3 * NUM,)
    assert entry['keypoints'][:3] == [12, 14, 0.5]
    assert entry['keypoints'][-3:] == pytest.approx([38, 40, 0.1])
    assert entry['keypoint_names'] == list(garments.keypoints('deepfashion2', 'skirt'))
    assert 'frame' not in entry


def test_frames_are_named():
    assert prediction(frame=7).to_dict()['frame'] == 7


def test_points_without_a_score():
    """They do not count, and a garment without any is worth nothing."""
    scores = np.zeros(NUM, np.float32)
    assert prediction(scores=scores).score == 0
    scores[2] = 0.6
    assert prediction(scores=scores).score == pytest.approx(0.8 * 0.6)


def test_views_agree():
    """One score in the caption, in COCO's list and in the official one."""
    one = prediction()
    coco, official = one.to_coco(), one.to_official()
    told = one.to_dict()
    assert {key: told[key] for key in coco} == coco
    assert coco['score'] == round(official['score'], 6) == round(one.score, 6)
    assert one.caption == f'skirt {one.score:.2f}'
    assert prediction(category='vest').caption.startswith('vest ')
    np.testing.assert_allclose(official['keypoints'], one.points)
    assert official['keypoints'].shape == (NUM, 3)
    assert one.to_official(0.25)['score'] == 0.25


def test_the_full_layout():
    """Points of other categories are in the box, so that nothing is stretched."""
    one = prediction()
    entry = one.to_coco(in_full_layout=True)
    points = np.reshape(entry.pop('keypoints'), (-1, 3))
    own = one.to_coco()
    assert points.shape == (294, 3)
    channels = list(one.garment.channels)
    np.testing.assert_array_equal(points[channels].ravel(), own.pop('keypoints'))
    assert (np.delete(points, channels, axis=0) == [25, 27.25, 0]).all()
    assert entry == own


@pytest.mark.parametrize('in_full_layout', [False, True])
def test_back_from_a_result_list(in_full_layout):
    one = prediction()
    entry = one.to_coco(in_full_layout)
    back = GarmentPrediction.from_coco(entry, 'deepfashion2', 'a.jpg')
    assert (back.image, back.category, back.frame) == ('a.jpg', 'skirt', None)
    np.testing.assert_allclose(back.points, one.points, atol=1e-4)
    np.testing.assert_allclose(back.bbox, one.bbox, atol=1e-4)
    assert back.score == pytest.approx(one.score, abs=1e-6)
    assert back.bbox_score == pytest.approx(0.8, abs=1e-5)


def test_back_from_an_official_list():
    """It has no boxes: the garment is as large as its points reach."""
    official = prediction(scores=np.zeros(NUM, np.float32)).to_official(0.25)
    back = GarmentPrediction.from_coco(official, 'deepfashion2')
    np.testing.assert_allclose(back.bbox, [12, 14, 38, 40], rtol=1e-6)
    assert back.bbox_score == 0.25, 'points without scores tell nothing of the box'
    for none in ([], None):
        back = GarmentPrediction.from_coco(official | dict(bbox=none), 'deepfashion2')
        np.testing.assert_allclose(back.bbox, [12, 14, 38, 40], rtol=1e-6)


@pytest.mark.parametrize('score', [0.0, 0.1, 0.5])
def test_there_and_back(score):
    """Also where points without scores tell nothing of the box."""
    states = np.eye(3, dtype=np.float32)[np.arange(NUM) % 3]
    one = prediction(
        frame=7,
        track_id=2,
        scores=np.full(NUM, score, np.float32),
        probabilities=np.linspace(0.5, 1, NUM, dtype=np.float32),
        states=states,
    )
    told = one.to_dict()
    back = GarmentPrediction.from_coco(told, 'deepfashion2')
    assert back.to_dict() == told and back.image == 'a.jpg'
    assert GarmentPrediction.from_coco(told, 'deepfashion2', 'b.jpg').image == 'b.jpg'
    anew = GarmentPrediction.from_coco(told | dict(score=score / 2), 'deepfashion2')
    assert anew.score == pytest.approx(score / 2)
    for wrong in (states[1:].tolist(), [[1, 0, 0], [1]], ['a']):
        told['keypoint_states'] = wrong
        with pytest.raises(FormatError, match='image 3 has keypoint_states that are'):
            GarmentPrediction.from_coco(told, 'deepfashion2')


@pytest.mark.parametrize('keypoint_thr, is_drawn', [(0.05, True), (0.2, False)])
def test_drawing(keypoint_thr, is_drawn):
    image = np.full((80, 100, 3), 128, np.uint8)
    drawn = prediction().draw(image, keypoint_thr=keypoint_thr)
    assert (image == 128).all() and drawn.shape == image.shape
    color = garments.category_color('deepfashion2', 'skirt')[::-1]
    assert (drawn[20:40, 10] == color).all()  # the box's left side
    # The first point, and the last one, to which an outline leads.
    assert (drawn[14, 12] != 128).any()
    assert (drawn[40, 38] != 128).any() == is_drawn
    assert (drawn[50:, 50:] == 128).all()


def test_several_garments_and_names():
    image = np.full((80, 100, 3), 128, np.uint8)
    one = prediction()
    num = len(garments.keypoints('deepfashion2', 'vest'))
    other = prediction(
        category='vest',
        bbox=np.array([50, 50, 90, 78], np.float32),
        keypoints=np.full((num, 2), 70, np.float32),
        scores=np.ones(num, np.float32),
    )
    plain = draw_predictions(image, [one, other])
    assert (plain[14, 12] != 128).any() and (plain[70, 70] != 128).any()
    named = draw_predictions(image, [one, other], with_names=True)
    assert (named != plain).any(axis=2).sum() > 50
    assert (draw_predictions(image, []) == image).all()
