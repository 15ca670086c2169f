"""Objects of supervision, out and back."""

import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.formats.exchange.supervision import (
    from_key_points,
    to_detections,
    to_key_points,
)
from fashion_mmpose.garments import GarmentPrediction

supervision = pytest.importorskip(
    'supervision', reason='`make setup` brings supervision'
)


def garment(category, seed, **more):
    rng = np.random.default_rng(seed)
    num = len(garments.keypoints('deepfashion2', category))
    return GarmentPrediction(
        image_id=seed,
        image=f'shop/{seed}.jpg',
        frame=None,
        benchmark='deepfashion2',
        category=category,
        bbox=rng.uniform(0, 100, 4).astype(np.float32),
        bbox_score=0.75,
        keypoints=rng.uniform(0, 100, (num, 2)).astype(np.float32),
        scores=rng.uniform(0.1, 1, num).astype(np.float32),
        **more,
    )


PREDICTED = {
    'one category': [garment('skirt', 1), garment('skirt', 2)],
    'several': [garment('skirt', 1), garment('vest', 2), garment('sling', 3)],
}


@pytest.mark.parametrize('predicted', PREDICTED.values(), ids=PREDICTED)
def test_key_points_out_and_back(predicted):
    key_points = to_key_points(predicted)
    assert isinstance(key_points, supervision.KeyPoints)
    back = from_key_points(key_points, 'deepfashion2')
    for before, after in zip(predicted, back, strict=True):
        assert before.to_coco() == after.to_coco()
        assert before.to_dict() == after.to_dict()


def test_several_categories_share_the_full_layout():
    key_points = to_key_points(PREDICTED['several'])
    assert key_points.xy.shape == (3, 294, 2)
    assert key_points.visible.sum(axis=1).tolist() == [8, 15, 15]
    assert key_points.data['class_name'].tolist() == ['skirt', 'vest', 'sling']
    first = PREDICTED['several'][0]
    channels = list(first.garment.channels)
    assert (key_points.xy[0, channels] == first.keypoints).all()
    assert key_points.detection_confidence[0] == pytest.approx(first.score)


def test_detections_have_box_score_and_category():
    detections = to_detections(PREDICTED['several'])
    assert isinstance(detections, supervision.Detections)
    assert detections.class_id.tolist() == [9, 5, 6]
    assert detections['class_name'].tolist() == ['skirt', 'vest', 'sling']
    for place, predicted in enumerate(PREDICTED['several']):
        assert (detections.xyxy[place] == predicted.bbox).all()
        assert detections.confidence[place] == pytest.approx(predicted.score)
    # They are used as such.
    assert len(detections[detections.class_id == 5]) == 1


def test_none_are_none():
    assert len(to_detections([])) == len(to_key_points([])) == 0
    assert from_key_points(to_key_points([]), 'deepfashion2') == []


def test_key_points_of_another_model():
    """They have neither boxes nor names."""
    xy = np.arange(16, dtype=np.float32).reshape(1, 8, 2)
    bare = supervision.KeyPoints(xy=xy, class_id=np.array([9]))
    (found,) = from_key_points(bare, 'deepfashion2', image_id=7, image='a.jpg')
    assert (found.category, found.image_id, found.image) == ('skirt', 7, 'a.jpg')
    assert found.bbox.tolist() == [0, 1, 14, 15] and (found.scores == 1).all()
    with pytest.raises(ValueError, match='no class_id; to fix it'):
        from_key_points(supervision.KeyPoints(xy=xy), 'deepfashion2')


def test_what_is_known_of_errors_travels():
    rng = np.random.default_rng(0)
    known = dict(
        covariances=rng.uniform(1, 2, (8, 2, 2)).astype(np.float32),
        dof=3.5,
        probabilities=rng.uniform(0, 1, 8).astype(np.float32),
        states=rng.dirichlet((1, 1, 1), 8).astype(np.float32),
        track_id=4,
    )
    predicted = [garment('skirt', 1, **known), garment('vest', 2)]
    first, second = from_key_points(to_key_points(predicted), 'deepfashion2')
    assert (first.covariances == known['covariances']).all()
    assert (first.probabilities == known['probabilities']).all()
    assert (first.states == known['states']).all()
    assert first.dof == 3.5 and first.track_id == 4
    assert first.to_dict() == predicted[0].to_dict()
    own, before = first.measurements()[0], predicted[0].measurements()[0]
    assert own.interval() == before.interval()
    assert second.covariances is second.probabilities is second.track_id is None
    assert second.states is None
    (alone,) = from_key_points(to_key_points(predicted[:1]), 'deepfashion2')
    assert (alone.states == known['states']).all()
    assert np.isinf(second.dof)
    assert to_detections(predicted).data['track_id'].tolist() == [4, None]
    assert 'track_id' not in to_detections(predicted[1:]).data
