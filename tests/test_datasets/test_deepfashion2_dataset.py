"""DeepFashion2GarmentDataset: layouts, what is predicted, and how it is shared."""

import copy
import json
import pickle

import numpy as np
import pytest
from mmengine.dataset import ClassBalancedDataset, ConcatDataset, RepeatDataset
from mmpose.datasets import CombinedDataset
from mmpose.registry import DATASETS
from torch.utils.data import DataLoader

from fashion_mmpose import garments
from fashion_mmpose.datasets import DeepFashion2GarmentDataset
from fashion_mmpose.datasets.samplers import category_ids_of
from fashion_mmpose.formats.coco.annotations import coco_categories

SKIRT = garments.garment('deepfashion2', 'skirt')  # category 9, 8 points
VEST = garments.garment('deepfashion2', 'vest')  # category 5, 15 points


def own(garment, value):
    """x = value, y = value + 1, v = 1 for the first and 2 for the others."""
    visibility = [1] + [2] * (len(garment.channels) - 1)
    return np.stack([[value, value + 1, v] for v in visibility])


def annotation(number, garment, points=None, category=None, **changes):
    points = own(garment, 10.5 * number) if points is None else points
    if category is None:
        full = np.zeros((294, 3))
        full[list(garment.channels)] = points
        points = full
    return dict(
        dict(
            id=number,
            image_id=(number + 1) // 2,
            category_id=garment.category_id,
            bbox=[number, 2, 30, 40],
            area=1200,
            iscrowd=0,
            num_keypoints=int((points[:, 2] > 0).sum()),
            keypoints=points.ravel().tolist(),
        ),
        **changes,
    )


# Two items an image; items 4 and 5 are no samples.
ITEMS = [
    annotation(1, SKIRT),
    annotation(2, VEST),
    annotation(3, SKIRT),
    annotation(4, VEST, points=np.zeros((15, 3))),
    annotation(5, VEST, iscrowd=1),
    annotation(6, VEST),
]


def write_coco(path, items, category=None):
    images = [
        dict(id=i, file_name=f'{i:06d}.jpg', width=400, height=300) for i in (1, 2, 3)
    ]
    categories = coco_categories('deepfashion2', category)
    content = dict(images=images, annotations=items, categories=categories)
    path.write_text(json.dumps(content))
    return str(path)


@pytest.fixture
def ann_file(tmp_path):
    return write_coco(tmp_path / 'train_all.json', ITEMS)


def build(ann_file, **kwargs):
    config = dict(
        type='DeepFashion2GarmentDataset',
        ann_file=ann_file,
        data_prefix=dict(img='image'),
    )
    return DATASETS.build(config | kwargs)


def records(dataset):
    return [dataset.get_data_info(i) for i in range(len(dataset))]


def ids(dataset):
    return [record['id'] for record in records(dataset)]


def test_full_layout(ann_file):
    dataset = build(ann_file)
    assert ids(dataset) == [1, 2, 3, 6]
    info = dataset.get_data_info(1)
    assert info['img_id'] == 1 and info['img_path'] == 'image/000001.jpg'
    assert info['category_id'] == 5 and info['num_keypoints'] == 15
    assert info['area'] == 1200 and info['iscrowd'] == 0 and info['sample_idx'] == 1
    np.testing.assert_array_equal(info['bbox'], [[2, 2, 32, 42]])
    assert info['bbox'].dtype == np.float32
    expected = np.zeros((1, 294, 2))
    expected[0, VEST.channels] = (21, 22)
    np.testing.assert_array_equal(info['keypoints'], expected)
    visible = np.zeros((1, 294))
    visible[0, VEST.channels] = 1
    np.testing.assert_array_equal(info['keypoints_visible'], visible)
    assert info['raw_ann_info'] is None
    assert dataset.get_data_info(-1)['id'] == 6
    assert dataset.get_data_info(-1)['sample_idx'] == 3
    with pytest.raises(IndexError, match='sample 4 of 4'):
        dataset.get_data_info(4)
    assert dataset.category_ids.tolist() == [9, 5, 9, 5]
    assert dataset.get_cat_ids(1) == [5]
    assert 'ann_file' not in dataset.metainfo


