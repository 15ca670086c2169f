"""The loss on expected positions, and sums of losses."""

import math

import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from fashion_mmpose.codecs import PointHeatmap, PointSimCC
from fashion_mmpose.garments import garment
from fashion_mmpose.models import ExpectationLoss, LabelledLossSum, LabelledMSELoss
from fashion_mmpose.models.losses import PointTargets
from fashion_mmpose.models.losses.expectation import expected_cells

MSE = dict(type='LabelledMSELoss')


def targets_of(points, weights, amplitude=1.0, size=16):
    codec = PointHeatmap((4 * size,) * 2, (size,) * 2, 1.0, amplitude=amplitude)
    return PointTargets(codec, torch.tensor(points), torch.tensor(weights))


def test_expected_cells_by_hand():
    logits = torch.full((2, 2, 3), -torch.inf)
    logits[0, 1, 2] = 0.0
    logits[1, 0, 0], logits[1, 1, 2] = math.log(3.0), 0.0
    assert expected_cells(logits).tolist() == [[2, 1], [0.5, 0.25]]


@pytest.mark.parametrize('kind', [torch.bfloat16, torch.float16])
def test_mixed_precision_keeps_positions_between_cells(kind):
    logits = 9 * torch.rand(4, 96, 72)
    with torch.autocast('cpu', kind):
        found = expected_cells(logits)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected_cells(logits))


@pytest.mark.parametrize('amplitude', [1.0, 100.0])
def test_a_map_that_is_moved_costs_its_distance(amplitude):
    """In cells, whatever the amplitude, and only where there is a label."""
    targets = targets_of(
        [[[6.0, 6.0], [8.0, 8.0]], [[3.0, 9.0], [5.0, 5.0]]],
        [[1.0, 1.0], [1.0, 0.0]],
        amplitude,
    )
    maps = targets.dense()
    assert ExpectationLoss()(maps, targets).item() == 0
    maps[0, 0] = maps[0, 0].roll(2, dims=1)  # two cells in x: 2 - 0.5
    maps[1, 1] = 7.0  # not labelled
    loss = ExpectationLoss(loss_weight=10.0)(maps, targets)
    assert loss.item() == pytest.approx(10 * 1.5 / 3, abs=1e-3)


def test_weights_count():
    targets = targets_of([[[6.0, 6.0], [8.0, 8.0]]], [[1.0, 0.25]])
    maps = targets.dense()
    maps[0, 1] = maps[0, 1].roll(3, dims=0)
    loss = ExpectationLoss()(maps, targets)
    assert loss.item() == pytest.approx(0.25 * 2.5 / 1.25, abs=1e-3)


def test_a_perfect_map_at_the_border_costs_nothing():
    """Half of its Gaussian is not there, which moves the mean of what is."""
    targets = targets_of([[[-1.5, 15.0]]], [[1.0]])
    assert ExpectationLoss(beta=5.0)(targets.dense(), targets).item() == 0


def test_gradient():
    targets = targets_of([[[6.2, 6.7], [2.0, 3.0], [9.0, 1.0]]], [[1.0, 0.0, 1.0]])
    seeded = torch.Generator().manual_seed(0)
    maps = torch.rand(1, 3, 16, 16, generator=seeded, requires_grad=True)
    ExpectationLoss()(maps, targets).backward()
    touched = maps.grad.abs().sum((2, 3)) > 0
    assert touched.tolist() == [[True, False, True]]

    def loss(logits):
        return expected_cells(logits).square().sum()

    logits = torch.rand(2, 3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(loss, logits)
    # A step along it brings the expected position nearer, if it is short: where the
    # largest cell changes, the position jumps.
    before = ExpectationLoss()(maps, targets)
    after = ExpectationLoss()(maps.detach() - 1e-4 * maps.grad, targets)
    assert after < before


def test_sum_of_losses():
    settings = [MSE, dict(type='ExpectationLoss', loss_weight=0.1)]
    loss = MODELS.build(dict(type='LabelledLossSum', losses=settings))
    assert isinstance(loss, LabelledLossSum)
    targets = targets_of([[[6.0, 6.0], [8.0, 8.0]]], [[1.0, 1.0]])
    maps = targets.dense().roll(1, dims=3) + 0.1
    expected = LabelledMSELoss()(maps, targets) + 0.1 * ExpectationLoss()(maps, targets)
    torch.testing.assert_close(loss(maps, targets), expected)
    nothing = targets_of([[[6.0, 6.0]]], [[0.0]])
    maps = torch.rand(1, 1, 16, 16, requires_grad=True)
    value = loss(maps, nothing)
    value.backward()
    assert value.item() == 0 and (maps.grad == 0).all()


def test_what_is_refused():
    with pytest.raises(ValueError, match='beta must be positive, got 0'):
        ExpectationLoss(beta=0)
    with pytest.raises(TypeError, match='not a KeypointMSELoss'):
        LabelledLossSum([dict(type='KeypointMSELoss')])
    targets = targets_of([[[6.0, 6.0]]], [[1.0]])
    background = targets.with_background()
    with pytest.raises(TypeError, match='nor for a background'):
        ExpectationLoss()(background.dense(), background)
    codec = PointSimCC((32, 32), sigma=(2.0, 2.0))
    profiles = PointTargets(codec, torch.tensor([[[9.0, 9.0]]]), torch.ones(1, 1))
    with pytest.raises(TypeError, match='neither for profiles'):
        ExpectationLoss()(profiles.dense(), profiles)


def skirt(place):
    """A sample of DeepFashion2's full layout whose points all lie at a cell."""
    own = list(garment('deepfashion2', 'skirt').channels)
    weights = torch.zeros(1, 294)
    weights[0, own] = 1
    sample = PoseDataSample(metainfo=dict(own_channels=own))
    sample.gt_instance_labels = InstanceData(
        keypoint_labels=torch.full((1, 294, 2), place), keypoint_weights=weights
    )
    return sample


@pytest.mark.parametrize('share_places', [False, True])
def test_heads_take_it(share_places):
    """Only a garment's own channels are computed, compared and taught."""
    torch.manual_seed(0)
    codec = dict(
        type='PointHeatmap', input_size=(64, 64), heatmap_size=(16, 16), sigma=1.5
    )
    losses = [MSE, dict(type='ExpectationLoss', loss_weight=1e-3)]
    head = MODELS.build(
        dict(
            type='PointHeatmapHead',
            in_channels=8,
            out_channels=294,
            deconv_out_channels=None,
            loss=dict(type='LabelledLossSum', losses=losses),
            share_places=share_places,
            decoder=codec,
        )
    )
    feats = (torch.randn(2, 8, 16, 16),)
    batch = [skirt(6.0), skirt(9.0)]
    optimizer = torch.optim.Adam(head.parameters(), lr=0.05)
    values = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = head.loss(feats, batch)['loss_kpt']
        loss.backward()
        optimizer.step()
        values.append(loss.item())
    assert values[-1] < 0.7 * values[0]
    taught = head.final_layer.weight.grad.abs().sum((1, 2, 3)) > 0
    assert taught.sum() == 8
