import os
from urllib.error import URLError

import pytest
import torch
from timm_networks import SE_RESNET, backbone, classifier, same_weights, saved

from fashion_mmpose.models.backbones.timm_features import weights_address
from fashion_mmpose.models.backbones.timm_weights import features_weights, read_weights


def test_a_file_is_read_when_training_starts(tmp_path):
    missing = str(tmp_path / 'weights.pth')
    features = backbone(path=missing)
    with pytest.raises(FileNotFoundError, match='weights.pth, the weights of the back'):
        features.init_weights()


def test_the_weights_of_init_cfg_take_the_place_of_timms(tmp_path):
    network = classifier()
    path = saved(network.state_dict(), tmp_path / 'weights.pth')
    kaiming = dict(type='Kaiming', layer='Conv2d')
    file = dict(type='Pretrained', checkpoint=path)
    for init_cfg in ([file, kaiming], dict(checkpoint=path)):
        features = backbone(pretrained=True, init_cfg=init_cfg)
        features.init_weights()
        assert torch.equal(features.features.conv1[0].weight, network.conv1[0].weight)


def test_other_ways_of_initialisation_are_mmengines():
    features = backbone(init_cfg=dict(type='Constant', layer='Conv2d', val=0.25))
    features.init_weights()
    assert features.features.layer4[0].conv1.weight.unique().tolist() == [0.25]


def test_a_second_call_loads_nothing(tmp_path):
    path = saved(classifier().state_dict(), tmp_path / 'weights.pth')
    features = backbone(path=path)
    features.init_weights()
    with torch.no_grad():
        features.features.conv1[0].weight.zero_()
    features.init_weights()
    assert not features.features.conv1[0].weight.any()


