"""Tests for fashion_mmpose.weights.conversion.convert."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.logging import HistoryBuffer
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, MODELS
from source_networks import randomize
from tensorflow_bundle import write_bundle

from fashion_mmpose.config.loading import find_config, load_config
from fashion_mmpose.weights import WeightsError, convert_checkpoint, list_checkpoint
from fashion_mmpose.weights.conversion.convert import network_tensors

CODEC = dict(type='PointHeatmap', input_size=(64, 64), heatmap_size=(16, 16), sigma=1.5)
MODEL = dict(
    type='TopdownPoseEstimator',
    backbone=dict(type='ResNet', depth=18, stem_channels=8, base_channels=8),
    head=dict(
        type='PointHeatmapHead',
        in_channels=64,
        out_channels=4,
        deconv_out_channels=None,
        decoder=CODEC,
    ),
)
SKIRTS = dict(type='FashionAIDataset', category='skirt', ann_file='none.json')


@pytest.fixture
def trained(tmp_path):
    """A checkpoint of training, the config, and the weights in it."""
    cfg = Config(dict(model=MODEL, test_dataloader=dict(dataset=SKIRTS)))
    init_default_scope('mmpose')
    weights = randomize(MODELS.build(cfg.model)).state_dict()
    torch.save(
        dict(
            meta=dict(epoch=3, experiment_name='skirts'),
            state_dict=weights,
            ema_state_dict={'module.steps': torch.zeros(1)},
            optimizer=dict(state={0: torch.zeros(1000)}),
            message_hub=dict(log=np.zeros(1000)),
            param_schedulers=[{}],
        ),
        tmp_path / 'epoch_3.pth',
    )
    return tmp_path / 'epoch_3.pth', cfg, weights


@pytest.mark.parametrize('with_config', [True, False], ids=['compared', 'as-it-is'])
def test_a_training_checkpoint_is_stripped(with_config, trained, tmp_path):
    source, cfg, weights = trained
    done = convert_checkpoint(
        'mmpose', str(source), tmp_path / 'out.pth', cfg if with_config else None
    )
    written = torch.load(tmp_path / 'out.pth', weights_only=True)
    assert set(written) == {'meta', 'state_dict'}
    assert written['state_dict'].keys() == weights.keys()
    assert all(
        torch.equal(written['state_dict'][name], value)
        for name, value in weights.items()
    )
    assert written['meta']['epoch'] == 3
    assert written['meta']['converted_from'] == 'mmpose'
    assert done.num_tensors == len(weights) and done.num_filled == 0
    assert done.num_values == sum(value.numel() for value in weights.values())
    assert done.left_out == (
        'ema_state_dict',
        'optimizer',
        'message_hub',
        'param_schedulers',
    )


def test_the_key_points_are_written_along(trained, tmp_path):
    source, cfg, _ = trained
    convert_checkpoint('mmpose', str(source), tmp_path / 'out.pth', cfg)
    meta = torch.load(tmp_path / 'out.pth', weights_only=True)['meta']['dataset_meta']
    assert meta['dataset_name'] == 'fashionai_skirt'
    assert meta['flip_indices'] == [1, 0, 3, 2]


@pytest.mark.slow
def test_any_pytorch_reads_what_is_written(trained, tmp_path):
    """In a process that knows neither this package nor MMEngine."""
    source, cfg, weights = trained
    content = torch.load(source, weights_only=False)
    told = DATASETS.build(dict(SKIRTS, lazy_init=True)).metainfo
    assert any(isinstance(value, np.ndarray) for value in told.values())
    content['meta'] |= dict(
        dataset_meta=told, time=np.float64(3.5), history=HistoryBuffer([1.0], [1])
    )
    torch.save(content, source)
    paths = [tmp_path / 'compared.pth', tmp_path / 'as_it_is.pth']
    for path, compared in zip(paths, (cfg, None)):
        convert_checkpoint('mmpose', str(source), path, compared)
    program = (
        'import json, sys, torch\n'
        'for path in sys.argv[1:]:\n'
        '    content = torch.load(path, weights_only=True)\n'
        "    assert not {'mmengine', 'fashion_mmpose'} & {*sys.modules}\n"
        "    meta = content['meta']; meta['names'] = sorted(content['state_dict'])\n"
        '    print(json.dumps(meta))'
    )
    command = [sys.executable, '-c', program, *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for meta in map(json.loads, done.stdout.splitlines()):
        assert meta['names'] == sorted(weights)
        assert meta['time'] == 3.5
        assert meta['dataset_meta']['bbox_source'] == 'annotation'
        assert meta['dataset_meta']['sigmas'] == told['sigmas'].tolist()
    assert len(done.stdout.splitlines()) == 2


def test_key_points_that_the_source_names_stay(trained, tmp_path):
    _, cfg, weights = trained
    content = dict(state_dict=weights, meta=dict(dataset_meta=dict(dataset_name='own')))
    torch.save(content, tmp_path / 'own.pth')
    convert_checkpoint('mmpose', str(tmp_path / 'own.pth'), tmp_path / 'out.pth', cfg)
    meta = torch.load(tmp_path / 'out.pth', weights_only=True)['meta']
    assert meta['dataset_meta'] == dict(dataset_name='own')


def test_nothing_is_written_where_weights_do_not_fit(trained, tmp_path):
    source, cfg, weights = trained
    del weights['backbone.conv1.weight']
    weights['extra'] = torch.ones(1)
    weights['head.final_layer.bias'] = torch.ones(5)
    torch.save(weights, source)
    (tmp_path / 'out.pth').write_bytes(b'precious')
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(WeightsError) as caught:
        convert_checkpoint('mmpose', str(source), tmp_path / 'out.pth', cfg)
    assert str(caught.value).splitlines() == [
        f'{source} does not fit the config, nothing was written:',
        '1 unknown (in the file, not in the network):',
        '  extra (1,)',
        '1 missing (in the network, not in the file):',
        '  backbone.conv1.weight',
        '1 of another shape:',
        '  head.final_layer.bias (5,), expected (4,)',
    ]
    assert (tmp_path / 'out.pth').read_bytes() == b'precious'
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_failing_write_leaves_what_was_there(trained, tmp_path, monkeypatch):
    source, cfg, _ = trained
    (tmp_path / 'out.pth').write_bytes(b'precious')

    def fail(content, file):
        file.write(b'half')
        raise OSError('no space left')

    monkeypatch.setattr(torch, 'save', fail)
    with pytest.raises(OSError, match='no space left'):
        convert_checkpoint('mmpose', str(source), tmp_path / 'out.pth', cfg)
    assert (tmp_path / 'out.pth').read_bytes() == b'precious'
    assert {path.name for path in tmp_path.iterdir()} == {'epoch_3.pth', 'out.pth'}


def test_a_checkpoint_may_take_its_own_place(trained):
    source, cfg, weights = trained
    convert_checkpoint('mmpose', str(source), str(source), cfg)
    written = torch.load(source, weights_only=True)
    assert set(written) == {'meta', 'state_dict'}
    assert torch.equal(
        written['state_dict']['backbone.conv1.weight'],
        weights['backbone.conv1.weight'],
    )


def test_old_checkpoints_have_no_batch_counters(trained, tmp_path):
    source, cfg, weights = trained
    counters = [name for name in weights if name.endswith('num_batches_tracked')]
    torch.save(
        {name: value for name, value in weights.items() if name not in counters}, source
    )
    done = convert_checkpoint('mmpose', str(source), tmp_path / 'out.pth', cfg)
    assert done.num_filled == len(counters) == 20
    written = torch.load(tmp_path / 'out.pth', weights_only=True)['state_dict']
    assert list(written) == list(weights)
    assert {written[name].item() for name in counters} == {0}


@pytest.mark.parametrize(
    'config, message',
    [
        pytest.param(
            'cpn_ensemble_fashionai_blouse', 'is an ensemble; convert', id='ensemble'
        ),
        pytest.param(
            'fashionai/cpn_r152', r'cannot be built.*not a recipe', id='recipe'
        ),
    ],
)
def test_configs_without_one_network(config, message, tmp_path):
    cfg = Config.fromfile(find_config(config))
    with pytest.raises(WeightsError, match=message):
        convert_checkpoint('cpn', 'never-read', tmp_path / 'out.pth', cfg)


def test_a_config_without_model(tmp_path):
    with pytest.raises(WeightsError, match='the config has no model'):
        convert_checkpoint('mmpose', 'never-read', tmp_path / 'out.pth', Config({}))


def test_a_kind_that_needs_a_config(tmp_path):
    with pytest.raises(ValueError, match='hrnet needs a config'):
        convert_checkpoint('hrnet', 'never-read', tmp_path / 'out.pth')


def test_list_of_a_pytorch_checkpoint(tmp_path):
    weights = {'module.a': torch.ones(2, 3), 'module.n': torch.tensor(4)}
    torch.save(dict(state_dict=weights, epoch=1), tmp_path / 'a.pth')
    assert list_checkpoint('hrnet', tmp_path / 'a.pth') == [
        ('a', (2, 3), 'float32'),
        ('n', (), 'int64'),
    ]


def test_list_of_a_tensorflow_checkpoint_needs_its_index_only(tmp_path):
    kernel = np.zeros((3, 3, 4, 8), np.float32)
    variables = {'conv2d/kernel': kernel, 'OptimizeLoss/conv2d/kernel/Adam': kernel}
    step = np.array(9)
    write_bundle(tmp_path / 'cpm', variables | {'global_step': step})
    (tmp_path / 'cpm.data-00000-of-00001').unlink()
    assert list_checkpoint('cpm-tf', tmp_path / 'cpm') == [
        ('OptimizeLoss/conv2d/kernel/Adam', (3, 3, 4, 8), 'float32'),
        ('conv2d/kernel', (3, 3, 4, 8), 'float32'),
        ('global_step', (), 'int64'),
    ]


def test_a_tensorflow_checkpoint_of_training_only(tmp_path):
    write_bundle(tmp_path / 'cpm', {'global_step': np.array(9)})
    cfg = Config.fromfile(find_config('cpm_fashionai_blouse_nhy0'))
    with pytest.raises(WeightsError, match=r"no weights; .*'global_step'"):
        convert_checkpoint('cpm-tf', tmp_path / 'cpm', tmp_path / 'out.pth', cfg)
    assert not (tmp_path / 'out.pth').exists()


@pytest.mark.slow
def test_a_network_that_asks_for_numbers_while_it_is_built():
    cfg = load_config('recipes/hrformer_small_fashionai')
    tensors = network_tensors(cfg)
    assert tensors['head.final_layer.weight'].shape[0] == 24
