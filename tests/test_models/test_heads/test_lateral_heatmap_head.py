"""The heatmap head into which further levels enter."""

import pytest
import torch
from mmpose.registry import MODELS
from torch import nn

import fashion_mmpose.plugin  # noqa: F401

SETTINGS = dict(
    in_channels=6,
    out_channels=24,
    deconv_out_channels=(5, 7),
    deconv_kernel_sizes=(4, 4),
    decoder=dict(
        type='PointHeatmap', input_size=(48, 64), heatmap_size=(12, 16), sigma=1.0
    ),
)
LATERALS = (2, 3, 4)  # at strides 4, 8 and 16


def build(**kwargs):
    torch.manual_seed(0)
    settings = dict(type='LateralHeatmapHead', lateral_channels=LATERALS, **SETTINGS)
    head = MODELS.build({**settings, **kwargs})
    for module in head.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, std=0.2)
    return head.eval()


def levels():
    generator = torch.Generator().manual_seed(1)
    sizes = [(2, 16, 12), (3, 8, 6), (4, 4, 3), (9, 8, 6), (6, 4, 3)]
    return tuple(torch.randn(2, *size, generator=generator) for size in sizes)


def test_a_plain_head_loads_and_is_the_same_without_laterals():
    head = build()
    plain = MODELS.build(dict(type='PointHeatmapHead', **SETTINGS)).eval()
    plain.load_state_dict(
        {k: v for k, v in head.state_dict().items() if not k.startswith('laterals.')}
    )
    missing, unexpected = head.load_state_dict(plain.state_dict(), strict=False)
    assert not unexpected and all(name.startswith('laterals.') for name in missing)
    feats = levels()
    assert not torch.allclose(head(feats), plain(feats))
    for lateral in head.laterals:
        nn.init.zeros_(lateral.weight)
        nn.init.zeros_(lateral.bias)
    torch.testing.assert_close(head(feats), plain(feats))


def test_every_level_enters_where_its_stride_is():
    head = build()
    feats = levels()
    x = feats[-1] + head.laterals[0](feats[2])
    x = head.deconv_layers[:3](x) + head.laterals[1](feats[1])
    x = head.deconv_layers[3:](x) + head.laterals[2](feats[0])
    expected = head.final_layer(x.relu())
    assert expected.shape == (2, 24, 16, 12)
    torch.testing.assert_close(head(feats), expected)
    (stage,) = head.stage_heatmaps(feats)
    rows = torch.tensor([0, 3, 24, 47])
    torch.testing.assert_close(stage.maps(rows), expected.flatten(0, 1)[rows])
    # The level that is neither further nor the last one is not read.
    changed = (*feats[:3], torch.zeros_like(feats[3]), feats[4])
    assert torch.equal(head(changed), head(feats))


def test_shared_places_and_gradients():
    head = build(out_channels=294, share_places=True).train()
    maps = head(levels())
    assert maps.shape == (2, 294, 16, 12)
    maps.square().mean().backward()
    assert all(each.grad is not None for each in head.parameters())


def test_levels_that_do_not_fit():
    with pytest.raises(ValueError, match=r'\(2, 3\) must have one entry more than th'):
        build(lateral_channels=(2, 3))


def test_an_input_whose_sides_are_no_multiples_of_the_stride():
    feats = levels()
    odd = (feats[0][..., :15, :], *feats[1:])
    with pytest.raises(ValueError, match='level of 12x15 cells .* map of 12x16; .* 32'):
        build()(odd)
