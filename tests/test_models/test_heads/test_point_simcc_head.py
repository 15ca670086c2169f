"""RTMPose's head over points."""

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmpose.codecs import SimCCLabel
from mmpose.models import RTMCCHead
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from fashion_mmpose import garments
from fashion_mmpose.models import LabelledMSELoss, PointSimCCHead

SIZE = (64, 64)
GAU = dict(
    hidden_dims=16,
    s=8,
    expansion_factor=2,
    dropout_rate=0.0,
    drop_path=0.0,
    act_fn='SiLU',
    use_rel_bias=False,
    pos_enc=False,
)
SHARED = dict(final_layer_kernel_size=7, gau_cfg=GAU)
CODEC = dict(
    type='PointSimCC',
    input_size=SIZE,
    sigma=(4.9, 5.66),
    unbiased=False,
    convention='msra',
)


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpose')
    torch.manual_seed(0)


def own_head(out_channels=6, **kwargs):
    settings = dict(type='PointSimCCHead', in_channels=8, decoder=CODEC, **SHARED)
    return MODELS.build(dict(settings, out_channels=out_channels, **kwargs))


def their_head(out_channels=6):
    return RTMCCHead(
        8,
        out_channels,
        input_size=SIZE,
        in_featuremap_size=(2, 2),
        loss=dict(
            type='KLDiscretLoss', use_target_weight=True, beta=10.0, label_softmax=True
        ),
        decoder=dict(type='SimCCLabel', input_size=SIZE, normalize=False),
        **SHARED,
    )


@pytest.fixture
def both():
    """Both heads with the same weights, which say something."""
    own, theirs = own_head().eval(), their_head().eval()
    with torch.no_grad():
        for each in theirs.parameters():
            each.normal_(0, 0.5)
    own.load_state_dict(theirs.state_dict())  # strict: the names are the same
    return own, theirs


def features():
    return (torch.randn(2, 8, 2, 2),)


def samples(points, codec, **metainfo):
    made = []
    for one in points:
        encoded = codec.encode(one[None])
        labels = {key: torch.from_numpy(np.array(v)) for key, v in encoded.items()}
        sample = PoseDataSample(metainfo=metainfo)
        sample.gt_instance_labels = InstanceData(**labels)
        made.append(sample)
    return made


def test_the_loss_is_a_share_of_mmposes(both):
    own, theirs = both
    points = np.random.default_rng(0).uniform(2, 60, (2, 6, 2)).astype(np.float32)
    feats = features()
    mmpose_codec = SimCCLabel(SIZE, sigma=(4.9, 5.66), normalize=False)
    expected = theirs.loss(feats, samples(points, mmpose_codec))
    found = own.loss(feats, samples(points, own.decoder))
    torch.testing.assert_close(2 * found['loss_kpt'], expected['loss_kpt'])
    assert found['acc_pose'] == pytest.approx(float(expected['acc_pose']), abs=0.05)


@pytest.mark.parametrize('flip', [False, True])
def test_it_finds_what_mmposes_finds(both, flip):
    own, theirs = both
    feats = [features(), features()] if flip else features()
    metainfo = dict(flip_indices=[1, 0, 2, 3, 5, 4])
    test_cfg = dict(flip_test=flip)
    batch = [PoseDataSample(metainfo=metainfo) for _ in range(2)]
    with torch.no_grad():
        expected = theirs.predict(feats, batch, test_cfg)
        found = own.predict(feats, batch, test_cfg)
    for one, other in zip(found, expected):
        seen = other.keypoint_scores[0] > 0
        assert seen.any()
        np.testing.assert_allclose(
            one.keypoints[0][seen], other.keypoints[0][seen], atol=1e-4
        )
        np.testing.assert_allclose(
            one.keypoint_scores, other.keypoint_scores.clip(0, 1), atol=1e-5
        )


def test_only_a_categorys_own_points_are_trained_and_decoded():
    num_keypoints = len(garments.keypoints('deepfashion2'))
    head = own_head(num_keypoints, share_places=True)
    assert head.final_layer.out_channels == 81
    skirt = garments.garment('deepfashion2', 'skirt')
    points = np.full((2, num_keypoints, 2), 30, np.float32)
    batch = samples(points, head.decoder, own_channels=list(skirt.channels))
    for sample in batch:
        weights = torch.zeros(1, num_keypoints)
        weights[0, list(skirt.channels)] = 1
        sample.gt_instance_labels.keypoint_weights = weights
    loss = head.loss(features(), batch)['loss_kpt']
    loss.backward()
    trained = (head.final_layer.weight.grad.abs().sum((1, 2, 3)) > 0).sum()
    assert loss > 0 and trained >= len(skirt.channels)
    with torch.no_grad():
        (found, _), fields = head.predict(
            features(), batch, dict(output_heatmaps=True, output_covariances=True)
        )
    own = np.zeros(num_keypoints, bool)
    own[list(skirt.channels)] = True
    assert (found.keypoints[0][~own] == 32).all()
    assert (found.keypoint_scores[0][~own] == 0).all()
    assert np.isfinite(found.keypoint_covariances[0][own]).all()
    assert fields[0].heatmaps.shape == (num_keypoints, 16, 16)
    assert (fields[0].heatmaps[torch.from_numpy(~own)] == 0).all()


def test_settings_that_do_not_fit():
    with pytest.raises(TypeError, match='needs decoder=dict.type="PointSimCC"'):
        own_head(
            decoder=dict(CODEC, type='PointHeatmap', heatmap_size=(16, 16), sigma=2)
        )
    with pytest.raises(ValueError, match='must be a multiple of stride 24'):
        own_head(stride=24)
    with pytest.raises(ValueError, match='share_places is for the 294 landmarks'):
        own_head(share_places=True)


def test_losses_of_the_wrong_kind():
    head = own_head()
    points = np.full((2, 6, 2), 30, np.float32)
    batch = samples(points, head.decoder)
    head.loss_module = LabelledMSELoss()  # any loss on maps will do
    assert head.loss(features(), batch)['loss_kpt'] > 0
    heatmaps = MODELS.build(
        dict(
            type='PointHeatmapHead',
            in_channels=8,
            out_channels=6,
            deconv_out_channels=None,
            loss=dict(type='ProfileKLLoss'),
            decoder=dict(
                type='PointHeatmap', input_size=SIZE, heatmap_size=(2, 2), sigma=2
            ),
        )
    )
    with pytest.raises(TypeError, match='ProfileKLLoss is for profiles; to fix it'):
        heatmaps.loss(features(), samples(points, heatmaps.decoder))
    assert isinstance(head, PointSimCCHead)
