"""The pictures and videos that inputs lead to."""

import os
import sys

import cv2
import numpy as np
import pytest
from coarse_pictures import pictures

from fashion_mmpose.files.pictures.pixels import write_picture
from fashion_mmpose.media.reading import load_pictures
from fashion_mmpose.media.sources import find_sources

SIZE_WH = (40, 32)


@pytest.fixture(scope='module')
def image():
    """BGR, (32, 40, 3), without a symmetry."""
    return pictures([SIZE_WH])[0]


def png(path, image):
    write_picture(path, image)
    return path


@pytest.fixture
def shop(image, tmp_path):
    """A folder with pictures, a video by its name, and what is neither."""
    for name in ('b.png', 'a/10.PNG', 'a/9.png', 'a/.hidden.png', '.cache/c.png'):
        png(tmp_path / 'shop' / name, image)
    (tmp_path / 'shop/a.mp4').write_bytes(b'')
    (tmp_path / 'shop/notes.txt').write_text('none')
    return tmp_path / 'shop'


def names(sources):
    return [(source.name, source.kind) for source in sources]


def test_a_folder(shop):
    found = find_sources(shop)
    assert names(found) == [
        ('a/10.PNG', 'picture'),
        ('a/9.png', 'picture'),
        ('a.mp4', 'video'),
        ('b.png', 'picture'),
    ]
    assert found[0].image == str(shop / 'a/10.PNG')
    assert names(find_sources(str(shop))) == names(found)


def test_content_decides_and_nothing_vanishes(image, tmp_path):
    shop = tmp_path / 'shop'
    jpeg = cv2.imencode('.jpg', image)[1].tobytes()
    clip = b'\0\0\0\x18ftypisom\0\0\2\0isommp41'
    for name, data in {
        'a.mp4': jpeg,
        'b': jpeg,
        'c.jpg': clip,
        'd.gif': b'GIF89a',
        'e.HEIC': b'\0\0\0\x18ftypheic\0\0\0\0mif1heic',
        'f.exr': b'\x76\x2f\x31\x01',
        'g.jpg': b'torn',
        'h.txt': b'a note',
        'Thumbs.db': b'',
        'i/desktop.ini': b'',
        '__MACOSX/._a.jpg': jpeg,
        '__MACOSX/b.jpg': jpeg,
        'i/.j.jpg': jpeg,
        'i/k.pdf.jpg': b'%PDF-1.7',
    }.items():
        (shop / name).parent.mkdir(parents=True, exist_ok=True)
        (shop / name).write_bytes(data)
    left_aside = []
    found = find_sources(shop, left_aside)
    assert names(found) == [
        ('a.mp4', 'picture'),
        ('b', 'picture'),
        ('c.jpg', 'video'),
        ('d.gif', 'picture'),
        ('e.HEIC', 'picture'),
        ('f.exr', 'picture'),
        ('g.jpg', 'picture'),
        ('i/k.pdf.jpg', 'picture'),
    ]
    assert left_aside == [f'{shop}/h.txt is no picture and no video']
    for pattern in ('*/*.jpg', '**/*.jpg'):
        assert '__MACOSX/b.jpg' not in dict(names(find_sources(f'{shop}/{pattern}')))


def test_patterns(shop):
    assert names(find_sources(f'{shop}/*.png')) == [('b.png', 'picture')]
    assert names(find_sources(f'{shop}/*/*.png')) == [('a/9.png', 'picture')]
    assert names(find_sources(shop / '**' / '*.png')) == [
        ('a/9.png', 'picture'),
        ('b.png', 'picture'),
    ]


def test_a_name_that_looks_like_a_pattern(image, tmp_path):
    path = png(tmp_path / 'coat [1].png', image)
    assert names(find_sources(path)) == [('coat [1].png', 'picture')]


