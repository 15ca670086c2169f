"""Converted weights give the heatmaps of the network that they were made for."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import load_checkpoint
from mmpose.registry import MODELS
from source_networks import (
    SourceHRNet,
    cpm_heatmaps,
    cpm_variables,
    randomize,
    resnet_cpn,
    senet_cpn,
)
from tensorflow_bundle import write_bundle

from fashion_mmpose.config.loading import find_config
from fashion_mmpose.weights import KINDS, account, convert_checkpoint
from fashion_mmpose.weights.conversion.convert import network_tensors
from fashion_mmpose.weights.conversion.cpm_tf import to_torch

NARROW_FEATURES = (4, 4, None, 8, 8, None, *[16] * 4, None, *[32] * 6, 8)


def loaded(config, **model):
    """A config of the package with some of its network replaced."""
    cfg = Config.fromfile(find_config(config))
    cfg.merge_from_dict(dict(model=model))
    return cfg


def narrow_resnet():
    model = dict(
        backbone=dict(depth=50, stem_channels=16, base_channels=16),
        head=dict(in_channels=(64, 128, 256, 512), channels=64),
    )
    source = resnet_cpn(depths=(3, 4, 6, 3), width=16, channels=64)
    return source, loaded('cpn_r152_fashionai_blouse_gathierry', **model)


def short_senet():
    model = dict(backbone=dict(layers=(1, 1, 1, 1)), head=dict(channels=16))
    source = senet_cpn(depths=(1, 1, 1, 1), channels=16)
    return source, loaded('cpn_senet154_fashionai_blouse_gathierry', **model)


def narrow_hrnet():
    cfg = hrnet_w48()
    extra = cfg.model.backbone.extra
    for stage, modules in zip((2, 3, 4), (1, 2, 2)):
        extra[f'stage{stage}'].update(
            num_modules=modules,
            num_blocks=(1,) * stage,
            num_channels=(8, 16, 24, 32)[:stage],
        )
    cfg.model.head.in_channels = 8
    source = SourceHRNet(widths=(8, 16, 24, 32), num_modules=(1, 2, 2), num_blocks=1)
    return source, cfg


def hrnet_w48():
    return Config.fromfile(find_config('hrnet_w48_deepfashion2_384x288_svip'))


def converted(kind, source, tmp_path, cfg):
    """The config's network with the converted weights."""
    convert_checkpoint(kind, str(source), str(tmp_path / 'out.pth'), cfg)
    init_default_scope('mmpose')
    model = MODELS.build(cfg.model).eval()
    load_checkpoint(model, str(tmp_path / 'out.pth'), 'cpu', strict=True)
    return model


def assert_close(ours, theirs):
    """To 1e-4 of the range, channel by channel, of maps that do say something."""
    assert ours.shape == theirs.shape
    extent = theirs.amax((0, 2, 3)) - theirs.amin((0, 2, 3))
    assert (extent > 0.1).all()
    difference = (ours - theirs).abs().amax((0, 2, 3))
    assert (difference / extent).max() <= 1e-4


@pytest.mark.slow
@pytest.mark.parametrize(
    'kind, make',
    [
        pytest.param('cpn', narrow_resnet, id='cpn-resnet'),
        pytest.param('cpn', short_senet, id='cpn-senet'),
        pytest.param('hrnet', narrow_hrnet, id='hrnet'),
    ],
)
@torch.no_grad()
def test_pytorch_networks(kind, make, tmp_path):
    torch.manual_seed(0)
    source, cfg = make()
    randomize(source)
    torch.save(source.state_dict(), tmp_path / 'source.pth')
    model = converted(kind, tmp_path / 'source.pth', tmp_path, cfg)
    pictures = torch.randn(1, 3, 64, 96)
    theirs, ours = source(pictures), model(pictures, None)
    if torch.is_tensor(theirs):
        theirs, ours = [theirs], [ours]
    assert len(ours) == len(theirs)
    for our_maps, their_maps in zip(ours, theirs):
        assert_close(our_maps, their_maps)


