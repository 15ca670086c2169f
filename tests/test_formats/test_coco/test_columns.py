"""Columns of a COCO file: whose points an item owns, and what is refused."""

import json

import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.coco.annotations import coco_categories
from fashion_mmpose.formats.coco.columns import labelled_counts, read_columns

SKIRT = garments.garment('deepfashion2', 'skirt')  # category 9, 8 points
VEST = garments.garment('deepfashion2', 'vest')  # category 5, 15 points


def own(garment, first=1):
    """x = 10 i, y = 10 i + 1, v = 2, 1, 0, 2, ... of i from ``first``."""
    indices = np.arange(first, first + len(garment.channels))
    return np.column_stack((10 * indices, 10 * indices + 1, 2 - (indices - first) % 3))


def annotation(number, garment, full=True, **changes):
    points = own(garment)
    if full:
        points = np.zeros((len(garments.keypoints(garment.dataset)), 3), int)
        points[list(garment.channels)] = own(garment)
    return dict(
        dict(
            id=number,
            image_id=7,
            category_id=garment.category_id,
            bbox=[1, 2, 30, 40.5],
            area=1000,
            iscrowd=0,
            num_keypoints=6,
            keypoints=points.ravel().tolist(),
            segmentation=[[1, 2, 3]],
        ),
        **changes,
    )


def content(*annotations, category=None, **changes):
    return dict(
        dict(
            categories=coco_categories('deepfashion2', category),
            images=[
                dict(id=7, file_name='000007.jpg', width=468, height=624),
                dict(id=3, file_name='000003.jpg', width=100, height=200),
            ],
            annotations=list(annotations),
        ),
        **changes,
    )


@pytest.fixture
def write(tmp_path):
    def write_json(value, **kwargs):
        path = tmp_path / 'train.json'
        path.write_text(json.dumps(value, **kwargs))
        return path

    return write_json


def floats(value):
    return [float(number) for number in value]


COMPACT = dict(separators=(',', ':'))


@pytest.mark.parametrize(
    'as_numbers, style',
    [
        pytest.param(list, COMPACT, id='compact-integers'),
        pytest.param(list, {}, id='spaced-integers'),
        pytest.param(floats, COMPACT, id='compact-floats'),
        pytest.param(floats, {}, id='spaced-floats'),
        pytest.param(list, dict(indent=1), id='a-number-a-line'),
    ],
)
@pytest.mark.parametrize('category', [None, 'skirt'])
def test_own_points_of_the_full_layout(write, as_numbers, style, category):
    items = [annotation(4, VEST), annotation(2, SKIRT, iscrowd=1)]
    for item in items:
        item['keypoints'] = as_numbers(item['keypoints'])
    columns = read_columns(write(content(*items), **style), 'deepfashion2', category)
    expected = [own(SKIRT)] if category else [own(VEST), own(SKIRT)]
    np.testing.assert_array_equal(columns.points, np.concatenate(expected))
    assert columns.points.dtype == np.float32
    kept = slice(1, 2) if category else slice(0, 2)
    assert columns.starts.tolist() == ([0, 8] if category else [0, 15, 23])
    assert columns.ids.tolist() == [4, 2][kept]
    assert columns.image_ids.tolist() == [7, 7][kept]
    assert columns.category_ids.tolist() == [5, 9][kept]
    assert columns.boxes.tolist() == [[1, 2, 30, 40.5]] * len(columns.ids)
    assert columns.areas.tolist() == [1000] * len(columns.ids)
    assert columns.iscrowd.tolist() == [False, True][kept]
    assert columns.num_keypoints.tolist() == [6, 6][kept]
    assert columns.images.ids.tolist() == [7, 3]
    assert columns.images.widths.tolist() == [468, 100]
    assert columns.images.heights.tolist() == [624, 200]
    assert columns.images.file_names == ['000007.jpg', '000003.jpg']
    assert columns.images.category_ids.tolist() == [0, 0]


