"""What counts as done, and as done with the same config."""

import os
import shutil
from pathlib import Path

import pytest
from category_runs import RECIPE, begin, planned, write_weights

from fashion_mmpose.commands.categories import state

MEMBER = 'model = dict(head=dict(channels={channels}))\n'


@pytest.mark.parametrize(
    'old, new, expected',
    [
        (dict(a=1), dict(a=1), []),
        (dict(a=dict(b=1)), dict(a=dict(b=2)), ['a.b was 1, is 2']),
        (dict(a=1), dict(b=2), ['a was 1, is None', 'b was None, is 2']),
        (dict(a=[1, dict(b=2)]), dict(a=[1, dict(b=3)]), ['a.1.b was 2, is 3']),
        (dict(a=[1]), dict(a=[1, 2]), ['a was [1], is [1, 2]']),
        (dict(a='x' * 99), dict(a=None), [f"a was '{'x' * 56}..., is None"]),
    ],
    ids=['equal', 'nested', 'one side', 'lists', 'lengths', 'long'],
)
def test_differences(old, new, expected):
    assert state.differences(old, new) == expected


@pytest.mark.slow
@pytest.mark.parametrize('config', [RECIPE, 'small/cpm', 'fashionai/cpn_r152'])
def test_the_dumped_config_is_that_of_the_run(tmp_path, config):
    run = planned(tmp_path, config=config)
    assert state.training_changes(run) == []
    begin(run)
    assert state.training_changes(run) == []
    # A resumed run leaves the checkpoint that it went on from in its config.
    begin(run, resume=True, load_from='epoch_1.pth')
    assert state.training_changes(run) == []
    begin(run, load_from='published.pth')
    assert state.training_changes(run) == ["load_from was 'published.pth', is None"]
    # What the first start began with, its own folder tells.
    begin(run, load_from='A.pth')
    first = run.folder / '20260101_000000/vis_data/config.py'
    first.parent.mkdir(parents=True)
    shutil.copy(run.folder / Path(run.cfg.filename).name, first)
    begin(run, resume=True, load_from='epoch_1.pth')
    assert state.training_changes(run) == ["load_from was 'A.pth', is None"]


@pytest.mark.slow
@pytest.mark.parametrize(
    'option, change',
    [
        ('train_cfg.max_epochs=7', 'train_cfg.max_epochs was 20, is 7'),
        ('model.head.channels=16', 'model.head.channels was 32, is 16'),
        (
            'val_dataloader.dataset.ann_file=v.json',
            "val_dataloader.dataset.ann_file was 'annotations/val_{category}.json', "
            "is 'v.json'",
        ),
        ('train_dataloader.num_workers=9', None),
        ('default_hooks.logger.interval=1', None),
        ('test_dataloader.dataset.ann_file=t.json', None),
        ('log_level=WARNING', None),
    ],
    ids=lambda value: (value or 'no change').partition('=')[0].partition(' ')[0],
)
def test_changes_since_the_training_began(tmp_path, option, change):
    begin(planned(tmp_path))
    run = planned(tmp_path, option)
    assert state.training_changes(run) == ([change] if change else [])
    if change:
        with pytest.raises(ValueError, match='changed since .*begun') as error:
            state.check_unchanged([run])
        assert f'{run.folder}: {change}\n' in str(error.value)
        assert '--restart' in str(error.value)
    else:
        state.check_unchanged([run])


@pytest.mark.slow
def test_all_changes_are_named(tmp_path):
    begin(planned(tmp_path))
    names = [f'model.head.{n}' for n in ('channels', 'a', 'b', 'c', 'd', 'e', 'f')]
    run = planned(tmp_path, 'model.head.channels=16')
    run.cfg.merge_from_dict(dict.fromkeys(names, 16))
    with pytest.raises(ValueError, match='has changed') as error:
        state.check_unchanged([run])
    assert all(f'{name} was ' in str(error.value) for name in names)


def test_checkpoints_of_an_unknown_config_are_not_touched(tmp_path):
    run = planned(tmp_path)
    begin(run)
    (run.folder / 'cpn_r18.py').unlink()
    with pytest.raises(ValueError, match='skirt: cpn_r18.py, the config of its'):
        state.check_unchanged([run])


