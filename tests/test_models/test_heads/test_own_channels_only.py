"""Heads that compute the own channels only: the numbers of computing them all."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.structures import PoseDataSample
from torch import nn

from fashion_mmpose import garments
from fashion_mmpose.models import CPMRefineHead, CPNHead, PointHeatmapHead
from fashion_mmpose.models.heads.category_rows import decode_heatmaps

CODEC = dict(type='PointHeatmap', input_size=(48, 64), heatmap_size=(12, 16), sigma=1.5)
INFO = parse_pose_metainfo(garments.metainfo('deepfashion2'))
CATEGORIES = ('vest', 'skirt', 'long_sleeved_outwear', 'sling')


class ComputingAll(PointHeatmapHead):
    """The same head, whose stages know nothing of what is asked for."""

    def forward(self, feats):
        return super().forward(feats)


class CPNComputingAll(CPNHead):
    def forward(self, feats):
        return super().forward(feats)


class Halving:
    """What may be mixed into any head."""

    def forward(self, feats):
        return super().forward(feats) * 0.5


class HalvingHead(Halving, PointHeatmapHead):
    pass


class HalvingAgain(HalvingHead):
    pass


HEADS = {
    'single stage': (
        (PointHeatmapHead, ComputingAll),
        dict(in_channels=8, deconv_out_channels=None),
        'final_layer',
    ),
    'deconvolutions': (
        (PointHeatmapHead, ComputingAll),
        dict(in_channels=8, deconv_out_channels=(6,), deconv_kernel_sizes=(4,)),
        'final_layer',
    ),
    'CPN': (
        (CPNHead, CPNComputingAll),
        dict(in_channels=(8, 12), channels=8),
        'refine_net.output.1',
    ),
}


def build(name):
    """The head, the one that computes everything with the same weights, and the layer
    that it spares."""
    kinds, options, layer = HEADS[name]
    heads = []
    for kind in kinds:
        torch.manual_seed(0)
        head = kind(**options, out_channels=294, decoder=CODEC)
        for parameter in head.parameters():
            nn.init.normal_(parameter, std=0.3)
        heads.append(head.double())
    return *heads, heads[0].get_submodule(layer)


def features(name, seed=0):
    torch.manual_seed(seed)
    first = (4, 8, 8, 6) if name == 'deconvolutions' else (4, 8, 16, 12)
    return (
        torch.randn(first, dtype=torch.float64, requires_grad=True),
        torch.randn((4, 12, 8, 6), dtype=torch.float64, requires_grad=True),
    )[: 2 if name == 'CPN' else 1]


def samples(labelled=(True, True, True, False)):
    """One garment of each category, of whom the last has no label."""
    batch = []
    for index, category in enumerate(CATEGORIES):
        garment = garments.garment('deepfashion2', category)
        rng = np.random.default_rng(index)
        weights = np.zeros((1, 294), np.float32)
        weights[0, list(garment.channels)] = labelled[index]
        weights[0, garment.channels[2]] = 0
        sample = PoseDataSample(
            metainfo=dict(
                dataset_name='deepfashion2',
                category_id=garment.category_id,
                flip_indices=INFO['flip_indices'],
            )
        )
        sample.gt_instance_labels = InstanceData(
            keypoint_labels=rng.uniform(0, 12, (1, 294, 2)).astype('f4'),
            keypoint_weights=weights,
        ).to_tensor()
        batch.append(sample)
    return batch


def train(head, feats, batch):
    """Losses and all gradients, by name."""
    losses = head.loss(feats, batch)
    total = sum(value for name, value in losses.items() if name.startswith('loss'))
    total.backward()
    found = {f'features {index}': feat.grad for index, feat in enumerate(feats)}
    found |= {name: parameter.grad for name, parameter in head.named_parameters()}
    return {name: value.item() for name, value in losses.items()}, found


@pytest.mark.parametrize('name', HEADS)
def test_losses_and_gradients(name, monkeypatch):
    head, dense, layer = build(name)
    expected_losses, expected = train(dense, features(name), samples())
    monkeypatch.setattr(layer, 'forward', None)  # it must not be called
    losses, found = train(head, features(name), samples())
    assert losses == pytest.approx(expected_losses, rel=1e-6)
    assert min(losses[key] for key in losses if key.startswith('loss')) > 0
    # The loss itself is in single precision.
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize('name', HEADS)
def test_every_parameter_has_a_gradient_without_any_label(name):
    head, _, _ = build(name)
    losses, found = train(head, features(name), samples((False,) * 4))
    assert set(losses.values()) == {0}
    for name, gradient in found.items():
        assert gradient is not None and not gradient.any(), name


def test_distributed_training_waits_for_no_parameter(tmp_path):
    """The reducer refuses a step after one in which a parameter had no gradient."""
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{tmp_path}/store', rank=0, world_size=1
    )
    try:
        head, _, _ = build('single stage')

        class Losses(nn.Module):
            def __init__(self):
                super().__init__()
                self.head = head

            def forward(self, feats, batch):
                return self.head.loss(feats, batch)['loss_kpt']

        model = nn.parallel.DistributedDataParallel(Losses())
        feats = features('single stage')
        for labelled in ((True,) * 4, (False,) * 4, (True,) * 4):
            model.zero_grad()
            model(feats, samples(labelled)).backward()
        owned = head.final_layer.weight.grad.flatten(1).any(1)
        mine = [
            channel
            for category in CATEGORIES
            for channel in garments.garment('deepfashion2', category).channels
        ]
        assert set(owned.nonzero().flatten().tolist()) < set(mine)
        assert owned.sum() == len(mine) - len(CATEGORIES)  # one of each not labelled
    finally:
        torch.distributed.destroy_process_group()


@pytest.mark.parametrize('kind', [HalvingHead, HalvingAgain])
def test_a_forward_that_is_mixed_in(kind):
    torch.manual_seed(0)
    options = dict(in_channels=8, deconv_out_channels=None, decoder=CODEC)
    head = kind(out_channels=294, **options).double()
    feats = features('single stage')
    stages = head.stage_heatmaps(feats)
    torch.testing.assert_close(stages[-1].dense(), head(feats))


@pytest.mark.parametrize(
    'test_cfg',
    [
        pytest.param({}, id='plain'),
        pytest.param(dict(flip_test=True), id='flip test'),
        pytest.param(dict(flip_test=True, shift_heatmap=True), id='shifted'),
    ],
)
@pytest.mark.parametrize('name', HEADS)
def test_predictions(name, test_cfg, monkeypatch):
    head, dense, layer = build(name)
    feats = features(name)
    if test_cfg:
        feats = [feats, features(name, seed=1)]
    batch = samples()
    test_cfg = dict(test_cfg, output_heatmaps=True)
    heatmaps = dense.predict_heatmaps(feats, batch, test_cfg)
    expected, _ = decode_heatmaps(dense.decoder, heatmaps, batch)
    monkeypatch.setattr(layer, 'forward', None)  # it must not be called
    found, fields = head.predict(feats, batch, test_cfg)
    for index, category in enumerate(CATEGORIES):
        own = list(garments.garment('deepfashion2', category).channels)
        others = np.setdiff1d(np.arange(294), own)
        np.testing.assert_allclose(
            found[index].keypoints, expected[index].keypoints, atol=1e-5
        )
        scores = found[index].keypoint_scores
        np.testing.assert_allclose(scores, expected[index].keypoint_scores, rtol=1e-5)
        assert scores[0, own].any() and not scores[0, others].any()
        maps = fields[index].heatmaps
        torch.testing.assert_close(maps[own], heatmaps[index, own])
        assert maps[own].any() and not maps[others].any()


def test_flip_test_reads_the_mirrored_channels():
    """The average of a map and of its pair's mirrored one, moved by a cell."""
    head, _, _ = build('single stage')
    feats = [features('single stage', seed) for seed in (0, 1)]
    plain, mirrored = (head.forward(item) for item in feats)
    test_cfg = dict(flip_test=True, shift_heatmap=True, output_heatmaps=True)
    _, fields = head.predict(feats, samples(), test_cfg)
    vest = garments.garment('deepfashion2', 'vest')
    channel, pair = vest.channels[6], vest.channels[14]  # points 7 and 15, the sides
    other = mirrored[0, pair].flip(-1)
    other = torch.cat((other[:, :1], other[:, :-1]), dim=1)
    expected = (plain[0, channel] + other) / 2
    torch.testing.assert_close(fields[0].heatmaps[channel], expected)


