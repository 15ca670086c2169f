"""CPMRefineHead: stages, backbones, the published loss, background, flip test."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.structures import InstanceData
from mmpose.models import ResNet
from mmpose.structures import PoseDataSample
from torch import nn

from fashion_mmpose.models import CPMRefineHead

CODEC = dict(
    type='PointHeatmap',
    input_size=(64, 64),
    heatmap_size=(8, 8),
    sigma=1.0,
    decode_mode='argmax',
)
# Points 0 and 1 are a pair.
FLIP = [1, 0, 2]
SMALL = dict(in_channels=4, out_channels=3, stem_channels=6, channels=5, kernel_size=3)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def small_head(**options):
    return CPMRefineHead(**{**SMALL, 'num_stages': 3, 'decoder': CODEC, **options})


def samples(weights, seed=0):
    """One sample for every row of weights, with points at random cells."""
    generator = torch.Generator().manual_seed(seed)
    result = []
    for row in torch.tensor(weights, dtype=torch.float32):
        sample = PoseDataSample(metainfo=dict(flip_indices=FLIP))
        sample.gt_instance_labels = InstanceData(
            keypoint_labels=1 + 6 * torch.rand(1, len(row), 2, generator=generator),
            keypoint_weights=row[None],
        )
        result.append(sample)
    return result


def drawn(batch, sigma=1.0):
    """Gaussians (B, K, 8, 8) of all points, labelled or not, written out."""
    points = torch.cat([s.gt_instance_labels.keypoint_labels for s in batch])
    rows, columns = torch.meshgrid(torch.arange(8), torch.arange(8), indexing='ij')
    x, y = points[..., 0, None, None], points[..., 1, None, None]
    return torch.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2))


# ---------------------------------------------------- stages and backbones


@pytest.mark.parametrize('num_stages', [1, 2, 6])
@pytest.mark.parametrize('with_background, num_maps', [(True, 4), (False, 3)])
def test_number_of_stages_and_maps(num_stages, with_background, num_maps):
    head = small_head(num_stages=num_stages, with_background=with_background)
    heatmaps = head((torch.rand(2, 4, 8, 8),))
    assert isinstance(heatmaps, tuple)
    assert [tuple(m.shape) for m in heatmaps] == [(2, num_maps, 8, 8)] * num_stages


def test_another_backbone():
    """The last of several levels is used; here ResNet's at an eighth."""
    backbone = ResNet(
        18, stem_channels=8, base_channels=8, out_indices=(0, 1), init_cfg=None
    )
    head = small_head(in_channels=(8, 16))
    feats = backbone(torch.rand(2, 3, 64, 64))
    assert [f.shape[1] for f in feats] == [8, 16]
    losses = head.loss(feats, samples([[1, 1, 1], [1, 0, 1]]))
    stages = [losses[f'loss_stage_{number}'] for number in (1, 2, 3)]
    sum(stages).backward()
    assert backbone.layer2[0].conv1.weight.grad.abs().sum() > 0
    (pred, _) = head.predict(feats, samples([[1, 1, 1]] * 2))
    assert pred.keypoints.shape == (1, 3, 2)


@pytest.mark.parametrize(
    'options, message',
    [
        pytest.param(
            dict(num_stages=0), 'num_stages must be at least 1, got 0', id='stages'
        ),
        pytest.param(
            dict(num_convs=0), 'num_convs must be at least 1, got 0', id='convs'
        ),
        pytest.param(
            dict(kernel_size=4), 'kernel_size must be odd, got 4', id='kernel'
        ),
    ],
)
def test_bad_numbers(options, message):
    with pytest.raises(ValueError, match=message):
        small_head(**options)


@pytest.mark.parametrize(
    'decoder',
    [
        pytest.param(None, id='none'),
        pytest.param(
            dict(type='MSRAHeatmap', input_size=(64, 64), heatmap_size=(8, 8), sigma=1),
            id='MSRAHeatmap',
        ),
    ],
)
def test_needs_the_codec(decoder):
    with pytest.raises(TypeError, match='needs decoder=dict.*PointHeatmap'):
        small_head(decoder=decoder)


# --------------------------------------------------------------------- loss


