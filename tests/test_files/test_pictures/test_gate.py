"""What stands in front of the decoders: hostile files are read or refused."""

import io
import os
import struct
import subprocess
import sys
import zlib

import cv2
import numpy as np
import picture_fuzz
import pytest
from PIL import Image

from fashion_mmpose.errors import PictureError
from fashion_mmpose.files.pictures.pixels import (
    decode_picture,
    image_size,
    read_picture,
)

WHOLE = picture_fuzz.whole_pictures()
REFUSED = {
    'plain.exr': 'kind OpenEXR, which is not read',
    'plain.hdr': 'kind Radiance HDR, which is not read',
    'plain.pfm': 'kind PFM, which is not read',
    'plain.ras': 'kind Sun raster, which is not read',
    'float.tif': 'holds floating-point numbers on no known scale',
    'plain.tga': 'no picture of a kind that is read here',
    'plain.ico': 'no picture of a kind that is read here',
}
# A third of these still holds a whole picture: the first, or rows of bits.
LEFT_WHOLE = {'animated.gif', 'bits.pbm'}
READ = [name for name in WHOLE if name not in REFUSED]


@pytest.fixture
def at(tmp_path):
    """Writes a file; its path."""

    def write(name, data):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


@pytest.mark.parametrize('name', READ)
def test_kinds_that_are_read(at, name):
    pixels = read_picture(at(name, WHOLE[name]))
    assert image_size(at(name, WHOLE[name])) == pixels.shape[1::-1]
    expected = picture_fuzz.scene()
    if pixels.shape[:2] != expected.shape[:2]:  # Exif says: a quarter turn
        expected = np.rot90(expected, -1)
    assert pixels.shape == expected.shape and pixels.dtype == np.uint8
    if name.partition('.')[0] in ('plain', 'progressive', 'lossless', 'animated'):
        # Lossy coding blurs the third channel, in which a pattern is.
        difference = np.abs(pixels[..., ::-1].astype(int) - expected)[..., :2]
        assert np.median(difference) <= 12


@pytest.mark.parametrize('name', REFUSED)
def test_kinds_that_are_refused_by_name(at, name):
    with pytest.raises(PictureError, match=f'{name} .*{REFUSED[name]}'):
        read_picture(at(name, WHOLE[name]))


@pytest.mark.parametrize('name', READ)
def test_the_suffix_does_not_matter(at, name):
    expected = decode_picture(WHOLE[name])
    for suffix in ('.jpg', '.png', '.exr', '.txt'):
        path = at(f'wrong{suffix}', WHOLE[name])
        np.testing.assert_array_equal(read_picture(path), expected)
        assert image_size(path) == expected.shape[1::-1]


