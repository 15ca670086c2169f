"""The scores of benchmarks that users describe, by numbers worked out by hand."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.evaluation.metrics import GarmentOKS, NormalizedError

NAMES = ['brim_left', 'brim_right', 'top']
CAP = dict(keypoints=NAMES, sigmas=0.1, normalizer=['brim_left', 'brim_right'])
TRUTH = np.array([[20, 80], [80, 80], [50, 20.0]])


def hats(**cap) -> garments.Benchmark:
    rows = dict(cap=CAP | cap, beanie=['edge_left', 'edge_right'])
    return garments.benchmark_from(dict(name='hats', categories=rows))


def meta(benchmark: garments.Benchmark, **kwargs) -> dict:
    info = dict(dataset_name='hats', benchmark=garments.benchmark_entry(benchmark))
    return info | dict(one_per_image=False) | kwargs


def sample(annotation_id: int, shift: float, image_id: int = 1) -> dict:
    """A cap in the full layout of five key points, found some pixels to the right."""
    truth = np.zeros((5, 3))
    truth[:3] = np.column_stack((TRUTH, [2, 2, 2]))
    found = np.zeros((1, 5, 2))
    found[0, :3] = TRUTH + (shift, 0)
    return dict(
        id=annotation_id,
        img_id=image_id,
        category_id=1,
        raw_ann_info=dict(
            id=annotation_id,
            image_id=image_id,
            category_id=1,
            bbox=[20, 20, 60, 60],
            area=3600.0,
            iscrowd=0,
            num_keypoints=3,
            keypoints=truth.ravel(),
        ),
        pred_instances=dict(
            keypoints=found,
            keypoint_scores=np.ones((1, 5)),
            bboxes=np.array([[20, 20, 80, 80.0]]) + annotation_id,
            bbox_scores=np.ones(1),
        ),
    )


def evaluate(metric, info: dict, samples: list[dict]) -> dict:
    metric.dataset_meta = info
    metric.process(None, samples)
    return metric.evaluate(len(samples))


def test_normalized_error_of_each_garment():
    samples = [sample(1, shift=3), sample(2, shift=6), sample(3, shift=0, image_id=2)]
    scores = evaluate(NormalizedError(), meta(hats()), samples)
    assert scores['hats/NE'] == pytest.approx((0.05 + 0.1 + 0) / 3)
    assert scores['hats/NE_cap'] == scores['hats/NE']
    assert scores['hats/num_points'] == 9


def test_a_key_point_that_is_called_like_a_category():
    rows = dict(top=CAP, beanie=['edge_left', 'edge_right'])
    benchmark = garments.benchmark_from(dict(name='hats', categories=rows), 'hats')
    metric = NormalizedError(per_keypoint=True)
    scores = evaluate(metric, meta(benchmark), [sample(1, shift=3)])
    assert scores['hats/NE_top'] == pytest.approx(0.05)
    assert scores['hats/NE_keypoint_top'] == pytest.approx(0.05)
    names = metric.metric_names(['top'])
    assert len({*names}) == len(names) and {*names} == scores.keys()


def test_one_garment_an_image():
    samples = [sample(1, shift=3), sample(1, shift=6)]
    samples[1]['pred_instances']['bbox_scores'][:] = 0.5
    scores = evaluate(NormalizedError(), meta(hats(), one_per_image=True), samples)
    assert scores['hats/NE'] == pytest.approx(0.05)
    with pytest.raises(ValueError, match='two different annotations'):
        other = sample(2, shift=0)
        other['raw_ann_info']['keypoints'] = samples[0]['raw_ann_info']['keypoints'] + 1
        evaluate(NormalizedError(), meta(hats(), one_per_image=True), [*samples, other])


def test_error_without_a_normalizer():
    with pytest.raises(ValueError, match='cap of hats has no normaliser.*GarmentOKS'):
        evaluate(NormalizedError(), meta(hats(normalizer=None)), [sample(1, shift=3)])


@pytest.mark.parametrize('sigma, ap', [(0.1, 0.8), (0.05, 0.2)])
def test_similarity_uses_the_sigmas_of_the_description(sigma: float, ap: float):
    # All points are equally far: exp(-d^2 / (2 * area * (2 * sigma)^2)).
    shift = math.sqrt(-math.log(0.87) * 2 * 3600 * (2 * 0.1) ** 2)
    scores = evaluate(GarmentOKS(), meta(hats(sigmas=sigma)), [sample(1, shift)])
    assert scores['hats/AP'] == pytest.approx(ap)
    assert scores['hats/AP_cap'] == scores['hats/AP']


def test_file_of_scored_garments(tmp_path: Path):
    path = tmp_path / 'scored.json'
    evaluate(GarmentOKS(out_file=str(path)), meta(hats()), [sample(7, shift=1)])
    (entry,) = json.loads(path.read_text())
    assert entry['keypoints'] == [21, 80, 1, 81, 80, 1, 51, 20, 1]
    assert entry['bbox'] == [21, 20, 60, 60]
    assert (entry['image_id'], entry['category_id'], entry['score']) == (1, 1, 1)


def test_two_benchmarks_at_once():
    """The metrics of two test sets in one process keep their own tables and names."""
    close, wide = GarmentOKS(), GarmentOKS(prefix='wide')
    close.dataset_meta = meta(hats(sigmas=0.05))
    wide.dataset_meta = meta(hats(sigmas=0.1))
    shift = math.sqrt(-math.log(0.87) * 2 * 3600 * (2 * 0.1) ** 2)
    for metric in (close, wide):
        metric.process(None, [sample(1, shift)])
    assert close.evaluate(1)['hats/AP'] == pytest.approx(0.2)
    assert wide.evaluate(1)['wide/AP'] == pytest.approx(0.8)
    assert GarmentOKS().prefix == 'deepfashion2'


@pytest.mark.parametrize('scope', ['category', 'image'])
def test_what_is_found_twice(scope: str):
    samples = [sample(1, shift=0), sample(2, shift=0.5)]
    for each, score in zip(samples, (0.9, 0.8)):
        each.update(input_center=np.array([50, 50]), input_scale=np.array([80, 80]))
        each['pred_instances']['bbox_scores'][:] = score
    metric = GarmentOKS(nms='hard', nms_scope=scope)
    metric.dataset_meta = meta(hats())
    metric.process(None, samples)
    assert len(metric.scoring.results(metric.results)) == 1
