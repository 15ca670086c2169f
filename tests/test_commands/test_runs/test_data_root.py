"""Another folder of data in one option."""

import pytest
from mmengine.config import Config

from fashion_mmpose.commands import test, train
from fashion_mmpose.commands.categories import train_all
from fashion_mmpose.commands.categories.plan import parse_options
from fashion_mmpose.commands.runs.data_root import (
    data_root_options,
    image_source,
    set_data_root,
)
from fashion_mmpose.config.loading import load_config

LOADERS = 'train_dataloader', 'val_dataloader', 'test_dataloader'


@pytest.mark.parametrize('name', ['small/cpn_r18_all', 'small/res18_deepfashion2'])
def test_all_data_lies_there(tmp_path, name):
    cfg, same = load_config(name), load_config(name)
    set_data_root(cfg, str(tmp_path))
    assert {cfg[each].dataset.data_root for each in LOADERS} == {f'{tmp_path}/'}
    same.merge_from_dict(parse_options(data_root_options(f'{tmp_path}/')))
    assert all(same[each] == cfg[each] for each in LOADERS)


def test_a_folder_with_a_comma(tmp_path):
    folder = tmp_path / 'shop, new'
    folder.mkdir()
    options = parse_options(data_root_options(str(folder)))
    assert set(options.values()) == {f'{folder}/'}


def test_wrapped_data_sets_and_evaluators_move_along(tmp_path):
    cfg = load_config('small/cpn_r18_all')
    old = cfg.train_dataloader.dataset.data_root
    inner = dict(cfg.train_dataloader.dataset)
    cfg.train_dataloader.dataset = dict(type='RepeatDataset', times=2, dataset=inner)
    cfg.val_evaluator = dict(type='CocoMetric', ann_file=f'{old}annotations/val.json')
    set_data_root(cfg, str(tmp_path))
    assert cfg.train_dataloader.dataset.dataset.data_root == f'{tmp_path}/'
    assert cfg.val_evaluator.ann_file == f'{tmp_path}/annotations/val.json'


def test_metrics_of_an_evaluator_move_along(tmp_path):
    cfg = load_config('small/cpn_r18_all')
    file = f'{cfg.val_dataloader.dataset.data_root}annotations/val.json'
    metrics = [dict(type='CocoMetric', ann_file=file)]
    cfg.val_evaluator = dict(type='Evaluator', metrics=metrics)
    set_data_root(cfg, str(tmp_path))
    moved = cfg.val_evaluator.metrics[0].ann_file
    assert moved == f'{tmp_path}/annotations/val.json'


def test_data_sets_without_a_folder_move_into_it(tmp_path):
    """Their files were seen from the current folder; absolute paths stay."""
    cfg = load_config('small/cpn_r18_all')
    for each in LOADERS:
        del cfg[each].dataset['data_root']
    cfg.val_evaluator = [
        dict(type='CocoMetric', ann_file='annotations/val.json'),
        dict(type='CocoMetric', ann_file='/data/val.json'),
        dict(type='CocoMetric'),
    ]
    set_data_root(cfg, str(tmp_path))
    assert {cfg[each].dataset.data_root for each in LOADERS} == {f'{tmp_path}/'}
    files = [each.get('ann_file') for each in cfg.val_evaluator]
    assert files == [f'{tmp_path}/annotations/val.json', '/data/val.json', None]


@pytest.mark.slow
def test_without_the_option_nothing_moves(tmp_path):
    cfg = load_config('small/cpn_r18_all')
    before = cfg.pretty_text
    set_data_root(cfg, None)
    assert cfg.pretty_text == before and data_root_options(None) == []
    for change in (data_root_options, lambda folder: set_data_root(cfg, folder)):
        with pytest.raises(FileNotFoundError, match='--data-root .*no such folder'):
            change(str(tmp_path / 'none'))


@pytest.mark.parametrize('command', [train, test, train_all])
def test_commands_take_it(command):
    assert command.parse_args(['c.py', '--data-root', 'd']).data_root == 'd'


def detector_config(root, **dataset):
    test = dict(data_root=f'{root}/', ann_file='test.json', **dataset)
    return Config(dict(test_dataloader=dict(dataset=test)))


def test_the_pictures_of_a_detector_are_its_test_data(tmp_path):
    (tmp_path / 'img').mkdir()
    (tmp_path / 'test.json').write_text('{}')
    ann_file = str(tmp_path / 'test.json')
    cfg = detector_config(tmp_path, data_prefix=dict(img='img/'))
    assert image_source(cfg) == (ann_file, f'{tmp_path}/img/')
    assert image_source(cfg, img_root='here') == (ann_file, 'here')
    assert image_source(cfg, 'other.json') == ('other.json', f'{tmp_path}/img/')
    assert image_source(detector_config(tmp_path)) == (ann_file, f'{tmp_path}/')
    inner = cfg.test_dataloader.dataset
    cfg.test_dataloader.dataset = dict(type='RepeatDataset', dataset=inner)
    assert image_source(cfg) == (ann_file, f'{tmp_path}/img/')


def test_missing_test_data_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'test\.json: .*--data-root.*--ann-f'):
        image_source(detector_config(tmp_path))
    (tmp_path / 'test.json').write_text('{}')
    lost = detector_config(tmp_path, data_prefix=dict(img='lost'))
    with pytest.raises(FileNotFoundError, match='lost: .*--img-root'):
        image_source(lost)
    with pytest.raises(ValueError, match='0 data sets.*name --ann-file'):
        image_source(Config({}))
    assert image_source(Config({}), 'a.json', 'b') == ('a.json', 'b')
