"""A category is trained and tested as far as it is not done yet."""

import json
import os
from pathlib import Path

import pytest
from category_runs import begin, planned, write_weights

from fashion_mmpose.commands.categories import commands, state, steps


class Scripts:
    """Stand-ins for tools/train.py and tools/test.py that leave what those leave."""

    def __init__(self, run):
        self.run = run
        self.started = []
        self.commands = []
        self.codes = {'train.py': 0, 'test.py': 0}
        self.interrupt = False
        self.predicted = [1, 2, 2, 3, 4]
        self.metrics = {'fashionai/NE': 0.5, 'fashionai/num_points': 12}

    def __call__(self, command, log):
        name = os.path.basename(next(part for part in command if part.endswith('.py')))
        self.commands.append(command)
        self.started.append((name, 'resumed' if '--resume' in command else 'anew'))
        folder = self.run.folder
        if name == 'train.py':
            begin(self.run)
            if self.interrupt:
                raise KeyboardInterrupt
            if self.codes[name] == 0:
                write_weights(folder / 'best_fashionai_NE_epoch_1.pth')
        elif self.codes[name] == 0:
            content = dict(metrics=self.metrics, num_parameters=77, loop_seconds=0.5)
            path = folder / 'test' / 'metrics.json'
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(content))
            predictions = [
                dict(
                    image_id=image_id,
                    category_id=4,
                    bbox=[0, 0, 9, 9],
                    score=1,
                    keypoints=[5.0] * 12,
                )
                for image_id in self.predicted
            ]
            self.run.predictions.write_text(json.dumps(predictions))
        return self.codes[name]


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where the recipe's data would be
    run = planned(tmp_path, 'test_dataloader.batch_size=3')
    scripts = Scripts(run)
    monkeypatch.setattr(steps, 'run_logged', scripts)
    return scripts


OPTIONS = steps.Options(Path('repo'))
BOTH = [('train.py', 'anew'), ('test.py', 'anew')]


def test_a_category_is_run_once(scripts):
    run = scripts.run
    first = steps.run_category(run, OPTIONS)
    assert first.status == 'done' and scripts.started == BOTH
    figures = first.figures
    assert (figures.ne, figures.num_points, figures.num_parameters) == (0.5, 12, 77)
    # Five boxes on four pictures, in half a second.
    assert figures.num_images == 4 and figures.image_seconds == 0.5 / 4
    assert first.train_seconds > 0 and figures.test_seconds > 0
    second = steps.run_category(run, OPTIONS)
    assert second.status == 'done before' and scripts.started == BOTH
    assert second.figures == figures and second.train_seconds == first.train_seconds
    # Other annotations: the test alone is repeated.
    options = [
        'test_dataloader.batch_size=3',
        'test_dataloader.dataset.ann_file=b.json',
    ]
    scripts.run = planned(run.folder.parent, *options)
    assert steps.run_category(scripts.run, OPTIONS).status == 'done'
    assert scripts.started == [*BOTH, ('test.py', 'anew')]


@pytest.mark.slow
def test_a_stopped_training_goes_on(scripts):
    scripts.interrupt = True
    with pytest.raises(KeyboardInterrupt):
        steps.run_category(scripts.run, OPTIONS)
    journal = state.Journal.read(scripts.run.folder)
    assert journal.train_seconds > 0 and not journal.trained
    scripts.interrupt = False
    result = steps.run_category(scripts.run, OPTIONS)
    assert result.status == 'done' and result.train_seconds > journal.train_seconds
    assert scripts.started == [('train.py', 'anew'), ('train.py', 'resumed'), BOTH[1]]


@pytest.mark.slow
@pytest.mark.parametrize(
    'script, phase', [('train.py', 'training'), ('test.py', 'test')]
)
def test_a_failure_is_a_result(scripts, capsys, script, phase):
    scripts.codes[script] = 2
    result = steps.run_category(scripts.run, OPTIONS)
    assert result.status == f'{phase} failed' and not result.succeeded
    assert result.error == f'{script} ended with exit code 2'
    assert result.log == scripts.run.folder / steps.LOG
    assert result.log.read_text().count('== skirt: ') == (
        1 if phase == 'training' else 2
    )
    assert f'== skirt: {phase} failed' in capsys.readouterr().out
    # Mended, it goes on with what is missing.
    scripts.codes[script] = 0
    scripts.started.clear()
    assert steps.run_category(scripts.run, OPTIONS).status == 'done'
    again = [('train.py', 'resumed')] if phase == 'training' else []
    assert scripts.started == [*again, BOTH[1]]


def test_a_failed_test_of_other_pictures_leaves_no_result(scripts):
    steps.run_category(scripts.run, OPTIONS)
    first = scripts.run
    scripts.run = planned(first.folder.parent, 'test_dataloader.batch_size=1')
    scripts.codes['test.py'] = 1
    assert steps.run_category(scripts.run, OPTIONS).status == 'test failed'
    # Its predictions may lie in the file: the first test is run again.
    scripts.run, scripts.codes['test.py'] = first, 0
    assert steps.run_category(first, OPTIONS).status == 'done'
    assert len(scripts.started) == 4