def test_published_loss():
    """All labelled: mean over stages of the mean over pixels and K + 1 channels."""
    head = small_head(num_stages=4)
    batch = samples([[1, 1, 1], [1, 1, 1]])
    feats = (torch.rand(2, 4, 8, 8),)
    target = drawn(batch)
    target = torch.cat([target, 1 - target.sum(1, keepdim=True)], dim=1)
    expected = [F.mse_loss(heatmaps, target) for heatmaps in head(feats)]
    losses = head.loss(feats, batch)
    assert sorted(losses) == ['acc_pose', *(f'loss_stage_{i}' for i in (1, 2, 3, 4))]
    for number, value in enumerate(expected, 1):
        torch.testing.assert_close(losses[f'loss_stage_{number}'], value / 4)
    total = sum(value for name, value in losses.items() if 'loss' in name)
    torch.testing.assert_close(total, torch.stack(expected).mean())


def test_loss_of_labelled_points_only():
    """Unlabelled points weigh nothing, nor do they take away from the background."""
    head = small_head(num_stages=2)
    batch = samples([[1, 0, 1], [0, 0, 0], [0, 1, 0]])
    feats = (torch.rand(3, 4, 8, 8),)
    target = drawn(batch)
    heatmaps = head(feats)[-1]
    background = 1 - target[0, 0] - target[0, 2]
    first = (heatmaps[0, [0, 2]] - target[0, [0, 2]]).square().mean((1, 2)).sum()
    first = (first + (heatmaps[0, 3] - background).square().mean()) / 3
    third = (heatmaps[2, 1] - target[2, 1]).square().mean()
    third = (third + (heatmaps[2, 3] - (1 - target[2, 1])).square().mean()) / 2
    losses = head.loss(feats, batch)
    torch.testing.assert_close(losses['loss_stage_2'], (first + third) / 2 / 2)


@pytest.mark.parametrize(
    'loss',
    [
        pytest.param(None, id='LabelledMSELoss'),
        pytest.param(
            dict(type='KeypointMSELoss', use_target_weight=True), id='KeypointMSELoss'
        ),
        pytest.param(dict(type='VisibilityL1Loss'), id='VisibilityL1Loss'),
    ],
)
def test_unlabelled_points_leave_no_gradient(loss):
    """v = -1 in the raw file: the last stage's channel is not touched."""
    head = small_head(loss=loss)
    for stage in head.stages:
        # Above zero, so that the ReLU of one of the losses lets everything pass.
        nn.init.constant_(stage[-1].bias, 2.0)
    losses = head.loss((torch.rand(2, 4, 8, 8),), samples([[1, 0, 1], [0, 0, 1]]))
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    for name, parameter in head.named_parameters():
        assert parameter.grad.isfinite().all(), name
    for stage in (head.stages[0], head.stages[-1]):
        assert stage[-1].bias.grad[[0, 2, 3]].abs().min() > 0
    assert head.stages[-1][-1].weight.grad[1].abs().max() == 0
    assert head.stages[-1][-1].bias.grad[1] == 0


def test_unlabelled_points_may_lie_anywhere():
    """What stands for a missing point, such as (0, 0), must not matter."""
    head = small_head()
    feats = (torch.rand(1, 4, 8, 8),)
    batch = samples([[1, 0, 1]])
    before = head.loss(feats, batch)
    batch[0].gt_instance_labels.keypoint_labels[0, 1] = 0
    after = head.loss(feats, batch)
    assert {k: v.item() for k, v in before.items()} == {
        k: v.item() for k, v in after.items()
    }


def test_samples_without_label_contribute_nothing():
    head = small_head()
    feats = torch.rand(2, 4, 8, 8)
    batch = samples([[1, 1, 0], [0, 0, 0]])
    both, alone = head.loss((feats,), batch), head.loss((feats[:1],), batch[:1])
    for name, value in alone.items():
        torch.testing.assert_close(both[name], value)
    losses = head.loss((feats[1:],), batch[1:])
    assert all(value.item() == 0 for value in losses.values())
    losses['loss_stage_3'].backward()
    for name, parameter in head.named_parameters():
        assert (parameter.grad == 0).all(), name


