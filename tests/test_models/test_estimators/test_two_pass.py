"""Estimators that look at crops of their input: around points, and of several sizes."""

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import nn

from fashion_mmpose.export.pose.graph import PoseGraph
from fashion_mmpose.models.estimators.crops import Frames, whole_frames

MEAN, STD = 100.0, 50.0
SIZE = (48, 64)  # of a crop, (w, h)


class Shrink(nn.Module):
    """Features of a quarter of the size: the picture itself."""

    def forward(self, inputs):
        return (F.avg_pool2d(inputs, 4),)

    def init_weights(self):
        pass


@pytest.fixture
def model():
    return build(type='TwoPassEstimator')


def build(**settings):
    """A network whose heatmaps are the colours of the picture."""
    init_default_scope('mmpose')
    if 'Shrink' not in MODELS:
        MODELS.register_module(module=Shrink)
    codec = dict(
        type='PointHeatmap',
        input_size=SIZE,
        heatmap_size=(SIZE[0] // 4, SIZE[1] // 4),
        sigma=1.0,
        convention='centers',
        decode_mode='dark',
        blur_kernel_size=3,
    )
    model = MODELS.build(
        dict(
            data_preprocessor=dict(
                type='PoseDataPreprocessor', mean=[MEAN] * 3, std=[STD] * 3
            ),
            backbone=dict(type='Shrink'),
            head=dict(
                type='PointHeatmapHead',
                in_channels=3,
                out_channels=3,
                deconv_out_channels=(),
                decoder=codec,
            ),
            test_cfg=dict(flip_test=True, shift_heatmap=False),
            **settings,
        )
    )
    if settings['type'] == 'TwoPassEstimator':
        model.padding = 2.0  # DARK's blur is biased where a peak is near the border
    final = model.head.final_layer
    with torch.no_grad():
        final.weight.copy_(torch.eye(3)[..., None, None])
        final.bias.fill_(MEAN / STD)  # black is zero
    return model.eval()


def picture(points, wh, radius):
    """Dots (x, y) of one channel each on black, normalised, (1, 3, H, W)."""
    width, height = wh
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    channels = [
        255 * np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * radius**2))
        for px, py in points
    ]
    return (torch.tensor(np.array(channels), dtype=torch.float32)[None] - MEAN) / STD


def sample(wh, own=None):
    size = np.array(wh, np.float32)
    metainfo = dict(
        input_size=wh,
        input_center=size / 2,
        input_scale=size,
        flip_indices=[0, 1, 2],
    )
    if own is not None:
        metainfo['own_channels'] = np.array(own)
    result = PoseDataSample(metainfo=metainfo)
    boxes = np.array([[0, 0, *wh]], np.float32)
    result.gt_instances = InstanceData(bboxes=boxes, bbox_scores=np.ones(1))
    return result


@pytest.mark.parametrize(
    'center, scale',
    [((96, 128), (192, 256)), ((70.3, 99.6), (81, 108)), ((20, 240), (120, 160))],
    ids=['whole', 'inside', 'beyond-the-picture'],
)
def test_crops_are_those_of_warp_affine(model, center, scale):
    rng = np.random.default_rng(3)
    pixels = cv2.GaussianBlur(
        rng.integers(0, 256, (256, 192, 3), np.uint8), (0, 0), sigmaX=5
    )
    pixels = cv2.normalize(pixels, None, 0, 255, cv2.NORM_MINMAX)
    inputs = (torch.from_numpy(pixels).permute(2, 0, 1)[None].float() - MEAN) / STD
    frames = Frames(torch.tensor([center]).float(), torch.tensor([scale]).float())
    found = model.cut(inputs, frames)[0].permute(1, 2, 0).numpy() * STD + MEAN
    (x, y), (w, h) = center, scale
    source = np.array([(x, y), (x - w / 2, y), (x, y - h / 2)], np.float32)
    target = np.array([(24, 32), (0, 32), (24, 0)], np.float32)
    matrix = cv2.getAffineTransform(source, target)
    expected = cv2.warpAffine(pixels.astype(np.float32), matrix, SIZE)
    assert expected.std() > 20
    inside = np.abs(found - expected)[1:-1, 1:-1]
    # OpenCV's warp goes by 32nds of a pixel, and ends a pixel beyond the border.
    assert np.quantile(inside, 0.97) < 3 and inside.mean() < 1


