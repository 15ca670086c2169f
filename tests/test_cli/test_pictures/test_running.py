"""The inputs and the networks of the commands that look at pictures."""

import pytest

from fashion_mmpose.cli.pictures import measure, predict, running
from fashion_mmpose.cli.pictures.running import open_inputs


@pytest.mark.parametrize('command', [measure, predict])
def test_shares_have_no_common_lengths(command, tmp_path):
    """Those of `2 pictures` of a folder of four would be called common to all."""
    argv = [str(tmp_path), '--out-dir', 'out', '--combine', '--shard']
    more = ['--measure'] if command is predict else []
    args = command.parse_args([*argv, '1/2', *more])
    with pytest.raises(ValueError, match='--combine needs all .* --shard 1/2 takes '):
        open_inputs(args, [])
    whole = command.parse_args([*argv, '0/1', *more])
    with pytest.raises(FileNotFoundError, match='holds no picture'):
        open_inputs(whole, [])


@pytest.mark.parametrize('more', ['', '--combine'])
def test_pictures_of_several_folders_are_not_of_one(tmp_path, monkeypatch, more):
    """Two garments whose pictures have other names would have common lengths."""
    monkeypatch.setattr(running, 'open_networks', lambda args: 'networks')
    for name in ('red/a.jpg', 'red/b.jpg', 'blue/c.jpg'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    inputs = [str(tmp_path / name) for name in ('red', 'blue/c.jpg')]
    args = measure.parse_args([*inputs, '--out-dir', 'out', *more.split()])
    _, sources = open_inputs(args, [])
    expected = ['red/a.jpg', 'red/b.jpg', 'blue/c.jpg']
    if not more:
        expected = ['a.jpg', 'b.jpg', 'c.jpg']
    assert list(sources) == expected


@pytest.mark.parametrize(
    ('command', 'name', 'is_kept'),
    [
        ('measure --out-dir {}', 'unreadable.csv', True),
        ('predict --out-dir {}', 'unreadable.csv', True),
        ('predict --out-dir {} --save-csv', 'predictions.csv', True),
        ('predict --out-dir {}', 'predictions.csv', False),
        ('predict --out-dir {}', 'measurements.csv', False),
        ('predict --out-dir {} --measure', 'measurements.csv', True),
        ('measure --out-dir {} --format json', 'measurements.csv', False),
        ('measure --out-dir {}/other', 'measurements.csv', False),
    ],
)
def test_tables_of_pictures_are_kept(tmp_path, monkeypatch, command, name, is_kept):
    """Pictures that were mended are predicted alone, and not in place of all."""
    table = tmp_path / name
    table.write_text('picture\na.jpg\n')
    module, *options = command.format(tmp_path).split()
    args = dict(measure=measure, predict=predict)[module].parse_args(
        [str(table), *options]
    )
    monkeypatch.setattr(running, 'open_networks', lambda args: 'networks')
    if is_kept:
        with pytest.raises(ValueError, match=f'{name} is an input, .* another folder'):
            open_inputs(args, [])
    else:
        assert open_inputs(args, [])[0] == 'networks'


@pytest.mark.parametrize(
    ('command', 'is_kept'),
    [
        ('measure {}/a.jpg --spec {}/measurements.csv --out-dir {}', True),
        ('measure {}/a.jpg --table {}/measurements.json --out-dir {}', True),
        (
            'measure {}/a.jpg --table {}/measurements.json --format csv --out-dir {}',
            False,
        ),
        ('measure {}/a.jpg --spec {}/measurements.csv --out-dir {}/out', False),
        ('predict {}/a.jpg --measure --lens {}/predictions.json --out-dir {}', True),
    ],
)
def test_what_tells_how_to_measure_is_kept(tmp_path, monkeypatch, command, is_kept):
    monkeypatch.setattr(running, 'open_networks', lambda args: 'networks')
    for name in 'a.jpg', 'measurements.csv', 'measurements.json', 'predictions.json':
        (tmp_path / name).touch()
    module, *options = command.format(*[tmp_path] * 3).split()
    args = dict(measure=measure, predict=predict)[module].parse_args(options)
    if is_kept:
        with pytest.raises(ValueError, match=r'\w+ is an input, .* another folder'):
            open_inputs(args, [])
    else:
        assert open_inputs(args, [])[0] == 'networks'
