"""The table of garments: known values, and what must hold for every category."""

import json
from pathlib import Path

import pytest

from fashion_mmpose import garments

ALL = [g for b in garments.BENCHMARKS.values() for g in b.garments.values()]
by_name = pytest.mark.parametrize('item', ALL, ids=lambda g: f'{g.dataset}-{g.name}')


@pytest.mark.parametrize(
    'category, category_id, channels, normalizer',
    [
        ('blouse', 1, [*range(7), *range(9, 15)], ('armpit_left', 'armpit_right')),
        ('outwear', 2, [0, 1, *range(3, 15)], ('armpit_left', 'armpit_right')),
        ('dress', 3, [*range(13), 17, 18], ('armpit_left', 'armpit_right')),
        ('skirt', 4, [15, 16, 17, 18], ('waistband_left', 'waistband_right')),
        (
            'trousers',
            5,
            [15, 16, *range(19, 24)],
            ('waistband_left', 'waistband_right'),
        ),
    ],
)
def test_fashionai_categories(category, category_id, channels, normalizer):
    item = garments.garment('fashionai', category)
    assert item.category_id == category_id
    assert list(item.channels) == channels
    assert tuple(item.keypoints[i] for i in item.normalizer) == normalizer


def test_fashionai_columns():
    names = garments.keypoints('fashionai')
    assert len(names) == 24
    assert names[:3] == ('neckline_left', 'neckline_right', 'center_front')
    assert names[9:13] == (
        'cuff_left_in',
        'cuff_left_out',
        'cuff_right_in',
        'cuff_right_out',
    )
    assert names[23] == 'bottom_right_out'


def test_fashionai_trousers_outline():
    item = garments.garment('fashionai', 'trousers')
    names = [(item.keypoints[i], item.keypoints[j]) for i, j in item.links]
    assert names == [
        ('waistband_left', 'bottom_left_out'),
        ('bottom_left_out', 'bottom_left_in'),
        ('bottom_left_in', 'crotch'),
        ('crotch', 'bottom_right_in'),
        ('bottom_right_in', 'bottom_right_out'),
        ('bottom_right_out', 'waistband_right'),
        ('waistband_right', 'waistband_left'),
    ]


@pytest.mark.parametrize(
    'category, category_id, first, count, first_sigma, last_sigma',
    [
        ('short_sleeved_shirt', 1, 0, 25, 0.012, 0.0298),
        ('long_sleeved_shirt', 2, 25, 33, 0.0194, 0.0286),
        ('short_sleeved_outwear', 3, 58, 31, 0.0074, 0.0632),
        ('long_sleeved_outwear', 4, 89, 39, 0.0137, 0.0573),
        ('vest', 5, 128, 15, 0.0352, 0.0196),
        ('sling', 6, 143, 15, 0.0276, 0.0369),
        ('shorts', 7, 158, 10, 0.0308, 0.0506),
        ('trousers', 8, 168, 14, 0.0275, 0.0651),
        ('skirt', 9, 182, 8, 0.0253, 0.0513),
        ('short_sleeved_dress', 10, 190, 29, 0.0153, 0.0332),
        ('long_sleeved_dress', 11, 219, 37, 0.0121, 0.0246),
        ('vest_dress', 12, 256, 19, 0.0116, 0.0196),
        ('sling_dress', 13, 275, 19, 0.0244, 0.0173),
    ],
)
def test_deepfashion2_categories(
    category, category_id, first, count, first_sigma, last_sigma
):
    item = garments.garment('deepfashion2', category)
    assert item.category_id == category_id
    assert item.channels == tuple(range(first, first + count))
    assert len(item.keypoints) == len(item.sigmas) == count
    assert (item.sigmas[0], item.sigmas[-1]) == (first_sigma, last_sigma)


def test_deepfashion2_mirrors():
    """Left neck tip, open front and sleeves of the figure, 1-based."""
    flip = garments.garment('deepfashion2', 'short_sleeved_outwear').flip
    mirrored = {i + 1: flip[i] + 1 for i in range(31)}
    assert [mirrored[i] for i in (1, 4, 3, 2, 30, 31, 16)] == [1, 6, 5, 26, 27, 28, 29]
    flip = garments.garment('deepfashion2', 'vest').flip
    # MMPose's own table maps one of these two onto itself.
    assert (flip[8] + 1, flip[12] + 1) == (13, 9)


def test_deepfashion2_official_sum():
    """The sigmas as a whole: their number and their exact sum."""
    sigmas = garments.metainfo('deepfashion2')['sigmas']
    assert len(sigmas) == 294
    assert round(sum(sigmas), 4) == 11.519


@by_name
def test_flipping_twice_is_the_identity(item):
    assert [item.flip[i] for i in item.flip] == list(range(len(item.flip)))
    assert any(item.flip[i] != i for i in item.flip)


