"""The companion of the DeepFashion2 HRNet predicts what the published system does.

The published test, written down independently: from a box to key points of the image.
https://github.com/svip-lab/HRNet-for-Fashion-Landmark-Estimation.PyTorch
"""

import json

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, MODELS
from mmpose.structures.bbox import get_warp_matrix
from source_networks import SourceHRNet, randomize

from fashion_mmpose import garments
from fashion_mmpose.config.loading import find_config
from fashion_mmpose.weights import convert_checkpoint

WIDTH, HEIGHT = 288, 384  # of the input
STRIDE = 4
# ImageNet's, of RGB.
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
TABLE = garments.benchmark('deepfashion2').garments
# Category, box xywh: one too high for 3:4, one too wide, one beyond the image's edge.
ITEMS = [
    ('skirt', [40, 30, 60, 130]),
    ('long_sleeved_outwear', [10, 60, 150, 80]),
    ('vest', [130, 100, 80, 75]),
]
IMAGE_WH = (200, 160)


def padded_box(x, y, width, height):
    """Centre and size (2, ) of the box in the aspect of the input, a quarter larger."""
    center = np.array([x + width / 2, y + height / 2])
    if width * HEIGHT > height * WIDTH:
        height = width * HEIGHT / WIDTH
    else:
        width = height * WIDTH / HEIGHT
    return center, 1.25 * np.array([width, height])


def trimmed(x, y, width, height):
    """What the published system makes of an annotated box."""
    right = min(IMAGE_WH[0] - 1, x + width - 1)
    bottom = min(IMAGE_WH[1] - 1, y + height - 1)
    return x, y, right - x, bottom - y


def crop_matrix(center, size):
    """The affine map (2, 3) from the image to the input."""
    scale = WIDTH / size[0]
    offset = np.array([WIDTH, HEIGHT]) / 2 - scale * center
    return np.column_stack((scale * np.eye(2), offset))


@torch.no_grad()
def published_points(network, image, box, category):
    """Key points (K, 3) of a category: x, y in the image, score."""
    center, size = padded_box(*box)
    crop = cv2.warpAffine(
        image, crop_matrix(center, size), (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR
    )
    pixels = (crop / 255.0 - MEAN) / STD  # BGR, as read
    pixels = torch.from_numpy(pixels).float().permute(2, 0, 1)[None]
    maps = network(pixels)[0].numpy()
    mirrored = network(pixels.flip(-1))[0].numpy()[:, :, ::-1].copy()
    mirrored[:, :, 1:] = mirrored[:, :, :-1].copy()
    garment = TABLE[category]
    own = np.array(garment.channels)
    maps = (maps[own] + mirrored[own[list(garment.flip)]]) / 2

    points = []
    for heatmap in maps:
        row, column = np.unravel_index(heatmap.argmax(), heatmap.shape)
        assert heatmap[row, column] > 0, 'below, the published system gives up'
        x, y = float(column), float(row)
        if 1 < column < heatmap.shape[1] - 1 and 1 < row < heatmap.shape[0] - 1:
            x += 0.25 * np.sign(heatmap[row, column + 1] - heatmap[row, column - 1])
            y += 0.25 * np.sign(heatmap[row + 1, column] - heatmap[row - 1, column])
        position = np.array([x, y]) * STRIDE * size[0] / WIDTH + center - size / 2
        points.append((*position, heatmap[row, column]))
    return np.array(points)


def annotation(number, category, box):
    garment = TABLE[category]
    keypoints = np.zeros((294, 3))
    keypoints[list(garment.channels)] = (box[0] + 1, box[1] + 1, 2)
    return dict(
        id=number,
        image_id=1,
        category_id=garment.category_id,
        bbox=box,
        area=box[2] * box[3],
        iscrowd=0,
        num_keypoints=len(garment.channels),
        keypoints=keypoints.ravel().tolist(),
    )


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """An image, its annotations, and a detector's boxes, which are the same."""
    folder = tmp_path_factory.mktemp('svip')
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (16, 20, 3), np.uint8)
    image = cv2.resize(small, IMAGE_WH, interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(folder / '000001.png'), image)
    width, height = IMAGE_WH
    truth = dict(
        images=[dict(id=1, file_name='000001.png', width=width, height=height)],
        annotations=[annotation(n, *item) for n, item in enumerate(ITEMS, 1)],
        categories=[
            dict(
                id=garment.category_id,
                name=garment.name,
                keypoints=list(garments.keypoints('deepfashion2')),
            )
            for garment in TABLE.values()
        ],
    )
    (folder / 'truth.json').write_text(json.dumps(truth))
    boxes = [
        dict(image_id=1, category_id=TABLE[category].category_id, bbox=box, score=0.5)
        for category, box in ITEMS
    ]
    (folder / 'boxes.json').write_text(json.dumps(boxes))
    return folder


