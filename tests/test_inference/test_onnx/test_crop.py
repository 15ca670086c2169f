"""Crops without MMPose are those of its pipelines."""

import numpy as np
import pytest
from coarse_pictures import pictures
from mmpose.registry import TRANSFORMS

from fashion_mmpose.errors import FormatError
from fashion_mmpose.export.pose.crops import crop_of
from fashion_mmpose.inference.onnx.crop import Crop

SIZES_WH = [(90, 70), (64, 64), (333, 517)]
BOXES = [
    (10, 5, 60, 50),
    (0, 0, 64, 64),
    (5.5, 20.25, 40.125, 60.75),
    (-20, -3.3, 30, 200),
    (30.1, 40.2, 30.6, 40.9),
]
LOAD, PACK = dict(type='LoadImage'), dict(type='PackGarmentInputs')


def framing(padding=1.25):
    return dict(type='GetBBoxCenterScale', padding=padding)


PIPELINES = {
    'affine': [framing(), dict(type='TopdownAffine', input_size=(48, 64))],
    'affine-wide': [framing(1.1), dict(type='TopdownAffine', input_size=(96, 33))],
    'affine-default': [
        dict(type='TrimAnnotatedBox'),
        dict(type='GetBBoxCenterScale'),
        dict(type='TopdownAffine', input_size=(192, 256)),
    ],
    'stretch': [
        framing(1.0),
        dict(type='TopdownStretch', input_size=(64, 40), border_value=255),
    ],
    'resize': [
        framing(1.0),
        dict(
            type='ResizeInput',
            input_size=(64, 48),
            interpolation='cubic',
            pad_value=165.75,
        ),
    ],
    'resize-all': [dict(type='ResizeInput', input_size=(20, 30), keep_ratio=False)],
}


def of_pipeline(steps, image, bbox):
    sample = dict(img=image, bbox=np.array([bbox], np.float32), img_path='a.png')
    for step in steps:
        sample = TRANSFORMS.build(step)(sample)
    return sample


@pytest.mark.parametrize('name', PIPELINES)
def test_same_crops_and_same_way_back(name):
    steps = PIPELINES[name]
    crop = crop_of([LOAD, *steps, PACK], name)
    points = np.array([[0, 0], [10.25, 3.5], [47, 63]], np.float32)
    for image in pictures(SIZES_WH):
        for bbox in BOXES:
            expected = of_pipeline(steps, image.copy(), bbox)
            placed = crop.cut(image, np.array(bbox))
            np.testing.assert_array_equal(placed.pixels, expected['img'])
            assert placed.pixels.dtype == crop.dtype == expected['img'].dtype
            np.testing.assert_array_equal(placed.center, expected['input_center'])
            np.testing.assert_array_equal(placed.scale, expected['input_scale'])
            # As MMPose's estimators bring points back.
            size, scale = expected['input_size'], expected['input_scale']
            back = points / size * scale + expected['input_center'] - 0.5 * scale
            np.testing.assert_allclose(placed.to_picture(points), back, atol=1e-5)
            assert placed.to_picture(points).dtype == np.float32


def test_fractions_of_the_padding_need_floats():
    assert Crop(method='resize', size_wh=(4, 4), fill=0.5).dtype == np.float32
    assert Crop(method='resize', size_wh=(4, 4), fill=2).dtype == np.uint8
    assert Crop(method='stretch', size_wh=(4, 4), fill=0.5).dtype == np.uint8


def test_a_box_beside_the_picture():
    (image,) = pictures(SIZES_WH[:1])
    crop = Crop(method='resize', size_wh=(8, 8))
    with pytest.raises(ValueError, match='holds no pixel of the 90x70 image'):
        crop.cut(image, np.array([100, 5, 120, 50]))


@pytest.mark.parametrize(
    'steps, message',
    [
        pytest.param([framing()], 'cuts out no boxes', id='none'),
        pytest.param(
            [dict(type='TopdownAffine', input_size=(8, 8), use_udp=True)],
            'use_udp',
            id='udp',
        ),
        pytest.param([dict(type='mmpose.RandomFlip')], 'RandomFlip', id='other'),
    ],
)
def test_pipelines_that_cannot_be_told(steps, message):
    with pytest.raises(FormatError, match=f'some.py: .*{message}'):
        crop_of([LOAD, *steps, PACK], 'some.py')
