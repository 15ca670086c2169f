"""What a run over many pictures is going to do, and what of it is done."""

from dataclasses import replace

import pytest
from drawn_catalogue import named

from fashion_mmpose.catalogue.plan import Plan, begin, read_plan, same_plan, survey
from fashion_mmpose.catalogue.shards import Shard
from fashion_mmpose.errors import FormatError
from fashion_mmpose.media.source import Source, Span

PLAN = Plan(num_pictures=10, part_size=4, settings={'the model': 'abc', 'sizes': [1]})


def numbers(parts):
    return [(part.number, [each.number for each in part.sources]) for part in parts]


def test_parts():
    assert (PLAN.num_parts, [PLAN.size(n) for n in range(3)]) == (3, [4, 4, 2])
    assert PLAN.name(2) == 'part-00002-of-00003.parquet'
    whole = numbers(PLAN.parts(named(10), range(3)))
    assert whole == [(0, [0, 1, 2, 3]), (1, [4, 5, 6, 7]), (2, [8, 9])]
    assert numbers(PLAN.parts(iter(named(10)), [0, 2])) == [whole[0], whole[2]]
    chosen = list(PLAN.parts(named(10), [2]))
    assert [each.name for each in chosen[0].sources] == ['8.jpg', '9.jpg']
    assert chosen[0].first == 8


def test_inputs_that_shrink_are_told():
    with pytest.raises(FormatError, match='they had 10 pictures'):
        list(PLAN.parts(named(9), range(3)))


def test_what_is_done_is_not_pending(tmp_path):
    assert PLAN.pending(tmp_path / 'none', Shard()) == [0, 1, 2]
    (tmp_path / PLAN.name(0)).touch()
    (tmp_path / f'.{PLAN.name(1)}.1.tmp').touch()
    assert PLAN.pending(tmp_path, Shard()) == [1, 2]
    assert PLAN.pending(tmp_path, Shard(0, 2)) == [2]
    assert PLAN.pending(tmp_path, Shard(1, 2)) == [1]


def test_a_survey_tells_names_order_and_places():
    whole = survey(named(3))
    assert whole.num_pictures == 3
    assert survey(iter(named(3))) == whole
    assert survey(named(3)[::-1]).digest != whole.digest
    first, *others = named(3)
    moved = [replace(first, image='/elsewhere/0.jpg'), *others]
    assert survey(moved) == whole  # another machine has its own paths
    inside = [replace(first, span=Span('a.tar', 512, 9)), *others]
    assert survey(inside).digest != whole.digest
    with pytest.raises(ValueError, match='v is a video'):
        survey([first, Source('v', 'video', 'v')])


def test_going_on_with_the_same_settings(tmp_path):
    begin(tmp_path, PLAN)
    written = (tmp_path / '_parts.json').read_bytes()
    begin(tmp_path, PLAN)
    assert read_plan(tmp_path) == PLAN
    assert (tmp_path / '_parts.json').read_bytes() == written


def test_other_settings_are_refused(tmp_path):
    begin(tmp_path, PLAN)
    other = Plan(
        num_pictures=11, part_size=5, settings={'the model': 'xyz', '--category': 'hat'}
    )
    with pytest.raises(FormatError) as raised:
        begin(tmp_path, other)
    assert str(raised.value) == (
        f'{tmp_path} has parts of another run: the number of pictures was 10 and is '
        '11; --part-size was 4 and is 5; the model was abc and is xyz; sizes was [1] '
        'and is not given; --category was not given and is hat; to fix it: give the '
        'same inputs and options to go on, or another folder'
    )


def test_parts_that_nobody_tells_of(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'has no _parts\.json'):
        read_plan(tmp_path)
    (tmp_path / PLAN.name(0)).touch()
    with pytest.raises(FormatError, match=r'has parts, but no _parts\.json'):
        begin(tmp_path, PLAN)


def test_plans_that_cannot_be_read(tmp_path):
    for damaged in (b'', b'{"num_pictures": 1', b'{"version": "\xff"}'):
        (tmp_path / '_parts.json').write_bytes(damaged)
        with pytest.raises(FormatError, match='cannot be read: .*; to fix it: put'):
            read_plan(tmp_path)
    (tmp_path / '_parts.json').write_text('{}')
    with pytest.raises(FormatError, match=r'_parts\.json cannot be read'):
        read_plan(tmp_path)
    later = Plan(num_pictures=1, part_size=1, settings={}, format=9, version='9.0')
    begin(tmp_path / 'later', later)
    with pytest.raises(FormatError, match=r'is of version 9\.0 of the package'):
        read_plan(tmp_path / 'later')


def test_folders_of_one_run(tmp_path):
    assert same_plan({'a': PLAN, 'b': PLAN}) == PLAN
    other = Plan(num_pictures=10, part_size=5, settings=PLAN.settings)
    told = '^a and b have parts of two runs: --part-size: 4 and 5; to fix it: put the'
    with pytest.raises(FormatError, match=told):
        same_plan({'a': PLAN, 'b': other})
