"""Scores of predicted garments, and which are dropped as found twice."""

import numpy as np
import pytest
from official_oks import GARMENTS, SHIRT, SKIRT

from fashion_mmpose.errors import FormatError
from fashion_mmpose.evaluation.functional.oks.garment_scoring import GarmentScoring

POINTS = np.array(
    [[10, 10], [30, 12], [50, 10], [5, 60], [0, 110], [30, 112], [60, 110], [55, 60]],
    np.float32,
)


def sample(
    shift=0.0, box_score=0.5, point_scores=0.5, category_id=SKIRT, image_id=1, full=True
):
    """A prediction; what lies in the slots of other categories must not matter."""
    garment = GARMENTS[category_id]
    slots = np.full((1, 294, 3), 7, np.float32)
    points = np.tile(POINTS, (4, 1))[: len(garment.channels)]
    slots[0, list(garment.channels), :2] = points + (shift, 0)
    slots[0, list(garment.channels), 2] = point_scores
    if not full:
        slots = slots[:, list(garment.channels)]
    return dict(
        img_id=image_id,
        category_id=category_id,
        input_center=np.array([50 + shift, 60]),
        input_scale=np.array([120.0, 160.0]),
        pred_instances=dict(
            keypoints=slots[..., :2],
            keypoint_scores=slots[..., 2],
            bboxes=np.array([[shift, 10, shift + 100, 110]]),
            bbox_scores=np.array([box_score]),
        ),
    )


def results(samples, **options):
    scoring = GarmentScoring(**options)
    return scoring.results([scoring.prediction(sample) for sample in samples])


def scores(samples, **options):
    return [entry['score'] for entry in results(samples, **options)]


@pytest.mark.parametrize('full', [True, False], ids=['294 slots', 'own points'])
def test_entries(full):
    (entry,) = results([sample(3, full=full, image_id=8)])
    assert entry['image_id'] == 8 and entry['category_id'] == SKIRT
    assert entry['score'] == 0.5
    np.testing.assert_array_equal(entry['keypoints'][:, :2], POINTS + (3, 0))
    assert (entry['keypoints'][:, 2] == 0.5).all()


@pytest.mark.parametrize(
    'point_scores, options, expected',
    [
        pytest.param([0.9] * 8, {}, 0.5, id='off'),
        pytest.param([0.4, 0.8] * 4, dict(rescore=True), 0.5 * 0.6, id='mean'),
        # A point of exactly the threshold does not count.
        pytest.param(
            [0.5, 0.25] * 4, dict(rescore=True, point_score_thr=0.25), 0.25, id='above'
        ),
        pytest.param([0.1] * 8, dict(rescore=True), 0.0, id='none above'),
    ],
)
def test_rescoring(point_scores, options, expected):
    assert scores([sample(point_scores=point_scores)], **options) == [
        pytest.approx(expected)
    ]


@pytest.mark.parametrize(
    'others, options, kept',
    [
        pytest.param([sample(1, 0.9)], dict(), [0, 1], id='off'),
        pytest.param([sample(1, 0.9)], dict(nms='hard'), [1], id='the better one'),
        pytest.param([sample(40, 0.9)], dict(nms='hard'), [0, 1], id='beside'),
        pytest.param(
            [sample(40, 0.9)], dict(nms='hard', nms_thr=1e-9), [1], id='threshold'
        ),
        pytest.param(
            [sample(1, 0.9, image_id=2)], dict(nms='hard'), [0, 1], id='other image'
        ),
        pytest.param(
            [sample(1, 0.9, category_id=SHIRT)],
            dict(nms='hard'),
            [0, 1],
            id='other category',
        ),
        # Rescored first: 0.9 * 0.3 is less than 0.5 * 0.8.
        pytest.param(
            [sample(1, 0.9, point_scores=0.3)],
            dict(nms='hard', rescore=True),
            [0],
            id='of new scores',
        ),
    ],
)
def test_nms(others, options, kept):
    samples = [sample(point_scores=0.8), *others]
    found = results(samples, **options)
    # The first x of each.
    assert [entry['keypoints'][0, 0] for entry in found] == [
        10 + (samples[i]['input_center'][0] - 50) for i in kept
    ]


def test_nms_between_categories():
    """In the image's scope, two crops in one place are alike in all unused slots."""
    samples = [sample(0, 0.5), sample(0, 0.9, category_id=SHIRT)]
    options = dict(nms='hard', nms_scope='image')
    slots = np.stack([np.tile([-10.0, -20.0], (294, 1))] * 2)
    for row, category_id in enumerate((SKIRT, SHIRT)):
        channels = list(GARMENTS[category_id].channels)
        slots[row, channels] = np.tile(POINTS, (4, 1))[: len(channels)]
    sigmas = np.concatenate([garment.sigmas for garment in GARMENTS.values()])
    squared = ((slots[0] - slots[1]) ** 2).sum(axis=1)
    # The area is that of the crop.
    alike = np.exp(-squared / (2 * sigmas) ** 2 / (120 * 160) / 2).mean()
    assert 0.88 < alike < 0.9
    assert scores(samples, **options, nms_thr=alike + 1e-6) == [0.5, 0.9]
    assert scores(samples, **options, nms_thr=alike - 1e-6) == [0.9]
    assert scores(samples, nms='hard', nms_thr=alike - 1e-6) == [0.5, 0.9]


def test_soft_nms():
    first, second = scores([sample(0, 0.5), sample(0, 0.9)], nms='soft', nms_thr=0.5)
    assert second == 0.9
    assert first == pytest.approx(0.5 * np.exp(-1 / 0.5))


@pytest.mark.parametrize(
    'options, message',
    [
        pytest.param(dict(nms='oks'), "unknown nms 'oks'; choose from", id='nms'),
        pytest.param(dict(nms_scope='all'), "unknown nms_scope 'all'", id='scope'),
    ],
)
def test_options(options, message):
    with pytest.raises(ValueError, match=message):
        GarmentScoring(**options)


def test_samples_that_lack_something():
    short = sample()
    del short['category_id'], short['input_scale']
    message = r"lacks \['category_id'\]; to fix it: add them to `meta_keys` of "
    with pytest.raises(ValueError, match=message):
        GarmentScoring(nms='hard').prediction(short)
    message = r"lacks \['category_id', 'input_scale'\]"
    with pytest.raises(ValueError, match=message):
        GarmentScoring(nms='hard', nms_scope='image').prediction(short)
    other = sample() | dict(category_id=SHIRT)
    other['pred_instances']['keypoints'] = np.zeros((1, 8, 2))
    other['pred_instances']['keypoint_scores'] = np.zeros((1, 8))
    message = 'the prediction for image 1 has 8 key points; expected 294 or the 25 of '
    with pytest.raises(FormatError, match=message):
        GarmentScoring().prediction(other)
