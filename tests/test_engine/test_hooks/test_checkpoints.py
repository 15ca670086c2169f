"""A run that is killed while it saves can be resumed."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import torch
from toy_training import Numbers, Script, toy_runner

from fashion_mmpose.engine.runner import TrainingRunner
from fashion_mmpose.engine.work_folder import last_checkpoint
from fashion_mmpose.files.writing import sets

SCORES = [0.5, 0.4, 0.3, 0.6]


class Killed(BaseException):
    """What no handler of MMEngine's catches."""


def files(folder):
    return sorted(path.name for path in folder.glob('*.pth'))


def train(folder, max_epochs, resume=False, **checkpoint):
    hook = dict(max_keep_ckpts=1, save_best='fashionai/NE', rule='less', **checkpoint)
    runner = toy_runner(folder, SCORES, max_epochs, hook, resume=resume)
    runner.train()
    return runner


def test_only_the_newest_and_the_best_stay(tmp_path):
    train(tmp_path, 4)
    assert files(tmp_path) == ['best_fashionai_NE_epoch_3.pth', 'epoch_4.pth']
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith('.tmp')] == []


def test_the_remains_of_killed_starts_are_removed(tmp_path):
    """A kill may come while a start writes its config into its own folder."""
    dead = subprocess.Popen([sys.executable, '-c', ''])
    dead.wait()
    start = tmp_path / '20260101_120000' / 'vis_data'
    start.mkdir(parents=True)
    (start / 'scalars.json').write_text('{}')
    (start / f'.config.py.{dead.pid}.tmp').write_text('half')
    (start / f'.config.py.{os.getpid()}.tmp').write_text('being written')
    toy_runner(tmp_path, SCORES, 1, {}, runner_type=TrainingRunner)
    left = {path.name for path in start.iterdir()}
    assert left == {'scalars.json', f'.config.py.{os.getpid()}.tmp'}


@pytest.mark.slow
@pytest.mark.parametrize(
    'victim', ['epoch_3.pth', 'best_fashionai_NE_epoch_3.pth'], ids=['last', 'best']
)
@pytest.mark.parametrize('moment', ['write', 'replace'])
def test_a_kill_while_saving_loses_nothing(tmp_path, monkeypatch, victim, moment):
    """Epoch 3 is the best: neither its predecessor nor the last best may be gone."""
    train(tmp_path, 2)
    before = {name: (tmp_path / name).read_bytes() for name in files(tmp_path)}
    assert set(before) == {'epoch_2.pth', 'best_fashionai_NE_epoch_2.pth'}
    real = os.replace

    def killed(source, target):
        if os.path.basename(target) == victim:
            if moment == 'write':
                os.truncate(source, 100)
            raise Killed
        real(source, target)

    monkeypatch.setattr(os, 'replace', killed)
    with pytest.raises(Killed):
        train(tmp_path, 4, resume=True)
    assert victim not in files(tmp_path)
    for name in files(tmp_path):
        torch.load(tmp_path / name, weights_only=True)
    # What the victim would have replaced is as it was.
    old = victim.replace('3', '2')
    assert (tmp_path / old).read_bytes() == before[old]

    monkeypatch.setattr(os, 'replace', real)
    assert train(tmp_path, 4, resume=True).epoch == 4
    # A run that had saved epoch 3, but not its score, validates it first.
    assert files(tmp_path) == ['best_fashionai_NE_epoch_3.pth', 'epoch_4.pth']


def test_other_places_keep_their_own_backend(tmp_path):
    runner = train(tmp_path, 1, backend_args=dict(backend='local'))
    hook = next(hook for hook in runner.hooks if hasattr(hook, 'backend_args'))
    assert hook.backend_args == dict(backend='local')
    assert files(tmp_path) == ['best_fashionai_NE_epoch_1.pth', 'epoch_1.pth']


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.glob('*.pth')}


@pytest.mark.parametrize('copied', [False, True], ids=['--work-dir', 'copy'])
def test_a_run_deletes_nothing_outside_its_folder(tmp_path, copied):
    """Epoch 3 is better than what A has."""
    a, b = tmp_path / 'a', tmp_path / 'b'
    train(a, 2)
    before = contents(a)
    if copied:
        shutil.copytree(a, b)
        train(b, 4, resume=True)
    else:
        hook = dict(max_keep_ckpts=1, save_best='fashionai/NE', rule='less')
        start = dict(resume=True, load_from=str(a / 'epoch_2.pth'))
        toy_runner(b, SCORES, 4, hook, **start).train()
    assert contents(a) == before
    assert files(b) == ['best_fashionai_NE_epoch_3.pth', 'epoch_4.pth']