def test_all_channels_of_a_single_category_are_computed_at_once(monkeypatch):
    """One network for one category: the convolution, as ever."""
    head = PointHeatmapHead(8, 8, deconv_out_channels=None, decoder=CODEC)
    calls = []
    forward = head.final_layer.forward
    monkeypatch.setattr(
        head.final_layer, 'forward', lambda x: calls.append(1) or forward(x)
    )
    info = parse_pose_metainfo(garments.metainfo('deepfashion2', 'skirt'))
    sample = PoseDataSample(
        metainfo=dict(
            dataset_name='deepfashion2_skirt',
            category_id=9,
            flip_indices=info['flip_indices'],
        )
    )
    feats = (torch.randn(1, 8, 16, 12),)
    (found,) = head.predict(feats, [sample], {})
    assert calls == [1]
    points, scores = head.decoder.batch_decode(forward(feats[0]))
    np.testing.assert_array_equal(found.keypoints, points[0])
    np.testing.assert_array_equal(found.keypoint_scores, scores[0])


def test_heads_that_compute_all_channels():
    """Stages of a head are those of its forward, unless it has more to tell."""
    torch.manual_seed(0)
    head = CPMRefineHead(
        8, 294, num_stages=2, stem_channels=8, channels=8, decoder=CODEC
    )
    feats = features('single stage')[0].float().detach()
    stages = head.stage_heatmaps((feats,))
    for stage, heatmaps in zip(stages, head.forward((feats,)), strict=True):
        torch.testing.assert_close(stage.dense(), heatmaps)
        assert stage.maps(torch.tensor([295, 3])).shape == (2, 16, 12)
    found, fields = head.predict((feats,), samples(), dict(output_heatmaps=True))
    skirt = list(garments.garment('deepfashion2', 'skirt').channels)
    last = stages[-1].dense()
    torch.testing.assert_close(fields[1].heatmaps[skirt], last[1, skirt])
    assert (np.flatnonzero(found[1].keypoint_scores[0]) == skirt).all()


def test_other_losses_see_all_channels():
    """MMPose's losses compare dense maps; the accuracy is the same."""
    options = dict(in_channels=8, out_channels=294, deconv_out_channels=None)
    mse = dict(type='KeypointMSELoss', use_target_weight=True)
    torch.manual_seed(0)
    theirs = PointHeatmapHead(**options, loss=mse, decoder=CODEC)
    ours = PointHeatmapHead(**options, decoder=CODEC)
    ours.load_state_dict(theirs.state_dict())
    feats = (features('single stage')[0].float(),)
    batch = samples((True,) * 4)
    found, expected = ours.loss(feats, batch), theirs.loss(feats, batch)
    assert found['acc_pose'] == expected['acc_pose']
    # MMPose divides by all channels of the batch.
    weights = torch.cat([s.gt_instance_labels.keypoint_weights for s in batch])
    maps = ours.forward(feats).flatten(0, 1)[weights.flatten() > 0]
    points = torch.cat([s.gt_instance_labels.keypoint_labels for s in batch])
    targets = ours.decoder.render(points[weights > 0])
    total = (maps - targets).square().mean((1, 2)).sum()
    torch.testing.assert_close(expected['loss_kpt'], total / weights.numel())
