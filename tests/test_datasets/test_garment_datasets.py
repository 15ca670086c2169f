"""FashionAIDataset: what it keeps, what it chooses, and what it refuses."""

import copy
import pickle

import numpy as np
import pytest
from mmengine.logging import MMLogger
from mmpose.evaluation import CocoMetric
from skirt_annotations import POINTS, UNLABELLED, annotation, build, coco, image

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError

SKIRT = garments.garment('fashionai', 'skirt')


def test_the_sample_interval(write):
    content = coco(
        [image(i) for i in range(1, 8)], [annotation(i, POINTS) for i in range(1, 8)]
    )
    path = write(content)
    for kwargs in ({}, dict(test_mode=True)):
        dataset = build(path, sample_interval=3, **kwargs)
        assert [d['img_id'] for d in dataset] == [3, 6]


def test_sample(write):
    dataset = build(write(coco([image(1)], [annotation(1, POINTS)])))
    info = dataset.get_data_info(0)
    assert info['img_path'] == f'root/Images/skirt/{1:032x}.jpg'
    assert info['category_id'] == 4
    np.testing.assert_array_equal(info['bbox'], [[10, 20, 110, 220]])
    np.testing.assert_array_equal(
        info['keypoints'][0, :3], [[30, 40], [90, 40], [20, 200]]
    )
    # Occluded points are trained on like visible ones; for tests the raw numbers stay.
    np.testing.assert_array_equal(info['keypoints_visible'], [[1, 1, 1, 0]])
    assert info['raw_ann_info'] is None
    tested = build(dataset.ann_file, test_mode=True).get_data_info(0)
    raw = tested['raw_ann_info']
    assert raw['keypoints'].tolist() == POINTS
    assert not any(isinstance(value, list) for value in raw.values())
    assert info['flip_indices'] == [1, 0, 3, 2]
    assert info['dataset_name'] == 'fashionai_skirt'
    assert dataset.metainfo['category'] == 'skirt'
    assert dataset.metainfo['benchmark'] == 'fashionai'


def test_category_fills_the_file_name(write):
    path = write(coco([image(1)], [annotation(1, POINTS)]), 'val_skirt.json')
    assert len(build(path.replace('skirt', '{category}'))) == 1
    full = [0] * 45 + POINTS + [0] * 15
    path = write(coco([image(1)], [annotation(1, full)], None), 'val_all.json')
    dataset = build(path.replace('all', '{category}'), category=None)
    info = dataset.get_data_info(0)
    assert info['keypoints'].shape == (1, 24, 2)
    assert info['dataset_name'] == 'fashionai' and info['category_id'] == 4
    np.testing.assert_array_equal(info['keypoints'][0, 15], [30, 40])


@pytest.mark.parametrize(
    'extra, expected',
    [
        pytest.param({}, f'root/Images/skirt/{1:032x}.jpg', id='plain'),
        pytest.param(
            dict(folder='r1_train'),
            f'root/r1_train/Images/skirt/{1:032x}.jpg',
            id='folder',
        ),
        pytest.param(
            dict(path='train2/skirt/x.jpg'), 'root/train2/skirt/x.jpg', id='path'
        ),
    ],
)
def test_image_path(write, extra, expected):
    dataset = build(write(coco([image(1, **extra)], [annotation(1, POINTS)])))
    assert dataset.get_data_info(0)['img_path'] == expected


def test_whole_image_boxes(write):
    path = write(coco([image(1)], [annotation(1, POINTS)]))
    info = build(path, bbox_source='image').get_data_info(0)
    np.testing.assert_array_equal(info['bbox'], [[0, 0, 400, 512]])


def test_bottom_up_is_each_picture_once(write):
    """For programs that go through the pictures, such as generate_bbox_file.py."""
    second = dict(annotation(2, POINTS), image_id=1)
    items = [annotation(1, POINTS), second, annotation(3, POINTS)]
    path = write(coco([image(3), image(1)], items))
    assert len(build(path, test_mode=True)) == 3
    dataset = build(path, test_mode=True, data_mode='bottomup')
    found = [dataset.get_data_info(index) for index in range(len(dataset))]
    assert [info['img_id'] for info in found] == [3, 1]
    for info in found:
        np.testing.assert_array_equal(info['bbox'], [[0, 0, 400, 512]])
        assert info['raw_ann_info'] is None
    with pytest.raises(ValueError, match="'bottomup' is for testing only"):
        build(path, data_mode='bottomup')


