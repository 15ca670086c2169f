"""ResizeInput against the published preparation of a picture, and the way back."""

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.structures import InstanceData
from mmpose.registry import MODELS, TRANSFORMS
from toolbox import ROOT

from fashion_mmpose.datasets import PackGarmentInputs, ResizeInput

CPN = dict(input_size=(512, 512), interpolation='cubic', pad_value=165.75)
# Pictures by [w, h].
SIZES = [(384, 512), (512, 384), (512, 512), (300, 200), (200, 301), (98, 60)]


def picture(width, height, seed=0):
    """A smooth random picture (H, W, 3) with sharp edges."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (height // 7 + 1, width // 7 + 1, 3), np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)


def sample(image, box=None, **extra):
    height, width = image.shape[:2]
    return dict(
        img=image,
        bbox=np.array([box or (0, 0, width, height)], np.float32),
        keypoints=np.array([[(10, 20), (width / 2, height), (0, 0)]], np.float32),
        **extra,
    )


def test_boxes_that_are_turned_are_refused():
    whole = sample(picture(40, 30), bbox_rotation=np.zeros(1))
    assert ResizeInput((32, 32))(whole)['img'].shape == (32, 32, 3)
    turned = sample(picture(40, 30), bbox_rotation=np.array([3.1]))
    with pytest.raises(ValueError, match='cuts out upright boxes'):
        ResizeInput((32, 32))(turned)


def published_input(image, size=512):
    """The CPN system: the long side by cubic interpolation, normalised, into zeros."""
    height, width = image.shape[:2]
    scale = size / max(height, width)
    resized = cv2.resize(
        image,
        (int(width * scale), int(height * scale)),
        interpolation=cv2.INTER_CUBIC,
    )
    normalised = (resized / 255.0 - 0.65) / 0.25
    padded = np.zeros((size, size, 3))
    padded[: resized.shape[0], : resized.shape[1]] = normalised
    return padded


@pytest.mark.parametrize('width, height', SIZES)
def test_published_cpn_input(width, height):
    """After the normalisation, the published numbers to the last bit of a float."""
    image = picture(width, height)
    results = ResizeInput(**CPN)(sample(image))
    assert results['img'].shape == (512, 512, 3)
    square = width == height
    assert results['img'].dtype == (np.uint8 if square else np.float32)
    found = (results['img'].astype(np.float32) - 165.75) / 63.75
    np.testing.assert_allclose(found, published_input(image), atol=1e-6)


@pytest.mark.parametrize('width, height', SIZES)
@pytest.mark.parametrize('interpolation', ['linear', 'cubic'])
def test_stretched_equals_opencv(width, height, interpolation):
    image = picture(width, height)
    step = ResizeInput((256, 128), keep_ratio=False, interpolation=interpolation)
    flag = {'linear': cv2.INTER_LINEAR, 'cubic': cv2.INTER_CUBIC}[interpolation]
    expected = cv2.resize(image, (256, 128), interpolation=flag)
    results = step(sample(image))
    np.testing.assert_array_equal(results['img'], expected)
    assert results['img'].dtype == np.uint8
    np.testing.assert_allclose(
        results['transformed_keypoints'],
        [[(10 * 256 / width, 20 * 128 / height), (128, 128), (0, 0)]],
        rtol=1e-6,
    )


@pytest.mark.parametrize(
    'width, height, expected',
    [
        pytest.param(384, 512, [(10, 20), (192, 512), (0, 0)], id='high'),
        pytest.param(256, 128, [(20, 40), (256, 256), (0, 0)], id='wide'),
        pytest.param(1024, 512, [(5, 10), (256, 256), (0, 0)], id='large'),
    ],
)
def test_key_points_move_along(width, height, expected):
    results = ResizeInput(**CPN)(sample(picture(width, height)))
    np.testing.assert_allclose(results['transformed_keypoints'], [expected])
    assert results['transformed_keypoints'].dtype == np.float32


BOXES = [
    pytest.param((20.0, 30.0, 180.0, 110.0), (20, 30, 180, 110), id='inside'),
    pytest.param((20.6, 30.2, 179.5, 109.1), (20, 30, 180, 110), id='fractions'),
    pytest.param((-15.0, -3.5, 90.0, 75.0), (0, 0, 90, 75), id='beyond-upper-left'),
    pytest.param((150.0, 90.0, 340.0, 990.0), (150, 90, 300, 200), id='beyond-right'),
]


@pytest.mark.parametrize('keep_ratio', [True, False])
@pytest.mark.parametrize('box, pixels', BOXES)
def test_boxes_are_cut_out(box, pixels, keep_ratio):
    """A box of the picture is treated as a picture of its own."""
    image = picture(300, 200)
    x1, y1, x2, y2 = pixels
    step = ResizeInput((128, 96), keep_ratio, 'cubic', pad_value=7)
    results = step(sample(image, box))
    alone = step(sample(np.ascontiguousarray(image[y1:y2, x1:x2])))
    np.testing.assert_array_equal(results['img'], alone['img'])
    np.testing.assert_allclose(results['input_scale'], alone['input_scale'])
    np.testing.assert_allclose(
        results['input_center'], alone['input_center'] + [x1, y1]
    )


@pytest.mark.parametrize('keep_ratio', [True, False])
@pytest.mark.parametrize('box, pixels', [*BOXES, pytest.param(None, None, id='all')])
def test_the_way_back(box, pixels, keep_ratio):
    """As MMPose's estimators map predictions back to the image."""
    results = ResizeInput((128, 96), keep_ratio)(sample(picture(300, 200), box))
    size, center, scale = (
        np.array(results[key]) for key in ('input_size', 'input_center', 'input_scale')
    )
    back = results['transformed_keypoints'] / size * scale + center - 0.5 * scale
    np.testing.assert_allclose(back, results['keypoints'], atol=1e-4)