def test_the_second_look_is_closer(model):
    """Points that are near each other fill the second crop."""
    wh = (384, 512)
    points = [(130.0, 300.0), (201.0, 322.0), (160.0, 371.0)]
    inputs = picture(points, wh, 9)
    samples = [sample(wh)]
    with torch.no_grad():
        (found,) = model.predict(inputs, samples)
        rows = torch.arange(3)
        frames = model.garment_frames(inputs, samples, rows)
        model.smallest = 1.0  # the second look is at the whole, too
        (first,) = model.predict(inputs, [sample(wh)])
    exact = np.array(points)
    near = np.abs(found.pred_instances.keypoints[0] - exact)
    far = np.abs(first.pred_instances.keypoints[0] - exact)
    assert near.max() < 0.5 < far.max()
    center, size = frames.centers[0].numpy(), frames.sizes[0].numpy()
    assert size[0] / size[1] == pytest.approx(0.75)
    # The extent is 71 by 71 pixels.
    np.testing.assert_allclose(size, [2 * 71, 2 * 71 / 0.75], atol=12)
    np.testing.assert_allclose(center, [165.5, 335.5], atol=8)


def test_the_first_look_parses_nobody(model, monkeypatch):
    """It has the features that a backbone has without, of both mirror images."""
    left = torch.full((1, 3, 16, 12), -MEAN / STD)
    left[..., 8, 6] = 3
    seen = []

    def unparsed(inputs):
        seen.append(inputs)
        return (left if len(seen) == 1 else left.flip(-1),)

    monkeypatch.setattr(model.backbone, 'unparsed', unparsed, raising=False)
    inputs = picture([(130.0, 300.0), (201.0, 322.0), (160.0, 371.0)], (384, 512), 9)
    samples = [sample((384, 512))]
    with torch.no_grad():
        frames = model.garment_frames(inputs, samples, torch.arange(3))
        own, mirrored = seen
        seen.clear()
        model.predict(inputs, samples)
    assert torch.equal(own, mirrored.flip(-1))
    # The middle of that cell, 32 pixels wide and high; pixels count from their own.
    np.testing.assert_allclose(frames.centers[0], [204, 268], atol=1)
    assert len(seen) == 2  # none of the second look


def test_covariances_are_in_pixels_of_the_input(model):
    inputs = picture([(130.0, 300.0), (201.0, 322.0), (160.0, 371.0)], (384, 512), 9)
    samples, rows = [sample((384, 512))], torch.arange(3)
    model.test_cfg['output_covariances'] = True
    with torch.no_grad():
        (found,) = model.predict(inputs, samples)
        frames = model.garment_frames(inputs, samples, rows)
        maps = model.maps(inputs, frames, samples, rows)
    _, _, in_crop = model.head.decoder.decode_rows(maps, (1, 3), rows, True)
    assert in_crop.min() < 0 < np.diagonal(in_crop, axis1=-2, axis2=-1).min()
    scale = frames.sizes[0].numpy() / SIZE
    np.testing.assert_allclose(
        found.pred_instances.keypoint_covariances[0],
        in_crop.reshape(3, 2, 2) * scale[:, None] * scale,
        rtol=1e-5,
    )


def test_points_of_other_categories_do_not_widen_the_crop(model):
    wh = (384, 512)
    points = [(130.0, 300.0), (201.0, 322.0), (20.0, 40.0)]
    inputs = picture(points, wh, 9).repeat(2, 1, 1, 1)
    samples = [sample(wh, [0, 1]), sample(wh)]
    with torch.no_grad():
        found = model.predict(inputs, samples)
        rows = torch.tensor([0, 1, 3, 4, 5])
        frames = model.garment_frames(inputs, samples, rows)
    assert frames.sizes[0, 0] < 0.4 * frames.sizes[1, 0]
    own = found[0].pred_instances
    np.testing.assert_allclose(own.keypoints[0, :2], points[:2], atol=0.5)
    assert own.keypoint_scores[0, 2] == 0


def test_points_in_one_place_give_no_tiny_crop(model):
    wh = (384, 512)
    inputs = picture([(130.0, 300.0)] * 3, wh, 9)
    with torch.no_grad():
        frames = model.garment_frames(inputs, [sample(wh)], torch.arange(3))
        (found,) = model.predict(inputs, [sample(wh)])
    np.testing.assert_allclose(frames.sizes[0], [96, 128])
    np.testing.assert_allclose(
        found.pred_instances.keypoints[0], [(130.0, 300.0)] * 3, atol=0.5
    )