def test_one_category_of_either_file(ann_file, tmp_path):
    items = [annotation(i, SKIRT, own(SKIRT, 10.5 * i), 'skirt') for i in (1, 3)]
    path = write_coco(tmp_path / 'train_skirt.json', items, 'skirt')
    for dataset in (
        build(ann_file, category='skirt', test_mode=True),
        build(path.replace('skirt', '{category}'), category='skirt', test_mode=True),
    ):
        assert ids(dataset) == [1, 3]
        info = dataset.get_data_info(1)
        np.testing.assert_array_equal(info['keypoints'], [[(31.5, 32.5)] * 8])
        assert plain(info['raw_ann_info']) == items[1]
        assert info['dataset_name'] == 'deepfashion2_skirt'
        metainfo = dataset.metainfo
        assert metainfo['category'] == 'skirt' and metainfo['categories'] == ('skirt',)
        assert metainfo['ann_file'] == dataset.ann_file
        assert [entry['name'] for entry in metainfo['CLASSES']] == ['skirt']


def test_some_categories(tmp_path):
    shorts = garments.garment('deepfashion2', 'shorts')
    path = write_coco(tmp_path / 'a.json', [*ITEMS[:2], annotation(3, shorts)])
    dataset = build(path, categories=['shorts', 'vest'])
    assert ids(dataset) == [2, 3]
    assert dataset.get_data_info(0)['keypoints'].shape == (1, 294, 2)
    assert dataset.metainfo['categories'] == ('vest', 'shorts')
    assert dataset.metainfo['category'] is None
    assert [entry['id'] for entry in dataset.metainfo['CLASSES']] == [5, 7]
    assert build(path).metainfo['categories'] == garments.categories('deepfashion2')


@pytest.mark.parametrize(
    'options, message',
    [
        pytest.param(
            dict(category='skirt', categories=['vest']), 'exclude each other', id='both'
        ),
        pytest.param(
            dict(category=['vest']), r"fix it: categories=\['vest'\]", id='several'
        ),
        pytest.param(dict(categories=['hat']), "category 'hat'", id='unknown'),
        pytest.param(dict(categories='vest'), 'is no list of categories', id='text'),
        pytest.param(dict(categories=[]), 'is no list of categories', id='none'),
        pytest.param(
            dict(category='sling'), 'no item of sling with landmarks', id='no-item'
        ),
    ],
)
def test_bad_options(ann_file, options, message):
    with pytest.raises(ValueError, match=message):
        build(ann_file, **options)


def test_raw_annotations_are_those_of_the_file(ann_file):
    # Items without landmarks and crowds are not predicted in their boxes: the score
    # ignores them.
    tested = build(ann_file, test_mode=True)
    assert [plain(r['raw_ann_info']) for r in records(tested)] == [
        ITEMS[0],
        ITEMS[1],
        ITEMS[2],
        ITEMS[5],
    ]


@pytest.mark.parametrize('test_mode', [True, False])
def test_boxes_without_area_are_no_samples(tmp_path, test_mode):
    flat = ([30, 40, 0, 20], [30, 40, 20, 0], [403, 20, 20, 20], [-30, 20, 30, 20])
    items = [annotation(i, SKIRT, bbox=box) for i, box in enumerate(flat, 1)]
    items += [annotation(5, SKIRT), annotation(6, VEST, bbox=[390, 290, 20, 20])]
    path = write_coco(tmp_path / 'flat.json', items)
    dataset = build(path, test_mode=test_mode)
    assert ids(dataset) == [5, 6]
    np.testing.assert_array_equal(
        dataset.get_data_info(1)['bbox'], [[390, 290, 400, 300]]
    )
    if test_mode:
        assert dataset.metainfo['num_samples'] == 2
    whole = build(path, test_mode=test_mode, bbox_source='image')
    assert ids(whole) == [1, 2, 3, 4, 5, 6]