def test_boxes_are_clipped_to_the_image(write):
    outside = annotation(1, POINTS, bbox=[-10, 500, 500, 100])
    info = build(write(coco([image(1)], [outside]))).get_data_info(0)
    np.testing.assert_array_equal(info['bbox'], [[0, 500, 400, 512]])


def test_what_is_trained_and_what_is_tested(write):
    images = [image(i) for i in range(1, 6)]
    annotations = [
        annotation(1, POINTS),
        annotation(2, UNLABELLED),
        annotation(3, POINTS, bbox=[10, 20, 0, 200]),
        annotation(4, POINTS, iscrowd=1),
    ]
    path = write(coco(images, annotations))
    assert [
        build(path).get_data_info(i)['img_id'] for i in range(len(build(path)))
    ] == [1]
    tested = build(path, test_mode=True)
    records = [tested.get_data_info(i) for i in range(len(tested))]
    assert [r['img_id'] for r in records] == [1, 2, 3, 4, 5]
    # The box of image 3 cannot be cropped: it is tested as a whole, with its truth.
    np.testing.assert_array_equal(records[2]['bbox'], [[0, 0, 400, 512]])
    assert records[2]['bbox_score'] == [1]
    assert records[2]['raw_ann_info']['bbox'].tolist() == [10, 20, 0, 200]
    assert records[2]['keypoints_visible'].tolist() == [[1, 1, 1, 0]]
    # Image 5 has no annotation: a whole-image sample without ground truth.
    assert records[4]['raw_ann_info'] is None and records[4]['category_id'] == 4
    np.testing.assert_array_equal(records[4]['bbox'], [[0, 0, 400, 512]])


# ------------------------------------------------------------------ bad input


def broken(change):
    content = coco([image(1)], [annotation(1, POINTS)])
    change(content)
    return content


@pytest.mark.parametrize(
    'content, message',
    [
        pytest.param([1], "is not a COCO file: it has no list .'images'", id='list'),
        pytest.param({'images': []}, "no list .'categories'", id='categories'),
        pytest.param(
            broken(lambda c: c['categories'][0]['keypoints'].reverse()),
            'key points of category .skirt. are not those of fashionai: .* expected 4 ',
            id='order',
        ),
        pytest.param(
            broken(lambda c: c['categories'][0].update(name='kilt')),
            "category 4 is called 'kilt', expected 'skirt'",
            id='name',
        ),
        pytest.param(
            broken(lambda c: c['categories'][0].update(id=9)),
            'unknown fashionai category id 9',
            id='category-id',
        ),
        pytest.param(
            broken(lambda c: c['annotations'][0].update(image_id=7)),
            'annotation 1 is of image 7, which the file does not list',
            id='image-id',
        ),
        pytest.param(
            broken(lambda c: c['annotations'][0].update(keypoints=[1, 2, 2])),
            'annotation 1 has 3 key point numbers, expected 12',
            id='length',
        ),
        pytest.param(
            broken(lambda c: c['annotations'][0].update(category_id=8)),
            'annotation 1: unknown fashionai category id 8',
            id='annotation-category',
        ),
        pytest.param(
            broken(lambda c: c['annotations'][0].update(category_id=5)),
            "annotation 1 is of a trousers, the dataset of 'skirt' only",
            id='other-category',
        ),
    ],
)
def test_bad_annotation_files(write, content, message):
    with pytest.raises(ValueError, match=message):
        build(write(content))


def test_what_differs_where_others_are_predicted(write):
    def digest(number=1, points=POINTS, **options):
        images = [image(1), image(number)] if number > 1 else [image(1)]
        found = [annotation(each['id'], points) for each in images]
        return build(write(coco(images, found)), **options).data_list.digest()

    assert digest() == digest(data_prefix=dict(img='elsewhere/'))
    moved = [POINTS[0] + 1, *POINTS[1:]]
    others = digest(2), digest(3), digest(points=moved), digest(2, sample_interval=2)
    assert len({digest(), *others}) == 5


def test_layouts_are_not_mixed_up(write):
    path = write(coco([image(1)], [annotation(1, POINTS)]))
    sample = build(path, category=None)[0]
    channels = list(SKIRT.channels)
    assert sample['own_channels'].tolist() == channels
    own = sample['keypoints'][0, channels].ravel().tolist()
    assert own == [30, 40, 90, 40, 20, 200, 0, 0]
    assert sample['keypoints_visible'][0].sum() == 3
    with pytest.raises(ValueError, match="has no category 'blouse'"):
        build(path, category='blouse')


