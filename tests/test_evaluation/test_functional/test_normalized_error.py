import json
import math

import numpy as np
import pytest

from fashion_mmpose.evaluation.functional.normalized_error import (
    RULES,
    match_predictions,
    normalized_error,
)
from fashion_mmpose.formats.fashionai.tianchi_table import coco_keypoints
from fashion_mmpose.garments import benchmark, garment, keypoints

NAMES = keypoints('fashionai')


def cells(**points: tuple[int, int, int]) -> np.ndarray:
    """The named points of the challenge's cells in COCO's form; others are absent."""
    table = np.full((len(NAMES), 3), -1)
    for name, cell in points.items():
        table[NAMES.index(name)] = cell
    return coco_keypoints(table)


def score(images, rule='skip_short', moved=None, answered=None):
    """Score rows (category, cells) whose predictions are off by ``moved`` px."""
    gt = np.stack([table for _, table in images])
    ids = np.array([garment('fashionai', name).category_id for name, _ in images])
    shifts = np.zeros((len(images), 1, 2))
    shifts[:, 0] = moved if moved is not None else (0, 0)
    return normalized_error(gt[..., :2] + shifts, gt, ids, answered, rule)


# s = 50 px, two counted points: one armpit is occluded.
BLOUSE = cells(
    armpit_left=(100, 100, 0), armpit_right=(130, 140, 1), neckline_left=(0, 512, 1)
)
# s = 20 px, one counted point.
SKIRT = cells(
    waistband_left=(10, 0, 0), waistband_right=(30, 0, 0), hemline_left=(9, 9, 1)
)
# One end of the normaliser is absent: the raw distance is that of (29, 39) and
# (-1, -1), 50 px. Three counted points.
ONE_END = cells(
    armpit_left=(29, 39, 1), neckline_left=(5, 5, 1), neckline_right=(9, 5, 1)
)
# Both ends are absent. One counted point.
NO_END = cells(crotch=(7, 7, 1))
# The ends are 6 px apart. Two counted points.
SHORT = cells(armpit_left=(50, 50, 1), armpit_right=(56, 50, 1))
# Both ends are on one pixel. Two counted points.
SAME_PIXEL = cells(armpit_left=(50, 50, 1), armpit_right=(50, 50, 1))
# Nothing is visible.
HIDDEN = cells(armpit_left=(100, 100, 0), armpit_right=(130, 140, 0))

IMAGES = [
    ('blouse', BLOUSE),
    ('skirt', SKIRT),
    ('outwear', ONE_END),
    ('trousers', NO_END),
    ('dress', SHORT),
    ('dress', SAME_PIXEL),
    ('blouse', HIDDEN),
]


# Every prediction is 3 px off.
@pytest.mark.parametrize(
    'rule, ne, num_points, num_skipped',
    [
        # blouse 2 x 3/50, skirt 3/20, one end 3 x 3/50
        pytest.param('skip_short', 0.45 / 6, 6, 3, id='skip_short'),
        # blouse 2 x 3/50, skirt 3/20, short 2 x 3/6
        pytest.param('skip_unlabelled', 1.27 / 5, 5, 3, id='skip_unlabelled'),
        # all of the above, and 3/256 for no end and for both of the same pixel
        pytest.param(
            'fallback_256', (0.45 + 1 + 3 * 3 / 256) / 11, 11, 0, id='fallback_256'
        ),
        # blouse 3/50, skirt 3/20, short 3/6; no mean without a visible point
        pytest.param('image_mean', 0.71 / 3, 5, 3, id='image_mean'),
    ],
)
def test_rules(rule, ne, num_points, num_skipped):
    result = score(IMAGES, rule, moved=(3, 0))
    assert result.ne == pytest.approx(ne, abs=1e-12)
    assert result.num_points == num_points
    assert result.num_skipped_images == num_skipped
    assert (result.num_images, result.num_missing_images) == (7, 0)
    assert result.rule == rule


def test_short_means_below_ten_pixels():
    at = {
        width: cells(armpit_left=(0, 0, 1), armpit_right=(width, 0, 1))
        for width in (9, 10)
    }
    assert score([('blouse', at[9])]).num_skipped_images == 1
    assert score([('blouse', at[10])], moved=(1, 0)).ne == pytest.approx(0.1)


def test_distance_is_euclidean_and_occluded_points_do_not_count():
    gt = BLOUSE[None]
    pred = gt[..., :2].astype(float)
    pred[0, NAMES.index('neckline_left')] += (6, 8)  # 10 px
    pred[0, NAMES.index('armpit_left')] += 1000  # occluded
    result = normalized_error(pred, gt, [1])
    assert result.ne == pytest.approx((10 / 50 + 0) / 2)
    assert result.per_keypoint['neckline_left'] == {
        'ne': pytest.approx(0.2),
        'num_points': 1,
    }
    assert result.per_keypoint['armpit_right'] == {'ne': 0.0, 'num_points': 1}
    assert result.per_keypoint['armpit_left']['num_points'] == 0
    assert math.isnan(result.per_keypoint['armpit_left']['ne'])


