import ast
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from timm_networks import SE_RESNET, SWIN, backbone, classifier, saved

import fashion_mmpose
from fashion_mmpose.models.backbones import timm_weights


@pytest.mark.parametrize(
    'kwargs, indices, channels, strides',
    [
        pytest.param(
            SE_RESNET, (1, 2, 3, 4), SE_RESNET['channels'], (4, 8, 16, 32), id='se'
        ),
        pytest.param(
            dict(model_name='test_convnext'), (0, 2), (24, 48), (4, 16), id='convnext'
        ),
        pytest.param(SWIN, (0, 1, 2, 3), (8, 16, 32, 64), (4, 8, 16, 32), id='swin'),
        pytest.param(
            dict(model_name='test_vit', img_size=32),
            (1, 5),
            (64, 64),
            (16, 16),
            id='vit',
        ),
        pytest.param(
            dict(model_name='test_efficientnet'),
            (1, 4),
            (24, 64),
            (4, 32),
            id='efficientnet',
        ),
    ],
)
@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
def test_a_classifiers_file_gives_its_levels(
    kwargs, indices, channels, strides, suffix, tmp_path
):
    network = classifier(**kwargs)
    path = saved(network.state_dict(), tmp_path / f'weights{suffix}')
    features = backbone(out_indices=indices, path=path, **kwargs).eval()
    features.init_weights()
    assert (features.channels, features.strides) == (channels, strides)

    pictures = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        levels = features(pictures)
        # timm's other way to the levels, which gives maps for transformers too.
        expected = network.forward_intermediates(
            pictures, indices=list(indices), intermediates_only=True
        )
    assert isinstance(levels, tuple)
    for level, other, depth, stride in zip(levels, expected, channels, strides):
        assert level.shape == (2, depth, 32 // stride, 32 // stride)
        torch.testing.assert_close(level, other)


@pytest.mark.slow
def test_senet154():
    """The names that the published weights have, and what the CPN recipe expects."""
    with torch.device('meta'):
        features = backbone('legacy_senet154')
        levels = features(torch.rand(1, 3, 512, 512))
    assert features.channels == (256, 512, 1024, 2048)
    assert [tuple(level.shape[1:]) for level in levels] == [
        (256, 128, 128),
        (512, 64, 64),
        (1024, 32, 32),
        (2048, 16, 16),
    ]
    weights = features.state_dict()
    parts = {name.split('.')[1] for name in weights}
    assert parts == {'layer0', 'layer1', 'layer2', 'layer3', 'layer4'}
    assert weights['features.layer0.conv1.weight'].shape == (64, 3, 3, 3)
    assert weights['features.layer3.35.se_module.fc2.bias'].shape == (1024,)
    # The 115.1 million of SENet-154 less the classifier's 2048 * 1000 + 1000.
    assert sum(each.numel() for each in features.parameters()) == 113_039_984


@pytest.mark.parametrize(
    'kwargs, message',
    [
        pytest.param(
            dict(model_name='legacy_senet'),
            "no network 'legacy_senet'; near matches: .*'legacy_senet154'",
            id='near-name',
        ),
        pytest.param(
            dict(model_name='qqqq'),
            "'qqqq'; near matches: none; timm.list_models",
            id='name',
        ),
        pytest.param(
            dict(model_name='hf-hub:timm/resnet18'), "no network 'hf-hub:", id='hub'
        ),
        pytest.param(
            dict(model_name='legacy_senet154.in22k'),
            "no weights 'in22k' of 'legacy_senet154'; .* .'legacy_senet154.in1k'",
            id='tag',
        ),
        pytest.param(
            dict(model_name='test_convnext'),
            r'out_indices \(1, 2, 3, 4\) do not fit .* levels are '
            r'0 \(stride 4, 24 channels\), 1 .* 3 \(stride 32, 64 channels\)$',
            id='level',
        ),
        pytest.param(
            dict(model_name='test_vit', out_indices=(12,)), 'levels are 0 ', id='vit'
        ),
        pytest.param(
            dict(out_indices=(2, 1)), r'ascending .*, got \(2, 1\)', id='order'
        ),
        pytest.param(dict(out_indices=(-1,)), r'got \(-1,\)', id='negative'),
        pytest.param(dict(out_indices=3), 'ascending numbers .* got 3', id='number'),
        pytest.param(dict(out_indices=()), r'got \(\)', id='none'),
        pytest.param(
            dict(frozen_levels=6), "6 does not fit 'test_resnet', .* 5 lev", id='frozen'
        ),
        pytest.param(
            dict(model_name='hrnet_w18_small', frozen_levels=1),
            "cannot be used with 'hrnet_w18_small': .*; to fix it: frozen_levels=0",
            id='branches',
        ),
        pytest.param(
            dict(model_name='hrnet_w18_small', frozen_levels=3),
            "cannot be used with 'hrnet_w18_small': .*; to fix it: frozen_levels=0",
            id='later branches',
        ),
    ],
)
def test_misfit_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        backbone(**kwargs)


def test_a_file_is_not_mistaken_for_a_yes():
    with pytest.raises(
        TypeError, match="got 'a.pth'; a file is given as init_cfg=dict"
    ):
        backbone(pretrained='a.pth')


@pytest.mark.parametrize(
    'module, message',
    [
        pytest.param(None, r'needs timm, .* `pip install -e \.\[timm\]`', id='absent'),
        pytest.param(
            SimpleNamespace(__version__='0.9.16'),
            r'needs timm >= 1\.0\.11, .* but 0\.9\.16 .* `pip install -e \.\[timm\]`',
            id='old',
        ),
    ],
)
def test_timm_is_needed_by_these_backbones(module, message, monkeypatch):
    monkeypatch.setitem(sys.modules, 'timm', module)
    with pytest.raises(ImportError, match=message):
        backbone()


@pytest.mark.slow
def test_timm_is_needed_by_nothing_else():
    """No module of the package imports it before one of these backbones is built."""
    paths = list(Path(fashion_mmpose.__file__).parent.rglob('*.py'))
    assert Path(timm_weights.__file__) in paths
    for path in paths:
        for node in ast.parse(path.read_text()).body:
            names = [each.name for each in getattr(node, 'names', [])]
            names.append(getattr(node, 'module', None) or '')
            assert not any(name.split('.')[0] == 'timm' for name in names), path


@pytest.mark.parametrize('model_name', ['test_resnet', 'test_efficientnet'])
def test_frozen_levels_keep_their_statistics(model_name):
    network = backbone(model_name=model_name, frozen_levels=3).train()
    statistics = {
        name: buffer.clone()
        for name, buffer in network.named_buffers()
        if name.endswith('running_mean')
    }
    network(torch.rand(2, 3, 32, 32) + 1)
    kept = {
        name
        for name, buffer in network.named_buffers()
        if name in statistics and torch.equal(buffer, statistics[name])
    }
    frozen = {
        f'{name}.running_mean'
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.BatchNorm2d) and not module.weight.requires_grad
    }
    assert kept == frozen
    assert kept and kept != statistics.keys()
    assert network.training and network.features.training
    assert not any(module.training for module in network.eval().modules())