@pytest.mark.slow
def test_the_best_checkpoint_is_enough(scripts):
    folder = scripts.run.folder
    steps.run_category(scripts.run, OPTIONS)
    (folder / 'epoch_1.pth').unlink()
    (folder / 'last_checkpoint').unlink()
    assert steps.run_category(scripts.run, OPTIONS).status == 'done before'
    next(folder.glob('best_*.pth')).unlink()
    assert steps.run_category(scripts.run, OPTIONS).status == 'done'
    assert scripts.started == BOTH * 2


def test_only_tests(scripts):
    options = steps.Options(Path('repo'), test_only=True)
    result = steps.run_category(scripts.run, options)
    assert result.status == 'test failed' and 'train it first' in result.error
    assert result.log is None and scripts.started == []
    begin(scripts.run, **{'train_cfg.max_epochs': 99})  # of no account to a test
    result = steps.run_category(scripts.run, options)
    assert result.status == 'done' and scripts.started == [BOTH[1]]
    assert result.train_seconds is None


@pytest.mark.slow
def test_restart_keeps_the_old_training(scripts):
    folder = scripts.run.folder
    options = steps.Options(Path('repo'), restart=True)
    assert steps.run_category(scripts.run, options).status == 'done'
    assert steps.run_category(scripts.run, options).status == 'done before'
    scripts.run = planned(
        folder.parent, 'test_dataloader.batch_size=3', 'train_cfg.max_epochs=5'
    )
    for _ in range(2):  # the same command goes on, and restarts nothing again
        steps.run_category(scripts.run, options)
    assert scripts.started == BOTH * 2
    assert sorted(path.name for path in folder.parent.iterdir()) == [
        'skirt',
        'skirt.old1',
    ]
    assert (folder.parent / 'skirt.old1' / 'epoch_1.pth').is_file()
    assert steps.set_aside(folder) == folder.parent / 'skirt.old2'


def test_metrics_may_have_another_prefix(scripts):
    scripts.metrics = {'whole/NE': 0.25, 'whole/num_points': 3, 'image_mean/NE': 0.75}
    figures = steps.run_category(scripts.run, OPTIONS).figures
    assert (figures.ne, figures.num_points) == (0.25, 3)


def test_two_at_once(scripts):
    with commands.locked_log(scripts.run.folder / steps.LOG):
        result = steps.run_category(scripts.run, OPTIONS)
    assert result.status == 'start failed' and 'is in use' in result.error
    assert scripts.started == []


def test_a_test_without_metrics_fails(scripts, monkeypatch):
    begin(scripts.run)
    monkeypatch.setattr(steps, 'run_logged', lambda command, log: 0)
    result = steps.run_category(scripts.run, steps.Options(Path('repo'), True))
    assert result.status == 'test failed' and 'left no metrics' in result.error


def test_pictures_that_were_left_out_are_tested_once_they_are_mended(scripts):
    run, skip_bad = scripts.run, steps.Options(Path('repo'), skip_bad=True)
    images = [
        dict(
            id=number, file_name=f'{number}.jpg', width=9, height=9, category_id=number
        )
        for number in (4, 5)
    ]
    images.append(dict(images[0], id=1, file_name='1.jpg'))
    run.ann_file.parent.mkdir(parents=True, exist_ok=True)

    def test(predicted: list[int], options: steps.Options) -> str:
        scripts.predicted = predicted
        return steps.run_category(run, options).status

    run.ann_file.write_text(json.dumps(dict(images=images)))
    assert test([1], skip_bad) == 'done'
    assert test([1], skip_bad) == 'done'  # it may be mended now
    assert test([1, 4], OPTIONS) == 'done'
    assert test([1, 4], OPTIONS) == 'done before'
    # All of its own category are there: nothing was left out.
    assert test([1, 4], skip_bad) == 'done before'
    assert scripts.started.count(BOTH[1]) == 3


def test_pictures_that_cannot_be_read_are_left_out_of_both(scripts, tmp_path):
    options = steps.Options(Path('repo'), skip_bad=True)
    steps.run_category(scripts.run, options)
    assert [command.count('--skip-bad') for command in scripts.commands] == [1, 1]
    run = scripts.run
    points = [float(n) for n in range(4 * 3)]
    predictions = [
        dict(
            image_id=number, category_id=4, bbox=[0, 0, 9, 9], score=1, keypoints=points
        )
        for number in (1, 3)
    ]
    run.predictions.write_text(json.dumps(predictions))
    images = [
        dict(id=number, file_name=f'{number}.jpg', width=9, height=9, category_id=4)
        for number in (1, 2, 3)
    ]
    Path(run.ann_file).parent.mkdir(parents=True, exist_ok=True)
    Path(run.ann_file).write_text(json.dumps(dict(images=images)))
    with pytest.raises(ValueError, match='1 of 3 images have no prediction'):
        steps.merge([run], tmp_path / 'p.csv')
    steps.merge([run], tmp_path / 'p.csv', skip_bad=True)
    assert len((tmp_path / 'p.csv').read_text().splitlines()) == 3
