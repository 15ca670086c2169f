"""DeepFashion2's raw annotations: read, checked and written."""

import json

import pytest

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.deepfashion2.raw import (
    RawItem,
    coco_to_raw,
    raw_category_name,
    read_raw,
    write_raw,
)


def item(**changes):
    """A skirt whose n-th landmark is at (n, 10 n), the first one occluded."""
    landmarks = [v for n in range(1, 9) for v in (n, 10 * n, 1 if n == 1 else 2)]
    content = dict(
        category_id=9,
        category_name='skirt',
        style=1,
        bounding_box=[0, 5, 20, 85],
        landmarks=landmarks,
        segmentation=[[0, 5, 20, 5, 20, 85]],
        scale=2,
        occlusion=1,
        zoom_in=3,
        viewpoint=2,
    )
    content.update(changes)
    return {key: value for key, value in content.items() if value is not None}


def write(path, **items):
    path.write_text(json.dumps(dict(source='shop', pair_id=7, **items)))
    return path


def test_items_come_in_the_order_of_their_numbers(tmp_path):
    items = {f'item{n}': item(style=n) for n in (10, 2, 1)}
    raw = read_raw(write(tmp_path / '000001.json', **items))
    assert (raw.source, raw.pair_id) == ('shop', 7)
    assert [entry.style for entry in raw.items] == [1, 2, 10]
    assert raw.items[0].landmarks[:6] == [1, 10, 1, 2, 20, 2]
    assert raw.items[0].bounding_box == (0, 5, 20, 85)


def test_a_byte_order_mark_is_no_content(tmp_path):
    path = write(tmp_path / '000001.json', item1=item())
    plain = read_raw(path)
    path.write_bytes(b'\xef\xbb\xbf' + path.read_bytes())
    assert read_raw(path) == plain


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(category_id=14), 'item1: category_id: .*14'),
        (dict(category_id='9'), r'item1: Expected `int`.*category_id'),
        (dict(category_name='vest'), "category_name is 'vest'.*'skirt'"),
        (dict(landmarks=None), 'missing required field `landmarks`'),
        (dict(style=None), 'missing required field `style`'),
        (dict(segmentation=None), 'missing required field `segmentation`'),
        (dict(bounding_box=[0, 5, 10**400, 85]), r'<= 1000000.*bounding_box\[2\]'),
        (dict(landmarks=[1e300, 2, 2] * 8), r'<= 1000000.*landmarks\[0\]'),
        (dict(segmentation=[[0, -(10**30)]]), r'>= -1000000.*segmentation'),
        (dict(style=10**30), '<= 1000000.*style'),
        (dict(bounding_box=[9, 85, 20, 5]), r'bounding_box \[9, 85, 20, 5\] is empty'),
        (dict(landmarks=[1, 2, True] * 8), r'Expected `int \| float`.*landmarks\[2\]'),
        (dict(landmarks=[1, 2, 2]), 'landmarks has 3 numbers; a skirt has 8'),
        (dict(landmarks=[1, 2, 2] * 7 + [1, 2, 3]), 'v of landmark 8 is 3'),
        (dict(landmarks=[1, 'x', 2] * 8), r'Expected `int \| float`.*landmarks\[1\]'),
        (dict(bounding_box=[9, 5, 9, 85]), r'bounding_box \[9, 5, 9, 85\] is empty'),
        (dict(bounding_box=[0, 5, 20]), 'Expected `array` of length 4'),
        (dict(viewpoint=4), 'viewpoint'),
        (dict(segmentation=[['a']]), r'segmentation\[0\]\[0\]'),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else '',
)
def test_what_is_wrong_is_named(tmp_path, changes, message):
    path = write(tmp_path / '000003.json', item1=item(**changes), item2=item())
    with pytest.raises(FormatError, match='000003.json: item1: ') as error:
        read_raw(path)
    assert error.match(message)
    # Or it is left out and told.
    skipped = []
    assert len(read_raw(path, skipped).items) == 1
    assert len(skipped) == 1 and 'item1' in skipped[0]


@pytest.mark.parametrize(
    'text, message',
    [
        ('{"source": "shop"}', 'pair_id is missing'),
        ('{"source": "shop", "pair_id": 1e30}', 'pair_id: Expected `int`'),
        ('{"source": 1, "pair_id": 2}', 'source: Expected `str`'),
        ('{"source": "shop", "pair_id', 'is not a DeepFashion2 annotation'),
        ('[]', 'is not a DeepFashion2 annotation'),
    ],
)
def test_broken_files(tmp_path, text, message):
    path = tmp_path / '000001.json'
    path.write_text(text)
    with pytest.raises(FormatError, match=message):
        read_raw(path, [])