def test_every_box_is_a_sample(ann_file, tmp_path):
    boxes = [
        dict(image_id=3, category_id=9, bbox=[5, 6, 10, 20], score=0.9),
        dict(image_id=1, category_id=5, bbox=[-5, 6, 10, 20], score=0.25),
        dict(image_id=1, category_id=5, bbox=[7, 6, 10, 20], score=0.5),
        dict(image_id=1, category_id=7, bbox=[8, 6, 10, 20], score=0.4),
    ]
    path = tmp_path / 'boxes.json'
    path.write_text(json.dumps(boxes))
    # The test set's file has images only.
    images_only = write_coco(tmp_path / 'information.json', [])

    def predicted(**kwargs):
        kwargs = dict(test_mode=True, bbox_file=str(path)) | kwargs
        return records(build(images_only, **kwargs))

    found = predicted()
    assert [r['img_id'] for r in found] == [3, 1, 1, 1]
    assert [r['category_id'] for r in found] == [9, 5, 5, 7]
    assert [r['id'] for r in found] == [0, 1, 2, 3]
    np.testing.assert_array_equal(found[0]['bbox'], [[5, 6, 15, 26]])
    np.testing.assert_array_equal(found[1]['bbox'], [[-5, 6, 5, 26]])
    assert [float(r['bbox_score'][0]) for r in found] == pytest.approx(
        [0.9, 0.25, 0.5, 0.4]
    )
    assert all(r['raw_ann_info'] is None and not r['keypoints'].any() for r in found)
    assert found[0]['keypoints'].shape == (1, 294, 2)
    best = predicted(filter_cfg=dict(bbox_score_thr=0.5))
    assert [r['bbox'][0, 0] for r in best] == [5, 7]
    assert [r['bbox'][0, 0] for r in predicted(category='vest')] == [-5, 7]
    assert predicted(category='vest')[0]['keypoints'].shape == (1, 15, 2)
    some = predicted(categories=['shorts', 'skirt'])
    assert [r['bbox'][0, 0] for r in some] == [5, 8]
    # Also where there are annotations, and no landmarks: every box is predicted.
    labelled = build(ann_file, test_mode=True, bbox_file=str(path))
    assert [r['img_id'] for r in records(labelled)] == [3, 1, 1, 1]
    with pytest.raises(ValueError, match='lists images only, give bbox_file'):
        build(images_only, test_mode=True)


# ------------------------------------------------------------------- the data list


@pytest.mark.slow
def test_subsets(ann_file):
    dataset = build(ann_file, test_mode=True)
    assert ids(dataset.get_subset(2)) == [1, 2]
    assert ids(dataset.get_subset(-1)) == [6]
    assert ids(dataset.get_subset([3, 0, -2])) == [6, 1, 3]
    part = dataset.get_subset([2])
    assert part.category_ids.tolist() == [9]
    assert plain(part.get_data_info(0)['raw_ann_info']) == ITEMS[2]
    assert ids(build(ann_file, indices=[1, 2])) == [2, 3]
    assert ids(build(ann_file, indices=3)) == [1, 2, 3]
    with pytest.raises(IndexError):
        dataset.get_subset([4])
    part.get_subset_(0)
    assert len(part) == 0 and len(dataset) == 4
    # Of the whole set: parts can be told from it, and put together.
    tested = build(ann_file, test_mode=True, indices=1)
    assert part.metainfo['num_samples'] == tested.metainfo['num_samples'] == 4
    assert len(ConcatDataset([dataset, tested])) == 5
    assert 'num_samples' not in build(ann_file).metainfo