def test_a_picture_without_points_stays_whole(model):
    inputs = torch.zeros(2, 3, 512, 384)
    frames = whole_frames(inputs)
    kept = model._around(torch.ones(1, 2), torch.tensor([1]), frames)
    assert kept.sizes[0].tolist() == [768, 1024]  # with the padding
    assert kept.centers[0].tolist() == [192, 256]


POINTS = [(130.0, 300.0), (201.0, 322.0), (160.0, 371.0)]


def found_by(model, scales, inputs, wh):
    model.scales = scales
    with torch.no_grad():
        (found,) = model.predict(inputs, [sample(wh)])
    return found.pred_instances


@pytest.mark.parametrize('kind', ['TwoPassEstimator', 'MultiCropEstimator'])
def test_several_crops_give_the_mean_of_each(kind):
    wh = (384, 512)
    model = build(type=kind)
    model.test_cfg['output_covariances'] = True
    inputs = picture(POINTS, wh, 9)
    scales = (0.8, 1.0, 1.3)
    alone = [found_by(model, (scale,), inputs, wh) for scale in scales]
    together = found_by(model, scales, inputs, wh)
    for key in ('keypoints', 'keypoint_scores', 'keypoint_covariances'):
        parts = [each[key] for each in alone]
        assert np.ptp(parts, axis=0).max() > 1e-3
        np.testing.assert_allclose(
            together[key], np.mean(parts, axis=0), rtol=1e-5, atol=1e-5
        )
    # Each errs by its own cells, and the mean by less than the worst of them.
    errors = [np.abs(each.keypoints[0] - POINTS).max() for each in alone]
    assert np.abs(together.keypoints[0] - POINTS).max() < max(errors)


def test_a_share_of_a_wider_input_is_the_crop_itself():
    """Half of an input of twice the size has the pixels of the crop, to the bit."""
    model = build(type='MultiCropEstimator', scales=(0.5,))
    inputs = picture([(40, 60), (50, 70), (60, 62)], (96, 128), 3)
    (frames,) = model.scaled(
        model.garment_frames(inputs, [sample((96, 128))], torch.arange(3))
    )
    torch.testing.assert_close(
        model.cut(inputs, frames), inputs[:, :, 32:96, 24:72], atol=1e-4, rtol=0
    )
    plain = build(type='TopdownPoseEstimator')
    with torch.no_grad():
        (expected,) = plain.predict(inputs[:, :, 32:96, 24:72], [sample(SIZE)])
        (found,) = model.predict(inputs, [sample((96, 128))])
    np.testing.assert_allclose(
        found.pred_instances.keypoints,
        expected.pred_instances.keypoints + (24, 32),
        atol=1e-3,
    )


@pytest.mark.parametrize('kind', ['TwoPassEstimator', 'MultiCropEstimator'])
def test_points_are_looked_at_closely(kind):
    """A crop of a fifth has a cell for every fifth of one of the look before."""
    wh = (384, 512)
    inputs = picture(POINTS, wh, 6)
    errors, spreads, scores = [], [], []
    for point_crop in (None, 0.2):
        model = build(type=kind, point_crop=point_crop)
        model.test_cfg['output_covariances'] = True
        found = found_by(model, (1.3,), inputs, wh)
        errors.append(np.abs(found.keypoints[0] - POINTS).max())
        spreads.append(np.trace(found.keypoint_covariances[0], axis1=1, axis2=2))
        scores.append(found.keypoint_scores[0])
    assert errors[1] < 0.25 < 0.5 < errors[0]
    # The dots spread alike, however large the cells of the look before are.
    np.testing.assert_allclose(spreads[1], spreads[1].mean(), rtol=0.05)
    assert np.ptp(spreads[0]) > 0.5 * spreads[0].mean()
    np.testing.assert_array_equal(*scores)