@pytest.mark.parametrize('moment', ['before the epoch', 'after the epoch'])
def test_one_best_remains_after_a_kill(tmp_path, monkeypatch, moment):
    """Killed when epoch 3 is the best but the one before is not removed yet."""
    train(tmp_path, 2)
    real_replace, real_remove = os.replace, os.remove
    seen = []

    def replace(source, target):
        seen.append(os.path.basename(target))
        if moment == 'before the epoch' and seen[-2:] == [
            'best_fashionai_NE_epoch_3.pth',
            'epoch_3.pth',
        ]:
            raise Killed
        real_replace(source, target)

    def remove(path):
        if os.path.basename(path).startswith('best_'):
            raise Killed
        real_remove(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, 'replace', replace)
        patch.setattr(os, 'remove', remove)
        with pytest.raises(Killed):
            train(tmp_path, 4, resume=True)
    assert len([name for name in files(tmp_path) if name.startswith('best_')]) == 2
    (tmp_path / 'best_fashionai_NE_epoch_9_mine.pth').write_bytes(b'of the user')
    runner = train(tmp_path, 4, resume=True)
    assert files(tmp_path) == [
        'best_fashionai_NE_epoch_3.pth',
        'best_fashionai_NE_epoch_9_mine.pth',
        'epoch_4.pth',
    ]
    assert runner.message_hub.get_info('best_score') == 0.3


class TwoScores(Script):
    """One that is higher than the other."""

    def compute_metrics(self, results):
        scores = super().compute_metrics(results)
        return dict(scores, NE_skirt=scores['NE'] + 0.5)


BOTH = ['fashionai/NE', 'fashionai/NE_skirt']


@pytest.mark.parametrize(
    'before, after, best',
    [
        (BOTH[0], BOTH[1], {'NE_epoch_2', 'NE_skirt_epoch_3'}),
        (BOTH[0], BOTH, {'NE_epoch_3', 'NE_skirt_epoch_3'}),
        (BOTH, BOTH[0], {'NE_epoch_3', 'NE_skirt_epoch_2'}),
        (BOTH, BOTH[::-1], {'NE_epoch_3', 'NE_skirt_epoch_3'}),
    ],
    ids=['another', 'more', 'less', 'another order'],
)
def test_a_run_that_goes_on_saves_the_best_by_other_scores(
    tmp_path, before, after, best
):
    for max_epochs, save_best in ((2, before), (4, after)):
        hook = dict(save_best=save_best, rule='less', max_keep_ckpts=1)
        holder = []
        settings = dict(val_evaluator=[TwoScores(SCORES, holder)])
        goes_on = max_epochs == 4
        runner = toy_runner(
            tmp_path, SCORES, max_epochs, hook, resume=goes_on, **settings
        )
        holder.append(runner)
        runner.train()
    expected = {f'best_fashionai_{name}.pth' for name in best}
    assert {*files(tmp_path)} == {*expected, 'epoch_4.pth'}


@pytest.mark.parametrize('pointer', ['', None, 'epoch_7.pth', '/moved/epoch_2.pth'])
def test_resumed_whatever_the_pointer_says(tmp_path, pointer):
    train(tmp_path / 'run', 2)
    file = tmp_path / 'run' / 'last_checkpoint'
    assert file.read_text() == 'epoch_2.pth'
    file.unlink()
    if pointer is not None:
        file.write_text(pointer)
    moved = (tmp_path / 'run').rename(tmp_path / 'moved')
    said = []
    assert last_checkpoint(moved, said.append) == moved / 'epoch_2.pth'
    assert len(said) == (pointer != '/moved/epoch_2.pth')
    assert train(moved, 3, resume=True).iter == 3


def test_the_pointer_is_never_cut(tmp_path, monkeypatch):
    train(tmp_path, 1)
    real = os.replace

    def killed(source, target):
        if os.path.basename(target) == 'last_checkpoint':
            raise Killed
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, 'replace', killed)
        with pytest.raises(Killed):
            train(tmp_path, 2, resume=True)
    assert (tmp_path / 'last_checkpoint').read_text() == 'epoch_1.pth'
    assert train(tmp_path, 2, resume=True).epoch == 2


def unvalidated(folder):
    """A folder as a kill leaves it during the validation of epoch 3, the best."""
    train(folder, 3)
    path = folder / 'epoch_3.pth'
    content = torch.load(path, weights_only=True)
    content['meta']['validated'] = False
    info = content['message_hub']['runtime_info']
    info['best_score'] = 0.4
    info['best_ckpt'] = str(folder / 'best_fashionai_NE_epoch_2.pth')
    torch.save(content, path)
    (folder / 'best_fashionai_NE_epoch_3.pth').rename(info['best_ckpt'])
    return path