@by_name
def test_outline_is_symmetric_and_complete(item):
    """Links stay in the category, reach every point, and mirror into links."""
    links = {frozenset(link) for link in item.links}
    assert {point for link in links for point in link} == set(
        range(len(item.keypoints))
    )
    assert {frozenset(item.flip[i] for i in link) for link in links} == links
    assert all(len(link) == 2 for link in links)


@by_name
def test_metainfo_of_a_category(item):
    info = garments.metainfo(item.dataset, item.name)
    assert info['dataset_name'] == f'{item.dataset}_{item.name}'
    assert [info['keypoint_info'][i]['name'] for i in range(len(item.keypoints))] == [
        *item.keypoints
    ]
    swaps = [info['keypoint_info'][i]['swap'] for i in range(len(item.keypoints))]
    for i, swap in enumerate(swaps):
        assert swap == ('' if item.flip[i] == i else item.keypoints[item.flip[i]])
    assert len(info['skeleton_info']) == len(item.links)
    assert info['sigmas'] == list(item.sigmas)
    assert len(set(_link_colors(info))) == 1


def _link_colors(info):
    return [tuple(link['color']) for link in info['skeleton_info'].values()]


@pytest.mark.parametrize('dataset, total', [('fashionai', 24), ('deepfashion2', 294)])
def test_metainfo_parses(dataset, total):
    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    parsed = parse_pose_metainfo(garments.metainfo(dataset))
    assert parsed['num_keypoints'] == total
    assert parsed['dataset_name'] == dataset
    flip = parsed['flip_indices']
    assert [flip[i] for i in flip] == list(range(total))
    spans = [set(g.channels) for g in garments.benchmark(dataset).garments.values()]
    assert set().union(*spans) == set(range(total))
    for link in parsed['skeleton_links']:
        assert any(set(link) <= span for span in spans)
    blue, green, orange = [51, 153, 255], [0, 200, 80], [255, 128, 0]
    for i, color in enumerate(parsed['keypoint_colors'].tolist()):
        side = (flip[i] < i) - (flip[i] > i)
        assert color == (blue, green, orange)[side + 1]
    assert parsed['sigmas'].shape == (total,)


def test_names_are_unique():
    for dataset in garments.BENCHMARKS:
        names = garments.keypoints(dataset)
        assert len(set(names)) == len(names)


def test_official_files_agree(fashion_data):
    """The benchmark's own annotation file has these categories and landmarks."""
    path = Path(fashion_data, 'deepfashion2', 'train-coco_style-32.json')
    content = json.loads(path.read_text())
    table = garments.benchmark('deepfashion2').garments
    assert [(c['id'], c['name']) for c in content['categories']] == [
        (g.category_id, g.name) for g in table.values()
    ]
    seen = 0
    for annotation in content['annotations']:
        item = garments.category_of_id('deepfashion2', annotation['category_id'])
        labelled = {i for i, v in enumerate(annotation['keypoints'][2::3]) if v}
        assert labelled <= set(item.channels)
        seen += len(labelled)
    assert seen > 500


@pytest.mark.parametrize(
    'call, message',
    [
        (lambda: garments.benchmark('coco'), "unknown dataset 'coco'; choose from"),
        (lambda: garments.garment('fashionai', 'hat'), "category 'hat'; choose from"),
        (lambda: garments.category_of_id('fashionai', 6), 'id 6; ids are 1 to 5'),
    ],
    ids=['dataset', 'category', 'id'],
)
def test_unknown_names(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize('dataset', garments.BENCHMARKS)
def test_benchmark_of_a_metainfo(dataset):
    for category in (None, *garments.categories(dataset)):
        # As in checkpoints that do not name the benchmark.
        info = garments.metainfo(dataset, category)
        assert garments.benchmark_of(info) is garments.benchmark(dataset)
    named = dict(dataset_name='my_shop_skirts', benchmark=dataset)
    assert garments.benchmark_of(named) is garments.benchmark(dataset)


@pytest.mark.parametrize(
    'meta, message',
    [
        pytest.param(
            dict(dataset_name='fashionai_mine'),
            "dataset_name is 'fashionai_mine'; to fix it: .*'fashionai_blouse'",
            id='a name that begins alike',
        ),
        pytest.param({}, 'dataset_name is None; .*deepfashion2_vest', id='nothing'),
        pytest.param(
            dict(dataset_name='fashionai', benchmark='coco'),
            r"unknown dataset 'coco'; choose from \['deepfashion2', 'fashionai'\]",
            id='another benchmark',
        ),
    ],
)
def test_metainfo_of_no_benchmark(meta, message):
    with pytest.raises(ValueError, match=message):
        garments.benchmark_of(meta)


def test_categories_in_the_order_of_the_table():
    names = ['skirt', 'blouse', 'skirt', 'outwear']
    assert garments.in_order('fashionai', names) == ('blouse', 'outwear', 'skirt')
    assert garments.in_order('fashionai', []) == ()
    with pytest.raises(ValueError, match="unknown fashionai category 'vest'"):
        garments.in_order('fashionai', ['vest'])
