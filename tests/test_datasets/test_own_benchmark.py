"""Datasets of benchmarks that users describe."""

import json
from pathlib import Path

import numpy as np
import pytest
from drawn_hats import DESCRIPTION, HATS, write_hats
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS

import fashion_mmpose.plugin  # noqa: F401
from fashion_mmpose import garments
from fashion_mmpose.datasets import FashionAIDataset, GarmentDataset


@pytest.fixture(scope='module')
def hats(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hats(tmp_path_factory.mktemp('hats'), num=6)


def build(path: Path, **kwargs):
    init_default_scope('mmpose')
    settings = dict(
        type='GarmentDataset',
        benchmark=DESCRIPTION,
        ann_file=str(path),
        data_prefix=dict(img=str(path.parent / 'images')),
        data_mode='topdown',
        pipeline=[],
    )
    return DATASETS.build(dict(settings, **kwargs))


def test_samples_stand_in_the_full_layout(hats: Path):
    dataset = build(hats)
    assert len(dataset) == 6 and dataset.benchmark == 'hats'
    beanie, cap = dataset[0], dataset[1]
    assert (beanie['category_id'], cap['category_id']) == (2, 1)
    assert beanie['keypoints'].shape == (1, 6, 2)
    assert beanie['own_channels'].tolist() == [0, 4, 5]
    assert cap['own_channels'].tolist() == [0, 1, 2, 3]
    labelled = np.flatnonzero(beanie['keypoints_visible'][0]).tolist()
    assert labelled == [0, 4, 5]
    assert beanie['flip_indices'] == [0, 2, 1, 3, 5, 4]
    assert beanie['dataset_name'] == 'hats'


def test_pipeline_hands_the_channels_to_the_head(hats: Path):
    steps = [
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale'),
        dict(type='RandomMirror', prob=1.0),
        dict(type='TopdownAffine', input_size=(64, 64)),
        dict(type='PackGarmentInputs'),
    ]
    dataset = build(hats, pipeline=steps, test_mode=True)
    sample = dataset[0]['data_samples']
    assert sample.own_channels.tolist() == [0, 4, 5]
    # The left edge of the mirrored picture was the right one.
    x = sample.gt_instances.keypoints[0, :, 0]
    assert x[4] < x[0] < x[5]


def test_samples_of_one_category(hats: Path):
    dataset = build(hats, category='beanie', test_mode=True)
    assert len(dataset) == 3
    sample = dataset[0]
    assert 'own_channels' not in sample
    assert sample['flip_indices'] == [0, 2, 1]
    assert sample['dataset_name'] == 'hats_beanie'
    assert len(sample['raw_ann_info']['keypoints']) == 9


def test_metainfo_carries_the_description(hats: Path):
    info = build(hats).metainfo
    assert info['benchmark'] == json.loads(json.dumps(info['benchmark']))
    assert garments.benchmark_of(info) == HATS
    assert [entry['name'] for entry in info['CLASSES']] == ['cap', 'beanie']


def test_description_in_a_file(hats: Path, tmp_path: Path):
    path = tmp_path / 'hats.json'
    path.write_text(json.dumps(DESCRIPTION))
    assert build(hats, benchmark=str(path)).definition == HATS
    with pytest.raises(FileNotFoundError, match='none.yaml does not exist'):
        build(hats, benchmark='none.yaml')


def test_same_names_do_not_disturb_each_other(hats: Path):
    """Two benchmarks of one name in one process, as of an old and a new version."""
    other = dict(name='hats', categories=dict(cap=['top'], beanie=['edge']))
    described = garments.benchmark_from(other)
    assert build(hats, benchmark=other, lazy_init=True).metainfo['num_keypoints'] == 2
    assert build(hats).metainfo['num_keypoints'] == 6
    with pytest.raises(ValueError, match='are not those of hats'):
        build(hats, benchmark=other)
    assert garments.garment(described, 'cap').keypoints == ('top',)


def test_detected_boxes(hats: Path, tmp_path: Path):
    boxes = [
        dict(image_id=1, category_id=2, bbox=[1, 2, 30, 40], score=0.5),
        dict(image_id=1, category_id=2, bbox=[5, 2, 30, 40], score=0.9),
        dict(image_id=2, category_id=2, bbox=[5, 2, 30, 40], score=0.9),
    ]
    path = tmp_path / 'boxes.json'
    path.write_text(json.dumps(boxes))
    several = build(hats, bbox_file=str(path), test_mode=True)
    assert [several[i]['img_id'] for i in range(len(several))] == [1, 1, 2]
    assert several[0]['raw_ann_info'] is None
    assert several.metainfo['num_samples'] == 3
    one = build(hats, bbox_file=str(path), test_mode=True, one_per_image=True)
    assert [one[i]['img_id'] for i in range(len(one))] == [1, 2, 3, 4, 5, 6]
    assert one[0]['bbox'].tolist() == [[5, 2, 35, 42]]
    assert one[0]['bbox_score'] == pytest.approx(0.9)
    # The second picture shows a cap, and a beanie was found.
    assert one[1]['bbox_score'] == 0 and one[1]['category_id'] == 1
    assert one[1]['raw_ann_info']['id'] == 2
    assert 'ann_file' not in one.metainfo and one.metainfo['one_per_image']


@pytest.mark.parametrize('described', [str, dict, garments.benchmark])
def test_a_class_of_ones_own(hats: Path, tmp_path: Path, described):
    """What ``benchmark`` may be in a config, it may be of a class."""
    path = tmp_path / 'hats.json'
    path.write_text(json.dumps(DESCRIPTION))

    class Hats(GarmentDataset):
        benchmark = described(path if described is str else DESCRIPTION)

    dataset = Hats(ann_file=str(hats))
    assert (len(dataset), dataset.benchmark) == (6, 'hats')
    assert Hats(ann_file=str(hats), benchmark=DESCRIPTION).metainfo['CLASSES']
    with pytest.raises(
        ValueError, match="Hats is of hats, not of fashionai; .*type='G"
    ):
        Hats(ann_file=str(hats), benchmark='fashionai')


def test_other_metainfo(hats: Path):
    own = garments.metainfo(DESCRIPTION)
    dataset = build(hats, metainfo=dict(own, joint_weights=[2.0] * 6))
    assert dataset.metainfo['dataset_keypoint_weights'].tolist() == [2] * 6
    assert build(hats, metainfo=None).metainfo['num_keypoints'] == 6
    with pytest.raises(ValueError, match='hats, is of 6 key .* hats_cap has 4; to fix'):
        build(hats, category='cap', metainfo=own)


def test_what_is_refused(hats: Path):
    with pytest.raises(ValueError, match='GarmentDataset needs a benchmark; to fix it'):
        GarmentDataset(ann_file=str(hats))
    with pytest.raises(ValueError, match="is of fashionai, not of hats; .*type='Garm"):
        FashionAIDataset(benchmark=DESCRIPTION, ann_file=str(hats))
    with pytest.raises(ValueError, match="unknown hats category 'fez'"):
        build(hats, category='fez')
