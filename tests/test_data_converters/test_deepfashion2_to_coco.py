"""Raw DeepFashion2 annotations become COCO JSON, and back."""

import json
import shutil

import cv2
import numpy as np
import pytest
from toolbox import ROOT, run

from fashion_mmpose import garments
from fashion_mmpose.datasets import DeepFashion2GarmentDataset
from fashion_mmpose.formats.deepfashion2.raw import RawItem, coco_to_raw, write_raw
from fashion_mmpose.synthetic import draw_deepfashion2, write_deepfashion2

SCRIPT = ROOT / 'data_converters' / 'deepfashion2_to_coco.py'


def raw_item(category, first=1.0, **kwargs):
    """Landmark n of K at (first + n, 2 n), all visible but the first."""
    garment = garments.garment('deepfashion2', category)
    landmarks = []
    for n in range(len(garment.channels)):
        landmarks += [first + n, 2 * n, 2 if n else 1]
    defaults = dict(
        style=0, bounding_box=(1, 2, 31, 62.5), segmentation=[[1, 2, 3.5, 4, 5, 6]]
    )
    return RawItem(garment.category_id, landmarks=landmarks, **defaults | kwargs)


@pytest.fixture
def raw(tmp_path):
    """Three pictures: a vest and a skirt, nothing, a skirt without landmarks."""
    unlabelled = raw_item('skirt')
    unlabelled.landmarks = [0] * 24
    for number, items in {
        7: [raw_item('vest', style=2), raw_item('skirt')],
        12: [],
        20: [unlabelled],
    }.items():
        write_raw(tmp_path / f'annos/{number:06d}.json', items, 'shop', number + 100)
        (tmp_path / 'image').mkdir(exist_ok=True)
        picture = np.zeros((80 + number, 40, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f'image/{number:06d}.jpg'), picture)
    return tmp_path


def convert(folder, *options, check=True):
    return run(
        SCRIPT,
        *('--annos', 'annos', '--images', 'image', '--out', 'out/all.json', *options),
        cwd=folder,
        check=check,
    )


def read(folder, name='all.json'):
    return json.loads((folder / 'out' / name).read_text())


def test_every_number(raw):
    out = convert(raw).stdout
    assert '3 pictures, 3 garments' in out
    content = read(raw)
    assert content['images'] == [
        dict(id=7, file_name='000007.jpg', width=40, height=87),
        dict(id=12, file_name='000012.jpg', width=40, height=92),
        dict(id=20, file_name='000020.jpg', width=40, height=100),
    ]
    vest, skirt, unlabelled = content['annotations']
    assert [entry['id'] for entry in content['annotations']] == [1, 2, 3]
    garment = garments.garment('deepfashion2', 'vest')
    first = 3 * garment.channels[0]
    expected = [0] * 882
    for n in range(len(garment.channels)):
        expected[first + 3 * n : first + 3 * n + 3] = [1 + n, 2 * n, 2 if n else 1]
    assert vest['keypoints'] == expected
    assert vest == dict(
        id=1,
        image_id=7,
        category_id=garment.category_id,
        bbox=[1, 2, 30, 60.5],
        area=1815,
        iscrowd=0,
        num_keypoints=15,
        keypoints=expected,
        style=2,
        pair_id=107,
        segmentation=[[1, 2, 3.5, 4, 5, 6]],
    )
    assert (skirt['image_id'], skirt['num_keypoints']) == (7, 8)
    assert (unlabelled['image_id'], unlabelled['num_keypoints']) == (20, 0)
    # Whole numbers stay whole in the text.
    fractions = set()
    json.loads((raw / 'out' / 'all.json').read_text(), parse_float=fractions.add)
    assert fractions == {'60.5', '3.5'}
    names = [entry['name'] for entry in content['categories']]
    assert names == list(garments.categories('deepfashion2'))


def test_the_dataset_reads_it(raw):
    convert(raw, '--split-categories')
    dataset = DeepFashion2GarmentDataset(ann_file=str(raw / 'out' / 'all.json'))
    assert [dataset.get_data_info(i)['category_id'] for i in range(2)] == [5, 9]
    one = DeepFashion2GarmentDataset(
        category='skirt', ann_file=str(raw / 'out' / 'all_skirt.json')
    )
    assert len(one) == 1 and one.get_data_info(0)['keypoints'].shape == (1, 8, 2)
    assert one.get_data_info(0)['keypoints'][0, 7].tolist() == [8, 14]


def test_a_split_file_holds_its_own_landmarks(raw):
    convert(raw, '--split-categories', '--categories', 'skirt')
    assert sorted(p.name for p in (raw / 'out').iterdir()) == [
        'all.json',
        'all_skirt.json',
    ]
    # Ids are those of the whole set, and no image is missing.
    assert [entry['id'] for entry in read(raw)['annotations']] == [2, 3]
    content = read(raw, 'all_skirt.json')
    assert [entry['id'] for entry in content['annotations']] == [2, 3]
    assert len(content['annotations'][0]['keypoints']) == 24
    assert [image['id'] for image in content['images']] == [7, 12, 20]


