"""What ``--cfg-options`` may name, and how its values are read."""

import argparse

import pytest

from fashion_mmpose.config.loading import load_config
from fashion_mmpose.config.overrides import OverrideAction, parse_value, quoted


@pytest.mark.parametrize(
    'text, value',
    [
        ('my data/fashion ai', 'my data/fashion ai'),
        ('1e-3', 1e-3),
        ('None', None),
        ('true', True),
        ('[a b, 2, (3,4)]', ['a b', 2, (3, 4)]),
        ('1,2', [1, 2]),
        ("'a, b'", 'a, b'),
        ('"[1, 2]"', [1, 2]),
        ('', ''),
        ('a,', ['a']),
        ('[[1,2],[3]]', [[1, 2], [3]]),
        ('(1,2),(3,4)', [(1, 2), (3, 4)]),
        ("'a','b'", ['a', 'b']),
        ("['a, b', 'c']", ['a, b', 'c']),
        ('["[1", 2]', ['[1', 2]),
        ("mum's, dad's", ["mum's", "dad's"]),
        ('shop (1,2)/{category}.json', 'shop (1,2)/{category}.json'),
        ('a[1,2],b', ['a[1,2]', 'b']),
        ('{category}', '{category}'),
        ('[1', '[1'),
    ],
)
def test_values(text, value):
    assert parse_value(text) == value


@pytest.mark.parametrize('path', ['a/b/', 'a,b/', "Bob's, new/", ' a/', '[a/', '(a,b'])
def test_paths_are_read_as_they_are(path):
    assert parse_value(quoted(path)) == path


@pytest.mark.parametrize('text', ["{'a': 1, 'b': 2}", "dict(type='Adam', lr=1)"])
def test_mappings_are_given_entry_by_entry(text):
    with pytest.raises(ValueError, match=r'KEY\.ENTRY=VALUE'):
        parse_value(text)


def test_brackets_that_are_not_closed():
    with pytest.raises(ValueError, match='brackets that are not closed'):
        parse_value('[1, 2')


def test_entries(capsys):
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=OverrideAction)
    parsed = parser.parse_args(['--cfg-options', 'data_root=a b/', 'x.y=a=b'])
    assert parsed.cfg_options == {'data_root': 'a b/', 'x.y': 'a=b'}
    with pytest.raises(SystemExit):
        parser.parse_args(['--cfg-options', 'data_root'])
    with pytest.raises(SystemExit):
        parser.parse_args(['--cfg-options', 'x=[1, 2'])
    told = '--cfg-options x: [1, 2: brackets that are not closed'
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    'key, nearest',
    [
        ('train_cfg.max_epoch', 'train_cfg.max_epochs'),
        ('train_dataloder.batch_size', 'train_dataloader'),
        ('train_dataloader.batchsize', 'train_dataloader.batch_size'),
        ('model.test_cfg.flip_tset', 'model.test_cfg.flip_test'),
        ('model.head.out_channel', 'model.head.out_channels'),
        ('optim_wrapper.optimizer.learning', None),
        ('test_dataloader.dataset.bboxfile', 'test_dataloader.dataset.bbox_file'),
        ('default_hooks.checkpoint.savebest', 'default_hooks.checkpoint.save_best'),
        ('custom_hooks.9.ratio', None),
        ('lod_from', 'load_from'),
    ],
)
def test_misspelt_keys(key, nearest):
    with pytest.raises(ValueError, match=f'--cfg-options {key}: ') as error:
        load_config('small/cpn_r18', cfg_options={key: 1})
    if nearest:
        assert f'the nearest is {nearest}' in str(error.value)


@pytest.mark.parametrize(
    'config, key',
    [
        ('small/cpn_r18', 'test_dataloader.dataset.indices'),
        ('small/cpn_r18', 'test_dataloader.dataset.bbox_file'),
        ('small/cpn_r18', 'train_dataloader.drop_last'),
        ('small/cpn_r18', 'optim_wrapper.clip_grad.max_norm'),
        ('small/cpn_r18', 'optim_wrapper.accumulative_counts'),
        ('small/cpn_r18', 'param_scheduler.1.begin'),
        ('small/cpn_r18', 'model.backbone.init_cfg.checkpoint'),
        ('small/cpn_r18', 'randomness.deterministic'),
        ('small/cpn_r18', 'model.test_cfg.output_heatmaps'),
        ('small/cpn_r18', 'test_evaluator.rule'),
        ('small/cpn_r18', 'train_cfg.val_begin'),
        ('small/cpn_r18', 'train_dataloader.dataset.pipeline.2.prob'),
        ('small/res18_deepfashion2', 'test_evaluator.out_file'),
        ('small/cpn_r18', 'custom_hooks.0.priority'),
    ],
)
def test_entries_that_are_taken(config, key):
    value = load_config(config, cfg_options={key: 1})
    for part in key.split('.'):
        value = value[int(part) if part.isdecimal() else part]
    assert value == 1


@pytest.mark.parametrize(
    'part, kind, name',
    [
        ('optim_wrapper.optimizer', 'SGD', 'momentum'),
        ('param_scheduler.1', 'PolyLR', 'power'),
        ('train_dataloader.sampler', 'CategoryBalancedSampler', 'smoothing'),
    ],
)
def test_entries_of_a_class_that_is_chosen_beside_them(part, kind, name):
    options = {f'{part}.{name}': 0.5, f'{part}.type': kind}
    value = load_config('small/cpn_r18', cfg_options=options)
    for key in part.split('.'):
        value = value[int(key) if key.isdecimal() else key]
    assert (value.type, value[name]) == (kind, 0.5)
    with pytest.raises(ValueError, match=f'{name}: the config has no such entry'):
        load_config('small/cpn_r18', cfg_options={f'{part}.{name}': 0.5})


@pytest.mark.parametrize(
    'config, key, instead',
    [
        (
            'starter/fashionai',
            'codec.sigma',
            'model.head.decoder.sigma and '
            'train_dataloader.dataset.pipeline.7.encoder.sigma',
        ),
        (
            'starter/fashionai',
            'train_pipeline.2.prob',
            'train_dataloader.dataset.pipeline.2.prob',
        ),
        (
            'cpn_r152_fashionai_blouse',
            'data_root',
            'test_dataloader.dataset.data_root and train_dataloader.dataset.data_root '
            'and val_dataloader.dataset.data_root',
        ),
        (
            'detection/rtmdet_tiny_fashionai',
            'max_epochs',
            'train_cfg.max_epochs',
        ),
        ('starter/fashionai', 'framing', 'what uses it'),  # a part of a list
    ],
)
def test_variables_of_a_config_are_refused(config, key, instead):
    """Their values have been used when the command line is read."""
    with pytest.raises(ValueError, match='nothing would change') as error:
        load_config(config, cfg_options={key: 1})
    assert str(error.value).endswith(f'override {instead}')


def test_what_only_the_runner_asks_for_is_taken():
    options = {'find_unused_parameters': True, 'model_wrapper_cfg.type': 'Mine'}
    cfg = load_config('small/cpn_r18', cfg_options=options)
    assert cfg.find_unused_parameters and cfg.model_wrapper_cfg.type == 'Mine'