@pytest.mark.parametrize(
    'rule, ne, num_points',
    [
        # 2 blouse points cost 1.0 each, the others are exact; an image whose
        # normaliser is missing stays skipped without its prediction.
        pytest.param('skip_short', 2 / 6, 6, id='skip_short'),
        pytest.param('skip_unlabelled', 2 / 5, 5, id='skip_unlabelled'),
        pytest.param('fallback_256', 3 / 11, 11, id='fallback_256'),
        pytest.param('image_mean', 1 / 3, 5, id='image_mean'),
    ],
)
def test_missing_prediction_costs_one_a_point(rule, ne, num_points):
    answered = np.array([name not in ('blouse', 'trousers') for name, _ in IMAGES])
    gt = np.stack([table for _, table in IMAGES])
    ids = [garment('fashionai', name).category_id for name, _ in IMAGES]
    pred = np.where(answered[:, None, None], gt[..., :2], np.nan)
    result = normalized_error(pred, gt, ids, answered, rule)
    assert result.ne == pytest.approx(ne)
    assert result.num_points == num_points
    assert result.num_missing_images == 3
    assert result.per_category['blouse']['num_missing_images'] == 2


def test_per_category():
    result = score(IMAGES, moved=(3, 0))
    assert list(result.per_category) == list(benchmark('fashionai').garments)
    assert result.per_category['blouse'] == {
        'ne': pytest.approx(3 / 50),
        'num_points': 2,
        'num_images': 2,
        'num_skipped_images': 0,
        'num_missing_images': 0,
    }
    assert result.per_category['skirt']['ne'] == pytest.approx(3 / 20)
    dress = result.per_category['dress']
    assert (dress['num_images'], dress['num_skipped_images']) == (2, 2)
    assert dress['num_points'] == 0
    assert math.isnan(dress['ne'])


def test_only_what_occurs_is_listed():
    result = score([('skirt', SKIRT)])
    assert list(result.per_category) == ['skirt']
    assert tuple(result.per_keypoint) == keypoints('fashionai', 'skirt')


@pytest.mark.parametrize('rule', RULES)
def test_truth_scores_zero(rule):
    assert score(IMAGES, rule).ne == 0


@pytest.mark.parametrize('rule', RULES)
def test_parts_add_up(rule):
    rng = np.random.default_rng(0)
    images = [IMAGES[i] for i in rng.integers(0, len(IMAGES), 50)]
    result = score(images, rule, moved=rng.normal(0, 9, (50, 2)))
    for parts in (result.per_category, result.per_keypoint):
        total = sum(part['num_points'] for part in parts.values())
        assert total == result.num_points
        if rule != 'image_mean':
            scored = [part for part in parts.values() if part['num_points']]
            mean = sum(part['ne'] * part['num_points'] for part in scored) / total
            assert mean == pytest.approx(result.ne)


def test_no_images():
    result = normalized_error(np.zeros((0, 24, 2)), np.zeros((0, 24, 3)), [])
    assert math.isnan(result.ne)
    assert (result.num_points, result.num_images) == (0, 0)
    assert result.per_category == result.per_keypoint == {}


def test_to_dict_is_valid_json():
    text = json.dumps(score([('dress', SHORT)]).to_dict(), allow_nan=False)
    document = json.loads(text)
    assert document['ne'] is None
    assert document['per_category']['dress']['num_skipped_images'] == 1
    assert document['per_keypoint']['armpit_left'] == {'ne': None, 'num_points': 0}
    assert document['rule'] == 'skip_short'


@pytest.mark.parametrize(
    'changed, message',
    [
        pytest.param(
            {'pred_xy': np.zeros((1, 13, 2))},
            r'pred_xy has shape \(1, 13, 2\), expected \(1, 24, 2\)',
            id='13 points',
        ),
        pytest.param({'gt': np.zeros((1, 24, 2))}, 'gt has shape', id='no v'),
        pytest.param({'answered': [True, True]}, 'answered has shape', id='answered'),
        pytest.param({'category_ids': [[1]]}, 'category_ids has shape', id='nested'),
        pytest.param({'rule': 'mean'}, "unknown rule 'mean'; choose from", id='rule'),
        pytest.param(
            {'category_ids': [9]}, 'unknown fashionai category id 9', id='category'
        ),
        pytest.param(
            {'gt': cells(crotch=(7, 7, 2))[None]}, 'crotch: visibility 3', id='v'
        ),
        pytest.param(
            {'pred_xy': np.full((1, 24, 2), np.nan)},
            'image 0, neckline_left: .* is not a position',
            id='NaN',
        ),
    ],
)
def test_wrong_input(changed, message):
    arguments = dict(pred_xy=np.zeros((1, 24, 2)), gt=BLOUSE[None], category_ids=[1])
    with pytest.raises(ValueError, match=message):
        normalized_error(**arguments | changed)


def test_match_predictions():
    pred_xy = np.arange(4)[:, None, None] * np.ones((1, 24, 2))
    matched = match_predictions(
        ['a', 'b', 'c'],
        ['blouse', 'skirt', 'dress'],
        ['c', 'x', 'a', 'b'],
        ['dress', 'dress', 'blouse', 'trousers'],
        pred_xy,
    )
    assert matched.xy[:, 0, 0].tolist() == [2, 0, 0]
    assert matched.answered.tolist() == [True, False, True]
    assert matched.num_unknown_rows == 1
    assert matched.num_other_category_rows == 1
    assert matched.num_ignored_rows == 2


@pytest.mark.parametrize(
    'gt_ids, pred_ids, message',
    [
        (['a', 'a'], ['a', 'b'], "ground truth: image 'a' occurs twice, in rows 0"),
        (['a', 'b'], ['b', 'b'], "prediction: image 'b' occurs twice, in rows 0"),
    ],
)
def test_match_refuses_repeated_images(gt_ids, pred_ids, message):
    two = ['skirt', 'skirt']
    with pytest.raises(ValueError, match=message):
        match_predictions(gt_ids, two, pred_ids, two, np.zeros((2, 24, 2)))
