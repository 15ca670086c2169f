"""Another folder of data in one option."""

import pytest

from fashion_mmpose.commands import test, train, train_all
from fashion_mmpose.commands.categories.plan import parse_options
from fashion_mmpose.commands.data_root import data_root_options, set_data_root
from fashion_mmpose.config import load_config

LOADERS = 'train_dataloader', 'val_dataloader', 'test_dataloader'


@pytest.mark.parametrize('name', ['small/cpn_r18_all', 'small/res18_deepfashion2'])
def test_all_data_lies_there(tmp_path, name):
    cfg, same = load_config(name), load_config(name)
    set_data_root(cfg, str(tmp_path))
    assert {cfg[each].dataset.data_root for each in LOADERS} == {f'{tmp_path}/'}
    same.merge_from_dict(parse_options(data_root_options(f'{tmp_path}/')))
    assert all(same[each] == cfg[each] for each in LOADERS)


def test_wrapped_data_sets_and_evaluators_move_along(tmp_path):
    cfg = load_config('small/cpn_r18_all')
    old = cfg.train_dataloader.dataset.data_root
    inner = dict(cfg.train_dataloader.dataset)
    cfg.train_dataloader.dataset = dict(type='RepeatDataset', times=2, dataset=inner)
    cfg.val_evaluator = dict(type='CocoMetric', ann_file=f'{old}annotations/val.json')
    set_data_root(cfg, str(tmp_path))
    assert cfg.train_dataloader.dataset.dataset.data_root == f'{tmp_path}/'
    assert cfg.val_evaluator.ann_file == f'{tmp_path}/annotations/val.json'


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
