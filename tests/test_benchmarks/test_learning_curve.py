"""benchmarks/learning_curve.py: an error for each number of pictures."""

import json

import pytest

from benchmarks import learning_curve, short_trainings
from benchmarks.learning_curve import main
from fashion_mmpose.commands.categories.plan import parse_options


@pytest.fixture
def argv(tmp_path, monkeypatch):
    """Four pictures; stands in for trainings, whose errors tell how long they were."""
    (tmp_path / 'annotations').mkdir()
    content = dict(
        images=[dict(id=number) for number in range(4)],
        annotations=[dict(id=n, image_id=n, category_id=1 + n % 2) for n in range(4)],
    )
    (tmp_path / 'annotations' / 'train_all.json').write_text(json.dumps(content))

    def call(script, config, *arguments):
        place = arguments[arguments.index('--work-dir') + 1]
        place.mkdir(parents=True, exist_ok=True)
        if script == 'train.py':
            (epochs,) = (
                option.partition('=')[2]
                for option in arguments
                if str(option).startswith('train_cfg.max_epochs=')
            )
            (place / 'epochs').write_text(epochs)
        else:
            epochs = int((place.parent / 'epochs').read_text())
            metrics = {short_trainings.METRIC: 1 / epochs}
            (place / 'metrics.json').write_text(json.dumps(dict(metrics=metrics)))

    monkeypatch.setattr(short_trainings, 'call', call)
    monkeypatch.setattr(learning_curve, 'write_results', lambda out, figures: None)
    return ['--data-root', str(tmp_path), '--out', str(tmp_path / 'out')]


def test_trainings_of_other_settings_are_not_mixed_in(argv, capsys):
    main([*argv, '--sizes', '2', '--starts', 'starter', '--steps', '10'])
    assert capsys.readouterr().out == 'starter, 2 pictures: NE 10.00%\n'
    # More sizes are of the same curve.
    main([*argv, '--sizes', '2', '4', '--starts', 'starter', '--steps', '10'])
    assert capsys.readouterr().out.count('NE 10.00%') == 2
    with pytest.raises(SystemExit, match=r'trainings of other settings \(steps, see'):
        main([*argv, '--sizes', '2', '--starts', 'starter', '--steps', '20'])
    assert not capsys.readouterr().out


def test_a_folder_with_a_comma(argv, tmp_path, monkeypatch):
    """Settings are read by the trainer as the paths that they are."""
    said, call = {}, short_trainings.call

    def listening(script, config, *arguments):
        call(script, config, *arguments)
        if '--cfg-options' in arguments:
            options = arguments[arguments.index('--cfg-options') + 1 :]
            said.update(parse_options(options))

    monkeypatch.setattr(short_trainings, 'call', listening)
    out = tmp_path / "one, Bob's"
    main([*argv, '--out', str(out), '--sizes', '2', '--starts', 'starter'])
    assert said['train_dataloader.dataset.ann_file'] == str(out / 'train_2.json')


def test_a_curve_has_no_more_pictures_than_there_are(argv, capsys):
    main([*argv, '--sizes', '2', '30', '100', '--starts', 'starter', '--steps', '10'])
    assert capsys.readouterr().out.splitlines() == [
        'starter, 2 pictures: NE 10.00%',
        'starter, 4 pictures: NE 10.00%',
    ]
