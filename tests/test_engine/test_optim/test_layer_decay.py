"""Learning rates that fall with the depth of a block."""

import pytest
import timm
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

import fashion_mmpose.plugin  # noqa: F401
from fashion_mmpose.engine.optim.layer_decay import block_depths

VIT = dict(
    depth=2, embed_dim=8, num_heads=1, img_size=32, out_indices=(1,), reg_tokens=1
)


class Network(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone
        self.neck = nn.Conv2d(8, 4, 1, bias=False)
        self.head = nn.Conv2d(4, 4, 1)


def features(name, **kwargs):
    return timm.create_model(name, features_only=True, **kwargs)


def wrapper_of(network, **paramwise):
    return build_optim_wrapper(
        network,
        dict(
            optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.1),
            constructor='LayerDecayConstructor',
            paramwise_cfg=paramwise,
        ),
    )


def settings_of(network, wrapper):
    """Learning rate and weight decay of every parameter that is trained."""
    found = {}
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    for group in wrapper.optimizer.param_groups:
        for parameter in group['params']:
            name = names[id(parameter)]
            assert name not in found
            found[name] = (group['lr'], group['weight_decay'])
    return found


def test_rates_fall_with_the_depth():
    network = Network(features('vit_tiny_patch16_224', **VIT))
    network.backbone.model.blocks[0].norm1.bias.requires_grad = False
    found = settings_of(network, wrapper_of(network, layer_decay=0.5))
    rest = 'backbone.model.'
    assert found['head.weight'] == pytest.approx((1e-3, 0.1))
    assert found['neck.weight'] == pytest.approx((1e-3, 0.1))
    assert found['head.bias'] == pytest.approx((1e-3, 0))
    assert found[f'{rest}blocks.1.mlp.fc1.weight'] == pytest.approx((5e-4, 0.1))
    assert found[f'{rest}blocks.0.mlp.fc1.weight'] == pytest.approx((2.5e-4, 0.1))
    assert found[f'{rest}blocks.0.mlp.fc1.bias'] == pytest.approx((2.5e-4, 0))
    assert found[f'{rest}patch_embed.proj.weight'] == pytest.approx((1.25e-4, 0.1))
    for token in ('pos_embed', 'cls_token', 'reg_token'):
        assert found[f'{rest}{token}'] == pytest.approx((1.25e-4, 0)), token
    trained = {name for name, each in network.named_parameters() if each.requires_grad}
    assert set(found) == trained
    assert f'{rest}blocks.0.norm1.bias' not in found


def test_a_scheduler_moves_all_rates_alike():
    network = Network(features('vit_tiny_patch16_224', **VIT))
    wrapper = wrapper_of(network, layer_decay=0.5)
    before = [group['lr'] for group in wrapper.optimizer.param_groups]
    scheduler = torch.optim.lr_scheduler.ConstantLR(wrapper.optimizer, 0.1)
    after = [group['lr'] for group in wrapper.optimizer.param_groups]
    assert after == pytest.approx([0.1 * rate for rate in before])
    assert scheduler.last_epoch == 0


@pytest.mark.parametrize(
    'name, blocks, expected',
    [
        ('vit_small_patch14_dinov2', 12, {'model.patch_embed.proj.weight': 0}),
        ('vit_small_patch16_dinov3', 12, {'model.blocks.11.mlp.fc2.weight': 12}),
        # What changes the resolution learns with the block that follows.
        (
            'convnextv2_tiny',
            18,
            {'stem_0.weight': 0, 'stages_1.downsample.1.weight': 4},
        ),
        ('swinv2_tiny_window8_256', 12, {'layers_1.downsample.reduction.weight': 3}),
        ('tf_efficientnet_lite2', 21, {'conv_stem.weight': 0, 'bn1.weight': 0}),
        ('resnet18', 8, {'layer2.0.downsample.0.weight': 3, 'layer4.1.bn2.bias': 8}),
        ('hiera_tiny_224', 12, {'model.pos_embed': 0}),
        ('regnety_002', 13, {'stem.conv.weight': 0, 's1.b1.downsample.bn.weight': 1}),
    ],
)
def test_blocks_of_known_networks(name, blocks, expected):
    with torch.device('meta'):
        names = [each for each, _ in features(name).named_parameters()]
    depths = dict(zip(names, block_depths(names)))
    assert set(depths.values()) == set(range(blocks + 1))
    assert list(depths.values()) == sorted(depths.values())
    assert {each: depths[each] for each in expected} == expected


def test_blocks_of_mmposes_networks():
    names = [
        *('stem.0.weight', 'transition1.0.weight', 'stage2.0.branches.0.0.mlp.weight'),
        *('stage2.0.branches.1.0.mlp.weight', 'transition2.2.0.weight'),
        *('stage3.0.a.weight', 'stage3.1.a.weight', 'norm.weight'),
    ]
    assert block_depths(names) == [0, 0, 1, 1, 2, 2, 3, 3]


def test_settings_that_do_not_fit():
    network = Network(features('resnet18'))
    with pytest.raises(ValueError, match='above 0 and at most 1, got 1.5'):
        wrapper_of(network, layer_decay=1.5)
    with pytest.raises(ValueError, match='and nothing else, got .*num_layers'):
        wrapper_of(network, layer_decay=0.5, num_layers=12)
    with pytest.raises(ValueError, match=r'takes paramwise_cfg=dict\(layer_decay'):
        wrapper_of(network)
    with pytest.raises(ValueError, match='Conv2d has none; to fix it: leave'):
        wrapper_of(nn.Conv2d(3, 3, 1), layer_decay=0.5)