@pytest.mark.parametrize(
    'kwargs',
    [
        pytest.param(dict(), id='resnet'),
        pytest.param(dict(model_name='test_convnext', out_indices=(0, 3)), id='stem'),
        pytest.param(dict(SWIN, out_indices=(0, 3)), id='renamed'),
        pytest.param(dict(model_name='test_efficientnet'), id='blocks'),
        # By default timm gives out the last levels only; they count from the first.
        pytest.param(dict(model_name='test_vit', img_size=32), id='last-by-default'),
    ],
)
def test_frozen_levels_are_what_they_were_after_a_step(kwargs):
    torch.manual_seed(0)
    pictures = torch.rand(2, 3, 32, 32)
    kwargs = dict(out_indices=(0, 1, 4)) | kwargs
    out_indices = kwargs['out_indices']
    first = out_indices[-2]
    network = backbone(**kwargs, frozen_levels=first + 1, norm_eval=True).train()
    before = [level.detach() for level in network(pictures)]
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
    sum(level.square().sum() for level in network(pictures)).backward()
    optimizer.step()
    after = network(pictures)
    for index, old, new in zip(out_indices, before, after):
        assert torch.equal(old, new) is (index <= first)
    trained = [each for each in network.parameters() if each.requires_grad]
    assert trained
    assert all(each.grad is not None for each in trained)