def test_patterns_below_a_folder_whose_name_looks_like_one(
    image, tmp_path, monkeypatch
):
    png(tmp_path / 'new [1]' / 'a.png', image)
    png(tmp_path / 'new [1]' / 'b*' / 'c.png', image)
    png(tmp_path / 'new 1' / 'd.png', image)
    both = [('a.png', 'picture'), ('b*/c.png', 'picture')]
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path, '.'):
        assert names(find_sources(f'{folder}/new [1]/*.png')) == both[:1]
        assert names(find_sources(f'{folder}/new [1]/**/*.png')) == both
        assert names(find_sources(f'{folder}/new [1]/b*/*')) == [('c.png', 'picture')]
        assert names(find_sources(f'{folder}/new [12]/*')) == [
            ('new 1/d.png', 'picture')
        ]
    with pytest.raises(FileNotFoundError, match=r'no file fits new \[1\]/\*.jpg'):
        find_sources('new [1]/*.jpg')


def test_lists_keep_their_order(image, shop):
    mixed = [image, shop / 'b.png', 2, np.int64(3), str(shop / 'a.mp4'), image]
    found = find_sources(mixed)
    assert names(found) == [
        ('000000', 'array'),
        ('b.png', 'picture'),
        ('camera2', 'camera'),
        ('camera3', 'camera'),
        ('a.mp4', 'video'),
        ('000005', 'array'),
    ]
    assert [source.image for source in found[2:4]] == [2, 3]
    assert [source.is_single for source in found] == [True] * 2 + [False] * 3 + [True]
    assert find_sources(found) == found


def test_one_array_is_one_picture(image):
    (source,) = find_sources(image)
    assert source.array is image and source.num_pictures() == 1


def test_an_iterator_is_looked_at_when_it_is_its_turn(image):
    taken = []

    def inputs():
        for number in range(3):
            taken.append(number)
            yield image

    found = find_sources(inputs())
    assert taken == []
    next(found)
    assert taken == [0]


@pytest.mark.parametrize(
    'inputs, error, message',
    [
        pytest.param('empty', FileNotFoundError, 'holds no picture', id='folder'),
        pytest.param('empty/*.png', FileNotFoundError, 'no file fits', id='pattern'),
        pytest.param(1.5, TypeError, 'float is no input', id='number'),
        pytest.param(None, TypeError, 'NoneType is no input', id='none'),
        pytest.param([True], TypeError, 'bool is no input', id='bool'),
        pytest.param(b'a.png', TypeError, 'bytes is no input', id='bytes'),
        pytest.param([['a.png']], TypeError, 'list is no input', id='nested'),
    ],
)
def test_inputs_that_are_none(inputs, error, message, tmp_path, monkeypatch):
    (tmp_path / 'empty').mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        find_sources(inputs)


def test_arrays_that_are_no_pictures(image):
    with pytest.raises(ValueError, match='array 1 is of type float64 and shape'):
        find_sources([image, np.zeros((4, 4, 3))])


@pytest.mark.skipif(sys.platform != 'linux', reason='other names are text')
@pytest.mark.parametrize('suffix', [b'.jpg', b'.mp4'])
def test_a_name_that_is_no_text_fails_alone(shop, suffix):
    file = os.path.join(os.fsencode(shop), b'caf\xe9' + suffix)
    try:
        with open(file, 'wb') as opened:
            opened.write(b'\0\0\0\x18ftypisom\0\0\2\0isommp41')
    except OSError:
        pytest.skip('the file system takes text alone')
    found = {source.name: source for source in find_sources(shop)}
    assert len(found) == 5
    name = f'caf\\xe9{suffix.decode()}'
    assert found[name].kind == 'picture'
    (picture,) = load_pictures([found[name]])
    assert 'its name is not UTF-8; to fix it: rename it' in picture.error
    ''.join(str(source.image) for source in found.values()).encode()


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='there are no pipes here')
def test_nobody_waits_for_a_pipe(shop):
    os.mkfifo(shop / 'pipe.jpg')
    left_aside = []
    assert len(find_sources(shop, left_aside)) == 4
    assert f'{shop}/pipe.jpg is no picture and no video' in left_aside