def test_content_lies_at_the_key_points():
    """A dot is found where its key point went, up to half a pixel of the resize."""
    rows, columns = np.mgrid[:150, :300]
    for x, y in [(60, 50), (200, 120), (150, 30)]:
        bump = 200 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 4**2))
        results = sample(np.repeat(bump.astype(np.uint8)[..., None], 3, axis=2))
        results['keypoints'] = np.array([[(x, y)]], np.float32)
        results = ResizeInput(**dict(CPN, pad_value=0))(results)
        image = results['img'][..., 0].astype(float)
        grid = np.mgrid[:512, :512][::-1]
        found = [(image * axis).sum() / image.sum() for axis in grid]
        # cv2.resize puts pixel x at (x + 0.5) * scale - 0.5.
        half = 0.5 * (512 / 300 - 1)
        expected = results['transformed_keypoints'][0, 0] + half
        np.testing.assert_allclose(found, expected, atol=0.1)


@pytest.mark.parametrize('width, height, rows', [(2, 900, 64), (900, 1, 1)])
def test_thin_pictures_keep_a_pixel(width, height, rows):
    image = np.full((height, width, 3), 200, np.uint8)
    found = ResizeInput((64, 64))(sample(image))['img']
    columns = 1 if rows == 64 else 64
    assert (found[:rows, :columns] == 200).all()
    assert found.sum() == 200 * 3 * rows * columns


@pytest.mark.parametrize(
    'box',
    [
        pytest.param((-50, 10, -5, 100), id='left'),
        pytest.param((10, -50, 100, -5), id='above'),
        pytest.param((310, 10, 400, 100), id='right'),
        pytest.param((20, 30, 20, 80), id='empty'),
    ],
)
def test_boxes_without_a_pixel(box):
    step = ResizeInput((64, 64))
    message = r'a.jpg: the box \[.*\] .* holds no pixel of the 300x200 image'
    with pytest.raises(ValueError, match=message):
        step(sample(picture(300, 200), box, img_path='a.jpg'))