def test_an_address_is_as_in_mmengine(tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    cache = tmp_path / 'hub/checkpoints'
    cache.mkdir(parents=True)
    network = classifier()
    saved(network.state_dict(), cache / 'weights.pth')
    features = backbone(path='https://example.invalid/weights.pth')
    features.init_weights()
    assert torch.equal(features.features.conv1[0].weight, network.conv1[0].weight)


def ema_checkpoint(weights):
    older = {name: torch.zeros_like(value) for name, value in weights.items()}
    return dict(epoch=3, state_dict=older, state_dict_ema=weights)


@pytest.mark.parametrize(
    'form, init_cfg',
    [
        pytest.param(lambda weights: dict(state_dict=weights), {}, id='state_dict'),
        pytest.param(ema_checkpoint, {}, id='averages'),
        pytest.param(
            lambda weights: {
                f'module.{name}': value for name, value in weights.items()
            },
            {},
            id='parallel',
        ),
        pytest.param(
            lambda weights: {
                'head.weight': torch.ones(2),
                **{f'net.{name}': value for name, value in weights.items()},
            },
            dict(prefix='net.'),
            id='prefix',
        ),
        pytest.param(
            lambda weights: {
                **weights,
                'fc.weight': torch.ones(7, 256),
                'fc.bias': torch.ones(7),
            },
            {},
            id='other-classifier',
        ),
        pytest.param(
            lambda weights: {
                name: value
                for name, value in weights.items()
                if not name.startswith('fc.') and 'num_batches_tracked' not in name
            },
            {},
            id='headless-without-counters',
        ),
    ],
)
def test_forms_of_a_file(form, init_cfg, tmp_path):
    weights = classifier().state_dict()
    path = saved(form(weights), tmp_path / 'weights.pth')
    cfg = dict(type='Pretrained', checkpoint=path, **init_cfg)
    # The last stage is left out: its weights, though given, are not needed.
    features = backbone(out_indices=(1, 2, 3), init_cfg=cfg)
    features.init_weights()
    loaded = features.features.state_dict()
    assert not any(name.startswith('layer4') for name in loaded)
    for name, value in loaded.items():
        assert torch.equal(value, weights[name]), name


def test_a_backbone_loads_its_own_checkpoint(tmp_path):
    torch.manual_seed(2)
    source = backbone('test_convnext', out_indices=(0, 1, 2, 3))
    model = {f'backbone.{name}': value for name, value in source.state_dict().items()}
    model['head.weight'] = torch.ones(3)
    path = saved(dict(state_dict=model), tmp_path / 'epoch_1.pth')
    cfg = dict(type='Pretrained', checkpoint=path, prefix='backbone.')
    features = backbone('test_convnext', out_indices=(0, 1, 2, 3), init_cfg=cfg)
    assert not same_weights(features, source.state_dict())
    features.init_weights()
    assert same_weights(features, source.state_dict())


def test_weights_that_depend_on_the_size_are_fitted_as_in_timm(tmp_path):
    network = classifier('test_vit', img_size=64)
    path = saved(network.state_dict(), tmp_path / 'weights.pth')
    options = dict(img_size=32, path=path, out_indices=(5,))
    features = backbone('test_vit', **options)
    features.init_weights()
    loaded = features.features.model
    # 16 and 4 patches, and the class token.
    assert network.pos_embed.shape == (1, 17, 64)
    assert loaded.pos_embed.shape == (1, 5, 64)
    torch.testing.assert_close(loaded.pos_embed[:, 0], network.pos_embed[:, 0])
    torch.testing.assert_close(
        loaded.patch_embed.proj.weight, network.patch_embed.proj.weight
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    'source, target, message',
    [
        pytest.param(
            dict(model_name='resnet18', channels=(8, 16, 24, 32)),
            SE_RESNET,
            r'does not hold the weights of .resnet18. with .*: '
            r'43 missing: conv1\.0\.weight, .*; 7 unknown: conv1\.weight, .*; '
            r'5 of another shape: bn1\.weight \(64,\), not \(8,\), ',
            id='stem',
        ),
        pytest.param(
            {**SE_RESNET, 'channels': (8, 16, 24, 40)},
            SE_RESNET,
            r': \d+ of another shape: layer4\.0\.conv1\.weight '
            r'\(40, 24, 3, 3\), not \(32, 24, 3, 3\), ',
            id='width',
        ),
        pytest.param(
            SE_RESNET,
            {**SE_RESNET, 'block_args': dict()},
            r': \d+ unknown: layer1\.0\.se\.fc1\.weight, .*, \.\.\.; give a state',
            id='more-than-the-network',
        ),
        pytest.param(
            {**SE_RESNET, 'block_args': dict()},
            SE_RESNET,
            r': 32 missing: layer1\.0\.se\.fc1\.weight, ',
            id='a-part',
        ),
        pytest.param(
            dict(model_name='test_resnet'),
            dict(model_name='test_convnext', out_indices=(0, 1, 2, 3)),
            r'\d+ missing: stem\.0\.weight, .* \d+ unknown: conv1\.0\.weight',
            id='nothing',
        ),
    ],
)
def test_a_misfit_file_is_refused_whole(source, target, message, tmp_path):
    path = saved(classifier(**source).state_dict(), tmp_path / 'weights.pth')
    features = backbone(path=path, **target)
    before = {name: value.clone() for name, value in features.state_dict().items()}
    with pytest.raises(ValueError, match=message):
        features.init_weights()
    assert same_weights(features, before)


def test_names_and_shapes_of_the_features():
    kernel, bias = torch.ones(2, 3), torch.zeros(2)
    network = {'stages.0.conv.weight': kernel, 'stages.0.conv.bias': bias, 'fc': bias}
    features = {'stages_0.conv.weight': kernel, 'stages_0.conv.bias': bias}
    assert features_weights(network, network, features) == features
    inside = {f'body.{name}': value for name, value in network.items() if name != 'fc'}
    assert features_weights(network, network, inside) == inside
    with pytest.raises(ValueError, match=r'^1 unknown: mask$'):
        features_weights({**network, 'mask': bias}, network, features)
    masked = features_weights({**network, 'mask': bias}, network, features, ('mask',))
    assert masked == features


# ------------------------------------------------------------------ untrusted files


class Command:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
def test_what_is_no_weights(suffix, tmp_path):
    path = tmp_path / f'weights{suffix}'
    path.write_bytes(b'no weights')
    with pytest.raises(ValueError, match=f'weights{suffix} cannot be read as weights'):
        read_weights(str(path))


def test_a_file_runs_nothing(tmp_path):
    torch.save(dict(state_dict=Command(tmp_path / 'made')), tmp_path / 'weights.pth')
    with pytest.raises(ValueError, match='nothing but tensors and plain values'):
        read_weights(str(tmp_path / 'weights.pth'))
    assert not (tmp_path / 'made').exists()


def test_a_file_without_weights(tmp_path):
    path = saved({'conv.weight': torch.ones(1), 'epoch': 3}, tmp_path / 'weights.pth')
    assert read_weights(path).keys() == {'conv.weight'}
    assert read_weights(path, 'conv.').keys() == {'weight'}
    with pytest.raises(ValueError, match="no weights whose names start with 'bn.'"):
        read_weights(path, 'bn.')


# ------------------------------------------------------------------- timm's weights


@pytest.fixture
def offline(tmp_path, monkeypatch):
    """Empty caches and no network; gives torch's cache."""

    def refuse(*args, **kwargs):
        raise URLError('no network')

    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    monkeypatch.setattr('torch.hub.urlopen', refuse)
    monkeypatch.setattr('fashion_mmpose.weights.downloads.urlopen', refuse)
    monkeypatch.setattr('huggingface_hub.constants.HF_HUB_OFFLINE', True)
    monkeypatch.setattr('huggingface_hub.constants.HF_HUB_CACHE', str(tmp_path))
    cache = tmp_path / 'hub/checkpoints'
    cache.mkdir(parents=True)
    return cache


@pytest.mark.parametrize(
    'model_name, address',
    [
        pytest.param(
            'legacy_seresnet18',
            r'https://github\.com/\S+/seresnet18-4bb0ce65\.pth',
            id='url',
        ),
        pytest.param(
            'test_resnet.r160_in1k',
            'https://huggingface.co/timm/test_resnet.r160_in1k/resolve/main/'
            'model.safetensors',
            id='hub',
        ),
    ],
)
def test_without_a_network_the_error_names_the_file(model_name, address, offline):
    features = backbone(model_name, pretrained=True)  # nothing is loaded yet
    message = (
        f'weights of {model_name!r} cannot be downloaded .* fetch {address} where .* '
        'the file with --cfg-options model.backbone.init_cfg.checkpoint=FILE, or '
        'go without: model.backbone.pretrained=False'
    )
    with pytest.raises(ConnectionError, match=message):
        features.init_weights()


@pytest.mark.slow
def test_timms_weights_from_its_cache(offline):
    network = classifier('legacy_seresnet18')
    saved(network.state_dict(), offline / 'seresnet18-4bb0ce65.pth')
    features = backbone('legacy_seresnet18', pretrained=True)
    features.init_weights()
    expected = network.state_dict()
    del expected['last_linear.weight'], expected['last_linear.bias']
    assert same_weights(features.features, expected)

    features = backbone('legacy_seresnet18', pretrained=True, inplanes=32)
    message = (
        "loaded into 'legacy_seresnet18' with {'inplanes': 32}; set pre.* mismatch"
    )
    with pytest.raises(ValueError, match=f'(?s){message}'):
        features.init_weights()


def test_a_network_without_weights(offline):
    options = dict(out_indices=(0, 1), depths=(1, 1, 1, 1), dims=(8, 8, 8, 8))
    features = backbone('convnext_atto_rms', pretrained=True, **options)
    with pytest.raises(ValueError, match="no weights for 'convnext_atto_rms'; set pre"):
        features.init_weights()


@pytest.mark.parametrize(
    'cfg, address',
    [
        pytest.param(
            dict(hf_hub_id='timm/a.b', url='https://old'),
            'https://huggingface.co/timm/a.b/resolve/main/model.safetensors',
            id='hub-first',
        ),
        pytest.param(
            dict(hf_hub_id='timm/a.b', hf_hub_filename='w.bin'),
            'https://huggingface.co/timm/a.b/resolve/main/w.bin',
            id='named-file',
        ),
        pytest.param(dict(url='https://w.pth'), 'https://w.pth', id='url'),
        pytest.param(dict(url=''), None, id='none'),
    ],
)
def test_weights_address(cfg, address):
    assert weights_address(cfg) == address
