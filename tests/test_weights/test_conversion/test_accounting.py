"""Names of the sources, and the account of every weight."""

import pytest
import torch

from fashion_mmpose.weights import KINDS, WeightsError, account
from fashion_mmpose.weights.conversion.account import compact
from fashion_mmpose.weights.conversion.cpm_tf import common_scope

SOURCES = {'head.weight': 'out/w', 'head.bias': 'out/b'}
GIVEN = {'out/w': torch.tensor([[1.0, 2.0]]), 'out/b': torch.tensor([3.0])}
EXPECTED = {'head.bias': torch.empty(1), 'head.weight': torch.empty(1, 2)}


def test_account_renames_in_the_networks_order():
    accounted = account(GIVEN, EXPECTED, SOURCES)
    assert list(accounted.tensors) == ['head.bias', 'head.weight']
    assert accounted.tensors['head.bias'].tolist() == [3]
    assert accounted.tensors['head.weight'].tolist() == [[1, 2]]
    assert accounted.num_filled == 0


def test_account_fills_missing_batch_counters_only():
    counter = {'bn.num_batches_tracked': torch.tensor(5)}
    names = {name: name for name in counter}
    given = account(counter, counter, names)
    assert given.tensors['bn.num_batches_tracked'].item() == 5
    assert given.num_filled == 0
    filled = account({}, counter, names)
    assert filled.tensors['bn.num_batches_tracked'].item() == 0
    assert filled.tensors['bn.num_batches_tracked'].dtype == torch.int64
    assert filled.num_filled == 1
    mean = {'bn.running_mean': torch.zeros(3)}
    with pytest.raises(WeightsError, match='bn.running_mean'):
        account({}, mean, {name: name for name in mean})


def test_account_takes_the_networks_type():
    half = {name: value.half() for name, value in GIVEN.items()}
    accounted = account(half, EXPECTED, SOURCES)
    assert accounted.tensors['head.weight'].dtype == torch.float32


@pytest.mark.parametrize(
    'changes, lines',
    [
        pytest.param(
            {'extra': torch.ones(4, 1), 'other': torch.ones(2)},
            [
                '2 unknown (in the file, not in the network):',
                '  extra (4, 1)',
                '  other (2,)',
            ],
            id='unknown',
        ),
        pytest.param(
            {'out/w': None},
            [
                '1 missing (in the network, not in the file):',
                '  out/w (here head.weight)',
            ],
            id='missing',
        ),
        pytest.param(
            {'out/w': torch.ones(2, 1)},
            [
                '1 of another shape:',
                '  out/w (2, 1), expected (1, 2) (here head.weight)',
            ],
            id='misshapen',
        ),
        pytest.param(
            {'out/b': torch.ones(1, dtype=torch.int64)},
            [
                '1 of another kind of number:',
                '  out/b torch.int64, expected torch.float32 (here head.bias)',
            ],
            id='mistyped',
        ),
        pytest.param(
            {'out/w': None, 'out/b': torch.ones(()), 'out/c': torch.ones(1)},
            [
                '1 unknown (in the file, not in the network):',
                '  out/c (1,)',
                '1 missing (in the network, not in the file):',
                '  out/w (here head.weight)',
                '1 of another shape:',
                '  out/b (), expected (1,) (here head.bias)',
            ],
            id='all-at-once',
        ),
        pytest.param(
            {'out/w': None, 'out/b': None, 'other': torch.ones(2)},
            [
                'no name is known: is the checkpoint of another kind?',
                '1 unknown (in the file, not in the network):',
                '  other (2,)',
                '2 missing (in the network, not in the file):',
                '  out/b (here head.bias)',
                '  out/w (here head.weight)',
            ],
            id='another-kind',
        ),
    ],
)
def test_account_lists_all_that_does_not_fit(changes, lines):
    given = {
        name: value for name, value in (GIVEN | changes).items() if value is not None
    }
    with pytest.raises(WeightsError) as caught:
        account(given, EXPECTED, SOURCES)
    assert str(caught.value).splitlines() == lines


def test_account_of_a_part_that_the_source_never_has():
    with pytest.raises(WeightsError, match='neck.bias, for which such a file has'):
        account(GIVEN, {**EXPECTED, 'neck.bias': torch.empty(1)}, SOURCES)


def test_compact_lets_go_of_what_a_view_is_of():
    column = torch.arange(6.0).reshape(2, 3)[:, 1]
    assert compact(column).tolist() == [1, 4]
    assert compact(column).untyped_storage().nbytes() == 8
    assert compact(torch.arange(4.0)[2:]).untyped_storage().nbytes() == 8
    whole = torch.ones(3)
    assert compact(whole).data_ptr() == whole.data_ptr()


# ---- names ----------------------------------------------------------------------