def test_a_picture_without_key_points():
    """As MMPose's inference on single pictures hands it over."""
    results = sample(picture(300, 200))
    with_points = ResizeInput((64, 64))(dict(results))
    del results['keypoints']
    results = ResizeInput((64, 64))(results)
    assert 'transformed_keypoints' not in results
    np.testing.assert_array_equal(results['img'], with_points['img'])


def test_unknown_interpolation():
    message = "unknown interpolation 'area'; choose from .*'linear', 'cubic'"
    with pytest.raises(ValueError, match=message):
        ResizeInput((64, 64), interpolation='area')


def test_repr():
    assert repr(ResizeInput([64, 32], False, 'cubic', 1.5)) == (
        "ResizeInput(input_size=(64, 32), keep_ratio=False, interpolation='cubic', "
        'pad_value=1.5)'
    )


# ------------------------------------------------------------ whole pipelines


def config(name):
    return Config.fromfile(ROOT / 'configs' / name)


def batch_of(pipeline, paths):
    """Packed samples of the picture files, collated as by the loader."""
    prepare = Compose([TRANSFORMS.build(step) for step in pipeline])
    samples = []
    for path in paths:
        height, width = cv2.imread(str(path)).shape[:2]
        info = sample(np.empty((height, width, 0)), img_path=str(path))
        del info['img']
        samples.append(prepare(dict(info, bbox_score=np.ones(1))))
    return pseudo_collate(samples)


@pytest.fixture
def files(tmp_path):
    """A high, a square and a wide picture."""
    paths = []
    for seed, size in enumerate([(384, 512), (512, 512), (512, 300)]):
        paths.append(tmp_path / f'{seed}.png')
        cv2.imwrite(str(paths[-1]), picture(*size, seed=seed))
    return paths


def test_cpn_recipe_in_one_batch(files):
    """float32 and uint8 pictures in one batch give the published numbers, RGB."""
    recipe = config('cpn_r152_fashionai_blouse_gathierry.py')
    batch = batch_of(recipe.test_dataloader.dataset.pipeline, files)
    assert [item.dtype for item in batch['inputs']] == [
        torch.float32,
        torch.uint8,
        torch.float32,
    ]
    data = MODELS.build(recipe.model.data_preprocessor)(batch, training=False)
    assert data['inputs'].shape == (3, 3, 512, 512)
    for path, found in zip(files, data['inputs']):
        expected = published_input(cv2.imread(str(path))[..., ::-1])
        np.testing.assert_allclose(found.permute(1, 2, 0).numpy(), expected, atol=1e-5)
    metainfo = data['data_samples'][0].metainfo
    np.testing.assert_allclose(metainfo['input_scale'], [512, 512])
    np.testing.assert_allclose(metainfo['input_center'], [256, 256])
    assert metainfo['ori_shape'] == (512, 384)


def test_cpm_recipe_in_one_batch(files):
    """The picture stretched to 256x256, (x / 255 - 0.5) * 2, RGB."""
    recipe = config('cpm_fashionai_blouse_nhy0.py')
    batch = batch_of(recipe.test_dataloader.dataset.pipeline, files)
    data = MODELS.build(recipe.model.data_preprocessor)(batch, training=False)
    for path, found in zip(files, data['inputs']):
        resized = cv2.resize(cv2.imread(str(path)), (256, 256))[..., ::-1]
        np.testing.assert_allclose(
            found.permute(1, 2, 0).numpy(), (resized / 255 - 0.5) * 2, atol=1e-5
        )


def test_packed_picture_is_the_pipelines():
    image = picture(300, 200)
    results = ResizeInput(**CPN)(sample(image))
    packed = PackGarmentInputs()(dict(results))
    np.testing.assert_array_equal(
        packed['inputs'].permute(1, 2, 0).numpy(), results['img']
    )
    assert isinstance(packed['data_samples'].gt_instances, InstanceData)
