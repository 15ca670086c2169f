"""What strangers send is looked at before it is decoded."""

import base64
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from fashion_mmpose.errors import PictureError
from fashion_mmpose.web import uploads
from fashion_mmpose.web.uploads import Limits, decode_text, decode_upload, take_upload

SMALL = Limits(megabytes=0.01, megapixels=0.01)


def png(width: int, height: int) -> bytes:
    picture = np.full((height, width, 3), 90, np.uint8)
    return cv2.imencode('.png', picture)[1].tobytes()


def png_that_says(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises many pixels."""
    chunks = [
        (b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 0, 0, 0, 0)),
        (b'IDAT', zlib.compress(bytes(20_000_000))),
        (b'IEND', b''),
    ]
    parts = [
        struct.pack('>I', len(data))
        + name
        + data
        + struct.pack('>I', zlib.crc32(name + data))
        for name, data in chunks
    ]
    return b'\x89PNG\r\n\x1a\n' + b''.join(parts)


def test_pictures_within_the_limits_are_decoded():
    assert decode_upload(png(100, 90), 'a.png', SMALL).shape == (90, 100, 3)


def test_too_many_pixels_are_refused_before_they_are_decoded(monkeypatch):
    def decode(*_):
        raise AssertionError('it was decoded')

    monkeypatch.setattr(uploads, 'decode_picture', decode)
    with pytest.raises(PictureError, match='20.0 megapixels, and 10 are the limit'):
        decode_upload(png_that_says(5000, 4000), 'a.png', Limits(megapixels=10))


def test_too_many_bytes_are_refused():
    noise = np.random.default_rng(0).integers(0, 255, (80, 80, 3), dtype=np.uint8)
    data = cv2.imencode('.png', noise)[1].tobytes()
    with pytest.raises(PictureError, match='a.png has .* and 0.01 MB are the limit'):
        decode_upload(data, 'a.png', SMALL)


@pytest.mark.parametrize('data', [b'', b'hello', png(50, 50)[:60], b'<svg/>'])
def test_what_is_no_picture_is_refused_by_name(data: bytes):
    with pytest.raises(PictureError, match='cat.png'):
        decode_upload(data, 'cat.png', Limits())


def test_an_upload_is_taken_once(tmp_path: Path):
    file = tmp_path / 'hash' / 'a.png'
    file.parent.mkdir()
    file.write_bytes(b'abc')
    assert take_upload(str(file), tmp_path) == b'abc'
    assert not file.exists()
    with pytest.raises(PictureError, match='no longer here'):
        take_upload(str(file), tmp_path)


def test_nothing_outside_the_folder_is_taken(tmp_path: Path):
    inside = tmp_path / 'uploads'
    inside.mkdir()
    secret = tmp_path / 'secret.png'
    secret.write_bytes(b'secret')
    (inside / 'link.png').symlink_to(secret)
    tries = (secret, inside / '..' / 'secret.png', inside / 'link.png', inside, 'x\0y')
    for path in (*map(str, tries), None, 7, ['a']):
        with pytest.raises(PictureError, match='no longer here'):
            take_upload(path, inside)
    assert secret.read_bytes() == b'secret'


def test_pictures_in_base64():
    data = png(20, 20)
    text = base64.b64encode(data).decode()
    assert decode_text(text, SMALL) == data
    assert decode_text(f'data:image/png;base64,{text}', SMALL) == data
    assert decode_text(base64.encodebytes(data).decode(), SMALL) == data  # in lines
    for wrong in ('not base64!', None, [text], 7):
        with pytest.raises(PictureError, match='base64'):
            decode_text(wrong, SMALL)
    with pytest.raises(PictureError, match='more than 0.01 MB'):
        decode_text('A' * 20_000, SMALL)


@pytest.mark.parametrize(
    'sent, shown',
    [
        ('a.png', 'a.png'),
        ('../../etc/passwd', 'passwd'),
        ('C:\\me\\b.jpg', 'b.jpg'),
        ('x\n\0y', 'xy'),
        ('at 3.04\u202fPM\u3000b.png', 'at 3.04\u202fPM\u3000b.png'),
        ('', 'picture'),
        (None, 'None'),
        ('a' * 251 + '.jpg', 'a' * 251 + '.jpg'),  # as long as a file's name may be
        ('a' * 300, 'a' * 255),
    ],
)
def test_names_are_harmless(sent, shown: str):
    assert uploads.plain_name(sent) == shown


def test_large_pictures_are_shown_smaller():
    address = uploads.view_of(np.zeros((1000, 3200, 3), np.uint8))
    head, _, text = address.partition(',')
    shown = cv2.imdecode(np.frombuffer(base64.b64decode(text), np.uint8), 1)
    assert head == 'data:image/jpeg;base64'
    assert shown.shape == (500, 1600, 3)
