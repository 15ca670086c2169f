"""Tests for fashion_mmpose.models.estimators.padded_flip."""

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from fashion_mmpose.datasets import ResizeInput
from fashion_mmpose.models.estimators.padded_flip import content_width, mirror_left

CODEC = dict(
    type='PointHeatmap',
    input_size=(32, 32),
    heatmap_size=(8, 8),
    sigma=1.0,
    decode_mode='argmax',
)


def sample(width, height, box=None):
    """A picture of that size, as it leaves the pipeline."""
    box = np.array([box or (0, 0, width, height)], np.float32)
    prepared = ResizeInput((32, 32)).transform(
        dict(
            img=np.zeros((height, width, 3), np.uint8),
            bbox=box,
            keypoints=np.zeros((1, 2, 2), np.float32),
        )
    )
    metainfo = {
        key: prepared[key] for key in ('input_size', 'input_center', 'input_scale')
    }
    result = PoseDataSample(
        metainfo=dict(metainfo, ori_shape=(height, width), flip_indices=[1, 0])
    )
    result.gt_instances = InstanceData(bboxes=box, bbox_scores=np.ones(1))
    return result


@pytest.mark.parametrize(
    'width, height, box, expected',
    [
        pytest.param(32, 32, None, 32, id='square'),
        pytest.param(64, 32, None, 32, id='wide'),
        pytest.param(20, 32, None, 20, id='high'),
        pytest.param(41, 64, None, 20, id='rounded-down'),
        pytest.param(64, 64, (10.5, 0, 25.5, 32), 16, id='box'),
        pytest.param(64, 64, (56, 0, 80, 32), 8, id='box-beyond-the-picture'),
    ],
)
def test_content_width(width, height, box, expected):
    assert content_width(sample(width, height, box)) == expected
    # What ResizeInput makes of a white picture is white that far.
    prepared = ResizeInput((32, 32)).transform(
        dict(
            img=np.full((height, width, 3), 255, np.uint8),
            bbox=np.array([box or (0, 0, width, height)], np.float32),
            keypoints=np.zeros((1, 2, 2), np.float32),
        )
    )
    assert (prepared['img'][0, :, 0] > 0).sum() == expected


def test_mirror_left():
    rows = torch.tensor([[1.0, 2, 3, 4], [5, 6, 7, 8]])[:, None, None]
    mirrored = mirror_left(rows, [3, 0])
    assert mirrored[:, 0, 0].tolist() == [[3, 2, 1, 4], [5, 6, 7, 8]]
    assert rows[0, 0, 0].tolist() == [1, 2, 3, 4]


@pytest.fixture
def build():
    """Estimators with the same weights; their trunk sees a cell at a time."""
    init_default_scope('mmpose')

    def build(kind, states=None, **test_cfg):
        torch.manual_seed(3)
        return MODELS.build(
            dict(
                type=kind,
                backbone=dict(
                    type='ResNet', depth=18, stem_channels=4, base_channels=4
                ),
                head=dict(
                    type='PointHeatmapHead',
                    in_channels=32,
                    out_channels=2,
                    deconv_out_channels=(8, 8, 8),
                    deconv_kernel_sizes=(4, 4, 4),
                    decoder=CODEC,
                    states=states,
                ),
                test_cfg=dict(output_heatmaps=True, **test_cfg),
            )
        ).eval()

    return build


def test_what_it_cannot_mirror(build):
    with pytest.raises(ValueError, match='model.test_cfg.shift_heatmap=False'):
        build('PaddedFlipEstimator', flip_test=True, shift_heatmap=True)
    head = dict(
        type='PointSimCCHead',
        in_channels=32,
        out_channels=2,
        decoder=dict(type='PointSimCC', input_size=(32, 32), sigma=2.0),
    )
    backbone = dict(type='ResNet', depth=18, stem_channels=4, base_channels=4)
    with pytest.raises(TypeError, match='not the profiles of PointSimCC'):
        MODELS.build(dict(type='PaddedFlipEstimator', backbone=backbone, head=head))