def test_the_last_epoch_is_validated_though_nothing_is_left_to_train(tmp_path):
    unvalidated(tmp_path)
    runner = train(tmp_path, 3, resume=True)
    assert runner.message_hub.get_info('best_score') == 0.3
    assert files(tmp_path) == ['best_fashionai_NE_epoch_3.pth', 'epoch_3.pth']
    content = torch.load(tmp_path / 'epoch_3.pth', weights_only=True)
    assert content['meta']['validated'] is True
    # Once it is, there is nothing to do.
    before = contents(tmp_path)
    train(tmp_path, 3, resume=True)
    assert contents(tmp_path) == before


def test_an_interrupted_validation_is_made_in_another_folder(tmp_path):
    path = unvalidated(tmp_path / 'a')
    before = contents(tmp_path / 'a')
    hook = dict(max_keep_ckpts=1, save_best='fashionai/NE', rule='less')
    start = dict(resume=True, load_from=str(path))
    toy_runner(tmp_path / 'b', SCORES, 4, hook, **start).train()
    assert contents(tmp_path / 'a') == before
    assert files(tmp_path / 'b') == ['best_fashionai_NE_epoch_3.pth', 'epoch_4.pth']


def test_epochs_that_are_not_validated_are_not_made_up_for(tmp_path):
    unvalidated(tmp_path)
    loop = dict(by_epoch=True, max_epochs=4, val_interval=2)
    hook = dict(max_keep_ckpts=1, save_best='fashionai/NE', rule='less')
    runner = toy_runner(tmp_path, SCORES, 4, hook, resume=True, train_cfg=loop)
    runner.train()
    assert runner.message_hub.get_info('best_score') == 0.4
    assert files(tmp_path) == ['best_fashionai_NE_epoch_2.pth', 'epoch_4.pth']


def test_nothing_whole_to_resume_from(tmp_path):
    assert last_checkpoint(tmp_path) is None
    (tmp_path / 'epoch_1.pth').write_bytes(b'cut')
    with pytest.raises(ValueError, match='no checkpoint to go on from'):
        train(tmp_path, 1, resume=True)


def everything(folder):
    """All files but logs by their content, each start under a name that repeats."""
    return {
        re.sub(r'\d{8}_\d{6}(_\d+)?', 'START', str(path.relative_to(folder))): (
            path.read_bytes()
        )
        for path in folder.rglob('*')
        if path.is_file() and path.suffix in ('.pth', '.json', '', '.txt')
    }


@pytest.mark.slow
def test_a_new_training_makes_room_for_itself(tmp_path):
    """Nothing of the earlier one is lost, and one best checkpoint is where it was."""
    (tmp_path / 'notes.txt').write_text('of the user')
    visualizer = dict(type='Visualizer', vis_backends=[dict(type='LocalVisBackend')])
    hook = dict(save_best='fashionai/NE', rule='less')

    def begin(scores, **kwargs):
        toy_runner(
            tmp_path, scores, 2, hook, TrainingRunner, visualizer=visualizer, **kwargs
        ).train()
        return everything(tmp_path)

    begin([0.2, 0.1])
    # As `calibrate` writes it: it is of that network, not of its successor.
    (tmp_path / 'epoch_2.calibration.json').write_text('{}')
    first = everything(tmp_path)
    second = begin([0.1, 0.2])
    assert not (tmp_path / 'epoch_2.calibration.json').exists()
    best = [path.name for path in tmp_path.glob('best_*')]
    assert best == ['best_fashionai_NE_epoch_1.pth']
    for name, content in first.items():
        kept = name if name == 'notes.txt' else f'old1/{name}'
        assert second[kept] == content, kept
    begin([0.3, 0.4])
    assert sorted(path.name for path in (tmp_path / 'old2').glob('*.pth')) == [
        *('best_fashionai_NE_epoch_1.pth', 'epoch_1.pth', 'epoch_2.pth'),
    ]
    # The earlier ones are whole: they go on where they are.
    old = tmp_path / 'old1'
    resumed = toy_runner(
        *(old, [0.2, 0.1, 0.05], 3, hook, TrainingRunner),
        resume=True,
        visualizer=visualizer,
    )
    resumed.train()
    assert [path.name for path in old.glob('best_*')] == [
        'best_fashionai_NE_epoch_3.pth'
    ]
    newest = max(old.glob('*/vis_data/scalars.json'))
    assert [json.loads(line)['step'] for line in newest.open()] == [1, 1, 2, 2, 3, 3]


