"""Tests for fashion_mmpose.files.picture_sizes."""

import cv2
import pytest
from PIL import Image

from fashion_mmpose.files.picture_sizes import image_size, image_sizes


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
    path = tmp_path / 'a.png'
    save(path, (300, 200))
    path.write_bytes(path.read_bytes()[:64])
    assert cv2.imread(str(path)) is None
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
