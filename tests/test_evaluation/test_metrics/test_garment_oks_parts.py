"""Of which pictures and garments the score is, if a part of a dataset is tested."""

import json
from itertools import chain, zip_longest
from pathlib import Path

import numpy as np
import pytest
from mmengine.dataset import ConcatDataset, DefaultSampler, RepeatDataset
from mmengine.dataset import sampler as sampler_module
from mmengine.logging import MMLogger
from mmengine.registry import DefaultScope
from mmpose.datasets import CombinedDataset
from mmpose.registry import DATASETS
from official_oks import GARMENTS, SKIRT, VEST, annotation, coco_content, write

from fashion_mmpose import garments
from fashion_mmpose.evaluation.metrics import GarmentOKS

BOX = [20, 30, 200, 100]
# Image and category of the garments 1 to 6; there is a shirt without landmarks in
# image 3, and nothing in image 5.
LABELLED = [(1, SKIRT), (1, VEST), (2, SKIRT), (2, SKIRT), (3, VEST), (4, VEST)]
# No detector found anything in image 4, nor the second skirt of image 2.
DETECTED = [(1, SKIRT), (1, VEST), (2, SKIRT), (3, VEST)]


def points_of(number, category_id):
    """Where the garments of a picture are: far from each other."""
    num = len(GARMENTS[category_id].channels)
    return np.column_stack((np.arange(num) * 5 + 20, np.full(num, 1000 * number)))


def labelled(number, image_id, category_id):
    points = points_of(number, category_id)
    points = np.column_stack((points, np.full(len(points), 2)))
    return annotation(image_id, category_id, BOX, points)


@pytest.fixture
def content():
    items = [labelled(n, *item) for n, item in enumerate(LABELLED, 1)]
    items.append(annotation(3, 1, BOX, np.zeros((25, 3))))
    return coco_content([1, 2, 3, 4, 5], items)


@pytest.fixture
def ann_file(content, tmp_path):
    return str(write(tmp_path / 'truth.json', content))


@pytest.fixture
def bbox_file(tmp_path):
    boxes = [
        dict(image_id=image_id, category_id=category_id, bbox=BOX, score=0.9)
        for image_id, category_id in DETECTED
    ]
    return str(write(tmp_path / 'boxes.json', boxes))


def build(ann_file, **options):
    with DefaultScope.overwrite_default_scope('mmpose'):
        return DATASETS.build(
            dict(
                type='DeepFashion2GarmentDataset',
                ann_file=ann_file,
                test_mode=True,
                **options,
            )
        )


def perfect(record):
    """A sample whose points are those of its garment, or of the first alike."""
    key = record['img_id'], record['category_id']
    raw = record['raw_ann_info']
    number = raw['id'] if raw and raw['id'] <= 6 else LABELLED.index(key) + 1
    slots = np.zeros((1, 294, 2))
    slots[0, list(GARMENTS[key[1]].channels)] = points_of(number, key[1])
    return dict(
        {name: record[name] for name in ('id', 'img_id', 'category_id')},
        raw_ann_info=raw,
        pred_instances=dict(
            keypoints=slots,
            keypoint_scores=np.ones((1, 294)),
            bboxes=record['bbox'],
            bbox_scores=record['bbox_score'],
        ),
    )


@pytest.fixture
def log(caplog):
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


def score(dataset, log, predict=perfect, **options):
    """AP, AR and what is logged."""
    log.clear()
    metric = GarmentOKS(**options)
    metric.dataset_meta = dataset.metainfo
    for index in range(len(dataset)):
        metric.process({}, [predict(dataset[index])])
    numbers = metric.evaluate(size=len(dataset))
    assert numbers.keys() <= {*metric.metric_names()}
    return numbers['deepfashion2/AP'], numbers['deepfashion2/AR'], log.text


def test_garments_whose_boxes_have_no_area_are_missed(content, tmp_path, log):
    """They are no samples, and yet they are to be found."""
    before = score(build(str(write(tmp_path / 'truth.json', content))), log)
    assert before[:2] == (1, 1)
    content['annotations'][0]['bbox'] = [20, 30, 0, 40]
    dataset = build(str(write(tmp_path / 'flat.json', content)))
    assert 'flat.json: 1 garments whose boxes have no area in their' in log.text
    assert len(dataset) == len(LABELLED) - 1
    ap, ar, text = score(dataset, log)
    assert f'{len(LABELLED)} of {len(LABELLED)} garments' in text
    assert ar < 1 and ap < 1