@pytest.mark.slow
@pytest.mark.parametrize('scope', ['', 'cpm/'], ids=['plain', 'in-a-scope'])
@torch.no_grad()
def test_tensorflow_network(scope, tmp_path):
    torch.manual_seed(0)
    sizes = dict(features=NARROW_FEATURES, stages=3)
    variables = cpm_variables(stem=16, channels=8, **sizes)
    stored = {f'{scope}{name}': value for name, value in variables.items()}
    stored |= {
        f'OptimizeLoss/{scope}{name}/Adam': value for name, value in variables.items()
    }
    step = torch.tensor(1000).numpy()
    write_bundle(tmp_path / 'cpm', stored | {'global_step': step})
    cfg = loaded(
        'cpm_fashionai_blouse_nhy0',
        backbone=dict(base_channels=4, out_channels=8),
        head=dict(in_channels=8, stem_channels=16, channels=8, num_stages=3),
    )
    model = converted('cpm-tf', tmp_path / 'cpm', tmp_path, cfg)
    pictures = torch.randn(2, 3, 64, 96)
    ours, theirs = model(pictures, None), cpm_heatmaps(variables, pictures, **sizes)
    assert len(ours) == len(theirs) == 3
    for our_maps, their_maps in zip(ours, theirs):
        assert our_maps.shape[1] == 14  # the background is the last
        assert_close(our_maps, their_maps)


def published_cpm():
    return {name: to_torch(value) for name, value in cpm_variables().items()}


def published(make):
    with torch.device('meta'):
        return make().state_dict()


@pytest.mark.slow
@pytest.mark.parametrize(
    'kind, given, cfg, millions',
    [
        pytest.param(
            'cpn',
            lambda: published(resnet_cpn),
            lambda: loaded('cpn_r152_fashionai_blouse_gathierry'),
            # torchvision's ResNet-152 without its classifier, and the head.
            60.193 - 2.049 + 25.082,
            id='cpn-r152',
        ),
        pytest.param(
            'cpn',
            lambda: published(senet_cpn),
            lambda: loaded('cpn_senet154_fashionai_blouse_gathierry'),
            115.089 - 2.049 + 25.082,
            id='cpn-senet154',
        ),
        # 63.6 with 17 key points, as published.
        pytest.param(
            'hrnet', lambda: published(SourceHRNet), hrnet_w48, 63.61, id='hrnet-w48'
        ),
        pytest.param(
            'cpm-tf',
            published_cpm,
            lambda: loaded('cpm_fashionai_blouse_nhy0'),
            36.572,
            id='cpm',
        ),
    ],
)
def test_published_sizes(kind, given, cfg, millions):
    """All names and shapes of the networks at their full size."""
    given, expected = given(), network_tensors(cfg())
    names = KINDS[kind].source_names(expected, given)
    accounted = account(given, expected, names)
    assert accounted.tensors.keys() == expected.keys()
    assert len(given) == len(expected) and accounted.num_filled == 0
    assert sorted(names.values()) == sorted(given)
    count = sum(
        value.numel()
        for name, value in accounted.tensors.items()
        if name.endswith(('weight', 'bias'))
    )
    assert count / 1e6 == pytest.approx(millions, abs=0.02)


@pytest.mark.slow
def test_the_published_hrnet():
    """What the network of the DeepFashion2 HRNet sees and gives."""
    cfg = hrnet_w48()
    init_default_scope('mmpose')
    preprocessor = MODELS.build(cfg.model.data_preprocessor)
    # A blue picture: OpenCV's order of the channels stays, the numbers are RGB's.
    blue = torch.tensor([255, 0, 0], dtype=torch.uint8).view(3, 1, 1)
    seen = preprocessor(dict(inputs=[blue], data_samples=[]))['inputs'].flatten()
    expected = [(1 - 0.485) / 0.229, -0.456 / 0.224, -0.406 / 0.225]
    assert seen.tolist() == pytest.approx(expected, abs=1e-5)
    with torch.device('meta'):
        model = MODELS.build(cfg.model).eval()
        heatmaps = model(torch.rand(1, 3, 384, 288), None)
    assert heatmaps.shape == (1, 294, 96, 72)
    codec = model.head.decoder
    assert codec.input_size == (288, 384) and codec.heatmap_size == (72, 96)
    assert (codec.sigma, codec.decode_mode) == (2, 'quarter')
    assert cfg.model.test_cfg == dict(flip_test=True, shift_heatmap=True)
