"""The published CPM network: layers, parameters, heatmaps, initialisation."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from fashion_mmpose.models import CPMVGG, CPMRefineHead

CODEC = dict(type='PointHeatmap', input_size=(64, 64), heatmap_size=(8, 8), sigma=1.0)


class PublishedCPM(nn.Module):
    """The FashionAI CPM system's network, layer by layer, all widths as published."""

    def __init__(self, num_keypoints):
        super().__init__()
        widths = (3, 64, 64, 128, 128, *[256] * 4, *[512] * 6, 128)
        maps = num_keypoints + 1
        self.features = nn.ModuleList(
            nn.Conv2d(inputs, outputs, 3, padding='same')
            for inputs, outputs in zip(widths[:-1], widths[1:])
        )
        self.stage1 = nn.ModuleList([nn.Conv2d(128, 512, 1), nn.Conv2d(512, maps, 1)])
        self.later = nn.ModuleList()
        for _ in range(5):
            stage = [nn.Conv2d(maps + 128, 128, 7, padding='same')]
            stage += [nn.Conv2d(128, 128, 7, padding='same') for _ in range(4)]
            stage += [nn.Conv2d(128, 128, 1), nn.Conv2d(128, maps, 1)]
            self.later.append(nn.ModuleList(stage))

    def forward(self, x):
        for number, layer in enumerate(self.features, 1):
            x = F.relu(layer(x))
            if number in (2, 4, 8):
                x = F.max_pool2d(x, 2, 2)
        outputs = [self.stage1[1](F.relu(self.stage1[0](x)))]
        for stage in self.later:
            y = torch.cat([outputs[-1], x], 1)
            for layer in stage[:-1]:
                y = F.relu(layer(y))
            outputs.append(stage[-1](y))
        return outputs


@pytest.fixture(scope='module')
def full_size():
    """Backbone, head and the transcription, K = 13, initialised as for training."""
    torch.manual_seed(0)
    backbone, head = CPMVGG(), CPMRefineHead(128, 13, decoder=CODEC)
    backbone.init_weights()
    head.init_weights()
    return backbone.eval(), head.eval(), PublishedCPM(13).eval()


def convolutions(*networks):
    return [
        layer
        for network in networks
        for layer in network.modules()
        if isinstance(layer, nn.Conv2d)
    ]


@pytest.mark.slow
def test_published_layers(full_size):
    """Number, order, kernels, widths and biases of the convolutions."""
    backbone, head, published = full_size
    assert [len(convolutions(part)) for part in (backbone, *head.stages)] == [
        15,
        2,
        *[7] * 5,
    ]
    ours = [
        (layer.in_channels, layer.out_channels, *layer.kernel_size, layer.bias.shape[0])
        for layer in convolutions(backbone, head)
    ]
    assert ours == [
        (layer.in_channels, layer.out_channels, *layer.kernel_size, layer.bias.shape[0])
        for layer in convolutions(published)
    ]
    assert sum(layer.kernel_size == (7, 7) for layer in convolutions(head)) == 25


def test_published_number_of_parameters(full_size):
    def conv(size, inputs, outputs):
        return size * size * inputs * outputs + outputs

    features = conv(3, 3, 64) + conv(3, 64, 64) + conv(3, 64, 128) + conv(3, 128, 128)
    features += conv(3, 128, 256) + 3 * conv(3, 256, 256) + conv(3, 256, 512)
    features += 5 * conv(3, 512, 512) + conv(3, 512, 128)
    later = conv(7, 142, 128) + 4 * conv(7, 128, 128)
    later += conv(1, 128, 128) + conv(1, 128, 14)
    stages = conv(1, 128, 512) + conv(1, 512, 14) + 5 * later
    counts = [sum(p.numel() for p in m.parameters()) for m in full_size]
    assert counts == [features, stages, features + stages]


@pytest.mark.slow
def test_published_heatmaps(full_size):
    """The transcription gives the same maps with the same weights."""
    backbone, head, published = full_size
    ours = [*backbone.parameters(), *head.parameters()]
    with torch.no_grad():
        for target, source in zip(published.parameters(), ours, strict=True):
            target.copy_(source)
        image = torch.rand(1, 3, 48, 64) * 2 - 1
        features = backbone(image)
        heatmaps, expected = head(features), published(image)
    assert [tuple(level.shape) for level in features] == [(1, 128, 6, 8)]
    assert isinstance(heatmaps, tuple) and len(heatmaps) == len(expected) == 6
    for ours, theirs in zip(heatmaps, expected):
        assert ours.shape == (1, 14, 6, 8)
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_signal_survives_the_initialisation(full_size):
    """Over 52 convolutions the maps still tell the places of a picture apart."""
    backbone, head, _ = full_size
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(3)) * 2 - 1
    with torch.no_grad():
        features = backbone(image)
        stages = [features[0], *head(features)]
    for number, maps in enumerate(stages):
        spread = maps.std((2, 3)).square().mean().sqrt().item()
        assert 0.02 < spread < 5, f'stage {number}: {spread}'
    for layer in convolutions(backbone, head):
        fan_in = layer.weight[0].numel()
        assert layer.weight.std().item() == pytest.approx((2 / fan_in) ** 0.5, rel=0.1)
        assert (layer.bias == 0).all()


@pytest.mark.parametrize('height, width', [(64, 64), (128, 64), (64, 96)])
def test_features_are_at_an_eighth(height, width):
    backbone = CPMVGG(base_channels=2, out_channels=5)
    (features,) = backbone(torch.rand(2, 3, height, width))
    assert features.shape == (2, 5, height // 8, width // 8)
    assert features.min() >= 0