@pytest.mark.parametrize(
    'garment', garments.BENCHMARKS['deepfashion2'].garments.values()
)
def test_every_category_is_read_from_its_span(write, garment):
    path = write(content(annotation(1, garment)), **COMPACT)
    columns = read_columns(path, 'deepfashion2', points_dtype=np.float64)
    np.testing.assert_array_equal(columns.points, own(garment))
    assert columns.points.dtype == np.float64
    # 2, 1 and 0 by turns: two of three are labelled.
    labelled = (2 * len(garment.channels) + 2) // 3
    assert labelled_counts(columns.points, columns.starts).tolist() == [labelled]


def test_file_of_one_category(write):
    path = write(content(annotation(1, SKIRT, full=False), category='skirt'))
    columns = read_columns(path, 'deepfashion2', 'skirt')
    np.testing.assert_array_equal(columns.points, own(SKIRT))
    every = read_columns(path, 'deepfashion2')
    np.testing.assert_array_equal(every.points, columns.points)
    with pytest.raises(FormatError, match="no category 'vest': it lists .'skirt'."):
        read_columns(path, 'deepfashion2', 'vest')


def own_layouts(*annotations):
    entries = [
        entry
        for name in garments.categories('deepfashion2')
        for entry in coco_categories('deepfashion2', name)
    ]
    return content(*annotations, categories=entries)


def test_file_of_all_categories_in_their_own_layouts(write):
    items = [annotation(4, VEST, full=False), annotation(2, SKIRT, full=False)]
    path = write(own_layouts(*items))
    columns = read_columns(path, 'deepfashion2')
    expected = np.concatenate([own(VEST), own(SKIRT)])
    np.testing.assert_array_equal(columns.points, expected)
    skirts = read_columns(path, 'deepfashion2', 'skirt')
    assert skirts.ids.tolist() == [2]
    np.testing.assert_array_equal(skirts.points, own(SKIRT))


def test_a_file_has_one_layout(write):
    value = own_layouts()
    value['categories'][3]['keypoints'] = list(garments.keypoints('deepfashion2'))
    message = "'long_sleeved_outwear' is in the full layout, 'sling_dress' in its own"
    with pytest.raises(FormatError, match=message):
        read_columns(write(value), 'deepfashion2')
    value['categories'][3]['keypoints'] = ['a', 'b']
    message = r'not those of deepfashion2: the file has 2 \(.*expected 39 .*, 294 '
    with pytest.raises(FormatError, match=message):
        read_columns(write(value), 'deepfashion2')


def test_numbered_key_points_of_the_published_files(write):
    value = content(annotation(1, SKIRT))
    for category in value['categories']:
        category['keypoints'] = [str(i) for i in range(1, 295)]
    columns = read_columns(write(value), 'deepfashion2')
    np.testing.assert_array_equal(columns.points, own(SKIRT))


def test_points_that_lie_apart_in_the_full_layout(write):
    # The blouse owns columns 0-6 and 9-14 of FashionAI's 24.
    blouse = garments.garment('fashionai', 'blouse')
    value = content(annotation(1, blouse), categories=coco_categories('fashionai'))
    columns = read_columns(write(value), 'fashionai')
    np.testing.assert_array_equal(columns.points, own(blouse))


def test_what_a_file_may_leave_out(write):
    item = annotation(1, SKIRT)
    for key in ('area', 'iscrowd', 'num_keypoints', 'segmentation'):
        del item[key]
    columns = read_columns(write(content(item)), 'deepfashion2')
    assert columns.areas.tolist() == [30 * 40.5]
    assert columns.iscrowd.tolist() == [False]
    assert columns.num_keypoints.tolist() == [6]  # v is 2, 1, 0, 2, 1, 0, 2, 1
    images = [dict(id=1, file_name='a.jpg', width=1, height=2, folder='x')]
    images.append(dict(id=2, file_name='b', width=1, height=2, path='y/b.png'))
    images.append(dict(id=3, file_name='c.jpg', width=1, height=2, category_id=9))
    value = content(images=images, categories=[])
    del value['annotations']
    columns = read_columns(write(value), 'deepfashion2', 'skirt')
    assert columns.points.shape == (0, 3) and columns.starts.tolist() == [0]
    assert columns.boxes.shape == (0, 4) and len(columns.ids) == 0
    assert columns.images.file_names == ['x/a.jpg', 'y/b.png', 'c.jpg']
    assert columns.images.category_ids.tolist() == [0, 0, 9]


