"""A pose network with all that it needs besides pictures and boxes."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate

from fashion_mmpose import garments
from fashion_mmpose.apis import PoseNetwork, network_digest
from fashion_mmpose.apis.pose import build_networks, pose_by_category

FASHIONAI = garments.categories('fashionai')


def samples_of(network, image, category, number):
    boxes = [(i, 2 * i, 40 + i, 50 - i) for i in range(number)]
    return [network.sample(image, category, box) for box in boxes]


@pytest.mark.parametrize(
    'name, benchmark, category, categories',
    [
        pytest.param('fashionai_all', 'fashionai', None, FASHIONAI, id='full'),
        pytest.param('fashionai_skirt', 'fashionai', 'skirt', ('skirt',), id='one'),
        pytest.param(
            'deepfashion2_tops', 'deepfashion2', None, ('vest', 'sling'), id='some'
        ),
    ],
)
def test_what_it_is_for(small, name, benchmark, category, categories):
    network = PoseNetwork(*small.of(name))
    assert (network.benchmark, network.category) == (benchmark, category)
    assert network.categories == categories and network.is_on_cpu
    assert not network.model.training
    meta = network.model.dataset_meta
    assert meta['dataset_name'] == garments.metainfo_name(benchmark, category)
    assert meta['benchmark'] == benchmark
    assert meta['num_keypoints'] == len(garments.keypoints(benchmark, category))
    assert (meta['category'], meta['categories']) == (category, categories)


def test_loaded_config_and_bare_name(small):
    config = Config.fromfile(small.config('fashionai_blouse'))
    network = PoseNetwork(config, small.weights('fashionai_blouse'))
    assert network.model.cfg is config and network.categories == ('blouse',)
    with pytest.raises(ValueError, match='blouse.pth does not fit res18_deepfashion2'):
        PoseNetwork('res18_deepfashion2_mini', small.weights('fashionai_blouse'))


@pytest.mark.slow
def test_a_digest_tells_networks_apart(small):
    network = PoseNetwork(*small.of('fashionai_skirt'))
    digest = network_digest(network)
    assert len(digest) == 32
    assert network_digest(PoseNetwork(*small.of('fashionai_skirt'))) == digest
    assert network_digest(PoseNetwork(*small.of('fashionai_all'))) != digest
    with torch.no_grad():
        next(network.model.parameters()).view(-1)[0] += 1e-3
    assert network_digest(network) != digest
    with pytest.raises(TypeError, match='the network is a str'):
        network_digest('skirt')


def test_a_sample(small):
    network = PoseNetwork(*small.of('deepfashion2_all'))
    image = small.images[0]
    before = image.copy()
    sample = network.sample(image, 'vest', (10, 5, 60, 50), 0.25, 'a.png')
    assert sample['inputs'].shape == (3, 64, 48)
    data = sample['data_samples']
    assert data.category_id == garments.garment('deepfashion2', 'vest').category_id
    assert data.dataset_name == 'deepfashion2' and data.img_path == 'a.png'
    assert data.gt_instances.bboxes.tolist() == [[10, 5, 60, 50]]
    assert data.gt_instances.bbox_scores.tolist() == [0.25]
    np.testing.assert_array_equal(image, before)


def test_own_points_of_several_categories_in_one_batch(small):
    network = PoseNetwork(*small.of('deepfashion2_all'))
    samples = [
        network.sample(small.images[0], category, (10, 5, 60, 50))
        for category in ('vest', 'long_sleeved_dress', 'skirt')
    ]
    found = network.predict(samples)
    assert [each.keypoints.shape for each in found] == [(15, 2), (37, 2), (8, 2)]
    for each in found:
        assert each.benchmark == 'deepfashion2' and each.bbox.tolist() == [
            10,
            5,
            60,
            50,
        ]
        assert each.keypoints.dtype == each.scores.dtype == np.float32
        assert each.scores.shape == each.keypoints.shape[:1] and (each.scores > 0).all()
        assert len(np.unique(each.keypoints, axis=0)) > 4
    alone = [network.predict([sample])[0] for sample in samples]
    for each, other in zip(found, alone):
        np.testing.assert_allclose(each.keypoints, other.keypoints, atol=1e-4)
        np.testing.assert_allclose(each.scores, other.scores, atol=1e-4)
    assert network.predict([]) == []


@pytest.mark.parametrize('name', ['fashionai_all', 'deepfashion2_all'])
def test_points_know_how_sure_they_are(small, name):
    network = PoseNetwork(*small.of(name))
    category = network.categories[0]
    image = small.images[0]
    boxes = (0, 0, 40, 40), (0, 0, 80, 80)
    samples = [network.sample(image, category, box) for box in boxes]
    first, second = network.predict(samples)
    for found in (first, second):
        assert found.covariances.shape == (len(found.names), 2, 2)
        assert np.isfinite(found.covariances).all()
        assert (np.linalg.eigvalsh(found.covariances) > 0).all()
    # They are in pixels of the picture, from which the input was cut.
    network.model.test_cfg = dict(network.model.test_cfg, output_heatmaps=True)
    data = network.model.test_step(pseudo_collate([samples[1]]))[0]
    crop = network.model.head.decoder.covariances(
        data.pred_fields.heatmaps[second.garment.channels[0]][None],
        torch.from_numpy(
            (second.keypoints[:1] - data.input_center + data.input_scale / 2)
            / data.input_scale
            * data.input_size
        ).float(),
    )[0]
    zoom = data.input_scale / data.input_size
    expected = crop.numpy() * zoom[:, None] * zoom
    np.testing.assert_allclose(second.covariances[0], expected, rtol=2e-2)


def test_channels_last_as_the_hook_sets_it(small):
    def is_channels_last(network):
        weight = network.model.backbone.layer1[0].conv1.weight
        return weight.is_contiguous(memory_format=torch.channels_last)

    # The hook is in the recipe that this one inherits from; the other replaces hooks.
    assert is_channels_last(PoseNetwork(*small.of('deepfashion2_all')))
    assert not is_channels_last(PoseNetwork(*small.of('fashionai_all')))


# ------------------------------------------------------------------------ weights


def saved_with(small, folder, name, **dataset_meta):
    """The weights of a network, with what a run would tell of them."""
    content = torch.load(small.weights(name), weights_only=True)
    meta = dict(dataset_meta=dataset_meta)
    torch.save(dict(state_dict=content, meta=meta), folder / 'with_meta.pth')
    return folder / 'with_meta.pth'


def test_weights_tell_which_categories_were_trained(small, tmp_path):
    tops = saved_with(
        small,
        tmp_path,
        'deepfashion2_all',
        dataset_name='deepfashion2',
        categories=['sling', 'vest', 'hat'],
    )
    network = PoseNetwork(small.config('deepfashion2_all'), tops)
    assert network.categories == ('vest', 'sling')
    assert network.model.dataset_meta['categories'] == ('vest', 'sling')


@pytest.mark.parametrize(
    'meta, message',
    [
        pytest.param(
            dict(dataset_name='fashionai_skirt'),
            'with_meta.pth was trained for fashionai_skirt, .* is for fashionai_blouse',
            id='other key points',
        ),
        pytest.param(
            dict(dataset_name='fashionai_blouse', categories=['dress']),
            r"was trained for \('dress',\), .*fashionai_blouse.py is not",
            id='other categories',
        ),
    ],
)
def test_weights_for_other_garments(small, tmp_path, meta, message):
    weights = saved_with(small, tmp_path, 'fashionai_blouse', **meta)
    with pytest.raises(ValueError, match=message):
        PoseNetwork(small.config('fashionai_blouse'), weights)


def test_weights_that_are_missing_or_of_another_network(small):
    config = small.config('fashionai_blouse')
    with pytest.raises(ValueError, match='fashionai_blouse.py needs weights'):
        PoseNetwork(config)
    with pytest.raises(FileNotFoundError, match='nothing.pth does not exist'):
        PoseNetwork(config, 'nothing.pth')
    with pytest.raises(ValueError, match='skirt.pth does not fit .*blouse.py'):
        PoseNetwork(config, small.weights('fashionai_skirt'))


# ------------------------------------------------------------------------ configs


def load_image(**options):
    return [dict(type='LoadImage', **options)]


@pytest.mark.parametrize(
    'changes, message',
    [
        pytest.param(
            {'default_scope': 'mmdet'}, 'is the config of a detector', id='mmdet'
        ),
        pytest.param(
            {'test_dataloader.dataset.pipeline': []}, 'no model and', id='no pipeline'
        ),
        pytest.param(
            {'test_dataloader.dataset.pipeline': load_image(color_type='grayscale')},
            "must begin with dict.type='LoadImage'.*grayscale",
            id='another way to read',
        ),
        pytest.param(
            {'test_dataloader.dataset.type': 'CocoDataset'},
            'tested on a CocoDataset, which says nothing of garments',
            id='another dataset',
        ),
        pytest.param(
            {'model.head.decoder.sigma': 9.0}, "differ in .'sigma'", id='codecs'
        ),
    ],
)
def test_configs_that_are_refused(small, changes, message):
    config = Config.fromfile(small.config('fashionai_blouse'))
    config.merge_from_dict(changes)
    with pytest.raises(ValueError, match=message):
        PoseNetwork(config, small.weights('fashionai_blouse'))


@pytest.mark.slow
def test_pictures_are_loaded_already_however_a_config_reads_them(small):
    # As the companion of the DeepFashion2 HRNet has it, for its converted weights.
    config = Config.fromfile(small.config('fashionai_blouse'))
    weights = small.weights('fashionai_blouse')
    plain = PoseNetwork(config, weights)
    config.test_dataloader.dataset.pipeline[0].color_type = 'color_ignore_orientation'
    (first,), (second,) = (
        each.predict([each.sample(small.images[0], 'blouse', (0, 0, 40, 40))])
        for each in (plain, PoseNetwork(config, weights))
    )
    np.testing.assert_array_equal(first.points, second.points)


def test_no_such_config():
    with pytest.raises(ValueError, match='nothing'):
        PoseNetwork('nothing', 'weights.pth')


# --------------------------------------------------------------- several networks


@pytest.mark.slow
def test_one_network_for_all(small):
    networks = build_networks(*small.of('fashionai_all'), 'cpu')
    assert tuple(networks) == FASHIONAI
    assert len({id(network) for network in networks.values()}) == 1


def test_one_for_two_categories_is_built_once(small):
    everything = small.of('fashionai_all')
    networks = build_networks(
        dict(
            blouse=everything,
            skirt=list(small.of('fashionai_skirt')),
            dress=everything,
        ),
        None,
        'cpu',
    )
    assert networks['blouse'] is networks['dress']
    assert networks['skirt'].category == 'skirt'


@pytest.mark.slow
def test_an_ensemble_in_a_dict_needs_no_weights(small):
    networks = build_networks({'blouse': small.config('ensemble')}, None, 'cpu')
    assert len(networks['blouse'].model.members) == 2


@pytest.mark.parametrize(
    'names, weights, message',
    [
        pytest.param(
            {'skirt': 'fashionai_blouse'}, None, "'skirt' is one for", id='other'
        ),
        pytest.param({'hat': 'fashionai_all'}, None, "'hat' is one for", id='unknown'),
        pytest.param({}, None, 'pose2d is empty', id='none'),
        pytest.param(
            {'skirt': 'fashionai_skirt'}, 'w.pth', 'give no pose2d_weights', id='twice'
        ),
    ],
)
def test_wrong_dicts(small, names, weights, message):
    pose = {category: small.of(name) for category, name in names.items()}
    with pytest.raises(ValueError, match=message):
        build_networks(pose, weights, 'cpu')


@pytest.mark.slow
def test_configs_tell_their_categories(small):
    pose = pose_by_category(
        [small.of('fashionai_skirt'), small.of('deepfashion2_tops')]
    )
    assert list(pose) == ['skirt', 'vest', 'sling']
    assert pose['skirt'][1] == small.weights('fashionai_skirt')
    assert pose['vest'][0] is pose['sling'][0]
    networks = build_networks(pose, None, 'cpu')
    assert networks['skirt'] is not networks['vest']
    assert networks['vest'] is networks['sling']
    with pytest.raises(ValueError, match="skirt.py and .*all.py are both for 'skirt'"):
        pose_by_category([small.of('fashionai_skirt'), small.of('fashionai_all')])