CPN_RESNET = {
    'backbone.layer1.0.conv1.weight': 'global_net.layer1.0.conv1.weight',
    'head.global_net.laterals.0.weight': 'global_net.latlayer4.weight',
    'head.global_net.laterals.1.weight': 'global_net.latlayer3.weight',
    'head.global_net.laterals.2.bias': 'global_net.latlayer2.bias',
    'head.global_net.laterals.3.bias': 'global_net.latlayer1.bias',
    'head.global_net.smooths.0.weight': 'global_net.toplayer3.weight',
    'head.global_net.smooths.1.weight': 'global_net.toplayer2.weight',
    'head.global_net.smooths.2.bias': 'global_net.toplayer1.bias',
    'head.refine_net.branches.0.bn1.weight': 'refine_net.bottleneck2.bn1.weight',
    'head.refine_net.branches.3.3.bias': 'refine_net.bottleneck5.3.bias',
    'head.refine_net.branches.1.0.shortcut.0.weight': (
        'refine_net.bottleneck3.0.shortcut.0.weight'
    ),
    'head.refine_net.output.0.conv1.weight': 'refine_net.output.0.conv1.weight',
    'head.refine_net.output.1.bias': 'refine_net.output.1.bias',
}
CPN_SENET = CPN_RESNET | {
    'backbone.features.layer0.conv1.weight': 'global_net.layer0.conv1.weight',
    'backbone.features.layer4.2.se_module.fc1.bias': (
        'global_net.layer4.2.se_module.fc1.bias'
    ),
}
del CPN_SENET['backbone.layer1.0.conv1.weight']
HRNET = {
    'backbone.conv1.weight': 'conv1.weight',
    'backbone.stage4.0.fuse_layers.0.1.0.weight': ('stage4.0.fuse_layers.0.1.0.weight'),
    'head.final_layer.bias': 'final_layer.bias',
}
CPM = {
    'backbone.blocks.0.0.weight': 'conv2d/kernel',
    'backbone.blocks.0.0.bias': 'conv2d/bias',
    'backbone.output.0.weight': 'conv2d_1/kernel',
    'head.stages.0.0.bias': 'conv2d_2/bias',
    'head.stages.0.2.weight': 'stage_1/kernel',
    'head.stages.1.0.weight': 'conv2d_3/kernel',
    'head.stages.1.12.weight': 'stage_2/kernel',
}


@pytest.mark.parametrize(
    'kind, names',
    [
        pytest.param('cpn', CPN_RESNET, id='cpn-resnet'),
        pytest.param('cpn', CPN_SENET, id='cpn-senet'),
        pytest.param('hrnet', HRNET, id='hrnet'),
        pytest.param('cpm-tf', CPM, id='cpm-tf'),
        pytest.param('mmpose', {'head.bias': 'head.bias'}, id='mmpose'),
    ],
)
def test_source_names(kind, names):
    # What a source never has gets no name.
    extra = {
        'cpn': ['neck.0.weight', 'head.refine_net.gate.weight'],
        'hrnet': ['head.deconv_layers.0.weight'],
        'cpm-tf': ['backbone.output.0.running_mean'],
        'mmpose': [],
    }
    targets = [*names, *extra[kind]]
    assert KINDS[kind].source_names(targets, list(names.values())) == names


@pytest.mark.parametrize(
    'kind, targets, given, message',
    [
        pytest.param(
            'cpn',
            CPN_RESNET,
            CPN_SENET.values(),
            "checkpoint's backbone is a SENet-154, and the config's one for a "
            'ResNet; choose a config such as cpn_senet154',
            id='senet-for-resnet',
        ),
        pytest.param(
            'cpn',
            CPN_SENET,
            CPN_RESNET.values(),
            "checkpoint's backbone is a ResNet, and the config's one for a "
            'SENet-154; choose a config such as cpn_r152',
            id='resnet-for-senet',
        ),
        pytest.param('cpn', HRNET, CPN_RESNET.values(), 'no CPNHead', id='no-cpn'),
        pytest.param('hrnet', CPN_RESNET, HRNET.values(), 'no HRNet', id='no-hrnet'),
        pytest.param('cpm-tf', HRNET, CPM.values(), 'no CPMRefineHead', id='no-cpm'),
    ],
)
def test_a_config_for_another_network(kind, targets, given, message):
    with pytest.raises(WeightsError, match=message):
        KINDS[kind].source_names(list(targets), list(given))


@pytest.mark.parametrize(
    'names, scope',
    [
        pytest.param(['a/conv2d/kernel', 'a/stage_1/bias'], 'a/', id='one'),
        pytest.param(['a/b/conv2d/kernel'], 'a/b/', id='nested'),
        pytest.param(['conv2d/kernel', 'conv2d/bias'], '', id='none'),
        pytest.param(['a/conv2d/kernel', 'b/conv2d/kernel'], '', id='two'),
        pytest.param(['a/conv2d/kernel', 'conv2d_1/kernel'], '', id='some'),
    ],
)
def test_common_scope(names, scope):
    assert common_scope(names) == scope
