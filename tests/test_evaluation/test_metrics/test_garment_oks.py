"""The metric: what it scores against what, and the file that it writes."""

import json

import numpy as np
import pytest
from mmengine.logging import MMLogger
from mmpose.registry import METRICS
from official_oks import (
    GARMENTS,
    SKIRT,
    VEST,
    RandomGarments,
    official_numbers,
    write,
)

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.evaluation.functional.oks import NUMBERS, score_files
from fashion_mmpose.evaluation.metrics import GarmentOKS


def samples_of(results, truth=None, category=None):
    """Samples of a test run that predicts these official results."""
    for index, entry in enumerate(results):
        slots = np.reshape(entry['keypoints'], (1, 294, 3))
        own = list(GARMENTS[entry['category_id']].channels)
        points = np.zeros((1, 294, 3))
        points[:, own] = slots[:, own]
        points[:, own, 2] = (index % 5 + 1) / 5
        if category is not None:
            points = points[:, own]
        yield dict(
            id=index,
            img_id=entry['image_id'],
            category_id=entry['category_id'],
            raw_ann_info=truth and truth['annotations'][index],
            pred_instances=dict(
                keypoints=points[..., :2],
                keypoint_scores=points[..., 2],
                bboxes=np.array([[0, 0, 10, 10.0]]),
                bbox_scores=np.array([entry['score']]),
            ),
        )


def run(samples, meta=None, batch_size=7, **options):
    metric = METRICS.build(dict(type='GarmentOKS', **options))
    metric.dataset_meta = meta or {}
    samples = list(samples)
    for start in range(0, len(samples), batch_size):
        metric.process({}, samples[start : start + batch_size])
    return metric.evaluate(size=len(samples))


def ten_numbers(metrics):
    return [metrics[f'deepfashion2/{name}'] for name in NUMBERS]


@pytest.fixture
def case(tmp_path):
    case = RandomGarments(1, num_images=5)
    case.path = str(write(tmp_path / 'truth.json', case.truth))
    return case


@pytest.mark.slow
def test_official_numbers(case):
    """From predictions in memory, with the annotations of the dataset's file."""
    metrics = run(samples_of(case.results), dict(ann_file=case.path))
    expected = official_numbers(case.truth, case.results)
    np.testing.assert_allclose(ten_numbers(metrics), expected, atol=1e-9)
    for name in ('short_sleeved_shirt', 'vest', 'skirt'):
        category_id = garments.garment('deepfashion2', name).category_id
        expected = official_numbers(case.truth, case.results, category_id)[0]
        assert metrics[f'deepfashion2/AP_{name}'] == pytest.approx(expected)
    assert len(metrics) == 13  # no sling dress is annotated
    short = run(samples_of(case.results), ann_file=case.path, per_category=False)
    assert list(short) == [f'deepfashion2/{name}' for name in NUMBERS]


def test_one_category(case):
    """The K points of one category, against the file of all."""
    skirts = [entry for entry in case.results if entry['category_id'] == SKIRT]
    meta = dict(
        ann_file=case.path,
        category='skirt',
        categories=('skirt',),
        num_samples=len(skirts),
    )
    metrics = run(samples_of(skirts, category='skirt'), meta)
    expected = official_numbers(case.truth, case.results, SKIRT)
    np.testing.assert_allclose(ten_numbers(metrics), expected, atol=1e-9)


def test_some_categories(case):
    """What the dataset does not hold is not missed."""
    held = [e for e in case.results if e['category_id'] in (SKIRT, VEST)]
    meta = dict(ann_file=case.path, category=None, categories=('vest', 'skirt'))
    metrics = run(samples_of(held), meta)
    expected = [official_numbers(case.truth, held, i)[0] for i in (VEST, SKIRT)]
    assert metrics['deepfashion2/AP'] == pytest.approx(np.mean(expected))
    everything = run(samples_of(held), dict(ann_file=case.path))
    assert everything['deepfashion2/AP'] == pytest.approx(sum(expected) / 3)


