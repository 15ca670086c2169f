"""Pictures that cannot be read: named in an epoch, or left out beforehand."""

import json
import pickle

import numpy as np
import pytest
from mmengine.registry import DATASETS, DefaultScope
from mmpose.datasets import CombinedDataset
from small_data import small_set, spoil, write_small_data
from torch.utils.data import DataLoader

from fashion_mmpose import garments
from fashion_mmpose.config.dataset_settings import leaves
from fashion_mmpose.datasets.pictures.reading import picture_named
from fashion_mmpose.datasets.pictures.sieve import PictureSieve
from fashion_mmpose.errors import FormatError, PictureError


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope('mmpose'):
        yield


@pytest.fixture
def data(tmp_path):
    return write_small_data(tmp_path)


def sifted(settings):
    sieve = PictureSieve()
    dataset = DATASETS.build(sieve.sifted(settings))
    return sieve, dataset


def image_ids(dataset):
    return [dataset.get_data_info(i)['img_id'] for i in range(len(dataset))]


@pytest.mark.parametrize('num_workers', [0, 1])
def test_one_line_in_the_middle_of_an_epoch(data, num_workers):
    cut = spoil(data, 2)
    dataset = DATASETS.build(small_set(data))
    loader = DataLoader(dataset, num_workers=num_workers, collate_fn=list)
    with pytest.raises(PictureError) as error:
        list(loader)
    line = str(error.value).splitlines()[-1]
    assert f'{cut} (PNG) is cut short' in line
    assert '--skip-bad' in line and 'check-data' in line


def test_other_errors_of_a_pipeline_stay(data):
    with (
        pytest.raises(KeyError, match='scale'),
        picture_named(lambda: str(data / '0.png')),
    ):
        raise KeyError('scale')


def test_what_can_be_read_stays(data):
    sieve, dataset = sifted(small_set(data))
    assert image_ids(dataset) == [1, 2, 3, 4] and sieve.num_left_out == 0
    spoil(data, 0)
    (data / '2.png').unlink()
    sieve, dataset = sifted(small_set(data))
    assert image_ids(dataset) == [2, 4] and sieve.num_left_out == 2
    assert dataset.category_ids.tolist() == [4, 5]
    assert len(list(dataset)) == 2
    assert sieve.left_out_ids == {str(data / 'fashionai.json'): [1, 3]}


def test_indices_count_before_pictures_are_left_out(data):
    spoil(data, 0)
    for indices, expected in ((2, [2]), ([3, 1, 0], [4, 2]), (-2, [3, 4])):
        _, dataset = sifted(small_set(data, indices=indices, test_mode=True))
        assert image_ids(dataset) == expected


@pytest.mark.parametrize('kind', ['ConcatDataset', 'RepeatDataset', 'Combined'])
def test_data_sets_in_wrappers(data, kind):
    spoil(data, 1)
    one = small_set(data)
    settings = {
        'ConcatDataset': dict(
            type='ConcatDataset', datasets=[dict(one, indices=[0, 1]), one]
        ),
        'RepeatDataset': dict(type='RepeatDataset', times=2, dataset=one),
        'Combined': dict(
            type='CombinedDataset',
            metainfo=garments.metainfo('fashionai'),
            datasets=[one, one],
        ),
    }[kind]
    assert len(leaves(settings)) == (1 if kind == 'RepeatDataset' else 2)
    sieve, dataset = sifted(settings)
    assert sieve.num_left_out == 1
    assert len(dataset) == (4 if kind == 'ConcatDataset' else 6)
    if isinstance(dataset, CombinedDataset):
        assert [len(each) for each in dataset.datasets] == [3, 3]
    else:
        assert 2 not in image_ids(dataset)


def test_parts_of_one_test_set_agree_on_what_is_left_out(data):
    """MMEngine joins data sets whose metainfo is alike."""
    spoil(data, 0)
    one = small_set(data, test_mode=True, one_per_image=False, bbox_source='annotation')
    parts = [dict(one, indices=[0, 1]), dict(one, indices=[2, 3])]
    _, dataset = sifted(dict(type='ConcatDataset', datasets=parts))
    assert image_ids(dataset) == [2, 3, 4]
    assert dataset.metainfo['num_samples'] == 3


def test_pictures_without_a_box_are_read_where_they_are_scored(data):
    """A detector finds nothing in a picture that cannot be read."""
    boxes = [
        dict(image_id=i, category_id=1, bbox=[1, 1, 9, 9], score=0.5) for i in (1,)
    ]
    (data / 'boxes.json').write_text(json.dumps(boxes))
    spoil(data, 3)
    settings = small_set(
        data,
        test_mode=True,
        one_per_image=False,
        bbox_file=str(data / 'boxes.json'),
    )
    sieve, dataset = sifted(settings)
    assert image_ids(dataset) == [1] and sieve.num_left_out == 1
    assert sieve.left_out_ids == {dataset.ann_file: [4]}


def test_nothing_left(data):
    for number in range(4):
        spoil(data, number)
    with pytest.raises(
        FormatError, match='nothing is left .*; the first of 4: .*0.png'
    ):
        sifted(small_set(data))


@pytest.mark.slow
def test_a_stock_data_set(data):
    """Of MMPose, which keeps its samples as bytes."""
    content = json.loads((data / 'fashionai.json').read_text())
    for annotation in content['annotations']:
        annotation.update(category_id=1, keypoints=annotation['keypoints'][: 17 * 3])
    (data / 'coco.json').write_text(json.dumps(content))
    cut = spoil(data, 3)
    settings = dict(
        type='CocoDataset',
        data_root=str(data),
        ann_file='coco.json',
        data_prefix=dict(img=''),
        pipeline=[],
    )
    sieve, dataset = sifted(settings)
    assert image_ids(dataset) == [1, 2, 3] and sieve.num_left_out == 1
    infos = map(dataset.get_data_info, range(3))
    assert cut not in {info['img_path'] for info in infos}


def test_settings_can_be_copied_and_the_workers_get_the_data_set(data):
    spoil(data, 1)
    _, dataset = sifted(small_set(data))
    copied = pickle.loads(pickle.dumps(dataset))
    assert image_ids(copied) == [1, 3, 4]
    shapes = [sample['img'].shape for sample in copied]
    np.testing.assert_array_equal(shapes, [(70, 90, 3), (110, 50, 3), (80, 120, 3)])