def test_limit_and_strangers(raw):
    (raw / 'annos' / 'readme.txt').write_text('x')
    result = convert(raw, '--limit', 1)
    assert 'readme.txt: not recognised' in result.stderr
    assert [image['id'] for image in read(raw)['images']] == [7]
    assert len(read(raw)['annotations']) == 2


def test_only_images(raw):
    run(SCRIPT, '--test', '--images', 'image', '--out', 'out/test.json', cwd=raw)
    content = read(raw, 'test.json')
    assert content['annotations'] == [] and len(content['categories']) == 13
    assert [image['id'] for image in content['images']] == [7, 12, 20]


def break_annotation(raw):
    path = raw / 'annos' / '000007.json'
    path.write_text(path.read_text().replace('"category_id":9', '"category_id":99'))


@pytest.mark.parametrize(
    'damage, message, left',
    [
        pytest.param(
            break_annotation, '000007.json: item2: category_id', (3, 2), id='item'
        ),
        pytest.param(
            lambda raw: (raw / 'image' / '000007.jpg').unlink(),
            '000007.jpg: No such file',
            (2, 1),
            id='no-picture',
        ),
        pytest.param(
            lambda raw: (raw / 'image' / '000007.jpg').write_bytes(b'nonsense'),
            '000007.jpg is no readable picture',
            (2, 1),
            id='bad-picture',
        ),
        pytest.param(
            lambda raw: (raw / 'annos' / '000007.json').write_text('{'),
            '000007.json is not a DeepFashion2 annotation',
            (2, 1),
            id='bad-json',
        ),
    ],
)
def test_bad_input_writes_nothing_or_is_left_out(raw, damage, message, left):
    damage(raw)
    result = convert(raw, check=False)
    assert result.returncode == 1 and 'Traceback' not in result.stderr
    assert message in result.stderr
    assert [*raw.glob('out/*')] == []
    result = convert(raw, '--skip-bad')
    assert (
        message in result.stderr and '1 pictures or garments left out' in result.stdout
    )
    content = read(raw)
    assert (len(content['images']), len(content['annotations'])) == left


def test_several_processes_write_the_same_bytes(raw):
    for number in range(30, 230):
        shutil.copy(raw / 'annos/000007.json', raw / f'annos/{number:06d}.json')
        shutil.copy(raw / 'image/000007.jpg', raw / f'image/{number:06d}.jpg')
    convert(raw, '--workers', 1)
    alone = (raw / 'out' / 'all.json').read_bytes()
    convert(raw, '--workers', 2)
    assert (raw / 'out' / 'all.json').read_bytes() == alone
    assert len(read(raw)['annotations']) == 3 + 2 * 200


def test_same_number_twice(raw):
    (raw / 'annos' / '7.json').write_text('{}')
    assert 'have the same number' in convert(raw, check=False).stderr


def test_nothing_is_left(raw):
    for path in (raw / 'annos').iterdir():
        path.write_text('{')
    done = convert(raw, '--skip-bad', check=False)
    assert done.returncode == 1
    assert 'annos: no picture is usable; the first: picture left out' in done.stderr
    assert [*raw.glob('out/*')] == []


@pytest.mark.slow
def test_several_processes_tell_what_is_wrong(raw):
    text = (raw / 'annos/000007.json').read_text()
    for number in range(30, 230):
        (raw / f'annos/{number:06d}.json').write_text(text)
        shutil.copy(raw / 'image/000007.jpg', raw / f'image/{number:06d}.jpg')
    (raw / 'annos' / '000111.json').write_text(text.replace('[1,2,31', '[31,2,31', 1))
    done = convert(raw, '--workers', 2, check=False)
    assert done.returncode == 1 and 'Traceback' not in done.stderr
    assert '000111.json: item1: bounding_box [31, 2, 31, 62.5]' in done.stderr
    assert [*raw.glob('out/*')] == []
    done = convert(raw, '--workers', 2, '--skip-bad')
    assert '000111.json: item1' in done.stderr
    ids = [entry['id'] for entry in read(raw)['annotations']]
    assert ids == list(range(1, 3 + 2 * 200))


def test_real_annotations_survive_the_way_there_and_back(fashion_data, tmp_path):
    folder = fashion_data / 'deepfashion2'
    file = folder / 'train-coco_style-32.json'
    assert coco_to_raw(file, tmp_path / 'annos') == 32
    run(
        SCRIPT,
        *('--annos', tmp_path / 'annos', '--images', folder / 'image'),
        *('--out', tmp_path / 'out' / 'all.json'),
        cwd=tmp_path,
    )
    there, back = json.loads(file.read_text()), read(tmp_path)
    before = sorted(there['annotations'], key=lambda a: (a['image_id'], a['id']))
    assert [dict(entry, id=0) for entry in back['annotations']] == [
        dict(entry, id=0) for entry in before
    ]
    assert [entry['id'] for entry in back['annotations']] == list(range(1, 56))
    sizes = {i['id']: (i['width'], i['height']) for i in there['images']}
    assert {i['id']: (i['width'], i['height']) for i in back['images']} == sizes