def heatmaps(model, inputs, samples):
    with torch.no_grad():
        results = model.predict(inputs, samples)
    return torch.stack([result.pred_fields.heatmaps for result in results])


def test_pictures_that_fill_the_width_are_mirrored_as_by_mmpose(build):
    inputs = torch.randn(2, 3, 32, 32)
    ours, theirs = (
        heatmaps(build(kind, flip_test=True), inputs, [sample(32, 32), sample(64, 32)])
        for kind in ('PaddedFlipEstimator', 'TopdownPoseEstimator')
    )
    assert torch.equal(ours, theirs)


def test_the_padding_stays_on_the_right(build):
    """By hand: the picture is mirrored, padded, and its map is mirrored back."""
    model = build('PaddedFlipEstimator', flip_test=True)
    inputs = torch.randn(2, 3, 32, 32)
    inputs[0, ..., 20:] = 0
    flipped = inputs.flip(-1)
    flipped[0] = 0
    flipped[0, ..., :20] = inputs[0, ..., :20].flip(-1)
    with torch.no_grad():
        plain, mirrored = model(inputs, None), model(flipped, None)
    unflipped = mirrored.flip(-1)
    unflipped[0] = 0
    unflipped[0, ..., :5] = mirrored[0, ..., :5].flip(-1)
    expected = (plain + unflipped[:, [1, 0]]) / 2
    actual = heatmaps(model, inputs, [sample(20, 32), sample(32, 32)])
    torch.testing.assert_close(actual, expected)
    # MMPose gives another map for the padded picture, and only for that.
    other = heatmaps(
        build('TopdownPoseEstimator', flip_test=True),
        inputs,
        [sample(20, 32), sample(32, 32)],
    )
    assert (other[0] - actual[0]).abs().max() > 1e-3 * actual.abs().max()
    torch.testing.assert_close(other[1], actual[1])


def test_without_flip_test(build):
    model = build('PaddedFlipEstimator', flip_test=False)
    inputs = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        expected = model(inputs, None)
    assert torch.equal(heatmaps(model, inputs, [sample(20, 32)]), expected)


def test_states_are_those_of_both_looks(build):
    """The mirrored picture, its padding on the right, tells them, too."""
    inputs = torch.randn(2, 3, 32, 32)
    inputs[0, ..., 20:] = 0
    samples = [sample(20, 32), sample(32, 32)]
    model = build('PaddedFlipEstimator', states=dict(), flip_test=True)
    model.head.states.layer.weight.data *= 100  # or all states are as likely
    with torch.no_grad():
        found = [each.pred_instances for each in model.predict(inputs, samples)]
        logits = [
            model.head.states(model.extract_feat(each))
            for each in (inputs, mirror_left(inputs, [20, 32]))
        ]
    expected = (logits[0].softmax(2) + logits[1].softmax(2)[:, [1, 0]]) / 2
    told = np.concatenate([each.keypoint_states for each in found])
    np.testing.assert_allclose(told, expected.numpy(), rtol=1e-6)
    assert np.abs(told - logits[0].softmax(2).numpy()).max() > 0.01
    assert found[0].keypoints_visible.tolist() == told[:1, :, 2].tolist()


@pytest.mark.parametrize('flip_test', [True, False])
def test_states_leave_the_points_as_they_are(build, flip_test):
    inputs = torch.randn(2, 3, 32, 32)
    samples = [sample(20, 32), sample(32, 32)]
    with_states = build('PaddedFlipEstimator', dict(), flip_test=flip_test)
    plain = build('PaddedFlipEstimator', flip_test=flip_test)
    plain.load_state_dict(with_states.state_dict(), strict=False)
    with torch.no_grad():
        ours, theirs = (
            [each.pred_instances for each in model.predict(inputs, samples)]
            for model in (with_states, plain)
        )
    for one, other in zip(ours, theirs):
        np.testing.assert_array_equal(one.keypoints, other.keypoints)
        np.testing.assert_array_equal(one.keypoint_scores, other.keypoint_scores)
        assert 'keypoint_states' in one and 'keypoint_states' not in other
