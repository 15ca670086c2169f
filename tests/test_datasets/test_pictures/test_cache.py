"""Pictures that stay decoded from epoch to epoch."""

import copy
import pickle

import cv2
import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope
from mmpose.registry import DATASETS
from torch.utils.data import DataLoader

from fashion_mmpose.datasets.pictures.cache import PictureCache
from fashion_mmpose.errors import PictureError
from fashion_mmpose.files.pictures.pixels import read_picture
from fashion_mmpose.formats.coco.annotations import coco_categories

SIZES = {3: (16, 8), 5: (10, 10), 9: (20, 4)}  # width and height by id
ROOM = 3 * (16 * 8 + 10 * 10) / 1e6  # megabytes of the first two


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for image_id, (width, height) in SIZES.items():
        pixels = rng.integers(0, 255, (height, width, 3), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / f'{image_id}.png'), pixels)
    return tmp_path


@pytest.fixture
def reads(monkeypatch):
    """Paths that are decoded."""
    paths = []
    monkeypatch.setattr(
        'fashion_mmpose.datasets.pictures.cache.read_picture',
        lambda path: paths.append(path) or read_picture(path),
    )
    return paths


def make_cache(megabytes=1.0, where=None):
    return PictureCache(
        np.array([*SIZES]), np.array([*SIZES.values()]), megabytes, where
    )


@pytest.mark.parametrize('on_disk', [False, True])
def test_a_picture_is_decoded_once(folder, reads, on_disk):
    before = sorted(folder.iterdir())
    cache = make_cache(where=folder if on_disk else None)
    for image_id in [*SIZES, *SIZES]:
        path = str(folder / f'{image_id}.png')
        picture = cache.read(image_id, path)
        np.testing.assert_array_equal(picture, cv2.imread(path))
        picture[:] = 0  # it is the caller's own
    assert len(reads) == cache.num_kept == len(cache) == 3
    assert sorted(folder.iterdir()) == before


def test_no_more_than_there_is_room_for(folder, reads):
    cache = make_cache(ROOM)
    for _ in range(3):
        for image_id in SIZES:
            assert cache.read(image_id, str(folder / f'{image_id}.png')).size
    assert len(cache) == cache.num_kept == 2
    assert [path[-5] for path in reads] == ['3', '5', '9', '9', '9']
    assert len(make_cache(ROOM * 0.999)) == 1
    nothing = make_cache(1e-6)
    assert len(nothing) == 0
    assert nothing.read(3, str(folder / '3.png')).shape == (8, 16, 3)


def test_pictures_of_another_size_are_not_kept(folder, reads):
    cache = make_cache()
    for _ in range(2):
        assert cache.read(3, str(folder / '5.png')).shape == (10, 10, 3)
    assert len(reads) == 2 and cache.num_kept == 0
    with pytest.raises(PictureError, match='none.png'):
        cache.read(5, str(folder / 'none.png'))


def test_room_is_refused(tmp_path):
    with pytest.raises(ValueError, match='above 0, got 0'):
        make_cache(0)
    with pytest.raises(FileNotFoundError, match='absent'):
        make_cache(where=tmp_path / 'absent')


def test_copies_share_and_other_programs_cannot():
    cache = make_cache()
    assert copy.deepcopy(cache) is cache
    with pytest.raises(TypeError, match="mp_start_method='fork'"):
        pickle.dumps(cache)


# ------------------------------------------------------------------------- data sets


@pytest.fixture
def build(folder, write):
    """A data set of the pictures."""
    skirt = coco_categories('fashionai', 'skirt')
    images = [
        dict(id=i, file_name=f'{i}.png', width=w, height=h, category_id=skirt[0]['id'])
        for i, (w, h) in reversed(SIZES.items())
    ]
    items = [
        dict(
            id=image['id'],
            image_id=image['id'],
            category_id=image['category_id'],
            bbox=[0, 0, image['width'], image['height']],
            area=image['width'] * image['height'],
            iscrowd=0,
            num_keypoints=4,
            keypoints=[1, 1, 2, 5, 1, 2, 1, 3, 2, 5, 3, 1],
        )
        for image in images
    ]
    ann_file = write(dict(images=images, annotations=items, categories=skirt))

    def build_dataset(loading=None, **kwargs):
        pipeline = [
            loading or dict(type='LoadImage'),
            dict(type='GetBBoxCenterScale', padding=1.0),
            dict(type='TopdownAffine', input_size=(32, 32)),
            dict(type='PackGarmentInputs'),
        ]
        settings = dict(
            type='FashionAIDataset',
            category='skirt',
            ann_file=ann_file,
            data_prefix=dict(img=str(folder)),
            pipeline=pipeline,
            **kwargs,
        )
        with DefaultScope.overwrite_default_scope('mmpose'):
            return DATASETS.build(settings)

    return build_dataset


def test_samples_are_the_same(build, reads):
    plain, cached = build(), build(cache=dict(megabytes=ROOM))
    for _ in range(2):
        for ours, other in zip(cached, plain, strict=True):
            assert torch.equal(ours['inputs'], other['inputs'])
            assert ours['data_samples'].keys() == other['data_samples'].keys()
            assert ours['data_samples'].metainfo_keys() == (
                other['data_samples'].metainfo_keys()
            )
            assert ours['data_samples'].ori_shape == other['data_samples'].ori_shape
    assert len(reads) == 4  # that of 9.png twice
    assert cached.cache.num_kept == 2
    assert plain.cache is None


@pytest.mark.slow
def test_workers_share_what_they_decode(build):
    """Those of a second epoch find what those of the first have left."""
    dataset = build(cache=dict(megabytes=1))
    for _ in range(2):
        loader = DataLoader(
            dataset, num_workers=2, collate_fn=list, multiprocessing_context='fork'
        )
        assert len(list(loader)) == 3
        assert dataset.cache.num_kept == 3


def test_only_samples_have_room(build):
    dataset = build(cache=dict(megabytes=1), indices=[0])
    assert len(dataset) == len(dataset.cache) == 1


@pytest.mark.parametrize(
    'loading',
    [
        dict(type='LoadImage', color_type='grayscale'),
        dict(type='LoadImage', imdecode_backend='pillow'),
        dict(type='GetBBoxCenterScale'),
    ],
)
def test_other_ways_of_reading_are_refused(build, loading):
    with pytest.raises(ValueError, match="begin with dict\\(type='LoadImage'\\)"):
        build(loading, cache=dict(megabytes=1))