def narrow_networks(folder):
    """The published network, narrow, and the companion config with its weights."""
    cfg = Config.fromfile(find_config('hrnet_w48_deepfashion2_384x288_svip'))
    extra = cfg.model.backbone.extra
    for stage in (2, 3, 4):
        extra[f'stage{stage}'].update(
            num_modules=1,
            num_blocks=(1,) * stage,
            num_channels=(8, 16, 24, 32)[:stage],
        )
    cfg.model.head.in_channels = 8
    torch.manual_seed(0)
    source = SourceHRNet(widths=(8, 16, 24, 32), num_modules=(1, 1, 1), num_blocks=1)
    randomize(source)
    source.final_layer.bias.data += 50  # every maximum is above zero
    torch.save(source.eval().state_dict(), folder / 'source.pth')
    init_default_scope('mmpose')
    convert_checkpoint(
        'hrnet', str(folder / 'source.pth'), str(folder / 'svip.pth'), cfg
    )
    model = MODELS.build(cfg.model).eval()
    converted = torch.load(folder / 'svip.pth', weights_only=True)
    model.load_state_dict(converted['state_dict'])
    return source, cfg, model


@pytest.mark.slow
@pytest.mark.parametrize(
    'bbox_file, published_box',
    [
        pytest.param(None, trimmed, id='annotated-boxes'),
        pytest.param('boxes.json', lambda *box: box, id='detected-boxes'),
    ],
)
@torch.no_grad()
def test_key_points_of_the_published_test(folder, bbox_file, published_box):
    source, cfg, model = narrow_networks(folder)
    settings = dict(
        ann_file='truth.json', data_root=str(folder), data_prefix=dict(img='')
    )
    if bbox_file:
        settings['bbox_file'] = str(folder / bbox_file)
    dataset = DATASETS.build(dict(cfg.test_dataloader.dataset, **settings))
    predictions = model.test_step(pseudo_collate([dataset[i] for i in range(3)]))
    image = cv2.imread(str(folder / '000001.png'))
    assert len(predictions) == len(ITEMS)
    spread = []
    for (category, box), prediction in zip(ITEMS, predictions):
        expected = published_points(source, image, published_box(*box), category)
        own = list(TABLE[category].channels)
        instances = prediction.pred_instances
        assert prediction.category_id == TABLE[category].category_id
        np.testing.assert_allclose(
            instances.keypoints[0, own], expected[:, :2], atol=2e-3
        )
        np.testing.assert_allclose(
            instances.keypoint_scores[0, own], expected[:, 2], rtol=1e-4
        )
        others = np.delete(instances.keypoint_scores[0], own)
        assert (others == 0).all()
        spread.append(np.ptp(expected[:, :2], axis=0))
    assert np.max(spread) > 50, 'the maps say something'


@pytest.mark.parametrize('rotation', [0, 30, -17.5])
def test_the_way_into_the_crop(rotation):
    """The published matrix, by three points of both pictures, is MMPose's."""
    center, size = padded_box(12, 30, 60, 130)
    angle = np.deg2rad(rotation)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    # The centre, half a width above it, and half a width to the left of that.
    steps = np.array([(0, 0), (0, -0.5), (-0.5, -0.5)])
    inside = np.array([WIDTH, HEIGHT]) / 2 + WIDTH * steps
    outside = center + size[0] * steps @ turn.T
    expected = cv2.getAffineTransform(np.float32(outside), np.float32(inside))
    found = get_warp_matrix(center, size, rotation, (WIDTH, HEIGHT))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)
    if rotation == 0:
        np.testing.assert_allclose(found, crop_matrix(center, size), atol=1e-3)


def test_the_published_score():
    """Points count from 0.2; garments of an image that are alike drop each other."""
    cfg = Config.fromfile(find_config('hrnet_w48_deepfashion2_384x288_svip'))
    for evaluator in (cfg.val_evaluator, cfg.test_evaluator):
        assert evaluator == dict(
            type='GarmentOKS', rescore=True, nms='hard', nms_thr=0.9, nms_scope='image'
        )
    codec = cfg.model.head.decoder
    assert (codec.unbiased, codec.decode_mode) == (False, 'quarter')
    first = cfg.test_dataloader.dataset.pipeline[0]
    assert first.color_type == 'color_ignore_orientation'
