"""Losses on labelled channels: hand-computed numbers, and the published formula."""

import pytest
import torch

from fashion_mmpose.codecs import PointHeatmap
from fashion_mmpose.models import LabelledMSELoss, VisibilityL1Loss
from fashion_mmpose.models.losses import HeatmapTargets, PointTargets


def make_targets(weights, size=16, amplitude=100.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    weights = torch.tensor(weights, dtype=torch.float32)
    points = torch.rand(*weights.shape, 2, generator=generator) * size
    codec = PointHeatmap((4 * size,) * 2, (size,) * 2, 2.0, amplitude=amplitude)
    return PointTargets(codec, points, weights), points


def published_l1(target, heatmaps, labelled, share):
    """The CPN system's loss in dense form; target (B, K, H, W), labelled (B, K)."""
    difference = (target - heatmaps.clamp(min=0)).abs()
    mask = labelled[:, :, None, None].expand_as(target)
    positive = (target > target.max() / 10) & mask
    negative = (target <= target.max() / 10) & mask
    per_keypoint = 0
    for pixels in (positive, negative):
        sums = (difference * pixels).sum((0, 2, 3))
        per_keypoint = per_keypoint + 0.5 * sums / (pixels.sum((0, 2, 3)) + 1e-4)
    return per_keypoint.topk(int(len(per_keypoint) * share)).values.mean()


@pytest.mark.parametrize('share', [1.0, 0.5])
def test_visibility_l1_equals_the_published_loss(share):
    targets, _ = make_targets([[1, 1, 0, 1, 1], [1, 0, 1, 1, 1], [0, 1, 1, 1, 1]])
    heatmaps = torch.randn(3, 5, 16, 16) * 30
    expected = published_l1(targets.dense(), heatmaps, targets.weights > 0, share)
    loss = VisibilityL1Loss(hard_fraction=share)(heatmaps, targets)
    torch.testing.assert_close(loss, expected)


@pytest.mark.parametrize('loss', [LabelledMSELoss(), VisibilityL1Loss()])
def test_maps_of_another_size_are_refused(loss):
    targets, _ = make_targets([[1, 1, 0]])
    with pytest.raises(ValueError, match=r'are 12x8 .*codec 16x16; .*=\(12, 8\)'):
        loss(torch.randn(1, 3, 8, 12), targets)


def test_visibility_l1_by_hand():
    """One point on a cell of a 2x2 map: one positive pixel, three others."""
    codec = PointHeatmap((8, 8), (2, 2), sigma=0.4, amplitude=100.0)
    targets = PointTargets(codec, torch.tensor([[[0.0, 0.0]]]), torch.ones(1, 1))
    near, far = targets.maps[0, 0, 1].item(), targets.maps[0, 1, 1].item()
    assert near == pytest.approx(100 * 2.718281828 ** (-1 / 0.32)) and near < 10
    heatmaps = torch.tensor([[[[60.0, -5.0], [20.0, 0.0]]]])
    # |100 - 60|; |near - 0|, |near - 20|, |far - 0|
    expected = 0.5 * 40 / 1.0001 + 0.5 * (near + (20 - near) + far) / 3.0001
    assert VisibilityL1Loss()(heatmaps, targets).item() == pytest.approx(expected)


def test_visibility_l1_leaves_out_unlabelled_channels():
    """A channel without a label in the batch is no key point that could be hard."""
    targets, points = make_targets([[1, 0, 1, 0], [1, 0, 1, 0]])
    narrow = PointTargets(targets.codec, points[:, ::2], targets.weights[:, ::2])
    heatmaps = torch.randn(2, 4, 16, 16) * 30
    for share in (1.0, 0.5):
        loss = VisibilityL1Loss(hard_fraction=share)
        torch.testing.assert_close(
            loss(heatmaps, targets), loss(heatmaps[:, ::2], narrow)
        )


def test_labelled_mse_by_hand():
    targets, _ = make_targets([[1, 1], [1, 0]], amplitude=1.0)
    heatmaps = targets.dense()
    heatmaps[0, 0] += 1.0  # error 1 on one of two labelled maps
    heatmaps[1, 0] += 2.0  # error 4 on the only labelled map
    heatmaps[1, 1] += 100.0  # not labelled
    loss = LabelledMSELoss(loss_weight=10.0)(heatmaps, targets)
    assert loss.item() == pytest.approx(10 * (0.5 + 4) / 2, rel=1e-5)


def test_labelled_mse_skips_samples_without_label():
    targets, _ = make_targets([[1, 1], [0, 0]], amplitude=1.0)
    heatmaps = targets.dense() + 3.0
    assert LabelledMSELoss()(heatmaps, targets).item() == pytest.approx(9, rel=1e-5)


@pytest.mark.parametrize('loss', [VisibilityL1Loss(), LabelledMSELoss()])
def test_nothing_labelled_is_zero_with_a_gradient(loss):
    targets, _ = make_targets([[0, 0]])
    heatmaps = torch.randn(1, 2, 16, 16, requires_grad=True)
    value = loss(heatmaps, targets)
    value.backward()
    assert value.item() == 0
    assert torch.equal(heatmaps.grad, torch.zeros_like(heatmaps))


@pytest.mark.parametrize('loss', [VisibilityL1Loss(0.5), LabelledMSELoss()])
def test_gradient_stays_in_labelled_channels(loss):
    targets, _ = make_targets([[1, 0, 1], [0, 0, 1]])
    heatmaps = torch.rand(2, 3, 16, 16, requires_grad=True)
    loss(heatmaps, targets).backward()
    touched = heatmaps.grad.abs().sum((2, 3)) > 0
    assert heatmaps.grad.isfinite().all()
    assert not (touched & (targets.weights == 0)).any()
    assert touched.any()


def test_targets_are_those_of_the_points():
    targets, points = make_targets([[1, 0], [1, 1]])
    dense = targets.dense()
    assert dense.shape == (2, 2, 16, 16)
    assert dense[0, 1].abs().max() == 0
    torch.testing.assert_close(dense[1, 1], targets.codec.render(points[1, 1:])[0])
    assert targets.samples.tolist() == [0, 1, 1]
    assert targets.channels.tolist() == [0, 0, 1]


def test_background_by_hand():
    """What the labelled points leave of the amplitude; a missing one takes nothing."""
    codec = PointHeatmap((12, 8), (3, 2), sigma=0.5, amplitude=10.0)
    points = torch.tensor([[[0.0, 0], [2, 1]], [[0, 0], [0, 0]], [[1, 1], [1, 1]]])
    weights = torch.tensor([[1.0, 0], [0, 0], [1, 1]])
    targets = PointTargets(codec, points, weights).with_background()
    assert targets.weights.tolist() == [[1, 0, 1], [0, 0, 0], [1, 1, 1]]
    assert targets.rows.tolist() == [0, 2, 6, 7, 8]
    assert targets.samples.tolist() == [0, 0, 2, 2, 2]
    assert targets.channels.tolist() == [0, 2, 0, 1, 2]
    near, far = 10 * 2.718281828**-2, 10 * 2.718281828**-8  # one and two cells away
    diagonal = 10 * 2.718281828**-4
    first = torch.tensor([[10, near, far], [near, diagonal, near**5 / 1e4]])
    torch.testing.assert_close(targets.maps[0], first, atol=1e-5, rtol=0)
    torch.testing.assert_close(targets.maps[1], 10 - first, atol=1e-5, rtol=0)
    # Two points on one cell: the background falls to minus the amplitude there.
    torch.testing.assert_close(targets.maps[2], targets.maps[3])
    assert targets.maps[4, 1, 1] == -10
    assert targets.maps[4, 0, 1].item() == pytest.approx(10 - 2 * near)


@pytest.mark.parametrize('amplitude', [1.0, 100.0])
def test_labelled_maps_and_background_add_up(amplitude):
    weights = [[1, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 1], [1, 1, 1, 1]]
    targets, _ = make_targets(weights, amplitude=amplitude)
    dense = targets.with_background().dense()
    assert dense.shape == (4, 5, 16, 16)
    torch.testing.assert_close(dense[:, :4], targets.dense())
    total = dense.sum(1)
    for sample, labelled in enumerate([True, False, True, True]):
        expected = torch.full((16, 16), amplitude * labelled)
        torch.testing.assert_close(total[sample], expected, atol=1e-5, rtol=1e-5)


def test_background_where_nothing_is_labelled():
    targets, _ = make_targets([[0, 0], [0, 0]])
    targets = targets.with_background()
    assert targets.maps.shape == (0, 16, 16) and len(targets.rows) == 0
    assert targets.weights.shape == (2, 3) and targets.weights.sum() == 0
    heatmaps = torch.rand(2, 3, 16, 16, requires_grad=True)
    value = LabelledMSELoss()(heatmaps, targets)
    value.backward()
    assert value.item() == 0 and (heatmaps.grad == 0).all()


def test_weights_other_than_one_label_the_background():
    """A weight is a label; the background's own is 1."""
    targets, _ = make_targets([[0.25, 0], [0, 0]])
    assert targets.with_background().weights.tolist() == [[0.25, 0, 1], [0, 0, 0]]


def test_maps_are_targets_too():
    """Maps in the order of the weights, without points."""
    maps = torch.stack([torch.full((2, 3), value) for value in (1.0, 2.0, 3.0)])
    targets = HeatmapTargets(maps, torch.tensor([[0.0, 1], [1, 1]]))
    assert targets.dense()[:, :, 0, 0].tolist() == [[0, 1], [2, 3]]
    heatmaps = torch.zeros(2, 2, 2, 3)
    assert targets.select(heatmaps + 7).tolist() == torch.full((3, 2, 3), 7).tolist()
    # Errors 1; 4 and 9: the mean over a sample's maps, then over the samples.
    assert LabelledMSELoss()(heatmaps, targets).item() == (1 + (4 + 9) / 2) / 2


def test_hard_fraction_is_checked():
    with pytest.raises(ValueError, match=r'must be in \(0, 1\], got 0'):
        VisibilityL1Loss(hard_fraction=0)
