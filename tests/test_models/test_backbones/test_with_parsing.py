"""Features beside which people are parsed."""

import pytest
import torch
from mmengine.runner import load_state_dict
from mmpose.registry import MODELS
from torch.nn import functional

import fashion_mmpose.plugin  # noqa: F401

pytestmark = pytest.mark.slow

CODEC = dict(type='PointHeatmap', input_size=(64, 64), heatmap_size=(16, 16), sigma=2.0)
TIMM = dict(model_name='tf_efficientnet_lite0', out_indices=(1, 4))


def build(kind='FeaturesWithParsing', **kwargs):
    torch.manual_seed(0)
    further = dict(parsing=dict(type='SelfieParsing'), parsing_width=8)
    if kind != 'FeaturesWithParsing':
        further = {}
    joints = dict(type='MoveNetFeatures')
    return MODELS.build(dict(type=kind, joints=joints, **TIMM, **further, **kwargs))


@pytest.fixture(scope='module')
def network():
    return build().eval()


def test_levels_of_joints_and_parsing_come_first(network):
    x = torch.rand(2, 3, 64, 128) * 2 - 1
    levels = network(x)
    assert network.channels == (145, 32, 48, 352, 24, 320)
    assert network.strides == (4, 8, 16, 32, 4, 32)
    for level, channels, stride in zip(levels, network.channels, network.strides):
        assert level.shape == (2, channels, 64 // stride, 128 // stride)
    before = build('FeaturesWithJoints').eval()
    before.load_state_dict(network.state_dict(), strict=False)
    for level, own in zip(levels, before(x)):
        assert torch.equal(level[:, : own.shape[1]], own)


@pytest.fixture
def given(network, monkeypatch):
    """The pictures that the parser is given; it finds something else every time."""
    pictures = []

    def parse(x):
        pictures.append(x)
        return torch.rand(len(x), 6, *x.shape[2:])

    monkeypatch.setattr(network.parsing, 'forward', parse)
    return pictures


def test_photographs_are_parsed(network, given):
    x = torch.randint(0, 256, (1, 3, 64, 64)).float()
    first, second = network((x - 127) / 128), network((x - 127) / 128)
    torch.testing.assert_close(given[0] * 255, x, rtol=0, atol=1e-3)
    assert not torch.equal(first[0][:, 137:], second[0][:, 137:])
    assert torch.equal(first[0][:, :137], second[0][:, :137])


def test_classes_of_drawings_take_the_place_of_the_parser(network, monkeypatch):
    monkeypatch.setattr(network.parsing, 'forward', None)
    colours = torch.rand(1, 3, 64, 64)
    dressed = torch.full((1, 1, 64, 64), 4.0)
    torch.manual_seed(1)
    levels = network(torch.cat([colours, dressed], dim=1))
    torch.manual_seed(1)
    bare = network(torch.cat([colours, dressed / 2], dim=1))
    for level, other, known in zip(levels, bare, (137, 24, 32, 320)):
        assert torch.equal(level[:, :known], other[:, :known])
        assert (level[:, known:] - other[:, known:]).abs().max() > 0.01


def test_levels_without_parsing(network, given):
    """Zeros, as where a training leaves the maps out."""
    x = torch.rand(2, 3, 64, 64) * 2 - 1
    levels, parsed = network.unparsed(x), network(x)
    assert len(given) == 1
    assert len(levels) == len(parsed) == 6
    known_channels = (137, 24, 32, 320, 24, 320)
    for level, other, known in zip(levels, parsed, known_channels):
        assert level.shape == other.shape
        assert torch.equal(level[:, :known], other[:, :known])
        assert not level[:, known:].any()


def test_what_learns(network):
    learning = {
        name.split('.')[0]
        for name, each in network.named_parameters()
        if each.requires_grad
    }
    assert learning == {'features', 'of_parsing'}


def test_some_pictures_of_a_training_lack_the_maps():
    network = build(parsing_drop=0.5, norm_eval=True)
    x = torch.cat([torch.rand(1, 3, 64, 64), torch.full((1, 1, 64, 64), 4.0)], dim=1)
    x = x.expand(16, 4, 64, 64)
    levels = network.train()(x)
    lacking = [
        level[:, known:].flatten(1).abs().sum(1) == 0
        for level, known in zip(levels, (137, 24, 32, 320))
    ]
    assert 0 < lacking[0].sum() < 16
    assert all(torch.equal(each, lacking[0]) for each in lacking)
    assert all((level.flatten(1).abs().sum(1) > 0).all() for level in levels)
    assert (network.eval()(x)[0][:, 137:].flatten(1).abs().sum(1) > 0).all()


@pytest.mark.parametrize('drop', [-0.1, 1])
def test_what_is_no_probability(drop):
    with pytest.raises(ValueError, match=r'parsing_drop is a probability in \[0, 1\)'):
        build(parsing_drop=drop)


def test_a_head_that_knows_joints_goes_on_from_what_it_is():
    def head(*lateral_channels):
        return MODELS.build(
            dict(
                type='LateralHeatmapHead',
                in_channels=8,
                out_channels=5,
                deconv_out_channels=(6, 6),
                deconv_kernel_sizes=(4, 4),
                lateral_channels=lateral_channels,
                decoder=CODEC,
            )
        ).eval()

    torch.manual_seed(0)
    before, after = head(4, 3, 2), head(6, 5, 4)
    after.init_weights()
    for lateral in before.laterals:
        torch.nn.init.normal_(lateral.weight)
    own = [lateral.weight.detach().clone() for lateral in after.laterals]
    stored = before.state_dict()
    load_state_dict(after, dict(stored), strict=True)
    for lateral, began, knew in zip(after.laterals, own, before.laterals):
        known = knew.weight.shape[1]
        assert torch.equal(lateral.weight[:, :known], knew.weight)
        assert torch.equal(lateral.weight[:, known:], began[:, known:])
        assert 0 < lateral.weight[:, known:].abs().max() < 0.01
    assert stored['laterals.0.weight'].shape == (8, 2, 1, 1)  # as it was given

    levels = [torch.rand(1, 4, 16, 16), torch.rand(1, 3, 8, 8), torch.rand(1, 2, 4, 4)]
    last = torch.rand(1, 8, 4, 4)
    more = [functional.pad(level, (0, 0, 0, 0, 0, 2)) for level in levels]
    torch.testing.assert_close(after((*more, last)), before((*levels, last)))
    with pytest.raises(RuntimeError, match='size mismatch for laterals'):
        load_state_dict(before, after.state_dict(), strict=True)


def test_a_flip_test_parses_once(network, given, monkeypatch):
    x = torch.rand(2, 3, 64, 64) * 2 - 1
    parsed = network.parsed(x)
    assert len(given) == 1 and torch.equal(parsed[:, :3], x)
    levels = network(parsed)
    mirrored = network(parsed.flip(-1))
    assert len(given) == 1
    maps = functional.avg_pool2d(parsed[:, 3:], 2)
    seen = []
    monkeypatch.setattr(network, '_maps', lambda _: seen.append(1) or maps)
    for level, other in zip(levels, network(x)):
        torch.testing.assert_close(level, other)
    assert seen == [1]
    monkeypatch.setattr(network, '_maps', lambda _: maps.flip(-1))
    for level, other in zip(mirrored, network(x.flip(-1))):
        torch.testing.assert_close(level, other)


def test_pictures_of_other_sizes_are_enlarged_for_the_parser(network, monkeypatch):
    given = []

    def parse(pictures):
        given.append(tuple(pictures.shape))
        return pictures.repeat(1, 2, 1, 1)

    monkeypatch.setattr(network.parsing, 'forward', parse)
    slope = torch.linspace(-1, 1, 96).expand(1, 3, 160, 96)
    parsed = network.parsed(slope)
    assert given == [(1, 3, 192, 128)] and parsed.shape == (1, 9, 160, 96)
    # Where they are is where the pictures are.
    maps = parsed[:, 3:6] * 255 / 128 - 127 / 128
    torch.testing.assert_close(maps, slope, atol=0.03, rtol=0)
    assert network(parsed)[0].shape == (1, 145, 40, 24)