def test_a_kill_while_an_earlier_training_makes_way(tmp_path, monkeypatch):
    """The new one begins: nothing of the earlier one is taken for its own."""
    train(tmp_path, 2)
    before = files(tmp_path)
    real, calls = os.replace, []

    def replace(source, target):
        calls.append(target)
        if 'old1' in str(target) and len(calls) > 2:
            raise Killed
        real(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, 'replace', replace)
        with pytest.raises(Killed):
            train(tmp_path, 2)
    monkeypatch.setattr(sets, '_tidied', set())  # as in the next process
    assert last_checkpoint(tmp_path) is None
    assert (files(tmp_path), files(tmp_path / 'old1')) == ([], before)


@pytest.mark.parametrize('epoch', [1, 2])
def test_later_epochs_are_no_part_of_a_run_that_goes_on_before(tmp_path, epoch):
    """The best of them is not its best, and nothing of them is lost."""
    hook = dict(save_best='fashionai/NE', rule='less')
    toy_runner(tmp_path, SCORES, 3, hook).train()
    (tmp_path / 'epoch_3.calibration.json').write_text('{}')
    start = dict(resume=True, load_from=str(tmp_path / f'epoch_{epoch}.pth'))
    run = toy_runner(tmp_path, [0.5, 0.45, 0.48], 3, hook, **start)
    run.train()
    later = [f'epoch_{number}.pth' for number in range(epoch + 1, 4)]
    assert files(tmp_path / 'old1') == ['best_fashionai_NE_epoch_3.pth', *later]
    assert (tmp_path / 'old1/epoch_3.calibration.json').exists()
    assert not (tmp_path / 'epoch_3.calibration.json').exists()
    best = [name for name in files(tmp_path) if name.startswith('best')]
    # Epoch 2 was better than 0.48; its file went when epoch 3 was better still.
    assert best == (['best_fashionai_NE_epoch_2.pth'] if epoch == 1 else [])


class MoreNumbers(Numbers):
    def __len__(self):
        return 3


def test_other_validation_data_have_a_best_of_their_own(tmp_path, capsys):
    hook = dict(max_keep_ckpts=1, save_best='fashionai/NE', rule='less')
    stop = dict(type='mmpose.PersistentEarlyStoppingHook', monitor='fashionai/NE')
    plateau = dict(type='ReduceOnPlateauLR', monitor='fashionai/NE', rule='less')
    more = dict(
        custom_hooks=[dict(stop, patience=2)],
        param_scheduler=[dict(plateau, patience=1, factor=0.1)],
        log_level='WARNING',
    )
    toy_runner(tmp_path, [0.2, 0.3], 2, hook, **more).train()
    other = dict(
        dataset=MoreNumbers(), batch_size=2, sampler=dict(type='DefaultSampler')
    )
    scores = [0, 0, 0.5, 0.4, 0.45]  # the easier data of before had better ones
    for epochs in (4, 5):
        more |= dict(val_dataloader=other, resume=True)
        run = toy_runner(tmp_path, scores, epochs, hook, **more)
        run.train()
        assert run.epoch == epochs
        assert run.optim_wrapper.param_groups[0]['lr'] == pytest.approx(0.1)
        best = 'best_fashionai_NE_epoch_4.pth'
        assert files(tmp_path) == [best, f'epoch_{epochs}.pth']
        assert files(tmp_path / 'old1') == ['best_fashionai_NE_epoch_1.pth']
    told = capsys.readouterr().out
    assert told.count('the validation data are others than') == 1
    assert 'data of before, best_fashionai_NE_epoch_1.pth, is in' in told
    assert 'not defined in message_hub' not in told


def test_calibrations_go_with_what_they_were_fitted_to(tmp_path):
    train(tmp_path, 1)
    fitted = [path.with_suffix('.calibration.json') for path in tmp_path.glob('*.pth')]
    for path in fitted:
        path.write_text('{}')
    assert len(fitted) == 2
    train(tmp_path, 2, resume=True)  # epoch 2 is better, and the newest
    assert not any(path.exists() for path in fitted)


def test_what_is_of_another_run_makes_way_for_one_that_goes_on(tmp_path):
    a, b = tmp_path / 'a', tmp_path / 'b'
    train(a, 1)
    train(b, 3)
    hook = dict(save_best='fashionai/NE', rule='less')
    start = dict(resume=True, load_from=str(a / 'epoch_1.pth'))
    toy_runner(b, SCORES, 2, hook, **start).train()
    assert files(b) == ['best_fashionai_NE_epoch_2.pth', 'epoch_2.pth']
    assert files(b / 'old1') == ['best_fashionai_NE_epoch_3.pth', 'epoch_3.pth']
