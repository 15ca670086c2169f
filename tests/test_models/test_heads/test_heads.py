"""Heads: structure, stages, flip test, masks, and MMPose's own heads and losses."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.models import HeatmapHead
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from fashion_mmpose import garments
from fashion_mmpose.models import CPNHead, PointHeatmapHead
from fashion_mmpose.models.heads.category_rows import own_channels
from fashion_mmpose.models.heads.point_heatmap_head import pck_accuracy
from fashion_mmpose.models.losses import PointTargets

CODEC = dict(type='PointHeatmap', input_size=(64, 64), heatmap_size=(16, 16), sigma=1.5)
LEVELS = (8, 16, 32, 64)


def features(batch_size=2, size=16, channels=LEVELS):
    return tuple(
        torch.randn(batch_size, c, size >> i, size >> i) for i, c in enumerate(channels)
    )


def samples(batch_size=2, dataset='fashionai', category='blouse', full=False):
    item = garments.garment(dataset, category)
    info = garments.metainfo(dataset, None if full else category)
    count = len(info['keypoint_info'])
    flip = list(item.flip) if not full else _full_flip(dataset)
    result = []
    for index in range(batch_size):
        rng = np.random.default_rng(index)
        weights = np.zeros((1, count), np.float32)
        weights[0, list(item.channels) if full else slice(None)] = 1
        sample = PoseDataSample()
        sample.gt_instance_labels = InstanceData(
            keypoint_labels=rng.uniform(2, 14, (1, count, 2)).astype('f4'),
            keypoint_weights=weights,
        ).to_tensor()
        sample.set_metainfo(
            dict(
                dataset_name=info['dataset_name'],
                category_id=item.category_id,
                flip_indices=flip,
            )
        )
        result.append(sample)
    return result


def _full_flip(dataset):
    names = list(garments.keypoints(dataset))
    info = garments.metainfo(dataset)['keypoint_info']
    return [names.index(info[i]['swap'] or info[i]['name']) for i in info]


# ---------------------------------------------------------------------- CPN


def test_cpn_forward_returns_both_stages():
    head = CPNHead(LEVELS, 13, channels=16, decoder=CODEC)
    global_heatmaps, refined_heatmaps = head(features())
    assert global_heatmaps.shape == refined_heatmaps.shape == (2, 13, 16, 16)


def test_cpn_published_parameters():
    """Shapes and numbers of the FashionAI CPN system with a ResNet."""
    head = CPNHead((256, 512, 1024, 2048), 13, decoder=CODEC)
    shapes = {name: tuple(p.shape) for name, p in head.named_parameters()}
    assert shapes['global_net.laterals.0.weight'] == (256, 256, 1, 1)
    assert shapes['global_net.laterals.3.weight'] == (256, 2048, 1, 1)
    assert shapes['global_net.smooths.0.weight'] == (13, 256, 3, 3)
    assert shapes['global_net.smooths.2.bias'] == (256,)
    assert shapes['refine_net.branches.0.conv1.weight'] == (64, 13, 1, 1)
    assert shapes['refine_net.branches.0.shortcut.0.weight'] == (256, 13, 1, 1)
    assert shapes['refine_net.branches.1.1.weight'] == (256, 256, 4, 4)
    assert shapes['refine_net.branches.3.3.weight'] == (256, 256, 16, 16)
    assert shapes['refine_net.output.0.conv1.weight'] == (64, 1024, 1, 1)
    assert shapes['refine_net.output.1.bias'] == (13,)

    def bottleneck(inputs):
        shortcut = inputs * 256 + 2 * 256 if inputs != 256 else 0
        convs = inputs * 64 + 9 * 64 * 64 + 64 * 256
        return convs + 2 * (64 + 64 + 256) + shortcut

    expected = sum(256 * c + 256 for c in (256, 512, 1024, 2048))
    expected += 2 * (9 * 256 * 256 + 256) + 9 * 256 * 13 + 13
    expected += bottleneck(13) + 6 * bottleneck(256) + bottleneck(1024)
    expected += sum(256 * 256 * (2 * s) ** 2 + 256 for s in (2, 4, 8))
    expected += 256 * 13 + 13
    assert sum(p.numel() for p in head.parameters()) == expected


def test_cpn_pyramid_by_hand():
    """p2 of the GlobalNet: up(up(lat) + lat) + lat, smoothed, on constant maps."""
    head = CPNHead((1, 1, 1), 1, channels=4, decoder=CODEC)
    for parameter in head.global_net.parameters():
        torch.nn.init.zeros_(parameter)
    for lateral in head.global_net.laterals:
        torch.nn.init.ones_(lateral.weight)
    for smooth in head.global_net.smooths:
        # The centre tap of the first channel passes, doubled.
        smooth.weight.data[0, 0, 1, 1] = 2.0
    feats = [torch.full((1, 1, 8 >> i, 8 >> i), 10.0**i) for i in range(3)]
    heatmaps = head.global_net(feats)[0]
    # p4 = 100; p3 = 2 * (100 + 10) = 220; p2 = 2 * (220 + 1) = 442
    torch.testing.assert_close(heatmaps, torch.full((1, 1, 8, 8), 442.0))


@pytest.mark.parametrize('num_levels', [2, 3, 4])
def test_cpn_number_of_levels(num_levels):
    channels = LEVELS[:num_levels]
    head = CPNHead(channels, 4, channels=8, decoder=CODEC)
    _, refined = head(features(size=24, channels=channels))
    assert refined.shape == (2, 4, 24, 24)


def test_cpn_losses_by_stage():
    head = CPNHead(LEVELS, 13, channels=16, decoder=CODEC)
    losses = head.loss(features(), samples())
    assert sorted(losses) == ['acc_pose', 'loss_global', 'loss_refined']
    (losses['loss_global'] + losses['loss_refined']).backward()
    for name, parameter in head.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
    assert 'acc_pose' not in head.loss(features(), samples(), dict(compute_acc=False))


def test_cpn_bad_arguments():
    with pytest.raises(ValueError, match='at least two levels, finest first, got 256'):
        CPNHead(256, 13, decoder=CODEC)
    with pytest.raises(ValueError, match='multiple of 4, got 10'):
        CPNHead(LEVELS, 13, channels=10, decoder=CODEC)
    head = CPNHead(LEVELS, 13, channels=8, decoder=CODEC)
    with pytest.raises(ValueError, match='expects 4 feature levels.*got 3'):
        head(features()[:3])
    with pytest.raises(TypeError, match='needs decoder=dict'):
        CPNHead(LEVELS, 13)


def test_recipes_leave_the_number_of_key_points_open():
    for head in (
        dict(type='CPNHead', in_channels=LEVELS),
        dict(type='CPMRefineHead', in_channels=128),
    ):
        with pytest.raises(ValueError, match='out_channels is None: .* recipe'):
            MODELS.build(head | dict(out_channels=None, decoder=CODEC))


# ------------------------------------------------------------- prediction


class FixedHead(CPNHead):
    """A CPN head whose heatmaps are given."""

    def forward(self, feats):
        return feats, feats


def peaks(points, count=13):
    """Heatmaps (1, count, 16, 16) with a Gaussian at each point (x, y)."""
    head = FixedHead(LEVELS, count, channels=8, decoder=CODEC)
    return head, head.decoder.render(torch.tensor(points))[None]


def test_predict_reads_the_last_stage():
    cells = [[2.0 + i * 0.75, 13.0 - i * 0.5] for i in range(13)]
    head, maps = peaks(cells)
    (pred,) = head.predict(maps, samples(1))
    assert pred.keypoints.shape == (1, 13, 2)
    assert np.abs(pred.keypoints[0] - 4 * np.array(cells)).max() <= 2
    assert (pred.keypoint_scores > 0.8).all()


def test_flip_test_mirrors_pairs():
    """Maps of the mirrored picture, mirrored back, must not move the answer."""
    cells = np.array([[2.0 + i * 0.75, 13.0 - i * 0.5] for i in range(13)])
    head, maps = peaks(cells.tolist())
    flip = samples(1)[0].metainfo['flip_indices']
    mirrored = maps[:, flip].flip(-1)
    plain = head.predict(maps, samples(1))[0]
    both, fields = head.predict(
        [maps, mirrored], samples(1), dict(flip_test=True, output_heatmaps=True)
    )
    np.testing.assert_allclose(both[0].keypoints, plain.keypoints)
    torch.testing.assert_close(fields[0].heatmaps, maps[0])
    # Without the swap of left and right the answer would be another.
    wrong = head.predict([maps, maps.flip(-1)], samples(1), dict(flip_test=True))[0]
    assert np.abs(wrong.keypoints - plain.keypoints).max() > 2


def test_negative_predictions_count_as_zero():
    head, maps = peaks([[3.0, 8.0]] * 13)
    _, fields = head.predict(
        [maps - 0.5, maps - 0.5], samples(1), dict(flip_test=True, output_heatmaps=True)
    )
    assert fields[0].heatmaps.min() == 0
    assert fields[0].heatmaps.max() == pytest.approx(0.25, abs=0.01)


def test_other_categories_rest():
    """In the full layout a skirt has 4 points; the other 20 score 0."""
    head = FixedHead(LEVELS, 24, channels=8, decoder=CODEC)
    maps = head.decoder.render(torch.full((24, 2), 5.0))[None]
    (pred,) = head.predict(maps, samples(1, category='skirt', full=True))
    own = [15, 16, 17, 18]
    assert (pred.keypoint_scores[0, own] > 0.9).all()
    np.testing.assert_allclose(pred.keypoints[0, own], 20, atol=1)
    others = np.setdiff1d(np.arange(24), own)
    np.testing.assert_array_equal(pred.keypoint_scores[0, others], 0)
    np.testing.assert_array_equal(pred.keypoints[0, others], 32)


def test_own_channels():
    maps = torch.zeros(2, 24, 4, 4)
    mixed = samples(1, category='skirt', full=True) + samples(
        1, category='trousers', full=True
    )
    mask = own_channels(mixed, maps)
    assert mask[0].nonzero().flatten().tolist() == [15, 16, 17, 18]
    assert mask[1].nonzero().flatten().tolist() == [15, 16, 19, 20, 21, 22, 23]
    assert own_channels(samples(2), maps) is None
    assert own_channels(None, maps) is None


# ------------------------------------------------------ single stage, MMPose


def test_mmpose_checkpoint_loads():
    """Parameters have MMPose's names; the same weights give the same heatmaps."""
    options = dict(deconv_out_channels=(8, 8), deconv_kernel_sizes=(4, 4))
    theirs = HeatmapHead(
        16,
        13,
        decoder=dict(
            type='MSRAHeatmap', input_size=(64, 64), heatmap_size=(16, 16), sigma=2
        ),
        **options,
    ).eval()
    ours = PointHeatmapHead(16, 13, decoder=CODEC, **options).eval()
    for parameter in theirs.parameters():
        torch.nn.init.normal_(parameter)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    feats = (torch.randn(2, 16, 4, 4),)
    torch.testing.assert_close(ours(feats), theirs(feats))


