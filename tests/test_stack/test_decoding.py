"""mmcv decodes pictures behind this package's own checks."""

import cv2
import mmcv
import numpy as np
import picture_fuzz
import pytest
from mmcv.transforms import LoadImageFromFile
from mmpose.datasets.transforms import LoadImage

from fashion_mmpose.errors import PictureError
from fashion_mmpose.files.pictures.pixels import read_picture
from fashion_mmpose.stack import compat
from fashion_mmpose.stack.decoding import guard_decoding

guard_decoding()

WHOLE = picture_fuzz.whole_pictures()
REFUSED = ('exr', 'hdr', 'pfm', 'ras', 'tga', 'ico')
READ = [n for n in WHOLE if not n.endswith(REFUSED) and n != 'float.tif']
WAYS = {
    'LoadImage': lambda path: LoadImage()(dict(img_path=path))['img'],
    'LoadImageFromFile': lambda path: LoadImageFromFile()(dict(img_path=path))['img'],
    'imread': mmcv.imread,
}


@pytest.fixture
def at(tmp_path):
    """Writes a file; its path."""

    def write(name, data):
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name)

    return write


@pytest.mark.parametrize('way', WAYS)
@pytest.mark.parametrize('name', READ)
def test_training_sees_what_the_inferencer_sees(at, name, way):
    path = at('picture.jpg', WHOLE[name])
    np.testing.assert_array_equal(WAYS[way](path), read_picture(path))


@pytest.mark.parametrize('way', WAYS)
def test_a_damaged_jpeg_2000_is_an_error(at, monkeypatch, way):
    monkeypatch.setattr(cv2, 'imdecode', None)  # the reader that would crash
    path = at('shirt.jpg', WHOLE['plain.jp2'][:-300])
    message = r'JPEG 2000\) is cut short or damaged'
    with pytest.raises(PictureError, match=message) as raised:
        WAYS[way](path)
    assert way != 'LoadImage' or path in str(raised.value)


@pytest.mark.parametrize('flag', ['grayscale', 'unchanged', cv2.IMREAD_GRAYSCALE])
def test_other_flags_are_opencv_s(flag):
    data = WHOLE['plain.png']
    number = {'grayscale': cv2.IMREAD_GRAYSCALE, 'unchanged': -1}.get(flag, flag)
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), number)
    np.testing.assert_array_equal(mmcv.imfrombytes(data, flag), expected)
    with pytest.raises(PictureError, match='JPEG 2000, which is read in colour only'):
        mmcv.imfrombytes(WHOLE['plain.jp2'], flag)


def test_orientation_and_order_of_channels():
    data = WHOLE['plain.jpg']  # Exif says: a quarter turn
    upright = mmcv.imfrombytes(data)
    stored = mmcv.imfrombytes(data, 'color_ignore_orientation')
    np.testing.assert_array_equal(upright, np.rot90(stored, -1))
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    plain = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    np.testing.assert_array_equal(stored, plain)
    rgb = mmcv.imfrombytes(data, channel_order='rgb')
    np.testing.assert_array_equal(rgb, upright[..., ::-1])


def test_other_backends_are_left_alone():
    with pytest.raises(ValueError, match='backend: unknown is not supported'):
        mmcv.imfrombytes(WHOLE['plain.png'], backend='unknown')
    by_pillow = mmcv.imfrombytes(WHOLE['plain.jp2'], backend='pillow')
    assert by_pillow.shape == (56, 72, 3)


def test_guarding_twice_changes_nothing():
    guarded = mmcv.imfrombytes
    compat.setup()
    assert mmcv.imfrombytes is guarded is mmcv.image.imfrombytes
