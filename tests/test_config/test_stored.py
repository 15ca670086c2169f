"""Configs as JSON: what they keep, and what a stranger's may not say."""

import copy
import json
from pathlib import Path

import mmengine.registry
import pytest
from mmengine.config import Config, ConfigDict

import fashion_mmpose.plugin  # noqa: F401
from fashion_mmpose.config.loading import config_names, load_config
from fashion_mmpose.config.stored import (
    SECTIONS,
    encode_config,
    flatten_config,
    read_stored_config,
)
from fashion_mmpose.errors import FormatError

# Recipes, whose members need the category of an entry.
RECIPES = ('fashionai/cpn_ensemble', 'small/cpn_ensemble')
NAMES = [name for name in config_names() if name not in RECIPES]
LEFT_OUT = ('init_cfg', 'pretrained', 'bbox_file', 'format_only', 'out_file')


def portable(value):
    """Plain values without what holds on one machine, or fetches weights."""
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if key not in LEFT_OUT}
        return {key: portable(each) for key, each in kept.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(portable, value))
    return value


def stored(folder: Path, content: dict) -> Path:
    path = folder / 'pose.json'
    path.write_text(json.dumps(content))
    return path


@pytest.fixture(scope='module')
def flat() -> dict:
    return flatten_config(load_config('res18_deepfashion2_mini'))


@pytest.mark.slow
@pytest.mark.parametrize('name', NAMES)
def test_every_config_comes_back(name: str, tmp_path: Path):
    config = load_config(name)
    path = tmp_path / 'pose.json'
    path.write_bytes(encode_config(config))
    again = read_stored_config(path)
    for section in SECTIONS:
        if section not in config:
            continue
        expected = portable(copy.deepcopy(config[section]))
        if isinstance(expected, dict) and expected.get('type') == 'HeatmapEnsemble':
            for number, member in enumerate(expected['members'], 1):
                member.update(checkpoint=None, name=f'member {number}')
        assert portable(again[section]) == expected  # tuples are no lists
    assert again.train_dataloader is None
    assert again.work_dir == f'work_dirs/{tmp_path.name}'
    if again.default_scope == 'mmpose':
        assert again.default_hooks.visualization.type == 'PoseVisualizationHook'


def test_what_holds_on_one_machine_stays_behind():
    config = load_config('res18_deepfashion2_mini')
    dataset = config.test_dataloader.dataset
    dataset.data_root = '/home/somebody/data/shop/'
    dataset.ann_file = '/home/somebody/test.json'
    dataset.bbox_file = 'boxes.json'
    config.test_evaluator = dict(
        type='GarmentOKS',
        outfile_prefix='/tmp/found',
        ann_file='/home/somebody/data/shop/annotations/test.json',
    )
    flat = flatten_config(config)
    assert 'somebody' not in json.dumps(flat)
    kept = flat['test_dataloader']['dataset']
    assert (kept['data_root'], kept['ann_file']) == ('data/shop/', 'test.json')
    assert 'bbox_file' not in kept
    ann_file = 'data/shop/annotations/test.json'  # where data_root leads to
    assert flat['test_evaluator'] == dict(type='GarmentOKS', ann_file=ann_file)


def test_what_json_cannot_hold():
    config = Config(dict(model=dict(type=dict), test_dataloader=dict()))
    with pytest.raises(FormatError, match=r"model\.type is <class 'dict'>.*registered"):
        flatten_config(config)
    config = Config(dict(model=dict(width=float('inf')), test_dataloader=dict()))
    with pytest.raises(FormatError, match=r'model\.width is inf'):
        flatten_config(config)


def changed(flat: dict, where: str, value) -> dict:
    """A copy with another value at a dotted place."""
    copied = copy.deepcopy(flat)
    *path, last = where.split('.')
    part = copied
    for key in path:
        part = part[int(key)] if isinstance(part, list) else part[key]
    part[last] = value
    return copied


@pytest.mark.parametrize(
    'where, value, message',
    [
        pytest.param('model.type', 'os.system', 'no registered class', id='module'),
        pytest.param('model.type', 'mmengine.Config', 'nothing registers', id='other'),
        pytest.param(
            'model.type', 'antigravity', 'nothing registers here', id='import'
        ),
        pytest.param('model.type', ['ResNet'], 'no registered class', id='list'),
        pytest.param('model.backbone.type', 'subprocess.Popen', 'regist', id='deep'),
        pytest.param(
            'model.test_cfg.nms',
            dict(type='__import__("os").getcwd'),
            'no registered class',
            id='evaluated',
        ),
        pytest.param(
            'model.warp_mode', '__import__("os")', 'may be code', id='evaluated-text'
        ),
        pytest.param(
            'model.backbone.init_cfg',
            dict(type='Pretrained', checkpoint='https://example.org/a.pth'),
            'fetches weights',
            id='fetched',
        ),
        pytest.param('model.backbone.pretrained', True, 'fetches weights', id='timm'),
        pytest.param(
            'model',
            dict(type='HeatmapEnsemble', members=['evil.py'], decoder={}),
            'names configs that are run',
            id='member',
        ),
        pytest.param(
            'model',
            dict(type='mmpose.HeatmapEnsemble', members=['evil.py'], decoder={}),
            'names configs that are run',
            id='member with a scope',
        ),
        pytest.param(
            'test_dataloader.dataset.metainfo',
            dict(from_file='evil.py'),
            'names a config that is run',
            id='metainfo',
        ),
        pytest.param(
            'test_evaluator.outfile_prefix', '/etc/a', 'writes files', id='written'
        ),
        pytest.param('custom_imports', dict(imports=['a']), 'not read', id='imports'),
        pytest.param(
            'test_dataloader.collate_fn', dict(type='eval'), 'nothing regi', id='eval'
        ),
    ],
)
def test_nothing_is_executed(flat, where: str, value, message: str, tmp_path: Path):
    with pytest.raises(FormatError, match=message):
        read_stored_config(stored(tmp_path, changed(flat, where, value)))


def test_mmengine_would_execute_it(tmp_path: Path):
    """What is guarded against: a registry builds whatever a type names."""
    made = tmp_path / 'made'
    mmengine.registry.MODELS.build(dict(type='os.mkdir', path=str(made)))
    assert made.is_dir()


def test_a_class_of_another_version(flat, tmp_path: Path):
    path = stored(tmp_path, changed(flat, 'model.head.type', 'LaterHead'))
    with pytest.raises(FormatError, match=r"'LaterHead', .*written by version 9\.9"):
        read_stored_config(path, '9.9')


def test_no_config_at_all(tmp_path: Path):
    for content in ([], dict(model={})):
        with pytest.raises(FormatError, match='is no config of a network; to fix it'):
            read_stored_config(stored(tmp_path, content))
    (tmp_path / 'pose.json').write_text('[' * 100_000)
    with pytest.raises(FormatError):
        read_stored_config(tmp_path / 'pose.json')


def test_words_of_a_description_are_the_users(flat, tmp_path: Path):
    words = dict(name='bags', note='print("bags")')
    where = 'test_dataloader.dataset.benchmark'
    again = read_stored_config(stored(tmp_path, changed(flat, where, words)))
    assert again.test_dataloader.dataset.benchmark == ConfigDict(words)
