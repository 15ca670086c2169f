"""What results are called, so that none replaces another one or an input."""

import os
import tarfile

import pytest

from fashion_mmpose.inference.outputs.names import (
    Naming,
    drawn_name,
    drawn_paths,
    name_sources,
)
from fashion_mmpose.media.sources import find_sources


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two folders with files of the same names, one of them the working folder."""
    for name in ('a/1.jpg', 'a/sub/2.png', 'b/1.jpg', 'b/clip.mov'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path / 'a')
    return tmp_path


def names(*inputs):
    return list(name_sources(find_sources(list(inputs))))


@pytest.mark.parametrize(
    'inputs, expected',
    [
        (['../a'], ['1.jpg', 'sub/2.png']),
        (['../b/1.jpg', 'sub'], ['1.jpg', '2.png']),
        (['1.jpg', '../a/1.jpg', '../a/sub/../1.jpg'], ['1.jpg']),
        (['1.jpg', '../b'], ['a/1.jpg', 'b/1.jpg', 'b/clip.mov']),
        (['../*/1.jpg'], ['a/1.jpg', 'b/1.jpg']),
        (['*/../../b/*.jpg'], ['1.jpg']),
        ([0, 0, 'sub'], ['camera0', '2.png']),
        (['none/.'], ['.']),
    ],
    ids=['folder', 'file', 'again', 'same', 'pattern', 'out', 'camera', 'nothing'],
)
def test_names(folder, inputs, expected):
    assert names(*inputs) == expected


@pytest.mark.parametrize(
    'inputs, expected',
    [
        (['1.jpg', '../b/clip.mov'], ['a/1.jpg', 'b/clip.mov']),
        (['1.jpg', 'sub'], ['1.jpg', 'sub/2.png']),
        (
            ['../*/1.jpg', 'sub/2.png', '../b/clip.mov'],
            ['a/1.jpg', 'b/1.jpg', 'a/sub/2.png', 'b/clip.mov'],
        ),
        (['..'], ['a/1.jpg', 'a/sub/2.png', 'b/1.jpg', 'b/clip.mov']),
        (['../b', 0], ['1.jpg', 'clip.mov', 'camera0']),
    ],
    ids=['files', 'below', 'split', 'folders', 'one'],
)
def test_names_may_tell_the_folders(folder, inputs, expected):
    found = name_sources(find_sources(inputs), by_folder=True)
    assert list(found) == expected


def test_sources_have_the_names(folder):
    found = name_sources(find_sources(['1.jpg', '../b']))
    assert {name: source.name for name, source in found.items()} == {
        name: name for name in ('a/1.jpg', 'b/1.jpg', 'b/clip.mov')
    }


def test_streams_of_one_host_stay_apart():
    streams = [f'http://nvr:{port}/clip.mp4?id={port}' for port in (1, 2, 3)]
    found = name_sources(find_sources(streams))
    assert [source.image for source in found.values()] == streams
    assert list(found) == ['nvr_clip.mp4', 'nvr_clip.mp4-2', 'nvr_clip.mp4-3']


@pytest.mark.parametrize(
    'inputs',
    [
        ['../a', '../b/clip.mov'],
        ['1.jpg', '../a/1.jpg', '../b'],
        ['../b', '1.jpg', '../b/1.jpg', 'sub'],
        ['sub', 'sub'],
        ['.', 'sub'],
        ['sub', '../a', '../b'],
        ['list.txt', '../b/1.jpg'],
        ['list.txt'],
        ['absolute.txt'],
        ['t.tar'],
        ['t.tar', '../b', 't.tar'],
        ['../top', 'again.txt'],
    ],
)
def test_many_are_named_like_few(folder, inputs):
    (folder / 'a/list.txt').write_text('1.jpg\n  \n../b/1.jpg\n')
    (folder / 'a/absolute.txt').write_text(f'{folder}/b/1.jpg\n{folder}/a/1.jpg\n')
    (folder / 'top/deep').mkdir(parents=True)
    (folder / 'top/deep/2.jpg').touch()
    (folder / 'a/again.txt').write_text('../top/deep/2.jpg\n')
    with tarfile.open(folder / 'a/t.tar', 'w') as archive:
        for name in ('p.jpg', 'q.jpg', 'p.jpg'):  # as `tar -r` appends it
            archive.add(folder / 'b/1.jpg', name)
    naming = Naming(lambda: find_sources(iter(inputs)))
    found = [source.name for source in naming(find_sources(iter(inputs)))]
    assert found == names(*inputs)
    assert len({*found}) == len(found)
    if inputs == ['t.tar']:
        assert found == ['t.tar/p.jpg', 't.tar/q.jpg', 't.tar/p.jpg-2']
    if inputs == ['../top', 'again.txt']:
        assert found == ['deep/2.jpg']
    if inputs == ['absolute.txt']:
        assert found == ['b/1.jpg', 'a/1.jpg']


def test_a_folder_whose_name_begins_like_another_one_is_not_below_it(folder):
    (folder / 'b2').mkdir()
    (folder / 'b2/1.jpg').touch()
    inputs = ['../b', '../b2']
    naming = Naming(lambda: find_sources(iter(inputs)))
    found = [source.name for source in naming(find_sources(iter(inputs)))]
    assert found == names(*inputs) == ['b/1.jpg', 'b/clip.mov', 'b2/1.jpg']


def test_absolute_paths_stay_below(folder):
    assert names(str(folder / 'a/1.jpg'), str(folder / 'b/1.jpg')) == [
        *('a/1.jpg', 'b/1.jpg'),
    ]


@pytest.mark.parametrize(
    'name, others, expected',
    [
        ('sub/a.jpg', [], 'sub/a.jpg'),
        ('a.JPG', [], 'a.JPG'),
        ('a.tiff', [], 'a.tiff'),
        ('a.pgm', [], 'a.pgm.png'),  # of grey pictures
        ('a.pbm', [], 'a.pbm.png'),
        ('photo', [], 'photo.png'),
        ('photo', ['photo.png', 'photo.png.png'], 'photo.png.png.png'),
        ('a.MP4', [], 'a.MP4'),
        ('a.avi', [], 'a.avi.mp4'),
        ('a.avi', ['a.avi.mp4'], 'a.avi.mp4.mp4'),
    ],
)
def test_drawn_names(name, others, expected):
    sources = name_sources(find_sources([name, *others]))
    if os.path.dirname(name):
        sources = {name: next(iter(sources.values()))}
    assert drawn_name(name, sources) == expected
    drawn = [drawn_name(each, sources) for each in sources]
    assert len(set(drawn)) == len(drawn)


def test_a_file_is_not_drawn_where_another_has_its_folder(folder):
    (folder / 'b/2.png').mkdir()
    (folder / 'b/2.png/3.jpg').touch()
    sources = name_sources(find_sources(['sub', '../b']))
    with pytest.raises(
        ValueError, match=r'2\.png/3\.jpg cannot be drawn, for .*2\.png'
    ):
        drawn_paths('drawn', sources)


def test_inputs_are_not_drawn_over(folder):
    sources = name_sources(find_sources(['../b/1.jpg']))
    assert drawn_paths('drawn', sources)['1.jpg'].as_posix() == 'drawn/1.jpg'
    os.symlink(folder / 'b', 'drawn')
    with pytest.raises(ValueError, match=r'drawn/1\.jpg is an input and would be'):
        drawn_paths('drawn', sources)
