"""The heatmap head into which further levels enter."""

from functools import partial

import pytest
import torch
from mmpose.registry import MODELS
from torch import nn

import fashion_mmpose.plugin  # noqa: F401
from fashion_mmpose.weights.read import load_what_fits, tensors_taken_over, widened

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


def widened_head():
    return build(lateral_channels=(5, 6, 7), frozen_channels=LATERALS)


def test_what_was_learnt_of_fewer_channels_goes_on():
    known, head = build(), widened_head()
    weights = {f'head.{key}': value for key, value in known.state_dict().items()}
    network = nn.ModuleDict(dict(head=head))
    more = widened(network, weights)
    left_out = load_what_fits(network, more, 'wide', 'narrow.pth')
    assert left_out == []
    assert tensors_taken_over(network, more) == f'head {len(weights)} of {len(weights)}'
    for own, before, number in zip(head.laterals, known.laterals, reversed(LATERALS)):
        assert torch.equal(own.weight[:, :number], before.weight)
        assert weights['head.laterals.0.weight'].shape[1] == LATERALS[-1]


def test_only_the_added_channels_learn():
    head = widened_head().train()
    before = {key: value.clone() for key, value in head.state_dict().items()}
    learning = [each for each in head.parameters() if each.requires_grad]
    optimizer = torch.optim.Adam(learning, lr=0.1)
    given = levels()
    more = [torch.ones(2, 3, *level.shape[2:]) for level in given[:3]]
    feats = (*map(partial(torch.cat, dim=1), zip(given[:3], more)), *given[3:])
    head(feats).square().mean().backward()
    optimizer.step()
    for key, value in head.state_dict().items():
        if key.startswith('laterals.') and key.endswith('weight'):
            known = LATERALS[::-1][int(key.split('.')[1])]
            assert (value[:, known:] != before[key][:, known:]).all()
            value, before[key] = value[:, :known], before[key][:, :known]
        assert torch.equal(value, before[key]), key


@pytest.mark.parametrize('frozen', [(2, 3), (2, 3, 4)])
def test_frozen_channels_that_leave_nothing_to_learn(frozen):
    with pytest.raises(ValueError, match='must be less than lateral_channels'):
        build(frozen_channels=frozen)