def test_last_checkpoint(tmp_path):
    assert state.last_checkpoint(tmp_path) is None
    with pytest.raises(FileNotFoundError, match='train it first'):
        state.checkpoint_to_test(tmp_path)
    for epoch in (1, 2, 3):
        write_weights(tmp_path / f'epoch_{epoch}.pth')
        os.utime(tmp_path / f'epoch_{epoch}.pth', (epoch, epoch))
    # The pointer names the place before the folder was moved.
    (tmp_path / 'last_checkpoint').write_text('/moved/since/epoch_3.pth')
    assert state.last_checkpoint(tmp_path) == tmp_path / 'epoch_3.pth'
    (tmp_path / 'epoch_3.pth').unlink()
    assert state.last_checkpoint(tmp_path) == tmp_path / 'epoch_2.pth'
    for epoch in (1, 2):
        (tmp_path / f'epoch_{epoch}.pth').unlink()
    with pytest.raises(ValueError, match=r'epoch_3.pth is missing or cut off'):
        state.last_checkpoint(tmp_path)


def test_the_best_checkpoint_is_tested(tmp_path):
    write_weights(tmp_path / 'epoch_9.pth')
    (tmp_path / 'last_checkpoint').write_text('epoch_9.pth')
    assert state.checkpoint_to_test(tmp_path).name == 'epoch_9.pth'
    for seconds, epoch in enumerate((10, 9)):
        best = tmp_path / f'best_fashionai_NE_epoch_{epoch}.pth'
        write_weights(best)
        os.utime(best, (seconds, seconds))
    assert state.checkpoint_to_test(tmp_path) == best


def test_the_best_checkpoint_by_another_score_is_tested(tmp_path):
    write_weights(tmp_path / 'epoch_9.pth')
    best = tmp_path / 'best_fashionai_state_accuracy_epoch_3.pth'
    write_weights(best)
    assert state.checkpoint_to_test(tmp_path) == best
    # The normalized error comes first, of all points and not of one.
    best = tmp_path / 'best_fashionai_NE_iter_400.pth'
    for path in (best, tmp_path / 'best_fashionai_NE_crotch_iter_500.pth'):
        write_weights(path)
    os.utime(path, (2e9, 2e9))
    assert state.checkpoint_to_test(tmp_path) == best


@pytest.mark.slow
def test_what_a_test_depends_on(tmp_path):
    data = f'test_dataloader.dataset.data_root={tmp_path}/'
    annotations = tmp_path / 'annotations' / 'test_skirt.json'
    annotations.parent.mkdir()
    annotations.write_text('[]')
    run = planned(tmp_path, data)
    begin(run)

    def fingerprint(*options):
        other = planned(tmp_path, data, *options)
        return state.test_fingerprint(other, state.weights_files(other))

    first = fingerprint()
    assert fingerprint() == first
    assert fingerprint('test_dataloader.num_workers=9') == first
    assert fingerprint('train_cfg.max_epochs=9') == first
    others = [fingerprint('model.test_cfg.flip_test=False')]
    others.append(fingerprint('test_evaluator.rule=image_mean'))
    annotations.write_text('[1]')
    others.append(fingerprint())
    write_weights(run.folder / 'best_fashionai_NE_epoch_1.pth')
    others.append(fingerprint())
    assert len({first, *others}) == 5


def test_an_ensemble_depends_on_its_members(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = planned('here', config='small/cpn_ensemble', test_only=True)
    with pytest.raises(FileNotFoundError, match='train .*cpn_r18/skirt/cpn_r18.py fir'):
        state.weights_files(run)
    paths = [
        Path(f'work_dirs/{name}/skirt/best_3.pth') for name in ('cpn_r18', 'cpn_se18')
    ]
    for path in paths:
        write_weights(path)
    assert state.weights_files(run) == paths
    for path in paths:
        (path.parent / f'{path.parts[1]}.py').write_text(MEMBER.format(channels=4))
    first = state.test_fingerprint(run, paths)
    assert state.test_fingerprint(run, paths) == first
    (paths[1].parent / 'cpn_se18.py').write_text(MEMBER.format(channels=5))
    assert state.test_fingerprint(run, paths) != first
    first = state.test_fingerprint(run, paths)
    write_weights(paths[0].with_name('best_4.pth'))
    assert state.test_fingerprint(run, state.weights_files(run)) != first


def test_journal(tmp_path):
    assert state.Journal.read(tmp_path) == state.Journal(0.0, False, {}, None)
    journal = state.Journal(1.5, True, dict(ne=0.25), 'abc')
    journal.write(tmp_path)
    assert state.Journal.read(tmp_path) == journal
    for text in ('{', '[]', '{"other": 1}'):
        (tmp_path / state.JOURNAL).write_text(text)
        with pytest.raises(ValueError, match='train_all.json is not a journal'):
            state.Journal.read(tmp_path)
