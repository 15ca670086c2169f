"""Some channels of a 1x1 convolution: the numbers and gradients of all of them."""

import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from fashion_mmpose.models.heads.stage_heatmaps import PendingHeatmaps, StageHeatmaps

BATCH_SIZE, NUM_CHANNELS = 3, 20


class Dearer(nn.Conv2d):
    """A convolution of a class of its own."""


def features(channels=6):
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(
        (BATCH_SIZE, channels, 5, 4), generator=generator, dtype=torch.float64
    )
    return values.requires_grad_()


def layer(kind=nn.Conv2d, **options):
    torch.manual_seed(1)
    return kind(6, NUM_CHANNELS, 1, **options).double()


def rows(*samples):
    """Places of the channels of each sample."""
    return torch.tensor(
        [
            index * NUM_CHANNELS + channel
            for index, own in enumerate(samples)
            for channel in own
        ],
        dtype=torch.int64,
    )


SOME = {
    'as many of each': rows([0, 1], [4, 5], [18, 19]),
    'more of one': rows([0], [3, 4, 5, 6, 7], [18, 19]),
    'none of one': rows([0, 9], [], [3]),
    'none of the last': rows([0, 9], [3], []),
    'in any order': rows([9, 0, 4], [3, 2], [19, 0]),
    'the same for all': rows([7], [7], [7]),
    'half of them': rows(range(10), [3], []),
    'none': rows([], [], []),
}


def gradients(stage, chosen, inputs, parameters):
    """Maps, and gradients of a loss that weighs every cell differently."""
    maps = stage.maps(chosen)
    factors = torch.arange(maps.numel(), dtype=maps.dtype).view_as(maps)
    loss = (maps * factors).sum() + maps.square().sum()
    return maps, torch.autograd.grad(loss, [inputs, *parameters])


@pytest.mark.parametrize('bias', [True, False], ids=['bias', 'no bias'])
@pytest.mark.parametrize('chosen', SOME.values(), ids=SOME)
def test_equal_to_the_convolution(chosen, bias, monkeypatch):
    inputs, conv = features(), layer(bias=bias)
    parameters = list(conv.parameters())
    expected = gradients(StageHeatmaps(conv(inputs)), chosen, inputs, parameters)
    monkeypatch.setattr(conv, 'forward', None)  # it must not be called
    found = gradients(PendingHeatmaps(inputs, conv), chosen, inputs, parameters)
    assert found[0].shape == (len(chosen), 5, 4)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_by_hand():
    """A map is its channel's kernel times the features, plus the bias."""
    conv = nn.Conv2d(2, 8, 1)
    conv.weight.data = torch.arange(16.0).view(8, 2, 1, 1)
    conv.bias.data = torch.arange(8.0) * 100
    inputs = torch.tensor([[[[1.0, 2.0]], [[10.0, 20.0]]]])
    maps = PendingHeatmaps(inputs, conv).maps(torch.tensor([5, 2]))
    # Channel 5: kernel (10, 11); channel 2: kernel (4, 5).
    assert maps.tolist() == [[[620, 740]], [[254, 308]]]


def test_features_in_channels_last():
    inputs, conv = features(), layer()
    expected = StageHeatmaps(conv(inputs)).maps(SOME['more of one'])
    last = inputs.to(memory_format=torch.channels_last)
    found = PendingHeatmaps(last, conv).maps(SOME['more of one'])
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def count_calls(conv, monkeypatch):
    calls = []
    forward = conv.forward
    monkeypatch.setattr(conv, 'forward', lambda x: calls.append(1) or forward(x))
    return calls


@pytest.mark.parametrize(
    'conv, chosen',
    [
        pytest.param(layer(), None, id='all maps'),
        pytest.param(layer(), rows(range(11), [0], []), id='most channels'),
        pytest.param(layer(Dearer), rows([0], [1], [2]), id='another class'),
        pytest.param(layer(groups=2), rows([0], [1], [2]), id='groups'),
        pytest.param(layer(padding=1), rows([0], [1], [2]), id='padding'),
        pytest.param(layer(stride=2), rows([0], [1], [2]), id='stride'),
        pytest.param(
            nn.Conv2d(6, NUM_CHANNELS, 3, padding=1).double(),
            rows([0], [1], [2]),
            id='3x3',
        ),
        pytest.param(
            prune.random_unstructured(layer(), 'weight', 0.5),
            rows([0], [1], [2]),
            id='hooks',
        ),
    ],
)
def test_otherwise_the_layer_is_called(conv, chosen, monkeypatch):
    inputs = features()
    dense = conv(inputs).flatten(0, 1)
    expected = dense if chosen is None else dense[chosen]
    calls = count_calls(conv, monkeypatch)
    found = PendingHeatmaps(inputs, conv).maps(chosen)
    assert calls == [1]
    assert torch.equal(found, expected)


def test_no_layer():
    """MMPose's head has an identity where the features are the heatmaps."""
    inputs = features(NUM_CHANNELS)
    chosen = SOME['more of one']
    stage = PendingHeatmaps(inputs, nn.Identity())
    assert torch.equal(stage.dense(), inputs)
    assert torch.equal(stage.maps(chosen), inputs.flatten(0, 1)[chosen])


def test_mixed_precision():
    """Autocast multiplies in half precision, as the convolution would."""
    inputs, conv = features().float(), layer().float()
    with torch.autocast('cpu', torch.bfloat16):
        found = PendingHeatmaps(inputs, conv).maps(SOME['more of one'])
        expected = StageHeatmaps(conv(inputs)).maps(SOME['more of one'])
    assert found.dtype == expected.dtype == torch.bfloat16
    torch.testing.assert_close(found, expected, rtol=0.05, atol=0.05)
