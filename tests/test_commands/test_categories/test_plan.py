"""What is planned for the categories of one config."""

from pathlib import Path

import pytest
from category_runs import RECIPE

from fashion_mmpose.commands.categories import plan
from fashion_mmpose.commands.runs import running
from fashion_mmpose.config.loading import load_config

PATTERN = 'cpn_r152_fashionai_{category}'


@pytest.mark.parametrize(
    'names, expected',
    [
        (None, ['blouse', 'outwear', 'dress', 'skirt', 'trousers']),
        (['skirt', 'blouse'], ['blouse', 'skirt']),
    ],
    ids=['all', 'in the order of the ids'],
)
def test_categories(names, expected):
    assert plan.check_categories(names) == expected


@pytest.mark.parametrize(
    'names',
    [[], ['hat'], ['skirt', 'skirt'], ['']],
    ids=['none', '?', 'twice', 'empty'],
)
def test_wrong_categories(names):
    with pytest.raises(ValueError, match='expected names out of blouse,outwear'):
        plan.check_categories(names)


@pytest.mark.parametrize(
    'config, work_dir, root, folder',
    [
        ('configs/a.py', None, 'work_dirs/a', 'work_dirs/a/skirt'),
        ('small/a', None, 'work_dirs/a', 'work_dirs/a/skirt'),
        ('a_{category}', None, 'work_dirs/a', 'work_dirs/a_skirt'),
        ('x/a_{category}_b.py', None, 'work_dirs/a_b', 'work_dirs/a_skirt_b'),
        ('x/{category}.py', None, 'work_dirs/fashionai', 'work_dirs/skirt'),
        ('x/{category}/a.py', None, 'work_dirs/a', 'work_dirs/a/skirt'),
        ('a_{category}', 'here', 'here', 'here/skirt'),
        ('a.py', 'here', 'here', 'here/skirt'),
    ],
    ids=[
        'recipe',
        'name',
        'entry',
        'inside',
        'alone',
        'folder',
        'entry in',
        'recipe in',
    ],
)
def test_folders(config, work_dir, root, folder):
    found_root, folders = plan.run_folders(config, ['skirt'], work_dir)
    assert found_root == Path(root) and folders == {'skirt': Path(folder)}


def test_entries_by_pattern():
    option = 'test_dataloader.dataset.ann_file=annotations/test_b_{category}.json'
    root, runs = plan.plan_runs(PATTERN, cfg_options=[option])
    assert root == Path('work_dirs/cpn_r152_fashionai')
    assert [run.cfg.model.head.out_channels for run in runs] == [13, 14, 15, 4, 7]
    skirt = runs[3]
    assert skirt.config == 'cpn_r152_fashionai_skirt'
    assert skirt.cfg_options == (option.replace('{category}', 'skirt'),)
    assert skirt.ann_file == Path('data/fashionai/annotations/test_b_skirt.json')
    assert skirt.bbox_file is None
    # Where the default member of an ensemble looks for its checkpoint.
    assert skirt.folder == Path('work_dirs/cpn_r152_fashionai_skirt')


def test_recipe_gets_the_category():
    options = ['train_cfg.max_epochs=3', 'test_dataloader.dataset.bbox_file=b.json']
    _, (run,) = plan.plan_runs(RECIPE, ['trousers'], 'here', options)
    assert run.cfg_options == (
        *options,
        'model.head.out_channels=7',
        'train_dataloader.dataset.category=trousers',
        'val_dataloader.dataset.category=trousers',
        'test_dataloader.dataset.category=trousers',
    )
    # The options given to the tools say what the planned config says.
    told = load_config(RECIPE, 'here/trousers', plan.parse_options(run.cfg_options))
    assert told.to_dict() == run.cfg.to_dict()
    assert told.model.head.out_channels == 7 and told.train_cfg.max_epochs == 3
    assert told.val_dataloader.dataset.category == 'trousers'
    assert run.ann_file == Path('data/fashionai/annotations/test_trousers.json')
    assert run.bbox_file == Path('b.json')
    assert run.predictions == Path('here/trousers/test/predictions.json')