@pytest.mark.parametrize(
    'loss',
    [
        dict(type='KeypointMSELoss', use_target_weight=True),
        dict(type='KeypointOHKMMSELoss', use_target_weight=True, topk=5),
        dict(type='AdaptiveWingLoss', use_target_weight=True),
    ],
    ids=lambda loss: loss['type'],
)
def test_mmpose_losses(loss):
    """MMPose's losses see dense targets, zero where nothing is labelled."""
    from mmpose.registry import MODELS

    head = PointHeatmapHead(
        8,
        24,
        deconv_out_channels=None,
        deconv_kernel_sizes=None,
        loss=loss,
        decoder=CODEC,
    )
    feats = features()
    batch = samples(category='dress', full=True)
    losses = head.loss(feats[:1], batch)
    weights = torch.cat([s.gt_instance_labels.keypoint_weights for s in batch])
    points = torch.cat([s.gt_instance_labels.keypoint_labels for s in batch])
    dense = PointTargets(head.decoder, points, weights).dense()
    expected = MODELS.build(loss)(head(feats[:1]), dense, weights)
    torch.testing.assert_close(losses['loss_kpt'], expected)


def test_default_loss_equals_a_dense_average():
    """Labelled-only against the same thing written out over all 24 channels."""
    head = PointHeatmapHead(
        8, 24, deconv_out_channels=None, deconv_kernel_sizes=None, decoder=CODEC
    )
    feats = features()[:1]
    batch = samples(category='skirt', full=True)
    weights = torch.cat([s.gt_instance_labels.keypoint_weights for s in batch])
    points = torch.cat([s.gt_instance_labels.keypoint_labels for s in batch])
    dense = PointTargets(head.decoder, points, weights).dense()
    errors = (head(feats) - dense).square().mean((2, 3)) * weights
    expected = (errors.sum(1) / weights.sum(1)).mean()
    torch.testing.assert_close(head.loss(feats, batch)['loss_kpt'], expected)