def test_rows_of_images(write):
    images = read_columns(write(content()), 'deepfashion2').images
    assert images.rows(np.array([3, 7, 5, 8, -1, 7])).tolist() == [1, 0, -1, -1, -1, 0]
    images = read_columns(write(content(images=[])), 'deepfashion2').images
    assert images.rows(np.array([3])).tolist() == [-1]


@pytest.mark.slow
def test_more_numbers_than_are_converted_at_once(write):
    # 1,500 vests have 67,500 own numbers.
    items = [annotation(i, VEST if i % 2 else SKIRT) for i in range(3000)]
    columns = read_columns(write(content(*items), **COMPACT), 'deepfashion2')
    assert columns.points.shape == (1500 * (15 + 8), 3)
    pair = np.concatenate([own(SKIRT), own(VEST)])
    np.testing.assert_array_equal(columns.points, np.tile(pair, (1500, 1)))


# --------------------------------------------------------------------- bad input


def changed(**changes):
    return content(annotation(1, VEST), annotation(2, SKIRT, **changes))


def numbers(**changes):
    """The skirt's numbers with some exchanged: channel_column=value."""
    values = annotation(2, SKIRT)['keypoints']
    for place, value in changes.items():
        channel, column = place[1:].split('_')
        values[3 * int(channel) + 'xyv'.index(column)] = value
    return values


FIRST = SKIRT.channels[0]


@pytest.mark.parametrize(
    'value, message',
    [
        pytest.param(
            changed(bbox=[1, 2, 3]),
            r'train.json: .*of length 4.*annotations\[1\].bbox',
            id='box',
        ),
        pytest.param(
            changed(bbox=[1, '2', 3, 4]),
            r'Expected `float`, got `str` - at `\$.annotations\[1\].bbox\[1\]',
            id='box-text',
        ),
        pytest.param(
            changed(image_id=None),
            r'`int`, got `null`.*\[1\].image_id',
            id='image-null',
        ),
        pytest.param(
            changed(image_id=7.0),
            r'annotations\[1\].image_id`; to fix it: write whole numbers, 7 and not',
            id='image-fraction',
        ),
        pytest.param(changed(image_id=5), 'annotation 2 is of image 5', id='image'),
        pytest.param(changed(id=1), 'two entries are annotation 1', id='id-twice'),
        pytest.param(
            changed(category_id=14),
            'annotation 2: unknown deepfashion2 category id 14; ids are 1 to 13',
            id='category',
        ),
        pytest.param(
            changed(keypoints=numbers()[:-1]),
            'annotation 2 has 881 key point numbers, expected 882',
            id='a-number-short',
        ),
        pytest.param(
            changed(keypoints=[0] * 10), 'has 10 key point numbers', id='few-zeros'
        ),
        pytest.param(
            changed(keypoints=numbers(k3_x=4)),
            'annotation 2 is of a skirt, but has .* not 0 at key point 4, which',
            id='foreign-point',
        ),
        pytest.param(
            changed(keypoints=numbers(k293_v=1)),
            'not 0 at key point 294',
            id='foreign-visibility',
        ),
        pytest.param(
            changed(keypoints=numbers(**{f'k{FIRST}_v': 3})),
            r'annotation 2 has the key point \[10.0, 11.0, 3.0\]',
            id='visibility',
        ),
        pytest.param(
            changed(keypoints=numbers(**{f'k{FIRST}_x': 1e300})),
            r'annotation 2 has the key point \[inf, 11.0, 2.0\], expected finite',
            id='huge',
        ),
        pytest.param(
            changed(keypoints=numbers(**{f'k{FIRST}_x': 10**30})),
            'annotation 2 has key points that are no numbers',
            id='huge-integer',
        ),
        pytest.param(
            changed(keypoints=numbers(**{f'k{FIRST}_x': None})),
            'annotation 2 has key points that are no numbers: .*null',
            id='null',
        ),
        pytest.param(
            changed(keypoints={'x': 1}), 'annotation 2 has key points', id='object'
        ),
        pytest.param(changed(num_keypoints=-1), r'\[1\].num_keypoints', id='count'),
        pytest.param(
            content(annotation(1, SKIRT), categories=[]),
            r"no list \['categories'\]",
            id='no-categories',
        ),
        pytest.param(content(images=5), r'got `int` - at `\$.images`', id='no-images'),
        pytest.param(
            content(images=[dict(id=1, file_name='a', width=0, height=2)]),
            r'`int` >= 1 - at `\$.images\[0\].width',
            id='no-width',
        ),
        pytest.param(
            content(images=[dict(id=1, file_name='a', width=1, height=2)] * 2),
            'two entries are image 1',
            id='image-twice',
        ),
        pytest.param(
            content(
                images=[
                    dict(id=1, file_name='a', width=1, height=2, category_id=0),
                ]
            ),
            'image 1: unknown deepfashion2 category id 0',
            id='image-category',
        ),
        pytest.param([], r"has no list \['images', 'categories'\]", id='list'),
    ],
)
def test_bad_files(write, value, message):
    with pytest.raises(FormatError, match=message):
        read_columns(write(value, **COMPACT), 'deepfashion2')