def test_annotations_of_the_samples(case):
    """Without a file, those garments are to be found that there is a sample for."""
    rng = np.random.default_rng(0)
    items = [item for item in case.truth['annotations'] if item['num_keypoints']]
    results = []
    for item in items:
        slots = np.reshape(item['keypoints'], (294, 3))
        slots = slots + rng.choice([1, 2, 4]) * rng.normal(size=slots.shape)
        unused = np.setdiff1d(
            np.arange(294), list(GARMENTS[item['category_id']].channels)
        )
        slots[unused] = slots[GARMENTS[item['category_id']].channels[0]]
        results.append(
            dict(
                image_id=item['image_id'],
                category_id=item['category_id'],
                score=rng.random(),
                keypoints=slots.ravel().tolist(),
            )
        )
    truth = dict(case.truth, annotations=items)
    metrics = run(samples_of(results, truth))
    expected = official_numbers(truth, results)
    assert 0.1 < expected[0] < 0.9
    np.testing.assert_allclose(ten_numbers(metrics), expected, atol=1e-9)
    message = 'no ground truth for a sample of image .*; give ann_file'
    with pytest.raises(ValueError, match=message):
        run(samples_of(results))


def test_the_file_is_what_is_scored(case, tmp_path):
    path = tmp_path / 'work' / 'found.json'
    options = dict(ann_file=case.path, nms='soft', nms_thr=0.5, rescore=True)
    metrics = run(samples_of(case.results), out_file=str(path), **options)
    plain = run(samples_of(case.results), ann_file=case.path)
    assert metrics['deepfashion2/AP'] != pytest.approx(plain['deepfashion2/AP'])
    from_file = score_files(case.path, path).numbers
    np.testing.assert_allclose(ten_numbers(metrics), list(from_file.values()))
    written = json.loads(path.read_text())
    expected = official_numbers(case.truth, written)
    np.testing.assert_allclose(ten_numbers(metrics), expected, atol=1e-9)
    assert len(written) == len(case.results)


def test_format_only(case, tmp_path):
    """Of the challenge's test set there are no annotations."""
    path = tmp_path / 'found.json'
    meta = dict(ann_file=str(tmp_path / 'images only.json'))
    options = dict(format_only=True, out_file=str(path))
    assert run(samples_of(case.results), meta, **options) == {}
    assert run(samples_of(case.results), **options) == {}
    written = json.loads(path.read_text())
    assert [e['score'] for e in written] == [e['score'] for e in case.results]
    for entry, expected in zip(written, case.results):
        own = list(GARMENTS[entry['category_id']].channels)
        found, meant = (np.reshape(e['keypoints'], (294, 3)) for e in (entry, expected))
        np.testing.assert_allclose(found[own, :2], meant[own, :2], atol=5e-5)
        others = np.delete(found[:, :2], own, axis=0)
        assert (others == found[own[0], :2]).all()
    with pytest.raises(ValueError, match='format_only needs an out_file'):
        GarmentOKS(format_only=True)


def test_nothing_predicted(case):
    """A detector that finds nothing misses everything."""
    metric = GarmentOKS(ann_file=case.path)
    metrics = metric.compute_metrics([])
    assert [metrics[name] for name in NUMBERS] == [0.0] * 10
    assert official_numbers(case.truth, []) == [0.0] * 10


def test_unknown_images(case):
    results = [dict(case.results[0], image_id=99)]
    with pytest.raises(ValueError, match='1 of 1 detections .* such as image 99'):
        run(samples_of(results), ann_file=case.path)


def test_pictures_of_several_files(case):
    """Files number their pictures alike, and their garments."""
    samples = [
        dict(each, img_path=f'{folder}/{each["img_id"]}.jpg')
        for folder in 'ab'
        for each in samples_of(case.results)
    ]
    name = f'{samples[0]["img_id"]}.jpg'
    with pytest.raises(FormatError, match=f'^a/{name} and b/{name} have one id, '):
        run(samples, ann_file=case.path)


def test_other_annotations(case, tmp_path):
    path = write(tmp_path / 'other.json', dict(case.truth, categories=[]))
    with pytest.raises(FormatError, match=r'other\.json is not a COCO file'):
        run(samples_of(case.results), ann_file=str(path))


def test_a_contradicting_truth_is_told_once(tmp_path, caplog):
    truth = RandomGarments(1, num_images=5)
    for item in truth.truth['annotations']:
        item.update(num_keypoints=6, area=0)
    path = str(write(tmp_path / 'truth.json', truth.truth))
    metric = METRICS.build(dict(type='GarmentOKS'))
    metric.dataset_meta = dict(ann_file=path)
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    try:
        for _ in range(2):  # two validations of a training
            samples = list(samples_of(truth.results))
            metric.process({}, samples)
            metric.evaluate(size=len(samples))
    finally:
        logger.removeHandler(caplog.handler)
    warnings = [r.getMessage() for r in caplog.records if r.levelname == 'WARNING']
    told = [text for text in warnings if 'have area 0 beside a box' in text]
    assert len(told) == 1 and told[0].startswith(f'{path}: ')
