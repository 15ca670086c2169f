"""Which images a COCO file lists, and of which benchmark it is."""

import json

import pytest

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.coco.images import read_images


def category(benchmark, name):
    garment = garments.garment(benchmark, name)
    return dict(id=garment.category_id, name=name, keypoints=['ignored'])


IMAGES = [
    dict(id=12, file_name='000012.jpg', width=5, height=4),
    dict(id=3, file_name='Images/dress/a.jpg', folder='r1_train', category_id=3),
    dict(id=4, file_name='b.jpg', folder='r1_train', path='elsewhere/b.jpg'),
]


def write(tmp_path, **content):
    path = tmp_path / 'coco.json'
    path.write_text(json.dumps(content))
    return path


def test_images_in_the_order_of_the_file(tmp_path):
    categories = [category('fashionai', 'dress')]
    # Annotations are not looked at, whatever they are.
    path = write(tmp_path, annotations=[3], images=IMAGES, categories=categories)
    images = read_images(path)
    assert images.benchmark == 'fashionai'
    assert images.ids == (12, 3, 4)
    assert images.paths == (
        '000012.jpg',
        'r1_train/Images/dress/a.jpg',
        'elsewhere/b.jpg',
    )
    assert images.sizes == ((5, 4), (0, 0), (0, 0))


@pytest.mark.parametrize(
    'width, height, size',
    [
        (640.0, 480, (640, 480)),
        (640, None, (0, 0)),
        ('640', 480, (0, 0)),
        (-640, 480, (0, 0)),
        (10**30, 480, (0, 0)),
        (True, 480, (0, 0)),
        ([], {}, (0, 0)),
    ],
)
def test_sizes_that_are_none(tmp_path, width, height, size):
    """Only some need them, so that they are no reason to refuse a file."""
    image = dict(id=1, file_name='a.jpg', width=width, height=height)
    path = write(tmp_path, images=[image], categories=[category('fashionai', 'dress')])
    assert read_images(path).sizes == (size,)


@pytest.mark.parametrize(
    'benchmark, names',
    [
        pytest.param('fashionai', ['skirt'], id='fashionai-skirt'),
        pytest.param('deepfashion2', ['skirt'], id='deepfashion2-skirt'),
        pytest.param('deepfashion2', ['vest', 'trousers'], id='two'),
        pytest.param('fashionai', garments.categories('fashionai'), id='all'),
    ],
)
def test_the_benchmark_is_that_of_the_ids(tmp_path, benchmark, names):
    categories = [category(benchmark, name) for name in names]
    path = write(tmp_path, images=IMAGES, categories=categories)
    assert read_images(path).benchmark == benchmark


DRESS = [dict(id=3, name='dress')]


@pytest.mark.parametrize(
    'content, message',
    [
        pytest.param(
            dict(images=IMAGES, categories=[dict(id=1, name='person')]),
            r"categories \[\(1, 'person'\)\] are those of no benchmark",
            id='people',
        ),
        pytest.param(
            dict(images=IMAGES, categories=[]), 'of no benchmark', id='no-categories'
        ),
        pytest.param(dict(images=IMAGES), 'no COCO|not a COCO file', id='no-list'),
        pytest.param(
            dict(images=[dict(id='x', file_name='a')], categories=DRESS),
            r'images\[0\]\.id',
            id='id-is-text',
        ),
        pytest.param(
            dict(images=IMAGES + IMAGES[1:2], categories=DRESS),
            'two entries are image 3',
            id='twice',
        ),
    ],
)
def test_what_is_refused(tmp_path, content, message):
    path = write(tmp_path, **content)
    with pytest.raises(FormatError, match=message) as refused:
        read_images(path)
    assert str(path) in str(refused.value)


def test_no_json(tmp_path):
    (tmp_path / 'a.json').write_text('{"images": [')
    with pytest.raises(FormatError, match=r'a\.json is not valid JSON'):
        read_images(tmp_path / 'a.json')
    with pytest.raises(FileNotFoundError, match='none.json does not exist'):
        read_images(tmp_path / 'none.json')


def test_whole_ids_with_a_fraction(tmp_path):
    images = [dict(id=1, file_name='a.jpg'), dict(id=2.0, file_name='b.jpg')]
    path = write(tmp_path, images=images, categories=[category('fashionai', 'dress')])
    with pytest.raises(FormatError, match=r'json: .*images\[1\].id`; to fix it: write'):
        read_images(path)
