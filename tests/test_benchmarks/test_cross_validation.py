"""benchmarks/cross_validation.py: no picture is told by a network that has seen it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks import cross_validation, short_trainings
from benchmarks.cross_validation import UNTRAINED, dataset, deal, main, parse_args
from fashion_mmpose.cli.convert.deepfashion2 import main as convert
from fashion_mmpose.commands.categories.plan import parse_options
from fashion_mmpose.synthetic import write_deepfashion2


@pytest.fixture(scope='module')
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp('drawn')
    write_deepfashion2(folder, 7, 5)
    options = ('--annos', folder / 'annos', '--images', folder / 'image')
    argv = [*map(str, options), '--out', str(folder / 'all.json')]
    assert convert(argv) == 0
    return folder


def test_every_picture_is_in_one_part():
    content = dict(images=[dict(id=number) for number in range(3, 13)])
    parts = deal(content, 4)
    assert sorted(map(len, parts)) == [2, 2, 3, 3]
    assert set.union(*parts) == set(range(3, 13))
    with pytest.raises(SystemExit, match='10 pictures cannot be dealt to 11 parts'):
        deal(content, 11)


def test_folders_with_commas():
    args = parse_args(['--gt', 'a', '--images', '/b,c', '--out', 'd'])
    said = parse_options(dataset('test', args, Path('/e,f/test_0.json')))
    place = 'test_dataloader.dataset'
    assert said[f'{place}.ann_file'] == '/e,f/test_0.json'
    assert said[f'{place}.data_prefix.img'] == '/b,c'


@pytest.mark.parametrize('option', ['--folds=1', '--steps=0'])
def test_wrong_numbers(option, capsys):
    with pytest.raises(SystemExit):
        parse_args(['--gt', 'a', '--images', 'b', '--out', 'c', option])
    assert '--folds must be at least 2' in capsys.readouterr().err


def value(arguments, key):
    (line,) = (each for each in arguments if str(each).startswith(f'{key}='))
    return line.partition('=')[2]


@pytest.fixture
def tools(drawn, monkeypatch):
    """Stand in for trainings and tests: perfect results after a training, else none."""
    calls = []

    def truth(file):
        content = json.loads(Path(file).read_text())
        for each in content['annotations']:
            points = np.array(each['keypoints'], float)
            points[2::3] = points[2::3] > 0
            yield dict(
                image_id=each['image_id'],
                category_id=each['category_id'],
                keypoints=points.tolist(),
                score=1.0,
            )

    def call(script, config, *arguments):
        calls.append((script, *map(str, arguments)))
        place = arguments[arguments.index('--work-dir') + 1]
        place.mkdir(exist_ok=True)
        if script == 'train.py':
            epochs = value(arguments, 'train_cfg.max_epochs')
            (place / f'epoch_{epochs}.pth').touch()
            (place / 'learnt').write_text(
                value(arguments, 'train_dataloader.dataset.ann_file')
            )
            return
        found = []
        if arguments[0] != 'starter://deepfashion2':
            file = value(arguments, 'test_dataloader.dataset.ann_file')
            found = list(truth(file))
            learnt = Path((arguments[0] / 'learnt').read_text())
            learnt = json.loads(learnt.read_text())
            seen = {each['id'] for each in learnt['images']}
            asked = {each['image_id'] for each in found}
            assert not seen & asked and len(seen | asked) == 7
        (place / 'results.json').write_text(json.dumps(found))

    monkeypatch.setattr(cross_validation, 'call', call)
    monkeypatch.setattr(short_trainings, 'call', call)
    return calls


def test_parts_are_scored_together(drawn, tools, tmp_path, capsys):
    options = ('--gt', drawn / 'all.json', '--images', drawn / 'image')
    argv = [*map(str, options), '--out', str(tmp_path / 'out'), '--folds', '3']
    main(argv)
    table = (tmp_path / 'out' / 'table.md').read_text()
    rows = dict(re.findall(r'^\| ([^|]+) \| ([\d.]+) ', table, re.MULTILINE))
    assert rows == {UNTRAINED: '0.000', 'starter': '1.000', 'imagenet': '1.000'}
    scripts = [each[0] for each in tools]
    assert scripts.count('train.py') == 6 and scripts.count('test.py') == 7
    pretrained = ['model.backbone.pretrained=pypi' in each for each in tools]
    assert sum(pretrained) == 3
    # What is done is not done again.
    tools.clear()
    main(argv)
    assert not tools
    assert capsys.readouterr().out.count(table) == 2


def test_trainings_of_other_settings_are_not_mixed_in(drawn, tools, tmp_path):
    options = ('--gt', drawn / 'all.json', '--images', drawn / 'image')
    argv = [*map(str, options), '--out', str(tmp_path / 'out'), '--starts', 'starter']
    with pytest.raises(SystemExit, match='give fewer --folds'):
        main([*argv, '--folds', '8'])
    main([*argv, '--folds', '3'])  # nothing was noted of what could not be
    tools.clear()
    for name, value in (('folds', '2'), ('steps', '90')):
        with pytest.raises(SystemExit, match=rf'of other settings \({name}, see'):
            main([*argv, '--folds', '3', f'--{name}', value])
    assert not tools