def test_pck_accuracy():
    head = FixedHead(LEVELS, 4, channels=8, decoder=CODEC)
    points = torch.tensor([[[3.0, 3.0], [8.0, 8.0], [12.0, 4.0], [5.0, 5.0]]])
    targets = PointTargets(head.decoder, points, torch.tensor([[1.0, 1.0, 1.0, 0.0]]))
    maps = head.decoder.render(points[0])[None]
    maps[0, 1] = maps[0, 1].roll(1, -1)  # one cell of 16 is more than 5 %
    assert pck_accuracy(targets.select(maps), targets).item() == pytest.approx(2 / 3)


# ------------------------------------------------------- key points of others


@pytest.mark.parametrize('out_channels', [24, 4])
@pytest.mark.parametrize('kind', ['CPNHead', 'PointHeatmapHead'])
def test_samples_of_other_key_points_are_refused(kind, out_channels):
    """Their rows would be other channels of other samples."""
    kwargs = dict(in_channels=LEVELS, channels=8)
    if kind == 'PointHeatmapHead':
        kwargs = dict(in_channels=LEVELS[-1], deconv_out_channels=None)
    head = MODELS.build(
        dict(type=kind, out_channels=out_channels, decoder=CODEC, **kwargs)
    )
    blouses, feats = samples(), features()
    message = f'out_channels is {out_channels}, but the samples have 13 key points'
    with pytest.raises(ValueError, match=message):
        head.loss(feats, blouses)
    with pytest.raises(ValueError, match=message):
        head.predict([feats, feats], blouses, dict(flip_test=True))


def test_one_sample_of_other_key_points_is_refused():
    """Of a mixture of data sets."""
    head = CPNHead(LEVELS, 24, channels=8, decoder=CODEC)
    with pytest.raises(ValueError, match='is 24, but the samples have 13 key points'):
        head.loss(features(), [*samples(1, full=True), *samples(1)])