def test_lazy_initialisation(ann_file):
    dataset = build(ann_file, lazy_init=True, test_mode=True)
    assert dataset.metainfo['ann_file'] == ann_file and not dataset.data_list
    assert dataset.category_ids.tolist() == [9, 5, 9, 5]
    assert len(dataset.data_list) == 4
    with pytest.raises(FileNotFoundError, match='none.json'):
        len(build('none.json', lazy_init=True))


@pytest.mark.slow
def test_wrappers(ann_file):
    dataset = build(ann_file)
    joined = ConcatDataset([dataset, build(ann_file, indices=[3])])
    assert [joined.get_data_info(i)['id'] for i in range(5)] == [1, 2, 3, 6, 6]
    assert category_ids_of(joined).tolist() == [9, 5, 9, 5, 5]
    repeated = RepeatDataset(dataset, 2)
    assert repeated.get_data_info(5)['id'] == 2
    assert category_ids_of(repeated).tolist() == [9, 5, 9, 5] * 2
    skirts = build(ann_file, indices=[0, 1, 3])
    # The skirt's share is 1/3: it is repeated sqrt(0.5 * 3) = 1.2 times, rounded up.
    balanced = ClassBalancedDataset(skirts, oversample_thr=0.5)
    assert [balanced.get_data_info(i)['id'] for i in range(4)] == [1, 1, 2, 6]
    config = dict(type='DeepFashion2GarmentDataset', ann_file=ann_file)
    config = dict(
        metainfo=garments.metainfo('deepfashion2'),
        datasets=[config, dict(config, indices=1)],
    )
    combined = CombinedDataset(**config)
    assert [combined.get_data_info(i)['id'] for i in range(5)] == [1, 2, 3, 6, 1]
    assert category_ids_of(combined).tolist() == [9, 5, 9, 5, 9]
    with pytest.raises(TypeError, match='not CombinedDataset'):
        category_ids_of(CombinedDataset(**config, sample_ratio_factor=[1, 2]))


def plain(annotation):
    """As a JSON file has it."""
    return {
        key: value.tolist() if isinstance(value, np.ndarray) else value
        for key, value in annotation.items()
    }


def same(first, second):
    if isinstance(first, dict):
        return all(same(value, second[key]) for key, value in first.items())
    return type(first) is type(second) and np.array_equal(first, second)


def test_copies_are_equal_and_records_are_new(ann_file):
    dataset = build(ann_file, test_mode=True)
    before = records(dataset)
    for other in (pickle.loads(pickle.dumps(dataset)), copy.deepcopy(dataset)):
        assert all(map(same, records(other), before))
    # Copies in one process share the arrays.
    assert copy.deepcopy(dataset).data_list is dataset.data_list
    for record in records(dataset):
        for key in ('bbox', 'bbox_score', 'keypoints', 'keypoints_visible'):
            record[key] += 7
        record['raw_ann_info']['keypoints'][0] = -5
    assert all(map(same, records(dataset), before))


class PackIds:
    """A pipeline that keeps what tells samples apart."""

    def __call__(self, results):
        return results['id'], results['keypoints'].sum()


@pytest.mark.slow
def test_workers(ann_file):
    dataset = build(ann_file, pipeline=[PackIds()])
    expected = [dataset[i] for i in range(len(dataset))]
    assert [sample[0] for sample in expected] == [1, 2, 3, 6]
    loader = DataLoader(dataset, batch_size=None, num_workers=2, collate_fn=tuple)
    assert list(loader) == expected


def test_real_file(fashion_data):
    folder = fashion_data / 'deepfashion2'
    path = folder / 'train-coco_style-32.json'
    dataset = DeepFashion2GarmentDataset(
        ann_file=str(path), data_prefix=dict(img=str(folder / 'image')), test_mode=True
    )
    annotations = json.loads(path.read_text())['annotations']
    assert len(dataset) == 55
    for record, expected in zip(records(dataset), annotations):
        raw = plain(record['raw_ann_info'])
        assert raw == {key: expected[key] for key in raw}
