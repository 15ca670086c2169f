"""Mirror images of all 294 landmarks, by the transform, and by other people's data."""

from pathlib import Path

import mmpose
import numpy as np
import pytest
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from fashion_mmpose import garments
from fashion_mmpose.datasets import RandomMirror
from fashion_mmpose.formats.coco.columns import read_columns

TABLE = garments.benchmark('deepfashion2').garments
INFO = parse_pose_metainfo(garments.metainfo('deepfashion2'))
WIDTH = 60


def sample(garment):
    """A picture with one garment, every other landmark of it labelled."""
    rng = np.random.default_rng(garment.category_id)
    keypoints = np.zeros((1, 294, 2), np.float32)
    own = list(garment.channels)
    keypoints[0, own] = rng.uniform(0, 40, (len(own), 2))
    visible = np.zeros((1, 294), np.float32)
    visible[0, own[::2]] = 1
    return dict(
        img=rng.integers(0, 256, (40, WIDTH, 3), np.uint8),
        img_shape=(40, WIDTH),
        bbox=np.array([[10, 5, 50, 35]], np.float32),
        bbox_center=np.array([[30, 20]], np.float32),
        keypoints=keypoints,
        keypoints_visible=visible,
        flip_indices=INFO['flip_indices'],
    )


@pytest.mark.parametrize('garment', TABLE.values(), ids=lambda each: each.name)
def test_mirror_images_stay_in_their_category(garment):
    mirror = RandomMirror(prob=1.0)
    before = sample(garment)
    once = mirror.transform(sample(garment))
    np.testing.assert_array_equal(once['img'], before['img'][:, ::-1])
    own = np.array(garment.channels)
    partners = own[list(garment.flip)]
    assert set(partners) == set(own)
    expected = before['keypoints'][0, partners] * (-1, 1) + (WIDTH - 1, 0)
    np.testing.assert_allclose(once['keypoints'][0, own], expected, atol=1e-5)
    np.testing.assert_array_equal(
        once['keypoints_visible'][0, own], before['keypoints_visible'][0, partners]
    )
    others = np.delete(once['keypoints_visible'][0], own)
    assert not others.any()
    twice = mirror.transform(once)
    for key in ('img', 'keypoints_visible', 'bbox', 'bbox_center'):
        np.testing.assert_array_equal(twice[key], before[key], err_msg=key)
    np.testing.assert_allclose(
        twice['keypoints'][0, own], before['keypoints'][0, own], atol=1e-5
    )


@pytest.mark.slow
def test_mmposes_table_agrees():
    """But for one landmark of the vest, which MMPose's maps onto itself."""
    path = Path(mmpose.__file__).parent / '.mim/configs/_base_/datasets/deepfashion2.py'
    theirs = parse_pose_metainfo(dict(from_file=str(path)))['flip_indices']
    ours = INFO['flip_indices']
    differing = [i for i in range(294) if ours[i] != theirs[i]]
    vest = TABLE['vest'].channels[0]
    assert differing == [vest + 12] and theirs[vest + 12] == vest + 12
    assert ours[vest + 12] == vest + 8 and ours[vest + 8] == vest + 12


def test_real_garments_are_numbered_from_the_left(fashion_data):
    """Of two mirrored landmarks the lower number lies on the left of the picture."""
    path = fashion_data / 'deepfashion2' / 'train-coco_style-32.json'
    columns = read_columns(path, 'deepfashion2')
    on_the_left = []
    for item, category_id in enumerate(columns.category_ids):
        garment = garments.category_of_id('deepfashion2', int(category_id))
        points = columns.points[columns.starts[item] : columns.starts[item + 1]]
        for i, j in enumerate(garment.flip):
            if i < j and (points[[i, j], 2] > 0).all():
                on_the_left.append(points[i, 0] < points[j, 0])
    assert len(on_the_left) > 300
    # Not all: some people stand sideways, or are seen from behind.
    assert np.mean(on_the_left) > 0.9