def test_a_network_for_all_is_finetuned_for_one(tmp_path):
    """It keeps its channels, and sees the pictures of one category."""
    best = tmp_path / 'best_fashionai_NE_epoch_3.pth'
    best.touch()
    config = 'recipes/hrnet_w48_fashionai_finetuned'
    _, (run,) = plan.plan_runs(config, ['skirt'], 'here', finetune=str(tmp_path))
    assert run.cfg_options == (
        f'load_from={best}',
        'train_dataloader.dataset.categories=[skirt]',
        'val_dataloader.dataset.categories=[skirt]',
        'test_dataloader.dataset.categories=[skirt]',
    )
    assert run.cfg.load_from == str(best)
    assert run.cfg.train_dataloader.dataset.categories == ['skirt']
    assert run.cfg.train_dataloader.dataset.category is None
    assert run.cfg.model.head.out_channels == 24
    assert run.ann_file.name == 'test_all.json'  # which the dataset reads
    for other in (RECIPE, 'cpn_r152_fashionai_skirt'):
        with pytest.raises(ValueError, match='not for all categories at once'):
            plan.plan_runs(other, ['skirt'], 'here', finetune=str(best))
    with pytest.raises(FileNotFoundError, match='nowhere.pth does not exist'):
        plan.plan_runs(config, ['skirt'], 'here', finetune='nowhere.pth')


def test_a_network_in_a_folder_with_a_comma(tmp_path):
    best = tmp_path / 'first, second' / 'best_fashionai_NE_epoch_3.pth'
    best.parent.mkdir()
    best.touch()
    config = 'recipes/hrnet_w48_fashionai_finetuned'
    _, (run,) = plan.plan_runs(config, ['skirt'], 'here', finetune=str(best))
    assert run.cfg.load_from == str(best)
    assert plan.parse_options(run.cfg_options)['load_from'] == str(best)


@pytest.mark.slow
def test_ensembles_are_tested_only():
    _, (run,) = plan.plan_runs('small/cpn_ensemble', ['skirt'], test_only=True)
    assert run.cfg.model.category == 'skirt'
    assert run.cfg_options[0] == 'model.category=skirt'
    _, runs = plan.plan_runs('cpn_ensemble_fashionai_{category}', test_only=True)
    assert [run.cfg_options for run in runs] == [()] * 5
    with pytest.raises(ValueError, match='not trained: .* --test-only'):
        plan.plan_runs('small/cpn_ensemble', ['skirt'])


def test_options_of_the_training(monkeypatch):
    monkeypatch.setattr('torch.cuda.is_available', lambda: True)
    _, (run,) = plan.plan_runs(PATTERN, ['skirt'], amp=True, auto_scale_lr=True)
    assert run.cfg.optim_wrapper.type == 'AmpOptimWrapper'
    assert run.cfg.auto_scale_lr.enable is True
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)
    monkeypatch.setattr(running, 'cpu_has_bfloat16', lambda: False)
    with pytest.raises(RuntimeError, match='--amp needs a GPU'):
        plan.plan_runs(PATTERN, ['skirt'], amp=True)


@pytest.mark.parametrize(
    'config, options, message',
    [
        ('cpn_r152_fashionai_skirt', [], r'skirt only: write \{category\} where'),
        ('cpn_r152_fashionai_all', [], r'out_channels=24\): train it with tools/train'),
        ('none_{category}', [], "unknown config 'none_skirt'"),
        (RECIPE, ['lr'], '--cfg-options lr: expected KEY=VALUE'),
        (RECIPE, ['=1'], '--cfg-options =1: expected KEY=VALUE'),
        (
            PATTERN,
            ['val_dataloader.dataset.category=dress'],
            'fashionai_skirt is for dress and skirt, not for skirt',
        ),
    ],
    ids=['one category', 'together', 'unknown', 'no value', 'no key', 'two'],
)
def test_wrong_plans(config, options, message):
    with pytest.raises(ValueError, match=message):
        plan.plan_runs(config, ['skirt'], cfg_options=options)


def test_other_datasets_are_refused(tmp_path):
    path = tmp_path / 'coco.py'
    path.write_text("train_dataloader = dict(dataset=dict(type='CocoDataset'))\n")
    with pytest.raises(ValueError, match='train_dataloader.dataset has no category'):
        plan.plan_runs(str(path), ['skirt'])