def halves(*args, **options):
    return [build(*args, indices=indices, **options) for indices in (3, [3, 4, 5])]


def in_place(dataset, indices):
    dataset.get_subset_(indices)
    return dataset


ANNOTATED = {
    'the whole set': (lambda path: build(path), 5, 6),
    'the first': (lambda path: build(path, indices=1), 1, 1),
    # The second skirt of image 2 is nobody's sample.
    'between two of a picture': (lambda path: build(path, indices=3), 2, 3),
    'the last': (lambda path: build(path, indices=-2), 2, 2),
    'some': (lambda path: build(path, indices=[5, 0, 3]), 3, 3),
    'every second picture': (lambda path: build(path, sample_interval=2), 2, 3),
    'a subset': (lambda path: build(path).get_subset([0, 1]), 1, 2),
    'a subset in place': (lambda path: in_place(build(path), -1), 1, 1),
    'a subset of a lazy one': (
        lambda path: in_place(build(path, lazy_init=True), 2),
        *(1, 2),
    ),
    'a subset of a part': (lambda path: build(path, indices=3).get_subset([2]), 1, 1),
    'repeated': (lambda path: RepeatDataset(build(path, indices=3), 2), 2, 3),
    'the whole set repeated': (lambda path: RepeatDataset(build(path), 2), 5, 6),
    'one half': (lambda path: ConcatDataset(halves(path)[:1]), 2, 3),
    'both halves': (lambda path: ConcatDataset(halves(path)), 5, 6),
    'a part and the whole': (
        lambda path: ConcatDataset([build(path, indices=1), build(path)]),
        *(5, 6),
    ),
    'some categories': (lambda path: build(path, categories=['vest'], indices=2), 2, 2),
}


@pytest.mark.parametrize(
    'dataset, pictures, found', ANNOTATED.values(), ids=ANNOTATED.keys()
)
def test_annotated_boxes(dataset, pictures, found, ann_file, log):
    """Whatever was tested was found."""
    dataset = dataset(ann_file)
    ap, ar, text = score(dataset, log)
    assert (ap, ar) == (pytest.approx(1), 1)
    of = 3 if dataset.metainfo['categories'] == ('vest',) else 6
    scored = f'scored on {pictures} of 5 pictures, {found} of {of} garments of '
    assert scored + ann_file in text
    assert 'WARNING' not in text


def test_nothing_tested(ann_file, log):
    ap, ar, text = score(build(ann_file, indices=0), log)
    assert (ap, ar) == (-1, -1) and 'on 0 of 5 pictures, 0 of 6 garments' in text


def test_a_part_of_which_pictures_are_left_out(ann_file, log):
    dataset = build(ann_file, sample_interval=2)
    second, _ = dataset.pictures()
    assert dataset.leave_out([second]) == [2]
    ap, ar, text = score(dataset, log)
    assert (ap, ar) == (pytest.approx(1), 1)
    assert 'scored on 1 of 5 pictures, 1 of 6 garments' in text


@pytest.mark.slow
def test_pictures_without_any_box(ann_file, bbox_file, log):
    """A vest of three and a skirt of three were not found, at any threshold."""
    for dataset in (
        build(ann_file, bbox_file=bbox_file),
        RepeatDataset(build(ann_file, bbox_file=bbox_file), 3),
        ConcatDataset(
            [
                build(ann_file, bbox_file=bbox_file, indices=indices)
                for indices in (1, [3, 1, 2])
            ]
        ),
    ):
        ap, ar, text = score(dataset, log)
        # Two thirds are reached: 67 of the 101 recalls.
        assert (ap, ar) == (pytest.approx(67 / 101), pytest.approx(2 / 3))
        assert 'scored on 5 of 5 pictures, 6 of 6 garments' in text
        assert 'WARNING' not in text


