"""A network of timm with a second backbone beside it."""

import pytest
import torch
from mmpose.registry import MODELS

import fashion_mmpose.plugin  # noqa: F401

TIMM = dict(model_name='tf_efficientnet_lite0', out_indices=(1, 4))


def build(**kwargs):
    torch.manual_seed(0)
    joints = dict(type='MoveNetFeatures')
    return MODELS.build(
        dict(type='FeaturesWithJoints', joints=joints, **TIMM, **kwargs)
    )


def test_levels_of_both_one_after_the_other():
    network = build().eval()
    x = torch.rand(2, 3, 64, 96)
    levels = network(x)
    assert len(levels) == 6
    for level, channels, stride in zip(levels, network.channels, network.strides):
        assert level.shape == (2, channels, 64 // stride, 96 // stride)
    for level, own in zip(levels[:4], network.joints(x)):
        assert torch.equal(level, own)
    plain = MODELS.build(dict(type='TimmFeatures', **TIMM)).eval()
    missing, unexpected = plain.load_state_dict(network.state_dict(), strict=False)
    assert not missing and all(name.startswith('joints.') for name in unexpected)
    for level, own in zip(levels[4:], plain(x)):
        assert torch.equal(level, own)


def test_some_pictures_of_a_training_lack_the_features_of_timm():
    network = build(drop=0.5, norm_eval=True)
    x = torch.rand(1, 3, 32, 32).expand(16, 3, 32, 32)
    *further, fine, coarse = network.train()(x)
    lacking = coarse.flatten(1).abs().sum(1) == 0
    assert 0 < lacking.sum() < 16
    assert torch.equal(lacking, fine.flatten(1).abs().sum(1) == 0)
    assert all((level.flatten(1).abs().sum(1) > 0).all() for level in further)
    assert (network.eval()(x)[-1].flatten(1).abs().sum(1) > 0).all()


@pytest.mark.parametrize('drop', [-0.1, 1, 1.5])
def test_what_is_no_probability(drop):
    with pytest.raises(ValueError, match=r'drop is a probability in \[0, 1\), got'):
        build(drop=drop)


def test_a_frozen_network_beside_joints_learns_nothing():
    network = build(frozen_levels=5).train()
    assert not any(each.requires_grad for each in network.parameters())
    assert not any(level.requires_grad for level in network(torch.rand(1, 3, 32, 32)))