def test_mmpose_loss():
    """MMPose's own loss sees dense targets: K points and the background."""
    head = small_head(loss=dict(type='KeypointMSELoss', use_target_weight=True))
    batch = samples([[1, 0, 1], [0, 0, 0]])
    feats = (torch.rand(2, 4, 8, 8),)
    target = drawn(batch) * torch.tensor([[1, 0, 1], [0, 0, 0.0]])[:, :, None, None]
    target = torch.cat([target, 1 - target.sum(1, keepdim=True)], dim=1)
    weights = torch.tensor([[1, 0, 1, 1], [0, 0, 0, 0.0]])[:, :, None, None]
    expected = ((head(feats)[0] - target) * weights).square().mean() / 3
    torch.testing.assert_close(head.loss(feats, batch)['loss_stage_1'], expected)


def test_accuracy_leaves_out_the_background():
    head = FixedHead(**SMALL, num_stages=2, decoder=CODEC)
    batch = samples([[1, 1, 0]])
    batch[0].gt_instance_labels.keypoint_labels.round_()
    maps = torch.cat([drawn(batch), torch.full((1, 1, 8, 8), 9.0)], dim=1)
    maps[0, 1] = maps[0, 1].roll(3, -1)
    assert head.loss(maps, batch)['acc_pose'].item() == 0.5


# --------------------------------------------------------------- prediction


class FixedHead(CPMRefineHead):
    """A head whose last heatmaps are given."""

    def forward(self, feats):
        return torch.zeros_like(feats), feats


def fixed_maps(cells, background=50.0):
    """Maps (1, 4, 8, 8) with a one at each cell (x, y), and a bright background."""
    maps = torch.zeros(1, 4, 8, 8)
    for channel, (x, y) in enumerate(cells):
        maps[0, channel, y, x] = 1
    maps[0, 3] = background
    return maps


def test_background_is_not_decoded():
    head = FixedHead(**SMALL, num_stages=2, decoder=CODEC)
    maps = fixed_maps([(1, 2), (5, 2), (3, 7)])
    ((pred,), (fields,)) = head.predict(
        maps, samples([[1, 1, 1]]), dict(output_heatmaps=True)
    )
    np.testing.assert_array_equal(pred.keypoints, [[[8, 16], [40, 16], [24, 56]]])
    np.testing.assert_array_equal(pred.keypoint_scores, [[1, 1, 1]])
    torch.testing.assert_close(fields.heatmaps, maps[0, :3])


def test_flip_test_mirrors_pairs_without_the_background():
    head = FixedHead(**SMALL, num_stages=2, decoder=CODEC)
    maps = fixed_maps([(1, 2), (5, 2), (3, 7)])
    # What a perfect network gives for the mirrored picture: columns 7 - x, pairs
    # swapped.
    mirrored = fixed_maps([(2, 2), (6, 2), (4, 7)], background=-9.0)
    batch, flip = samples([[1, 1, 1]]), dict(flip_test=True, output_heatmaps=True)
    ((pred,), (fields,)) = head.predict([maps, mirrored], batch, flip)
    torch.testing.assert_close(fields.heatmaps, maps[0, :3])
    np.testing.assert_array_equal(pred.keypoints, [[[8, 16], [40, 16], [24, 56]]])
    # With the shift of MMPose the mirrored maps move one column to the right.
    ((_,), (fields,)) = head.predict(
        [maps, mirrored], batch, dict(flip, shift_heatmap=True)
    )
    assert fields.heatmaps[0, 2, 1:3].tolist() == [0.5, 0.5]


def test_prediction_is_the_last_stage():
    head = small_head()
    feats = ((torch.rand(2, 4, 8, 8),), (torch.rand(2, 4, 8, 8),))
    batch = samples([[1, 1, 1]] * 2)
    plain, mirrored = (head(item)[-1][:, :3] for item in feats)
    expected = (plain + mirrored[:, FLIP].flip(-1)) / 2
    found = head.predict_heatmaps(list(feats), batch, dict(flip_test=True))
    torch.testing.assert_close(found, expected)
    # Values below zero stay: the published network has no ReLU at its end.
    torch.testing.assert_close(head.predict_heatmaps(feats[0], batch, {}), plain)
    assert plain.min() < 0
