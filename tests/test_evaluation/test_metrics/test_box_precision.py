"""The average precision of the boxes of predicted garments."""

import numpy as np
import pytest
from official_oks import GARMENTS, SKIRT, VEST, RandomGarments, write
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from fashion_mmpose.evaluation.metrics import GarmentOKS
from fashion_mmpose.evaluation.metrics.box_precision import BOX_NUMBERS


def sample(number, image_id, category_id, box, score, point_scores):
    """A predicted garment of some box (x, y, width, height) in a detector's boxes."""
    x, y, width, height = box
    own = list(GARMENTS[category_id].channels)
    points = np.zeros((1, 294, 3))
    points[:, own] = (x + width / 2, y + height / 2, point_scores)
    return dict(
        id=number,
        img_id=image_id,
        category_id=category_id,
        pred_instances=dict(
            keypoints=points[..., :2],
            keypoint_scores=points[..., 2],
            bboxes=np.array([[x, y, x + width, y + height]]),
            bbox_scores=np.array([score]),
        ),
    )


def metrics_of(samples, path, **options):
    metric = GarmentOKS(ann_file=str(path), box_ap=True, **options)
    metric.dataset_meta = {}
    metric.process({}, samples)
    found = metric.evaluate(size=len(samples))
    assert set(found) <= set(metric.metric_names())
    return [found[f'deepfashion2/{name}'] for name in BOX_NUMBERS]


@pytest.mark.parametrize('seed', [0, 1])
def test_numbers_of_pycocotools(tmp_path, seed):
    case = RandomGarments(seed, num_images=5)
    rng = np.random.default_rng(seed)
    results = []
    for item in case.truth['annotations']:
        for _ in range(rng.integers(3)):
            box = np.abs(item['bbox'] + rng.choice([1, 9]) * rng.normal(size=4))
            category_id = int(rng.choice([item['category_id'], VEST], p=(0.9, 0.1)))
            results.append(
                dict(
                    image_id=item['image_id'],
                    category_id=category_id,
                    bbox=(box + [0, 0, 1, 1]).tolist(),
                    score=rng.random(),
                )
            )
    samples = [
        sample(
            number,
            each['image_id'],
            each['category_id'],
            each['bbox'],
            each['score'],
            1,
        )
        for number, each in enumerate(results)
    ]
    path = write(tmp_path / 'truth.json', case.truth)
    numbers = metrics_of(samples, path)
    truth = COCO(path)
    expected = COCOeval(truth, truth.loadRes(results), 'bbox')
    expected.evaluate()
    expected.accumulate()
    expected.summarize()
    assert 0.1 < numbers[0] < 0.9
    np.testing.assert_allclose(numbers, expected.stats[:3], atol=1e-12)


def test_scores_are_those_of_the_garments(tmp_path):
    """A wrong box that its points doubt comes last where they count."""
    case = RandomGarments(0, num_images=1)
    (item, *_) = (e for e in case.truth['annotations'] if e['num_keypoints'])
    truth = dict(case.truth, annotations=[dict(item, iscrowd=0)])
    x, y, width, height = item['bbox']
    where = item['image_id'], item['category_id']
    samples = [
        sample(0, *where, (x + 2 * width, y, width, height), 0.9, 0.3),
        sample(1, *where, (x, y, width, height), 0.5, 0.8),
    ]
    path = write(tmp_path / 'truth.json', truth)
    assert metrics_of(samples, path) == pytest.approx([0.5, 0.5, 0.5])
    assert metrics_of(samples, path, rescore=True) == pytest.approx([1, 1, 1])


def test_nothing_found_and_nothing_to_find(tmp_path):
    case = RandomGarments(0, num_images=2)
    path = write(tmp_path / 'truth.json', case.truth)
    image_id = case.truth['images'][0]['id']
    skirts = [e for e in case.truth['annotations'] if e['category_id'] == SKIRT]
    other = next(i for i in GARMENTS if i not in (SKIRT, VEST, 1))
    wrong = sample(0, image_id, other, (1, 1, 5, 5), 0.9, 1)
    assert skirts and metrics_of([wrong], path) == [0, 0, 0]
    empty = write(tmp_path / 'empty.json', dict(case.truth, annotations=[]))
    assert metrics_of([wrong], empty) == [-1, -1, -1]
    crowds = [dict(each, iscrowd=1) for each in case.truth['annotations']]
    only = write(tmp_path / 'crowds.json', dict(case.truth, annotations=crowds))
    assert metrics_of([], only) == metrics_of([wrong], only) == [-1, -1, -1]