def test_drawn_annotations_survive_the_way_there_and_back(raw):
    convert(raw)
    before = {path.name: path.read_text() for path in (raw / 'annos').iterdir()}
    shutil.rmtree(raw / 'annos')
    content = read(raw)
    assert coco_to_raw(content, raw / 'annos') == 3
    assert {path.name for path in (raw / 'annos').iterdir()} == set(before)
    convert(raw)
    assert read(raw) == content


@pytest.mark.slow
def test_drawn_pictures_keep_their_landmarks(tmp_path):
    write_deepfashion2(tmp_path, 3, seed=5, balanced=True)
    convert(tmp_path)
    dataset = DeepFashion2GarmentDataset(ann_file=str(tmp_path / 'out' / 'all.json'))
    drawn = [
        (number, item)
        for number in (1, 2, 3)
        for item in draw_deepfashion2(
            5, number - 1, garments.categories('deepfashion2')[number - 1]
        ).items
    ]
    assert len(dataset) == len(drawn) > 3
    for index, (number, item) in enumerate(drawn):
        record = dataset.get_data_info(index)
        garment = garments.garment('deepfashion2', item.category)
        assert (record['img_id'], record['category_id']) == (
            number,
            garment.category_id,
        )
        np.testing.assert_array_equal(record['bbox'][0], item.box)
        own = record['keypoints'][0, list(garment.channels)]
        np.testing.assert_array_equal(own, item.landmarks[:, :2])
        labelled = record['keypoints_visible'][0].nonzero()[0]
        expected = np.flatnonzero(item.landmarks[:, 2]) + garment.channels[0]
        assert labelled.tolist() == expected.tolist()


def shrink(folder, scale):
    """Change the size of a picture with a vest and a skirt."""
    path = folder / 'image/000007.jpg'
    picture = cv2.resize(cv2.imread(str(path)), None, fx=scale, fy=scale)
    cv2.imwrite(str(path), picture)


def test_pictures_of_another_size_are_refused(raw):
    shrink(raw, 0.5)
    done = convert(raw, '--workers', 1, check=False)
    assert done.returncode == 1 and not (raw / 'out/all.json').exists()
    garment = 'annos/000007.json: the vest with the bounding_box [1, 2, 31, 62.5]'
    assert garment in done.stderr
    assert 'leads out of image/000007.jpg, which has 20 x 44 px' in done.stderr
    # The scale of every garment in it is wrong, so the picture is left out.
    done = convert(raw, '--skip-bad', '--workers', 1)
    assert 'picture left out: annos/000007.json: the vest' in done.stderr
    assert [image['id'] for image in read(raw)['images']] == [12, 20]


def test_what_leads_out_a_little_is_kept_and_told(raw):
    item = raw_item('skirt', bounding_box=(10, 20, 46, 60))
    write_raw(raw / 'annos/000012.json', [item], 'shop', 1)
    done = convert(raw, '--workers', 1)
    assert [a['bbox'] for a in read(raw)['annotations'] if a['image_id'] == 12] == [
        [10, 20, 36, 40]
    ]
    assert 'warning: annos/000012.json: the skirt' in done.stderr
    assert 'leads out of image/000012.jpg, which has 40 x 92 px' in done.stderr


def test_garments_beside_the_picture_are_refused(raw):
    item = raw_item('skirt', bounding_box=(41, 20, 46, 60))
    write_raw(raw / 'annos/000012.json', [item], 'shop', 1)
    done = convert(raw, '--workers', 1, check=False)
    assert done.returncode == 1
    assert 'the skirt with the bounding_box [41, 20, 46, 60] leads out' in done.stderr


def as_widths(item):
    x1, y1, x2, y2 = item['bounding_box']
    return [x1, y1, x2 - x1, y2 - y1]


def as_fractions(item):
    return [value / 100 for value in item['bounding_box']]


@pytest.mark.parametrize(
    'boxes, message',
    [
        (as_widths, 'has landmarks far outside of its bounding_box [10, 12, 20, 30.5]'),
        (as_fractions, 'the bounding_box [0.1, 0.12, 0.3, 0.425] holds fractions'),
    ],
)
def test_boxes_in_another_form(raw, boxes, message):
    item = raw_item('skirt', first=22, bounding_box=(10, 12, 30, 42.5))
    item.landmarks[1::3] = [y + 27 for y in item.landmarks[1::3]]
    for number in (7, 12, 20):
        path = raw / f'annos/{number:06d}.json'
        write_raw(path, [item], 'shop', number)
        content = json.loads(path.read_text())
        content['item1']['bounding_box'] = boxes(content['item1'])
        path.write_text(json.dumps(content))
    done = convert(raw, '--workers', 1, check=False)
    assert done.returncode == 1 and message in done.stderr