def test_no_box_at_all(ann_file, tmp_path, log):
    boxes = str(write(tmp_path / 'none.json', []))
    ap, ar, text = score(build(ann_file, bbox_file=boxes), log)
    assert (ap, ar) == (0, 0) and '5 of 5 pictures, 6 of 6 garments' in text


def test_boxes_below_the_threshold(ann_file, tmp_path, log):
    """What is filtered out was not found."""
    boxes = [
        dict(image_id=image_id, category_id=category_id, bbox=BOX, score=image_id / 5)
        for image_id, category_id in DETECTED
    ]
    path = str(write(tmp_path / 'boxes.json', boxes))
    some = build(ann_file, bbox_file=path, filter_cfg=dict(bbox_score_thr=0.5))
    assert len(some) == 1
    _, ar, text = score(some, log)
    assert ar == pytest.approx(1 / 6) and '5 of 5 pictures, 6 of 6 garments' in text


def test_part_of_the_boxes(ann_file, bbox_file, log):
    """The second skirt of a tested picture is missed, the other pictures are not."""
    dataset = build(ann_file, bbox_file=bbox_file, indices=3)
    ap, ar, text = score(dataset, log)
    assert (ap, ar) == (
        pytest.approx((1 + 67 / 101) / 2),
        pytest.approx((1 + 2 / 3) / 2),
    )
    assert 'scored on 2 of 5 pictures, 4 of 6 garments' in text
    assert 'WARNING' not in text


def combined(*datasets):
    meta = garments.metainfo('deepfashion2')
    with DefaultScope.overwrite_default_scope('mmpose'):
        configs = [
            dict(type='DeepFashion2GarmentDataset', test_mode=True, **dataset)
            for dataset in datasets
        ]
        return CombinedDataset(metainfo=meta, datasets=configs)


def test_wrappers_with_their_own_metainfo(ann_file, bbox_file, log):
    plain = dict(ann_file=ann_file)
    parts = combined(dict(plain, indices=1), dict(plain, indices=[2]))
    ap, _, text = score(parts, log)
    assert ap == pytest.approx(1)
    assert 'scored on 2 of 2 pictures, 2 of 2 garments of the samples' in text
    ap, _, text = score(parts, log, **plain)
    assert ap == pytest.approx(1) and '2 of 5 pictures, 2 of 6 garments' in text
    assert 'WARNING' not in text
    # That all pictures were tested is not known here: image 4 does not count.
    detected = combined(dict(plain, bbox_file=bbox_file))
    _, ar, text = score(detected, log, **plain)
    assert ar == pytest.approx((2 / 3 + 1) / 2)
    assert '3 of 5 pictures, 5 of 6 garments' in text
    assert 'GarmentOKS cannot tell whether the whole dataset was' in text
    # Nor is it of a wrapper that took the metainfo before the files were read.
    lazy = build(lazy_init=True, bbox_file=bbox_file, **plain)
    lazy = RepeatDataset(lazy, 1, lazy_init=True)
    assert score(lazy, log)[1] == ar and 'GarmentOKS cannot tell' in log.text


def test_other_file_than_the_datasets(content, ann_file, tmp_path, log):
    """Its pictures are those of the dataset."""
    short = dict(content, images=content['images'][3:], annotations=[])
    boxes = str(write(tmp_path / 'boxes.json', []))
    detected = build(str(write(tmp_path / 'short.json', short)), bbox_file=boxes)
    _, ar, text = score(detected, log, ann_file=ann_file)
    assert ar == 0 and f'on 2 of 5 pictures, 1 of 6 garments of {ann_file}' in text
    # The same garments, numbered otherwise.
    numbers = [dict(item, id=item['id'] + 10) for item in content['annotations']]
    other = str(write(tmp_path / 'other.json', dict(content, annotations=numbers)))
    _, ar, text = score(build(other), log, ann_file=ann_file)
    assert ar == pytest.approx((2 / 3 + 1) / 2) and '5 of 5 pictures, 6 of 6' in text
    _, ar, text = score(build(other, indices=1), log, ann_file=ann_file)
    assert ar == pytest.approx(0.5) and '1 of 5 pictures, 2 of 6 garments' in text
    assert 'has no annotation 11 of image 1), so all garments of the tested' in text