@pytest.mark.parametrize('away, is_taken', [((12, 0), True), ((0, -24), False)])
def test_a_close_look_moves_points_within_half_of_its_crop(away, is_taken):
    """A speck that only small cells show, brighter than the dot that is the point."""
    wh, (x, y) = (384, 512), POINTS[1]
    speck = (x + away[0], y + away[1])
    dots, specks = (
        picture([place] * 3, wh, r) for place, r in (((x, y), 9), (speck, 3))
    )
    black = -MEAN / STD
    inputs = picture(POINTS, wh, 9)
    both = torch.maximum(0.5 * (dots - black) + black, specks)
    inputs[:, 1] = both[:, 1]
    places = {}
    for point_crop in (None, 0.4):
        model = build(type='TwoPassEstimator', point_crop=point_crop)
        places[point_crop] = found_by(model, (1.0,), inputs, wh).keypoints[0, 1]
    assert np.linalg.norm(places[None] - (x, y)) < 4
    if is_taken:
        np.testing.assert_allclose(places[0.4], speck, atol=3)
    else:
        np.testing.assert_array_equal(places[0.4], places[None])


def test_close_looks_are_at_the_garments_own_points():
    wh = (384, 512)
    inputs = picture(POINTS, wh, 6).repeat(2, 1, 1, 1)
    inputs[1] = inputs[1].roll(20, dims=-1)
    model = build(type='TwoPassEstimator', point_crop=0.4)
    looked_at = []
    close_look = model.close_look
    model.close_look = lambda *args: looked_at.append(args[2]) or close_look(*args)
    with torch.no_grad():
        found = model.predict(inputs, [sample(wh, [2, 0]), sample(wh)])
    assert [len(points) for points in looked_at] == [2, 3]
    first, second = (each.pred_instances.keypoints[0] for each in found)
    np.testing.assert_allclose(first[[0, 2]], np.array(POINTS)[[0, 2]], atol=0.5)
    np.testing.assert_allclose(second, np.array(POINTS) + (20, 0), atol=0.5)


@pytest.mark.parametrize('kind', ['TwoPassEstimator', 'MultiCropEstimator'])
@pytest.mark.parametrize(
    'scales, point_crop', [((1.0,), None), ((0.8, 1.1), None), ((0.9, 1.0), 0.4)]
)
def test_the_graph_of_an_export_finds_the_same(kind, scales, point_crop):
    wh = (192, 256)
    model = build(type=kind, scales=scales, point_crop=point_crop)
    model.test_cfg['output_covariances'] = True
    inputs = picture([(70, 130), (90, 150), (100, 120)], wh, 7)
    images = (inputs * STD + MEAN).permute(0, 2, 3, 1)
    with torch.no_grad():
        (expected,) = model.predict(inputs, [sample(wh)])
        graph = PoseGraph(model, [0, 1, 2])
        points, scores, covariances = graph(images, torch.arange(3))
    expected = expected.pred_instances
    np.testing.assert_allclose(points, expected.keypoints[0], atol=1e-3)
    np.testing.assert_allclose(scores, expected.keypoint_scores[0], atol=1e-5)
    np.testing.assert_allclose(
        covariances, expected.keypoint_covariances[0], rtol=1e-4, atol=1e-4
    )


def test_scales_are_checked():
    for scales in ((), (1.0, 0.0)):
        with pytest.raises(ValueError, match='scales must be positive numbers'):
            build(type='MultiCropEstimator', scales=scales)
    with pytest.raises(ValueError, match='point_crop must be a positive number, got 0'):
        build(type='MultiCropEstimator', point_crop=0)


@pytest.mark.parametrize(
    'settings, way_out',
    [
        (dict(type='TwoPassEstimator'), 'model.type=TopdownPoseEstimator'),
        (dict(type='PaddedFlipEstimator'), 'model.type=TopdownPoseEstimator'),
        (dict(type='MultiCropEstimator', point_crop=0.5), 'model.point_crop=None'),
    ],
)
def test_stock_heads_are_refused_before_they_are_trained(settings, way_out):
    init_default_scope('mmpose')
    codec = dict(type='MSRAHeatmap', input_size=SIZE, heatmap_size=(12, 16), sigma=1.0)
    head = dict(type='HeatmapHead', in_channels=3, out_channels=3, decoder=codec)
    backbone = dict(type='ResNet', depth=18, stem_channels=4, base_channels=4)
    with pytest.raises(TypeError, match=f'which HeatmapHead has not; .*or {way_out}$'):
        MODELS.build(dict(settings, backbone=backbone, head=head))
