import math

import numpy as np
import pytest
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmengine.structures import InstanceData
from mmpose.registry import METRICS
from mmpose.structures import PoseDataSample

from fashion_mmpose.errors import FormatError
from fashion_mmpose.evaluation.functional.normalized_error import normalized_error
from fashion_mmpose.evaluation.metrics import NormalizedError
from fashion_mmpose.garments import category_of_id, garment, keypoints

NAMES = keypoints('fashionai')


def annotation(category: str, layout: str = 'full', **points) -> dict:
    """A COCO annotation with the named points (x, y, COCO visibility)."""
    names = NAMES if layout == 'full' else keypoints('fashionai', category)
    flat = [value for name in names for value in points.get(name, (0, 0, 0))]
    category_id = garment('fashionai', category).category_id
    return dict(category_id=category_id, keypoints=flat)


def sample(img_id, ann, shift=(0, 0), category=None, scores=(1.0,)) -> dict:
    """A prediction that is ``shift`` px off, once for every score.

    The box of the i-th score is off by i + 1 times the shift.
    """
    truth = np.reshape(ann['keypoints'], (-1, 3))[:, :2].astype(np.float32)
    boxes = np.arange(1, len(scores) + 1)[:, None, None]
    category_id = garment('fashionai', category).category_id if category else None
    return dict(
        img_id=img_id,
        category_id=category_id or ann['category_id'],
        raw_ann_info=ann,
        pred_instances=dict(
            keypoints=truth + boxes * np.array(shift, dtype=np.float32),
            keypoint_scores=np.ones((len(scores), len(truth))),
            bboxes=np.zeros((len(scores), 4)),
            bbox_scores=np.array(scores),
        ),
    )


def evaluate(samples, **arguments) -> dict:
    metric = NormalizedError(**arguments)
    for item in samples:  # batches of one
        metric.process(None, [item])
    metrics = metric.evaluate(len(samples))
    assert metrics.keys() <= {*metric.metric_names()}
    return {name.removeprefix('fashionai/'): value for name, value in metrics.items()}


# s = 50 px, two visible points.
BLOUSE_POINTS = dict(
    armpit_left=(100, 100, 1), armpit_right=(130, 140, 2), neckline_left=(0, 512, 2)
)
BLOUSE = annotation('blouse', **BLOUSE_POINTS)
# s = 20 px, one visible point.
SKIRT = annotation(
    'skirt',
    waistband_left=(10, 0, 1),
    waistband_right=(30, 0, 1),
    hemline_left=(9, 9, 2),
)
# The raw distance to the absent end at (-1, -1) is 50 px; one visible point.
ONE_END = annotation('outwear', armpit_left=(29, 39, 1), shoulder_left=(5, 5, 2))
# Both ends are absent; one visible point.
NO_END = annotation('trousers', crotch=(7, 7, 2))

# Each prediction is 5 px off.
SAMPLES = [
    sample(i, ann, (3, 4)) for i, ann in enumerate([BLOUSE, SKIRT, ONE_END, NO_END])
]


def test_is_registered():
    metric = METRICS.build(dict(type='NormalizedError', rule='image_mean'))
    assert isinstance(metric, NormalizedError)
    assert (metric.rule, metric.prefix) == ('image_mean', 'fashionai')
    metric.process(None, SAMPLES[:1])
    assert metric.evaluate(1)['fashionai/NE'] == pytest.approx(0.1)


def test_through_the_evaluator():
    item = sample(7, BLOUSE, (5, 0))
    instances = InstanceData(**item.pop('pred_instances'))
    data_sample = PoseDataSample(metainfo=item)
    data_sample.pred_instances = instances
    evaluator = Evaluator(NormalizedError())
    evaluator.dataset_meta = dict(dataset_name='fashionai', category=None)
    evaluator.process([data_sample])
    assert evaluator.evaluate(1) == {
        'fashionai/NE': pytest.approx(0.1),
        'fashionai/NE_blouse': pytest.approx(0.1),
        'fashionai/num_points': 2,
        'fashionai/num_skipped_images': 0,
        'fashionai/num_missing_images': 0,
    }