def test_written_and_read_again(tmp_path):
    path = tmp_path / 'annos' / '000001.json'
    box = (0, 5, 20, 85)
    items = [
        RawItem(**item(bounding_box=box)),
        RawItem(**item(bounding_box=box, viewpoint=None, style=0)),
    ]
    write_raw(path, items, 'user', 3)
    raw = read_raw(path)
    assert (raw.source, raw.pair_id, list(raw.items)) == ('user', 3, items)
    content = json.loads(path.read_text())
    assert list(content) == ['source', 'pair_id', 'item1', 'item2']
    assert 'viewpoint' in content['item1'] and 'viewpoint' not in content['item2']
    # Other readers of the layout take these as given.
    assert content['item2']['style'] == 0
    write_raw(path, [RawItem(**item(category_name=None, segmentation=[]))], 'user', 3)
    content = json.loads(path.read_text())['item1']
    assert (content['category_name'], content['segmentation']) == ('skirt', [])


def test_names_of_the_benchmark():
    names = [raw_category_name(name) for name in garments.categories('deepfashion2')]
    assert names[:4] == [
        *('short sleeve top', 'long sleeve top'),
        *('short sleeve outwear', 'long sleeve outwear'),
    ]
    assert names[9:] == [
        *('short sleeve dress', 'long sleeve dress', 'vest dress', 'sling dress')
    ]


def test_levels_follow_from_the_landmarks(tmp_path):
    """A box of 20 % of the picture; of 8 landmarks 2 occluded, 4 not labelled."""
    keypoints = [0] * 882
    first = garments.garment('deepfashion2', 'skirt').channels[0]
    for n, v in enumerate([1, 1, 2, 2]):
        keypoints[3 * (first + n) : 3 * (first + n) + 3] = [n + 1, n + 2, v]
    annotation = dict(id=5, image_id=12, category_id=9, bbox=[0, 0, 20, 10])
    image = dict(id=12, file_name='000012.jpg', width=50, height=20)
    path = tmp_path / 'coco.json'
    content = dict(images=[image], annotations=[dict(annotation, keypoints=keypoints)])
    path.write_text(json.dumps(content))
    assert coco_to_raw(path, tmp_path / 'annos') == 1
    entry = read_raw(tmp_path / 'annos' / '000012.json').items[0]
    assert (entry.scale, entry.occlusion, entry.zoom_in) == (2, 3, 3)
    assert entry.viewpoint is None
    assert entry.landmarks[:9] == [1, 2, 1, 2, 3, 1, 3, 4, 2]


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(image_id=13), 'annotation 5 is of image 13'),
        (dict(bbox=None), "annotation 5: 'bbox' is missing"),
        (dict(keypoints=[1, 2, 2]), 'annotation 5 has 1 key points; expected 294 or'),
        (dict(bbox=[1, 2]), 'annotation 5 is not what COCO has there'),
        (dict(keypoints='x'), 'annotation 5 is not what COCO has there'),
        (dict(pair_id=8), r'image 12: its annotations differ in pair_id: \[7, 8\]'),
    ],
    ids=['image', 'field', 'points', 'short-box', 'text', 'pair'],
)
def test_what_has_no_raw_form(tmp_path, changes, message):
    image = dict(id=12, file_name='000012.jpg', width=50, height=20)
    annotation = dict(id=4, image_id=12, category_id=9, bbox=[0, 0, 20, 10], pair_id=7)
    annotation['keypoints'] = [1, 2, 2] * 8
    other = dict(annotation, id=5) | changes
    other = {key: value for key, value in other.items() if value is not None}
    content = dict(images=[image], annotations=[annotation, other])
    with pytest.raises(FormatError, match=f'the COCO content: {message}'):
        coco_to_raw(content, tmp_path / 'annos')
    assert not (tmp_path / 'annos').exists()


def test_ids_become_names_of_files(tmp_path):
    for image_id in ('../../x', -1, 1.5, None):
        content = dict(images=[dict(id=image_id)], annotations=[])
        with pytest.raises(FormatError, match='the id of image .* no whole number'):
            coco_to_raw(content, tmp_path / 'annos')
    assert not (tmp_path / 'annos').exists()


def test_a_picture_without_garments_has_a_file(tmp_path):
    image = dict(id=12, file_name='000012.jpg', width=50, height=20)
    assert coco_to_raw(dict(images=[image], annotations=[]), tmp_path) == 1
    raw = read_raw(tmp_path / '000012.json')
    assert (raw.source, raw.pair_id, raw.items) == ('user', 0, ())
    path = tmp_path / 'coco.json'
    path.write_text('{')
    with pytest.raises(FormatError, match='coco.json is not valid JSON'):
        coco_to_raw(path, tmp_path)
