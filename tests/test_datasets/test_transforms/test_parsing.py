"""Classes of drawn pixels that follow their picture."""

import cv2
import numpy as np
import pytest
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope

from fashion_mmpose.datasets import AppendParsing, LoadParsing
from fashion_mmpose.synthetic.together import map_of

COLOURS = np.array([0, 50, 100, 150, 200, 250], np.uint8)


def drawn(folder, picture, parsing):
    """A picture whose colours are its classes, and its map; returns its path."""
    classes = np.zeros((90, 70), np.uint8)
    classes[10:60, 8:52] = 4
    classes[60:84, 12:26] = 2
    classes[2:24, 30:62] = 5
    for name, pixels in ((picture, COLOURS[classes]), (parsing, classes)):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), pixels)
    return str(folder / picture)


@pytest.fixture
def path(tmp_path):
    return drawn(tmp_path, 'image/000001.png', 'parsing/000001.png')


def sample(path):
    return dict(
        img_path=path,
        bbox=np.array([[8, 2, 62, 84]], np.float32),
        bbox_score=np.ones(1, np.float32),
        keypoints=np.array([[[20, 20], [40, 60]]], np.float32),
        keypoints_visible=np.ones((1, 2), np.float32),
        flip_indices=[1, 0],
    )


@pytest.mark.parametrize('mirrored', [False, True])
@pytest.mark.parametrize('turned', [None, 35.0])
def test_classes_follow_colours(path, mirrored, turned):
    init_default_scope('mmpose')
    steps = [
        dict(type='LoadImage'),
        dict(type='LoadParsing'),
        dict(type='GetBBoxCenterScale', padding=1.25),
        dict(type='RandomMirror', prob=float(mirrored)),
    ]
    if turned:
        steps.append(
            dict(type='RandomBBoxTransform', rotate_factor=turned, rotate_prob=1.0)
        )
    steps += [
        dict(type='TopdownAffine', input_size=(96, 128)),
        dict(type='AppendParsing'),
    ]
    np.random.seed(3)
    results = Compose(steps)(sample(path))
    assert results['img'].shape == (128, 96, 4)
    assert results['img'].dtype == np.uint8
    assert 'parsing' not in results
    colours, classes = results['img'][..., 1], results['img'][..., 3]
    assert set(np.unique(classes)) == {0, 2, 4, 5}
    wrong = (colours != COLOURS[classes]).astype(np.uint8)
    # Colours blend at borders, where classes do not; nowhere else they differ.
    assert 0 < wrong.mean() < 0.12
    assert not cv2.erode(wrong, np.ones((4, 4), np.uint8)).any()


def test_a_picture_that_is_cut_off_is_background_outside(path):
    results = LoadParsing()(dict(img_path=path, img=np.zeros((90, 70, 3), np.uint8)))
    results.update(
        img=np.zeros((64, 64, 3), np.uint8),
        input_center=np.array([70.0, 45.0]),
        input_scale=np.array([64.0, 64.0]),
    )
    classes = AppendParsing()(results)['img'][..., 3]
    assert classes[:, :20].any()
    assert not classes[:, 33:].any()


@pytest.mark.parametrize(
    'picture, parsing',
    [
        ('set/image/000001.jpg', 'set/parsing/000001.png'),
        ('image/image/000001.jpg', 'image/parsing/000001.png'),
        ('d/Images/blouse/1f.jpg', 'd/Parsing/blouse/1f.png'),
        ('image/elsewhere/a.b.jpg', 'parsing/elsewhere/a.b.png'),
    ],
)
def test_where_maps_lie(picture, parsing):
    assert map_of(picture) == parsing


def test_pictures_that_are_not_drawn():
    # A map beside the picture, of its name, could be the picture itself.
    with pytest.raises(ValueError, match='none of its folders is called image or Im'):
        map_of('photographs/image.png')


def test_pictures_without_a_map(tmp_path):
    path = str(tmp_path / 'image' / '000001.jpg')
    with pytest.raises(FileNotFoundError, match=r'parsing/000001.png; to fix it: draw'):
        LoadParsing()(dict(img_path=path, img=np.zeros((90, 70, 3), np.uint8)))


def test_a_map_of_another_picture(path):
    with pytest.raises(ValueError, match='has 70x90 pixels and its picture 70x100; to'):
        LoadParsing()(dict(img_path=path, img=np.zeros((100, 70, 3), np.uint8)))
