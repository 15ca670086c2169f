"""The sizes of pictures, their pixels, and how they are written."""

import struct

import cv2
import numpy as np
import pytest
from coarse_pictures import pictures, png
from PIL import Image

from fashion_mmpose.errors import PictureError
from fashion_mmpose.files.pictures.pixels import (
    as_bgr,
    image_size,
    image_sizes,
    read_picture,
    write_picture,
)

SIZE_WH = (40, 32)


@pytest.fixture(scope='module')
def image():
    """BGR, (32, 40, 3), without a symmetry."""
    return pictures([SIZE_WH])[0]


def jpeg(image):
    return cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()


def with_orientation(data, number):
    """A JPEG with Exif's tag 0x112 in an APP1 segment of its own."""
    tag = struct.pack('<HHHIHHI', 1, 0x112, 3, 1, number, 0, 0)
    exif = b'Exif\0\0II*\0' + struct.pack('<I', 8) + tag
    return data[:2] + b'\xff\xe1' + struct.pack('>H', len(exif) + 2) + exif + data[2:]


@pytest.mark.parametrize('order, kind', ['<H', '<I', '>H', '>I'])
def test_an_orientation_may_be_a_long(tmp_path, order, kind):
    """Big-endian ones lie in the other half of the field."""
    path = tmp_path / 'a.jpg'
    Image.new('RGB', (6, 4)).save(path)
    data = path.read_bytes()
    mark = b'II*\0' if order == '<' else b'MM\0*'
    value = struct.pack(f'{order}{kind}', 6).ljust(4, b'\0')
    number = dict(H=3, I=4)[kind]
    tag = struct.pack(f'{order}HHHI', 1, 0x112, number, 1) + value + bytes(4)
    exif = b'Exif\0\0' + mark + struct.pack(f'{order}I', 8) + tag
    size = struct.pack('>H', len(exif) + 2)
    path.write_bytes(data[:2] + b'\xff\xe1' + size + exif + data[2:])
    assert image_size(path) == (4, 6)


# -------------------------------------------------------------------------- sizes


def save(path, size, orientation=None):
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    Image.new('RGB', size).save(path, exif=exif)
    return str(path)


@pytest.mark.parametrize('suffix', ['.jpg', '.png'])
@pytest.mark.parametrize(
    'orientation, expected',
    [
        pytest.param(None, (6, 4), id='no tag'),
        pytest.param(1, (6, 4), id='upright'),
        pytest.param(3, (6, 4), id='half turn'),
        pytest.param(5, (4, 6), id='transposed'),
        pytest.param(6, (4, 6), id='quarter turn'),
        pytest.param(8, (4, 6), id='quarter turn back'),
    ],
)
def test_size_is_that_of_the_decoded_picture(tmp_path, suffix, orientation, expected):
    path = save(tmp_path / f'a{suffix}', (6, 4), orientation)
    assert image_size(path) == expected
    height, width = cv2.imread(path).shape[:2]
    assert (width, height) == expected


def test_pixels_are_not_needed(tmp_path):
    path = tmp_path / 'a.jpg'
    save(path, (300, 200))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(PictureError):
        read_picture(path)
    assert image_size(path) == (300, 200)


@pytest.mark.parametrize('workers, copies', [(1, 1), (2, 200)], ids=['here', 'shared'])
def test_sizes_keep_the_order(tmp_path, workers, copies):
    (tmp_path / 'text.jpg').write_text('no image')
    paths = [
        save(tmp_path / 'a.jpg', (6, 4)),
        str(tmp_path / 'missing.jpg'),
        str(tmp_path / 'text.jpg'),
        save(tmp_path / 'b.jpg', (3, 5)),
    ]
    expected = [(6, 4), None, None, (3, 5)]
    assert image_sizes(paths * copies, workers) == expected * copies


# ------------------------------------------------------------------------ reading


@pytest.mark.parametrize(
    'number, upright',
    [
        pytest.param(1, lambda image: image, id='upright'),
        pytest.param(2, lambda image: image[:, ::-1], id='mirrored'),
        pytest.param(3, lambda image: image[::-1, ::-1], id='upside down'),
        pytest.param(6, lambda image: np.rot90(image, -1), id='a quarter to the left'),
        pytest.param(8, lambda image: np.rot90(image), id='a quarter to the right'),
    ],
)
def test_exif_orientation(image, tmp_path, number, upright):
    path = tmp_path / 'a.jpg'
    path.write_bytes(jpeg(image))
    plain = read_picture(path)
    path.write_bytes(with_orientation(jpeg(image), number))
    with Image.open(path) as picture:  # the tag is one that others read
        assert picture.getexif()[0x112] == number
    np.testing.assert_array_equal(read_picture(path), upright(plain))


