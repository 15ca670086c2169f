"""MMPose's PCK, AUC and EPE on DeepFashion2: only a garment's own points count."""

import numpy as np
import pytest
from mmengine.registry import DefaultScope
from mmpose.registry import DATASETS, METRICS, TRANSFORMS
from official_oks import GARMENTS, SKIRT, VEST, annotation, coco_content, write

# Skirt, a side of 100 pixels: five points found 4 px off, two 6 px, one not labelled.
SKIRT_ERRORS = [4, 4, 4, 4, 4, 6, 6, None]
# Vest, a side of 200 pixels: all of its 15 points are found 8 px off.
VEST_ERRORS = [8] * 15


def truth(category_id, side, errors):
    points = np.array(
        [[10 + 5 * i, 40, 0 if e is None else 2 - i % 2] for i, e in enumerate(errors)],
        float,
    )
    points[points[:, 2] == 0] = 0
    return annotation(1, category_id, [0, 0, side, side / 2], points)


@pytest.fixture
def samples(tmp_path):
    """Tested samples of 294 slots; what is predicted elsewhere must not matter."""
    items = [(SKIRT, 100, SKIRT_ERRORS), (VEST, 200, VEST_ERRORS)]
    content = coco_content([1], [truth(*item) for item in items])
    with DefaultScope.overwrite_default_scope('mmpose'):
        dataset = DATASETS.build(
            dict(
                type='DeepFashion2GarmentDataset',
                ann_file=str(write(tmp_path / 'truth.json', content)),
                test_mode=True,
            )
        )
        steps = [
            TRANSFORMS.build(step)
            for step in (
                dict(type='GetBBoxCenterScale'),
                dict(type='TopdownAffine', input_size=(12, 16)),
                dict(type='PackGarmentInputs'),
            )
        ]
    packed = []
    for index, (category_id, _, errors) in enumerate(items):
        record = dataset.get_data_info(index)
        record['img'] = np.zeros((400, 400, 3), np.uint8)
        for step in steps:
            record = step(record)
        sample = record['data_samples'].to_dict()
        keypoints = np.full((1, 294, 2), -1000.0)
        own = list(GARMENTS[category_id].channels)
        keypoints[0, own] = sample['gt_instances']['keypoints'][0, own]
        keypoints[0, own, 0] += [1000 if error is None else error for error in errors]
        sample['pred_instances'] = dict(keypoints=keypoints)
        packed.append(sample)
    return packed


def value(samples, **config):
    metric = METRICS.build(dict(config, prefix='df2'))
    metric.process({}, samples)
    (number,) = metric.evaluate(size=len(samples)).values()
    return number


@pytest.mark.parametrize(
    'config, expected',
    [
        # 4 of 100 and 8 of 200 pixels are below a twentieth of the box. A share is a
        # slot's: 5 of 7 of the skirt's, all 15 of the vest's.
        pytest.param(dict(type='PCKAccuracy', thr=0.05), (5 + 15) / 22, id='PCK'),
        pytest.param(dict(type='PCKAccuracy', thr=0.02), 0, id='PCK of a fiftieth'),
        pytest.param(
            dict(type='EPE'), (5 * 4 + 2 * 6 + 15 * 8) / 22, id='end point error'
        ),
        # Thresholds are 0 to 19 pixels: above 4 there are 15, above 6 13, above 8 11.
        pytest.param(
            dict(type='AUC', norm_factor=20),
            (5 * 15 + 2 * 13 + 15 * 11) / 22 / 20,
            id='area under the curve',
        ),
    ],
)
def test_values(samples, config, expected):
    assert value(samples, **config) == pytest.approx(expected)


def test_shares_are_of_slots(samples):
    """Another vest, 20 px off: its slots are right in one of two, the skirt's stay."""
    other = dict(samples[1], pred_instances=dict(samples[1]['pred_instances']))
    other['pred_instances']['keypoints'] = other['pred_instances']['keypoints'] + (
        12,
        0,
    )
    found = value([*samples, other], type='PCKAccuracy', thr=0.05)
    assert found == pytest.approx((5 + 15 / 2) / 22)
