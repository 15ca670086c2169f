"""The boxes of a detection run that is not finished yet."""

import json

import pytest

from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.detectors.partial_boxes import PartialBoxes

SETTINGS = dict(version=1, score_thr=0.05)
BOX = (1.5, 2.0, 30.0, 40.25, 0.75, 3)
OTHER = (0.0, 0.0, 8.0, 9.0, 0.5, 1)


@pytest.fixture
def partial(tmp_path):
    return PartialBoxes(tmp_path / 'new' / 'boxes.json', SETTINGS)


def append(partial, number=0, **images):
    with partial.append_to(number) as appender:
        for name, boxes in images.items():
            appender.append(int(name[1:]), boxes)


def test_nothing_yet(partial):
    assert partial.files() == [] and partial.read() == {}


def test_what_was_appended_is_read(partial):
    append(partial, _7=[BOX, OTHER], _3=[])
    append(partial, _5=[OTHER])
    assert partial.read() == {7: [BOX, OTHER], 3: [], 5: [OTHER]}
    (path,) = partial.files()
    assert path.name == 'boxes.json.partial'
    assert path.read_text().splitlines()[:2] == [
        '{"version":1,"score_thr":0.05}',
        '{"image_id":7,"boxes":[[1.5,2.0,30.0,40.25,0.75,3],[0.0,0.0,8.0,9.0,0.5,1]]}',
    ]


@pytest.mark.parametrize('name', ['boxes[1].json', 'a*b?.json', '[.json'])
def test_a_name_is_no_pattern(tmp_path, name):
    partial = PartialBoxes(tmp_path / name, SETTINGS)
    append(partial, _7=[BOX])
    append(partial, 1, _3=[OTHER])
    assert [path.name for path in partial.files()] == [
        f'{name}.partial',
        f'{name}.partial.1',
    ]
    assert partial.finish([7, 3]) == 2
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_every_line_is_there_at_once(partial):
    with partial.append_to() as appender:
        appender.append(7, [BOX])
        assert partial.read() == {7: [BOX]}


@pytest.mark.parametrize('length', [1, 12, 30])
def test_a_torn_line_was_never_written(partial, length):
    append(partial, _7=[BOX], _3=[OTHER])
    (path,) = partial.files()
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b'{') + length])
    assert partial.read() == {7: [BOX]}
    append(partial, _3=[OTHER])
    assert path.read_bytes() == whole


def test_torn_settings_are_written_again(partial):
    append(partial)
    (path,) = partial.files()
    path.write_bytes(b'{"vers')
    assert partial.read() == {}
    append(partial, _1=[])
    assert partial.read() == {1: []}


def test_files_of_many_processes(partial):
    for number in (0, 2, 10):
        append(partial, number, **{f'_{number}': [BOX]})
    for other in ('.old', '1', '.1.2', '..3', '.\N{SUPERSCRIPT TWO}'):
        (partial.out.parent / f'boxes.json.partial{other}').write_text('no boxes')
    assert [path.name for path in partial.files()] == [
        'boxes.json.partial',
        'boxes.json.partial.2',
        'boxes.json.partial.10',
    ]
    assert partial.read() == {0: [BOX], 2: [BOX], 10: [BOX]}


def test_finish(partial):
    append(partial, 0, _7=[BOX, OTHER], _3=[])
    append(partial, 1, _5=[OTHER])
    assert partial.finish([5, 3, 7]) == 3
    assert json.loads(partial.out.read_text()) == [
        dict(image_id=5, category_id=1, bbox=[0, 0, 8, 9], score=0.5),
        dict(image_id=7, category_id=3, bbox=[1.5, 2, 30, 40.25], score=0.75),
        dict(image_id=7, category_id=1, bbox=[0, 0, 8, 9], score=0.5),
    ]
    assert partial.files() == []


def test_what_is_missing_is_not_passed_over(partial):
    """Another run has finished, and removed what this one had."""
    append(partial, _1=[BOX], _2=[])
    with pytest.raises(FormatError, match='2 of 4 images are missing'):
        partial.finish([1, 2, 3, 4])
    assert not partial.out.exists()
    assert partial.read() == {1: [BOX], 2: []}


def test_finish_without_boxes(partial):
    append(partial, _1=[])
    assert partial.finish([1]) == 0
    assert json.loads(partial.out.read_text()) == []


def test_other_pictures(partial):
    """One or the other may have been mended, or be found meanwhile."""
    first = PartialBoxes(partial.out, dict(SETTINGS, sizes=[7, 8, -1, 9]))
    append(first, _1=[])
    for sizes in ([7, 8, -1, 9], [7, 80, 5, 9]):
        again = PartialBoxes(partial.out, dict(SETTINGS, sizes=sizes))
        assert again.read() == {1: []}
    other = PartialBoxes(partial.out, dict(SETTINGS, sizes=[7, 80, 5, 1]))
    with pytest.raises(FormatError, match='begun with other pictures'):
        other.read()


def test_other_settings(partial):
    append(partial, _1=[])
    other = PartialBoxes(partial.out, dict(SETTINGS, score_thr=0.1, extra=2))
    with pytest.raises(FormatError, match='extra: None then, 2 now, score_thr: 0.05'):
        other.read()


@pytest.mark.parametrize(
    'line, why',
    [
        pytest.param('{"image_id": 7', 'truncated', id='no-json'),
        pytest.param('{"image_id": 7}', 'field `boxes`', id='no-boxes'),
        pytest.param('[7]', 'Expected `object`', id='list'),
        pytest.param('{"image_id": [7], "boxes": []}', '`int`', id='id-is-list'),
        pytest.param('{"image_id": 7, "boxes": [[1]]}', 'length 6', id='short-box'),
        pytest.param('{"x": ' + '[' * 100_000, 'too deeply', id='deep'),
    ],
)
def test_damage(partial, line, why):
    append(partial, _1=[])
    (path,) = partial.files()
    path.write_text(path.read_text() + line + '\n')
    with pytest.raises(FormatError, match=f'line 3 is damaged .*{why}.*begin anew'):
        partial.read()