def test_grey_transparent_and_deep_pictures(image, tmp_path):
    grey = image[..., 0]
    expected = np.repeat(grey[..., None], 3, axis=2)
    transparent = np.dstack((image, grey))  # any alpha
    deep = image.astype(np.uint16) * 256 + 200  # nearer to the next number of 8 bits
    for name, saved, read in (
        ('grey', grey, expected),
        ('transparent', transparent, image),
        ('deep', deep, image),
        ('deep_grey', deep[..., 0], expected),
    ):
        path = png(tmp_path / f'{name}.png', saved)
        np.testing.assert_array_equal(read_picture(path), read, err_msg=name)
        np.testing.assert_array_equal(as_bgr(saved), read, err_msg=name)
    palette = Image.fromarray(image[..., ::-1]).quantize(256)
    palette.save(tmp_path / 'palette.png')
    rgb = np.asarray(palette.convert('RGB'))
    np.testing.assert_array_equal(
        read_picture(tmp_path / 'palette.png'), rgb[..., ::-1]
    )


def test_cmyk(tmp_path):
    colour = (200, 120, 40)  # RGB
    path = tmp_path / 'cmyk.jpg'
    Image.new('RGB', SIZE_WH, colour).convert('CMYK').save(path, quality=95)
    pixels = read_picture(path)
    assert pixels.shape == (32, 40, 3)
    np.testing.assert_allclose(pixels[16, 20, ::-1], colour, atol=4)


def test_arrays_of_other_forms(image):
    assert as_bgr(image) is image
    np.testing.assert_array_equal(as_bgr(image[:, :, :1]), as_bgr(image[..., 0]))
    mirrored = image[:, ::-1]
    np.testing.assert_array_equal(as_bgr(mirrored), mirrored)


@pytest.mark.parametrize(
    'array, message',
    [
        pytest.param(np.zeros((4, 4, 3)), 'type float64 and shape', id='float'),
        pytest.param(np.zeros((4, 4), bool), 'of type bool', id='mask'),
        pytest.param(np.zeros((4, 4, 2), np.uint8), r'\(4, 4, 2\)', id='channels'),
        pytest.param(np.zeros((2, 4, 4, 3), np.uint8), r'\(2, 4, 4, 3\)', id='batch'),
        pytest.param(np.zeros((0, 4, 3), np.uint8), 'has no pixel', id='empty'),
    ],
)
def test_arrays_that_are_no_pictures(array, message):
    with pytest.raises(ValueError, match=message):
        as_bgr(array)


@pytest.mark.parametrize('share', [0.02, 0.5, 0.95])
@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.bmp', '.webp', '.tiff'])
def test_pictures_that_are_cut_short(tmp_path, suffix, share):
    (large,) = pictures([(160, 120)])
    data = cv2.imencode(suffix, large)[1].tobytes()
    path = tmp_path / f'half{suffix}'
    path.write_bytes(data)
    assert read_picture(path).shape == (120, 160, 3)
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(PictureError, match=f'half{suffix} .*cut short or damaged'):
        read_picture(path)


def test_files_that_are_no_pictures(tmp_path):
    for name, data in (('empty.jpg', b''), ('text.png', b'a picture, honestly')):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(PictureError, match=f'{name} is no picture'):
            read_picture(tmp_path / name)
    with pytest.raises(PictureError, match='missing.jpg: No such file'):
        read_picture(tmp_path / 'missing.jpg')
    with pytest.raises(PictureError, match='Is a directory'):
        read_picture(tmp_path)


# ------------------------------------------------------------------------ writing


def test_the_quality_of_a_jpeg(image, tmp_path):
    write_picture(tmp_path / 'sub' / 'plain.jpg', image)
    assert (tmp_path / 'sub' / 'plain.jpg').read_bytes() == jpeg(image)
    for quality in (0, 40):
        write_picture(tmp_path / 'low.jpg', image, quality)
        options = [cv2.IMWRITE_JPEG_QUALITY, quality]
        expected = cv2.imencode('.jpg', image, options)[1].tobytes()
        assert (tmp_path / 'low.jpg').read_bytes() == expected != jpeg(image)


def test_names_that_are_none_of_a_picture(image, tmp_path):
    with pytest.raises(ValueError, match=r'cannot write .*1\.txt'):
        write_picture(tmp_path / '1.txt', image)
    assert not list(tmp_path.iterdir())