@pytest.mark.parametrize('name', [n for n in READ if n not in LEFT_WHOLE])
def test_kinds_that_are_cut_short(at, name):
    data = WHOLE[name]
    with pytest.raises(PictureError, match='cut short or damaged'):
        read_picture(at(name, data[: len(data) // 3]))


ORIENTED = ['a.jpg', 'a.png', 'a.webp', 'a.tif']
ORIENTED += ['a.avif'] if 'plain.avif' in WHOLE else []


@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize('name', ORIENTED)
def test_every_container_is_turned_upright(tmp_path, name, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = Image.fromarray(picture_fuzz.scene())
    path = tmp_path / name
    picture.save(path, exif=exif)
    upright = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, -1),
        7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
        8: lambda a: np.rot90(a),
    }[orientation](picture_fuzz.scene())
    pixels = read_picture(path)[..., ::-1]
    assert pixels.shape == upright.shape
    assert image_size(path) == pixels.shape[1::-1]
    assert np.median(np.abs(pixels.astype(int) - upright)[..., :2]) <= 8


def test_damaged_exif_is_passed_over(at):
    data = WHOLE['plain.jpg']
    begin = data.index(b'Exif\0\0') + 6
    for block in (b'\xff' * 8, b'II*\0\xff\xff\xff\xff', b'MM\0*\0\0\0\xff'):
        damaged = data[:begin] + block + data[begin + 8 :]
        path = at('a.jpg', damaged)
        assert image_size(path) == picture_fuzz.SIZE_WH
        assert read_picture(path).shape[1::-1] == picture_fuzz.SIZE_WH


def test_sixteen_bits_of_every_container(at):
    grey = decode_picture(WHOLE['deep.png'])
    for name in ('deep.tif', 'deep.pgm'):
        np.testing.assert_array_equal(read_picture(at(name, WHOLE[name])), grey)


@pytest.mark.parametrize('kind', [np.uint8, np.uint16])
def test_white_is_zero(at, kind):
    whole = np.iinfo(kind).max // 255
    ramp = np.tile(np.arange(0, 256, 4, dtype=kind) * kind(whole), (9, 1))
    file = io.BytesIO()
    Image.fromarray(ramp).save(file, 'TIFF')
    data = bytearray(file.getvalue())
    (begin,) = struct.unpack_from('<I', data, 4)
    (count,) = struct.unpack_from('<H', data, begin)
    for place in range(begin + 2, begin + 2 + 12 * count, 12):
        if struct.unpack_from('<H', data, place) == (262,):
            struct.pack_into('<H', data, place + 8, 0)
    seen = read_picture(at('negative.tif', bytes(data)))[0, :, 0]
    np.testing.assert_array_equal(seen, np.arange(255, -1, -4))


def chunk(kind, body):
    crc = zlib.crc32(kind + body)
    return struct.pack('>I', len(body)) + kind + body + struct.pack('>I', crc)


def small_png(width, height):
    header = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    body = chunk(b'IHDR', header) + chunk(b'IDAT', zlib.compress(bytes(10)))
    return b'\x89PNG\r\n\x1a\n' + body + chunk(b'IEND', b'')


def lying_chunk():
    data = bytearray(WHOLE['plain.png'])
    at = data.index(b'IDAT') - 4
    data[at : at + 4] = struct.pack('>I', 0x6D822A2D)
    return bytes(data)


def huge_jpeg():
    data = bytearray(WHOLE['plain.jpg'])
    at = data.index(b'\xff\xc0') + 5
    data[at : at + 4] = struct.pack('>HH', 12_000, 14_000)
    return bytes(data)


def tall_tiff():
    data = bytearray(WHOLE['plain.tif'])
    at = data.index(struct.pack('<HH', 257, 4)) + 8  # the tag of the height
    data[at : at + 4] = struct.pack('<I', 2_000_000)
    return bytes(data)


def jpeg_2000_with_a_hole():
    data = bytearray(WHOLE['plain.jp2'])
    data[len(data) // 2 : len(data) // 2 + 40] = b'\xff\x93' * 20
    return bytes(data[:-200])


HOSTILE = {
    'a chunk that leads out.png': (lying_chunk, 'a chunk of 1837247021 bytes leads'),
    'pixels that are not there.png': (
        lambda: small_png(12_000, 12_000),
        'cannot hold the 12000x12000 pixels',
    ),
    'too many pixels.ppm': (
        lambda: b'P6 200000 200000 255\n' + bytes(1000),
        'more pixels than the 178956970 that are read',
    ),
    'pixels that are not there.jpg': (huge_jpeg, 'cannot hold the 14000x12000'),
    'pieces that are not there.tif': (tall_tiff, 'lacks pieces of its 72x2000000'),
    'a hole.jpg': (jpeg_2000_with_a_hole, r'\(JPEG 2000\) is cut short or damaged'),
    'no pixels.png': (lambda: small_png(0, 4), 'says 0x4 pixels'),
}

READ_WITH_LITTLE_MEMORY = """
import resource, sys
from fashion_mmpose.errors import PictureError
from fashion_mmpose.files.pictures.pixels import read_picture
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_picture(sys.argv[1])
except PictureError as error:
    print(error)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert after - before < 50 * 1024, after - before
"""


@pytest.mark.slow
@pytest.mark.parametrize('name', HOSTILE)
def test_lies_are_refused_before_memory_is_taken(at, name):
    make, message = HOSTILE[name]
    path = at(name, make())
    run = subprocess.run(
        [sys.executable, '-c', READ_WITH_LITTLE_MEMORY, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
    )
    assert run.returncode == 0, run.stderr
    with pytest.raises(PictureError, match=message):
        read_picture(path)


def test_the_limit_can_be_set(at, monkeypatch):
    path = at('a.webp', WHOLE['plain.webp'])
    monkeypatch.setenv('FASHION_MMPOSE_MAX_PIXELS', '4000')
    for read in (image_size, read_picture):
        with pytest.raises(PictureError, match='has more pixels than the 4000 that'):
            read(path)
    monkeypatch.setenv('FASHION_MMPOSE_MAX_PIXELS', '4032')
    assert read_picture(path).shape == (72, 56, 3)
    monkeypatch.setenv('FASHION_MMPOSE_MAX_PIXELS', 'all')
    with pytest.raises(PictureError, match='MAX_PIXELS=all: must be a whole number'):
        read_picture(path)


def test_jpeg_2000_never_reaches_opencv(at, monkeypatch):
    asked = []
    monkeypatch.setattr(cv2, 'imdecode', lambda *arguments: asked.append(arguments))
    for name in READ:
        if not name.endswith(('.jpg', '.png')):
            read_picture(at('a.jpg', WHOLE[name]))
    assert asked == []


def test_heic_says_what_it_needs(at, monkeypatch):
    monkeypatch.setitem(sys.modules, 'pillow_heif', None)
    path = at('IMG_0001.HEIC', b'\0\0\0\x0cftypheic')
    with pytest.raises(PictureError, match='kind HEIC, .*`pip install pillow-heif`'):
        read_picture(path)


def test_the_first_picture_of_an_animation(at):
    still = io.BytesIO()
    Image.open(io.BytesIO(WHOLE['animated.gif'])).convert('RGB').save(still, 'PNG')
    expected = decode_picture(still.getvalue())
    path = at('a.gif', WHOLE['animated.gif'])
    np.testing.assert_array_equal(read_picture(path), expected)


@pytest.mark.slow
def test_damaged_pictures_are_read_or_refused(tmp_path):
    """A short run; the script of the helper makes longer ones."""
    result = picture_fuzz.run(400, share=400)
    assert result['others'] == 0, result['which']
    assert result['tried'] == result['read'] + result['refused'] == 400
    assert result['read'] > 20
    assert result['slowest'][0] < 5