def test_missing_files_and_broken_json(write, tmp_path):
    with pytest.raises(FileNotFoundError, match='annotation file .*none.json does not'):
        build(str(tmp_path / 'none.json'))
    path = tmp_path / 'broken.json'
    path.write_text('{"images": [')
    with pytest.raises(ValueError, match='broken.json is not valid JSON'):
        build(str(path))


def test_unknown_options(write):
    path = write(coco([image(1)], [annotation(1, POINTS)]))
    with pytest.raises(ValueError, match="category 'hat'"):
        build(path, category='hat')
    with pytest.raises(ValueError, match="unknown bbox_source 'crop'"):
        build(path, bbox_source='crop')


def test_samples_do_not_share_what_a_pipeline_may_change(write):
    dataset = build(write(coco([image(1)], [annotation(1, POINTS)])), test_mode=True)
    before = copy.deepcopy(dataset.get_data_info(0))
    changed = dataset.get_data_info(0)
    changed['keypoints'] += 1
    changed['raw_ann_info']['keypoints'][0] = -5
    changed['raw_ann_info']['bbox'][0] = -5
    after = dataset.get_data_info(0)
    assert pickle.dumps(after['keypoints']) == pickle.dumps(before['keypoints'])
    np.testing.assert_equal(after['raw_ann_info'], before['raw_ann_info'])


def whole_annotation(image_id, category, points):
    """Of a file of all categories, in the layout of all."""
    own = dict(zip(garments.keypoints('fashionai', category), points))
    names = garments.keypoints('fashionai')
    flat = [value for name in names for value in own.get(name, (0, 0, 0))]
    category_id = garments.garment('fashionai', category).category_id
    return annotation(image_id, flat, category_id=category_id)


@pytest.mark.parametrize('chosen', [dict(category='skirt'), dict(categories=['skirt'])])
def test_mmposes_metric_scores_the_categories_that_are_tested(write, chosen):
    """Right skirts are all there is to find in a file of skirts and trousers."""
    points = np.reshape(POINTS, (-1, 3)).tolist()
    entries = [whole_annotation(i, 'skirt', points) for i in (1, 2)]
    entries.append(whole_annotation(3, 'trousers', points))
    content = coco([image(i) for i in (1, 2, 3)], entries, None)
    dataset = build(write(content), test_mode=True, **dict(category=None) | chosen)
    metric = CocoMetric()
    metric.dataset_meta = dataset.metainfo
    for info in dataset:
        found = dict(
            keypoints=info['keypoints'], keypoint_scores=info['keypoints_visible']
        )
        truth = dict(bbox_scores=info['bbox_score'])
        picture = dict(ori_shape=(512, 400), pred_instances=found, gt_instances=truth)
        metric.process(None, [info | picture])
    numbers = metric.evaluate(2)
    assert numbers['coco/AP'] == numbers['coco/AR'] == pytest.approx(1)


@pytest.fixture
def logged(caplog):
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


def test_what_does_not_fit_the_pictures_is_logged(write, logged):
    """A flat box is named with its file; fractions for pixels are refused."""
    flat = annotation(2, POINTS, bbox=[10, 20, 100, 0])
    ann_file = write(coco([image(1), image(2)], [annotation(1, POINTS), flat]))
    assert len(build(ann_file)) == 1
    (record,) = logged.records
    assert record.getMessage() == (
        f'{ann_file}: 1 of 2 boxes have no pixel in their picture: annotation 2 '
        '(image 2)'
    )

    def boxes(*xywh):
        entries = [dict(image_id=1, category_id=4, bbox=b, score=0.9) for b in xywh]
        return write(entries, 'boxes.json')

    ann_file = write(coco([image(1)], [annotation(1, POINTS)]))
    bbox_file = boxes([10, 20, 30, 40], [900, 20, 30, 40], [50, 60, 70, 80])
    build(ann_file, test_mode=True, bbox_file=bbox_file)
    assert '1 of 3 boxes have no pixel in their picture: box 1' in logged.text
    with pytest.raises(FormatError, match='boxes.json: the boxes are fractions'):
        bbox_file = boxes([0.1, 0.2, 0.3, 0.4])
        build(ann_file, test_mode=True, bbox_file=bbox_file)
