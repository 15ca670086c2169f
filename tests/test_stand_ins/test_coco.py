"""Our stand-in for xtcocotools gives what it gives, where both are there."""

import copy
import importlib
import json
import sys

import numpy as np
import pytest

from fashion_mmpose import stand_ins
from fashion_mmpose.stand_ins import coco as stand_in

NUM_POINTS = 5
SIGMAS = np.array([0.03, 0.05, 0.1, 0.02, 0.08])


@pytest.fixture
def original():
    """xtcocotools itself, by whatever name it is loaded."""
    try:
        coco = importlib.import_module('xtcocotools.coco')
        evaluation = importlib.import_module('xtcocotools.cocoeval')
    except ImportError:
        pytest.skip('xtcocotools is not installed')
    if issubclass(coco.COCO, stand_in.pycoco.COCO):
        pytest.skip('xtcocotools does not load here')
    return coco.COCO, evaluation.COCOeval


def truth_and_results(seed, first_id=0, with_area=True):
    """Garments in pictures, some unlabelled or crowds, and what somebody finds."""
    rng = np.random.default_rng(seed)
    images = [dict(id=number, width=200, height=200) for number in range(6)]
    annotations, results = [], []
    for number in range(20):
        points = np.column_stack(
            (rng.uniform(20, 180, (NUM_POINTS, 2)), rng.integers(0, 3, NUM_POINTS))
        )
        if number % 7 == 3:
            points[:, 2] = 0
        image_id, low = int(rng.integers(6)), rng.uniform(0, 100, 2)
        size = rng.choice([20, 60, 110], 2)
        entry = dict(id=first_id + number, image_id=image_id, category_id=1)
        entry['bbox'] = [*low.tolist(), *map(float, size)]
        entry['keypoints'] = points.ravel().tolist()
        entry['num_keypoints'] = int((points[:, 2] > 0).sum())
        entry['iscrowd'] = int(number % 9 == 5)
        if with_area:
            entry['area'] = float(np.prod(size))
        annotations.append(entry)
        for _ in range(rng.integers(0, 3)):
            found = points + rng.normal(0, (4, 4, 0), points.shape)
            found[:, 2] = rng.uniform(0, 1, NUM_POINTS) * (number % 11 != 10)
            result = dict(image_id=image_id, category_id=1)
            result['keypoints'] = found.ravel().tolist()
            result['score'] = float(rng.uniform())
            results.append(result)
    categories = [dict(id=1, name='hat', keypoints=list('abcde'), skeleton=[])]
    content = dict(images=images, annotations=annotations, categories=categories)
    return content, results


def stats_of(classes, path, content, results, use_area):
    path.write_text(json.dumps(content))
    coco_class, eval_class = classes
    coco = coco_class(str(path))
    scored = eval_class(
        coco, coco.loadRes(copy.deepcopy(results)), 'keypoints', SIGMAS, use_area
    )
    scored.params.useSegm = None
    scored.evaluate()
    scored.accumulate()
    scored.summarize()
    return scored.stats


@pytest.mark.parametrize('first_id', [0, 1, 40])
@pytest.mark.parametrize('use_area', [True, False])
def test_scores_are_equal(original, tmp_path, capsys, first_id, use_area):
    ours = stand_in.COCO, stand_in.COCOeval
    for seed in range(5):
        content, results = truth_and_results(seed, first_id, with_area=use_area)
        arguments = (tmp_path / 'truth.json', content, results, use_area)
        expected = stats_of(original, *arguments)
        np.testing.assert_array_equal(stats_of(ours, *arguments), expected)
        assert 0 < expected[0] < 1


def test_without_results_the_score_is_zero(tmp_path, capsys):
    content, _ = truth_and_results(0)
    ours = stand_in.COCO, stand_in.COCOeval
    assert stats_of(ours, tmp_path / 'truth.json', content, [], True)[0] == 0


def test_annotations_as_they_are_read(original, tmp_path):
    """Without `iscrowd` or an area, from content in memory, with some points only."""
    content, _ = truth_and_results(1, with_area=False)
    for annotation in content['annotations']:
        del annotation['iscrowd']
    path = tmp_path / 'truth.json'
    path.write_text(json.dumps(content))
    read = [each(str(path), test_index=[4, 0]) for each in (stand_in.COCO, original[0])]
    assert read[0].anns == read[1].anns
    assert read[0].getAnnIds(imgIds=[2]) == read[1].getAnnIds(imgIds=[2])
    given = stand_in.COCO(str(path), ann_data=json.loads(path.read_text()))
    assert given.anns[3]['iscrowd'] is False and given.imgs == read[0].imgs


def test_forms_of_persons_need_the_original():
    with pytest.raises(NotImplementedError, match='keypoints_crowd.*pip install'):
        stand_in.COCOeval(iouType='keypoints_crowd')


@pytest.mark.parametrize('fault', [ImportError, ValueError])
def test_it_answers_where_xtcocotools_does_not_load(monkeypatch, fault):
    """It is missing, or built for another numpy."""
    for name in [each for each in sys.modules if each.startswith('xtcocotools')]:
        monkeypatch.delitem(sys.modules, name)
    load = importlib.import_module

    def refuse(name, *args):
        if name.startswith('xtcocotools'):
            raise fault('numpy.dtype size changed')
        return load(name, *args)

    with monkeypatch.context() as patch:
        patch.setattr(importlib, 'import_module', refuse)
        stand_ins.serve_xtcocotools()
    try:
        from xtcocotools import mask
        from xtcocotools.coco import COCO
        from xtcocotools.cocoeval import COCOeval

        assert COCO is stand_in.COCO and COCOeval is stand_in.COCOeval
        square = [[10.0, 10.0, 10.0, 20.0, 20.0, 20.0, 20.0, 10.0]]
        assert mask.area(mask.frPyObjects(square, 40, 40)).tolist() == [100]
    finally:
        for name in stand_in.modules():
            sys.modules.pop(name, None)