@pytest.mark.slow
def test_samples_of_two_files(content, ann_file, tmp_path, log):
    numbers = [dict(item, id=item['id'] + 10) for item in content['annotations']]
    other = str(write(tmp_path / 'other.json', dict(content, annotations=numbers)))
    both = ConcatDataset([build(ann_file), build(other)], ignore_keys='ann_file')
    with pytest.raises(
        ValueError, match='no annotation 11 of image 1, .*several files'
    ):
        score(both, log)


@pytest.mark.slow
@pytest.mark.parametrize('cut', [True, False])
def test_padding_of_two_processes(cut, ann_file, monkeypatch, log):
    """Five samples for two processes: the first comes again, and counts once."""
    dataset = ConcatDataset([build(ann_file, indices=n) for n in ([0, 1, 2], [3, 4])])
    parts = []
    for rank in (0, 1):
        monkeypatch.setattr(sampler_module, 'get_dist_info', lambda r=rank: (r, 2))
        metric = GarmentOKS()
        for index in DefaultSampler(dataset, shuffle=False):
            metric.process({}, [perfect(dataset[index])])
        parts.append(metric.results)
    assert [len(part) for part in parts] == [3, 3]
    metric.dataset_meta = dataset.metainfo
    results = list(chain(*zip_longest(*parts)))[: len(dataset) if cut else None]
    numbers = metric.compute_metrics(results)
    assert (numbers['AP'], numbers['AR']) == (pytest.approx(1), 1)
    assert '3 of 5 pictures, 5 of 6 garments' in log.text


def test_real_file(fashion_data, log):
    """The first eight garments of the published extract, and one of its pictures."""
    path = str(fashion_data / 'deepfashion2' / 'train-coco_style-32.json')

    def own_annotation(record):
        points = np.reshape(record['raw_ann_info']['keypoints'], (1, 294, 3))
        return dict(
            record,
            pred_instances=dict(
                keypoints=points[..., :2],
                keypoint_scores=np.ones((1, 294)),
                bboxes=record['bbox'],
                bbox_scores=record['bbox_score'],
            ),
        )

    for indices, counts in ((None, (32, 55)), (8, (5, 8)), ([54], (1, 1))):
        dataset = build(path, indices=indices)
        ap, ar, text = score(dataset, log, own_annotation)
        assert (ap, ar) == (pytest.approx(1), 1)
        pictures, found = counts
        expected = (
            f'scored on {pictures} of 32 pictures, {found} of 55 garments of {path}'
        )
        assert expected in text


def test_pictures_that_are_left_out(content, ann_file, bbox_file, tmp_path, log):
    """The score is that of a file without them, also where a box was missing."""
    dataset = build(ann_file, bbox_file=bbox_file)
    whole = score(dataset, log)
    paths = [dataset.get_data_info(0)['img_path'], 'image/4.jpg']
    assert paths[0] in dataset.pictures()
    unread = [path for path in dataset.pictures() if path.endswith('4.jpg')]
    left_out = dataset.leave_out([paths[0], *unread])
    assert left_out == [1, 4]

    def told(**options):
        metric = GarmentOKS(**options)
        metric.left_out = {ann_file: left_out}
        metric.dataset_meta = dataset.metainfo
        for index in range(len(dataset)):
            metric.process({}, [perfect(dataset[index])])
        return metric.evaluate(size=len(dataset))

    for key in ('images', 'annotations'):
        name = 'id' if key == 'images' else 'image_id'
        content[key] = [each for each in content[key] if each[name] not in left_out]
    other = str(write(tmp_path / 'other.json', content))
    boxes = json.loads(Path(bbox_file).read_text())
    boxes = [box for box in boxes if box['image_id'] not in left_out]
    path = str(write(tmp_path / 'fewer.json', boxes))
    expected = score(build(other, bbox_file=path), log)
    for options in ({}, dict(ann_file=ann_file)):
        log.clear()
        numbers = told(**options)
        ap, ar = numbers['deepfashion2/AP'], numbers['deepfashion2/AR']
        assert (ap, ar) == expected[:2] != whole[:2]
        assert 'scored on 3 of 5 pictures, 3 of 6 garments' in log.text