@pytest.mark.parametrize(
    'rule, ne, num_points, num_skipped',
    [
        # blouse 2 x 5/50, skirt 5/20, one end 5/50
        pytest.param('skip_short', 0.55 / 4, 4, 1, id='skip_short'),
        pytest.param('skip_unlabelled', 0.45 / 3, 3, 2, id='skip_unlabelled'),
        pytest.param('fallback_256', (0.55 + 5 / 256) / 5, 5, 0, id='fallback_256'),
        pytest.param('image_mean', 0.35 / 2, 3, 2, id='image_mean'),
    ],
)
def test_rules(rule, ne, num_points, num_skipped):
    metrics = evaluate(SAMPLES, rule=rule, per_category=False)
    assert metrics == {
        'NE': pytest.approx(ne),
        'num_points': num_points,
        'num_skipped_images': num_skipped,
        'num_missing_images': 0,
    }


def test_categories_and_keypoints():
    metrics = evaluate(SAMPLES[:2], per_keypoint=True)
    assert metrics['NE_blouse'] == pytest.approx(0.1)
    assert metrics['NE_skirt'] == pytest.approx(0.25)
    assert 'NE_dress' not in metrics
    assert metrics['NE_hemline_left'] == pytest.approx(0.25)
    assert math.isnan(metrics['NE_waistband_left'])  # occluded
    assert 'NE_crotch' not in metrics


def test_equals_the_function():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 512, (20, 24, 3))
    truth[..., 2] = rng.integers(0, 3, (20, 24))
    truth[truth[..., 2] == 0] = 0
    ids = rng.integers(1, 6, 20)
    for points, category_id in zip(truth, ids):
        item = category_of_id('fashionai', category_id)
        points[~np.isin(np.arange(24), item.channels)] = 0
    pred = rng.integers(0, 512, (20, 24, 2))
    answered = rng.random(20) < 0.8
    samples = []
    for i in range(20):
        ann = dict(category_id=int(ids[i]), keypoints=truth[i].ravel().tolist())
        item = sample(i, ann)
        item['pred_instances']['keypoints'] = pred[i : i + 1].astype(np.float32)
        if not answered[i]:
            item['category_id'] = int(ids[i]) % 5 + 1
        samples.append(item)
    expected = normalized_error(pred, truth, ids, answered)
    metrics = evaluate(samples)
    assert metrics['NE'] == pytest.approx(expected.ne, rel=1e-12)
    assert metrics['num_points'] == expected.num_points > 0
    assert metrics['num_missing_images'] == expected.num_missing_images > 0
    for name, row in expected.per_category.items():
        assert metrics[f'NE_{name}'] == pytest.approx(row['ne'], nan_ok=True)


@pytest.mark.parametrize(
    'boxes, ne, num_missing',
    [
        pytest.param([sample(7, BLOUSE, (5, 0))], 0.1, 0, id='one box'),
        pytest.param(
            [
                sample(7, BLOUSE, (5, 0), scores=[0.4]),
                sample(7, BLOUSE, (10, 0), scores=[0.9]),
                sample(7, BLOUSE, (0, 0), scores=[0.5]),
            ],
            0.2,
            0,
            id='best score wins',
        ),
        pytest.param(
            [
                sample(7, BLOUSE, (0, 0), category='dress', scores=[0.9]),
                sample(7, BLOUSE, (5, 0), scores=[0.1]),
            ],
            0.1,
            0,
            id='other category never counts',
        ),
        pytest.param(
            [sample(7, BLOUSE, category='dress'), sample(7, BLOUSE, category='skirt')],
            1.0,
            1,
            id='only other categories',
        ),
        pytest.param(
            [sample(7, BLOUSE, (5, 0), scores=[0.1, 0.2, 0.15])],
            0.2,
            0,
            id='boxes in one sample',
        ),
        pytest.param([sample(7, BLOUSE, scores=[])], 1.0, 1, id='no box'),
    ],
)
def test_detector_boxes(boxes, ne, num_missing):
    metrics = evaluate(boxes)
    assert metrics['NE'] == pytest.approx(ne)
    assert metrics['num_points'] == 2
    assert metrics['num_missing_images'] == num_missing