def test_bad_files_of_one_category(write):
    items = [annotation(1, SKIRT, full=False), annotation(2, VEST, full=False)]
    path = write(content(*items, category='skirt'))
    with pytest.raises(
        FormatError, match="2 is of a vest, the dataset of 'skirt' only"
    ):
        read_columns(path, 'deepfashion2', 'skirt')
    path = write(content(annotation(1, SKIRT), category='skirt'))
    with pytest.raises(FormatError, match='has 882 key point numbers, expected 24'):
        read_columns(path, 'deepfashion2', 'skirt')
    both = (
        coco_categories('deepfashion2', 'skirt') + coco_categories('deepfashion2')[:1]
    )
    path = write(content(categories=both))
    with pytest.raises(
        FormatError, match="'short_sleeved_shirt' is in the full layout"
    ):
        read_columns(path, 'deepfashion2', 'skirt')
    path = write(content(categories=coco_categories('deepfashion2')[:3]))
    with pytest.raises(FormatError, match="has no category 'skirt': it lists .'short_"):
        read_columns(path, 'deepfashion2', 'skirt')
    with pytest.raises(ValueError, match="unknown deepfashion2 category 'hat'"):
        read_columns(path, 'deepfashion2', 'hat')


@pytest.mark.parametrize(
    'text, message',
    [
        pytest.param('', 'is not valid JSON', id='empty'),
        pytest.param('{"images": [', 'is not valid JSON: .* truncated', id='cut'),
        pytest.param('{"images": [], "a": NaN}', 'is not valid JSON', id='nan'),
    ],
)
def test_no_json(tmp_path, text, message):
    path = tmp_path / 'train.json'
    path.write_text(text)
    with pytest.raises(FormatError, match=f'annotation file .*train.json {message}'):
        read_columns(path, 'deepfashion2')
    with pytest.raises(FileNotFoundError, match='annotation file none.json does not'):
        read_columns('none.json', 'deepfashion2')


# --------------------------------------------------------------------- real data


def test_real_file(fashion_data):
    path = fashion_data / 'deepfashion2' / 'train-coco_style-32.json'
    columns = read_columns(path, 'deepfashion2', points_dtype=np.float64)
    annotations = json.loads(path.read_text())['annotations']
    assert len(columns.ids) == len(annotations) == 55 and len(columns.images.ids) == 32
    for index, expected in enumerate(annotations):
        garment = garments.category_of_id('deepfashion2', expected['category_id'])
        start, end = columns.starts[index : index + 2]
        full = np.zeros((294, 3))
        full[list(garment.channels)] = columns.points[start:end]
        assert full.ravel().tolist() == expected['keypoints']
        assert columns.boxes[index].tolist() == expected['bbox']
        assert columns.areas[index] == expected['area']
        assert columns.num_keypoints[index] == expected['num_keypoints']
