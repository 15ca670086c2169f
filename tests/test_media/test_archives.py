"""Pictures in tar archives."""

import gzip
import io
import tarfile

import cv2
import pytest
from coarse_pictures import pictures

from fashion_mmpose.errors import FormatError
from fashion_mmpose.inference.outputs.names import name_sources
from fashion_mmpose.media.reading import load_pictures
from fashion_mmpose.media.sources import find_sources

SIZES = [(40, 32), (32, 40), (24, 24)]


def png(size):
    return cv2.imencode('.png', pictures([size])[0])[1].tobytes()


def write(path, members):
    """A tar archive of names and bytes."""
    with tarfile.open(path, 'w', format=tarfile.PAX_FORMAT) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


@pytest.fixture
def shard(tmp_path):
    """Three pictures in the form of webdataset, beside labels."""
    members = {}
    for number, size in enumerate(SIZES):
        members[f'./{number:04d}.PNG'] = png(size)
        members[f'{number:04d}.cls'] = b'3'
    return write(tmp_path / 'shard-00.tar', members | {'._0000.png': b'clutter'})


def read(path):
    """Name and error, or size, of what an archive holds."""
    loaded = load_pictures(find_sources(path))
    return [
        (each.source.name, each.error or each.pixels.shape[:2][::-1]) for each in loaded
    ]


NAMES = [f'shard-00.tar/000{number}.PNG' for number in range(3)]


def test_members(shard, tmp_path):
    aside = []
    found = find_sources(shard, aside)
    assert read(shard) == list(zip(NAMES, SIZES))
    assert [each.image for each in found] == [f'{tmp_path}/{name}' for name in NAMES]
    assert aside == [f'4 members of {shard} are no pictures by suffix']
    assert [path.name for path in tmp_path.iterdir()] == ['shard-00.tar']


def test_archives_of_a_pattern_and_their_names(shard, tmp_path):
    write(tmp_path / 'shard-01.tar', {'0000.png': png((8, 9))})
    found = read(str(tmp_path / '*.tar'))
    assert found == [*zip(NAMES, SIZES), ('shard-01.tar/0000.png', (8, 9))]
    # Archives of one name in two folders are told apart.
    (tmp_path / 'b').mkdir()
    write(tmp_path / 'b' / 'shard-00.tar', {'0000.PNG': png((8, 9))})
    inputs = [shard, tmp_path / 'b' / 'shard-00.tar']
    names = list(name_sources(find_sources(inputs)))
    assert names == [*NAMES, 'b/shard-00.tar/0000.PNG']


def test_a_broken_member_fails_alone(tmp_path):
    data = png((40, 32))
    members = {'a.png': data, 'b.png': data[:-40], 'c.png': b'', 'd.png': data}
    path = write(tmp_path / 's.tar', members)
    (_, first), (_, cut), (_, nothing), (_, last) = read(path)
    assert first == last == (40, 32)
    assert cut.startswith(f'{path}/b.png') and 'PNG' in cut
    assert nothing.startswith(f'{path}/c.png')


@pytest.mark.parametrize(
    'name, fault',
    [('../up.png', "leads upwards by '..'"), ('/etc/up.png', 'is absolute')],
)
def test_names_stay_inside(tmp_path, name, fault):
    path = write(tmp_path / 's.tar', {name: png((8, 9)), 'in.png': png((8, 9))})
    (told, error), inside = read(path)
    assert error == f'{path}: the name of the member {name!r} {fault}'
    assert told.startswith('s.tar, byte ')
    assert inside == ('s.tar/in.png', (8, 9))


def test_links_are_passed_over(tmp_path):
    path = tmp_path / 's.tar'
    with tarfile.open(path, 'w') as archive:
        link = tarfile.TarInfo('link.png')
        link.type, link.linkname = tarfile.SYMTYPE, '/etc/passwd'
        archive.addfile(link)
    with pytest.raises(FileNotFoundError, match=r's\.tar holds no picture'):
        read(path)


def test_an_archive_that_breaks_off(shard):
    data = shard.read_bytes()
    at = [each.span.offset for each in find_sources(shard)]
    for kept, reason in {
        at[2] + 100: 'breaks off after 3 pictures: unexpected end of data',
        at[1] - 100: 'breaks off after 1 pictures: the header of the next member is '
        'damaged',
        at[1] - 512: 'breaks off after 1 pictures: its end is missing',
    }.items():
        shard.write_bytes(data[:kept])
        found = read(shard)
        assert found[0] == (NAMES[0], SIZES[0])
        assert found[-1] == ('shard-00.tar', f'{shard} {reason}')
    damaged = bytearray(data)
    damaged[at[1] - 500 : at[1] - 400] = b'x' * 100
    shard.write_bytes(damaged)
    assert [size for _, size in read(shard)] == [
        SIZES[0],
        f'{shard} breaks off after 1 pictures: the header of the next member is '
        'damaged',
    ]


def test_an_archive_that_is_cut_while_it_is_read(shard):
    found = find_sources(shard)
    shard.write_bytes(shard.read_bytes()[: found[1].span.offset + 10])
    first, second, third = load_pictures(found)
    assert first.pixels is not None
    assert f'{shard} is cut short: 10 of the ' in second.error
    assert 'is cut short: 0 of the ' in third.error


def test_what_is_no_archive(shard, tmp_path):
    other = tmp_path / 'other.tar'
    other.write_bytes(b'text' * 500)
    with pytest.raises(FormatError, match=r'other\.tar is no tar archive'):
        read(other)
    packed = tmp_path / 'shard.tar.gz'
    packed.write_bytes(gzip.compress(shard.read_bytes()))
    with pytest.raises(FormatError, match=r'shard\.tar\.gz is compressed'):
        read(packed)


@pytest.mark.parametrize('name', ['BM-7.png', 'P1 front.png', 'img_wide.png'])
def test_a_member_that_begins_like_a_picture_or_a_video(tmp_path, name):
    path = write(tmp_path / 'shard.tar', {name: png(SIZES[0])})
    assert read(path) == [(f'shard.tar/{name}', SIZES[0])]