def test_scores_are_optional():
    item = sample(7, BLOUSE, (5, 0))
    del item['pred_instances']['bbox_scores']
    assert evaluate([item])['NE'] == pytest.approx(0.1)


def test_repeated_samples_count_once():
    # As a distributed sampler pads: the first sample again at the end.
    metric = NormalizedError()
    metric.process(None, [*SAMPLES[:2], SAMPLES[0]])
    assert metric.compute_metrics(metric.results)['num_points'] == 3


def test_channels_of_one_category():
    item = sample(7, annotation('blouse', 'own', **BLOUSE_POINTS), (5, 0))
    assert item['pred_instances']['keypoints'].shape == (1, 13, 2)
    metrics = evaluate([item], per_keypoint=True)
    assert metrics['NE'] == pytest.approx(0.1)
    assert metrics['NE_armpit_right'] == pytest.approx(0.1)
    assert metrics['num_points'] == 2


def test_one_category_prediction_on_full_annotation():
    own = sample(7, annotation('blouse', 'own', **BLOUSE_POINTS), (5, 0))
    assert evaluate([own | {'raw_ann_info': BLOUSE}])['NE'] == pytest.approx(0.1)


def test_without_ground_truth(monkeypatch):
    warnings = []
    logger = MMLogger.get_current_instance()
    monkeypatch.setattr(logger, 'warning', warnings.append)
    unlabelled = [dict(sample(7, BLOUSE), raw_ann_info=None), sample(8, BLOUSE)]
    del unlabelled[1]['raw_ann_info']
    unlabelled.append(dict(sample(9, BLOUSE), raw_ann_info=dict(category_id=1)))
    metrics = evaluate(unlabelled)
    assert math.isnan(metrics.pop('NE'))
    assert metrics == dict(num_points=0, num_skipped_images=0, num_missing_images=0)
    assert 'no image has ground truth' in warnings[0]


def test_images_without_ground_truth_are_not_scored():
    metrics = evaluate([dict(sample(7, BLOUSE), raw_ann_info=None), SAMPLES[1]])
    assert metrics['num_points'] == 1
    assert metrics['num_missing_images'] == 0


def test_every_sample_leaves_one_result():
    # Otherwise gathering from several processes would cut off the wrong ones.
    metric = NormalizedError()
    metric.process(None, [dict(sample(7, BLOUSE), raw_ann_info=None), SAMPLES[1]])
    assert [result['img_id'] for result in metric.results] == [7, 1]


@pytest.mark.parametrize(
    'item, message',
    [
        pytest.param({'img_id': 1}, r"lacks \['category_id', 'pred_ins", id='keys'),
        pytest.param(
            sample(7, dict(category_id=1, keypoints=[0] * 12)),
            'image 7: ground truth has 4 key points; expected 24 or the 13 of blouse',
            id='annotation',
        ),
        pytest.param(
            sample(7, dict(category_id=4, keypoints=[0] * 12))
            | {'raw_ann_info': BLOUSE, 'category_id': 1},
            'the prediction for image 7 has 4 key points; expected 24 or the 13 of b',
            id='prediction',
        ),
        pytest.param(
            sample(7, dict(category_id=6, keypoints=[0] * 72)),
            'unknown fashionai category id 6',
            id='category',
        ),
    ],
)
def test_wrong_samples(item, message):
    with pytest.raises(ValueError, match=message):
        NormalizedError().process(None, [item])


def test_two_annotations_of_one_image():
    with pytest.raises(ValueError, match='image 7 has two different annotations'):
        evaluate([sample(7, BLOUSE), sample(7, SKIRT)])


def test_pictures_of_several_files():
    """Files number their pictures alike."""
    one, other = (dict(sample(7, SKIRT), img_path=name) for name in ('a.jpg', 'b.jpg'))
    with pytest.raises(FormatError, match='a.jpg and b.jpg have one id, 7, by which'):
        evaluate([one, other])


def test_unknown_rule():
    with pytest.raises(ValueError, match="unknown rule 'median'"):
        NormalizedError(rule='median')
