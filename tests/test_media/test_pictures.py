"""Pictures from files, folders, videos, cameras and memory."""

import struct
import threading
import time

import cv2
import numpy as np
import pytest
from PIL import Image
from tiny_detector import pictures

from fashion_mmpose.media.pictures import (
    PictureError,
    as_bgr,
    find_sources,
    load_pictures,
    read_picture,
)

SIZE_WH = (40, 32)


@pytest.fixture(scope='module')
def image():
    """BGR, (32, 40, 3), without a symmetry."""
    return pictures([SIZE_WH])[0]


def png(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)
    return path


def jpeg(image):
    return cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()


def with_orientation(data, number):
    """A JPEG with Exif's tag 0x112 in an APP1 segment of its own."""
    tag = struct.pack('<HHHIHHI', 1, 0x112, 3, 1, number, 0, 0)
    exif = b'Exif\0\0II*\0' + struct.pack('<I', 8) + tag
    return data[:2] + b'\xff\xe1' + struct.pack('>H', len(exif) + 2) + exif + data[2:]


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
def test_arrays_that_are_no_pictures(image, array, message):
    with pytest.raises(ValueError, match=message):
        as_bgr(array)
    with pytest.raises(ValueError, match=f'array 1.*{message}'):
        find_sources([image, array])


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


# ------------------------------------------------------------------------ finding


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


# ------------------------------------------------------------------------ loading


def test_files_and_arrays_in_order(image, tmp_path):
    paths = []
    for shade in range(20):
        paths.append(png(tmp_path / f'{shade}.png', np.full((8, 9), shade, np.uint8)))
    loaded = list(load_pictures(find_sources([*paths, image]), depth=3, workers=4))
    assert [picture.image_id for picture in loaded] == list(range(21))
    assert [int(picture.pixels[0, 0, 0]) for picture in loaded[:20]] == list(range(20))
    assert loaded[20].pixels is image
    assert all(p.frame is None and p.fps is None and not p.error for p in loaded)


def test_what_cannot_be_read_says_so(image, tmp_path):
    (tmp_path / 'bad.png').write_bytes(b'none')
    (tmp_path / 'bad.mp4').write_bytes(b'none')
    inputs = [tmp_path / 'bad.png', image, tmp_path / 'bad.mp4', 'gone.avi', image]
    loaded = list(load_pictures(find_sources(inputs)))
    assert [picture.image_id for picture in loaded] == [0, 1, 2, 3, 4]
    assert [picture.pixels is None for picture in loaded] == [1, 0, 1, 1, 0]
    for index, reason in (
        (0, 'bad.png is no picture'),
        (2, 'bad.mp4 gives no frame'),
        (3, 'gone.avi: no such file'),
    ):
        assert reason in loaded[index].error


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    """Twelve frames of 7 a second, ever brighter."""
    path = tmp_path_factory.mktemp('video') / 'clip.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 7.0, (64, 48))
    assert writer.isOpened()
    for frame in range(12):
        writer.write(np.full((48, 64, 3), 20 * frame, np.uint8))
    writer.release()
    return path


def test_a_video(image, video):
    (source,) = find_sources(video)
    assert source.num_pictures() == 12
    loaded = list(load_pictures(find_sources([image, video, image]), depth=2))
    assert [picture.image_id for picture in loaded] == list(range(14))
    frames = loaded[1:13]
    assert [picture.frame for picture in frames] == list(range(12))
    assert {picture.fps for picture in frames} == {7.0}
    assert {picture.source.image for picture in frames} == {str(video)}
    means = [picture.pixels.mean() for picture in frames]
    np.testing.assert_allclose(means, 20 * np.arange(12), atol=3)
    assert frames[0].pixels.shape == (48, 64, 3)


class Camera:
    """Stands in for ``cv2.VideoCapture``."""

    opened = []

    def __init__(self, number):
        self.number = number
        self.frames = 0
        self.is_released = False
        Camera.opened.append(self)

    def get(self, key):
        return 0.0

    def read(self):
        self.frames += 1
        if self.number == 9 or self.frames > 30:
            return False, None
        return True, np.full((4, 5, 3), self.frames, np.uint8)

    def release(self):
        self.is_released = True


@pytest.fixture
def cameras(monkeypatch):
    monkeypatch.setattr(Camera, 'opened', [])
    monkeypatch.setattr(cv2, 'VideoCapture', Camera)
    return Camera.opened


def test_a_camera(cameras):
    (source,) = find_sources(1)
    assert source.num_pictures() is None and cameras == []
    loading = load_pictures([source], depth=2)
    first, second = next(loading), next(loading)
    assert (first.frame, second.frame) == (0, 1) and first.fps is None
    assert (first.pixels == 1).all() and (second.pixels == 2).all()
    loading.close()
    (camera,) = cameras
    assert camera.number == 1 and camera.is_released
    assert camera.frames <= 2 + 2 + 1  # seen, waiting, in the making


def test_a_camera_that_is_not_there(cameras):
    (picture,) = load_pictures(find_sources(9))
    assert picture.error == 'camera 9 gives no frame to OpenCV'
    assert cameras[0].is_released


def test_nothing_is_read_far_ahead_and_no_thread_is_left(image, tmp_path):
    path = png(tmp_path / 'a.png', image)
    taken = []

    def inputs():
        for number in range(1000):
            taken.append(number)
            yield path

    before = set(threading.enumerate())
    loading = load_pictures(find_sources(inputs()), depth=5)
    for number in range(20):
        assert next(loading).image_id == number
    time.sleep(0.2)
    # Beyond the twenty, five wait and one more is in the making.
    assert len(taken) <= 20 + 5 + 1
    assert set(threading.enumerate()) > before
    loading.close()
    assert set(threading.enumerate()) == before
