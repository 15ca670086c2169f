"""Several networks, several scales, one averaged heatmap."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmpose.registry import KEYPOINT_CODECS, MODELS
from mmpose.structures import PoseDataSample

from fashion_mmpose import garments
from fashion_mmpose.commands.runs.running import set_testing, set_training
from fashion_mmpose.config.checks import check_members
from fashion_mmpose.config.loading import find_config, load_config, member_spec
from fashion_mmpose.models.estimators.ensemble import HeatmapEnsemble

CODEC = dict(
    type='PointHeatmap',
    input_size=(64, 64),
    heatmap_size=(16, 16),
    sigma=1.5,
    amplitude=100.0,
    decode_mode='second_max',
    blur_kernel_size=5,
    blur_sigma=1.0,
)


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmpose')


def member_config(category='skirt', mean=0.0, **codec):
    """A loaded config with a tiny CPN."""
    codec = dict(CODEC, **codec)
    return Config(
        dict(
            model=dict(
                type='TopdownPoseEstimator',
                data_preprocessor=dict(
                    type='PoseDataPreprocessor',
                    mean=[mean] * 3,
                    std=[50.0] * 3,
                    bgr_to_rgb=True,
                ),
                backbone=dict(
                    type='ResNet',
                    depth=18,
                    stem_channels=8,
                    base_channels=8,
                    out_indices=(0, 1, 2, 3),
                ),
                head=dict(
                    type='CPNHead',
                    in_channels=(8, 16, 32, 64),
                    channels=8,
                    out_channels=len(garments.keypoints('fashionai', category)),
                    decoder=codec,
                ),
                test_cfg=dict(flip_test=True, shift_heatmap=False),
            ),
            test_dataloader=dict(
                dataset=dict(type='FashionAIDataset', category=category)
            ),
        )
    )


def trained(config, path, seed):
    """Save a network with random weights and statistics; itself."""
    torch.manual_seed(seed)
    model = MODELS.build(config.model).eval()
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if 'running_var' in name:
                tensor.copy_(torch.rand_like(tensor) + 0.5)
            elif tensor.ndim == 4:
                # Keeps the signal's size through the ReLUs.
                fan_in = tensor[0].numel()
                tensor.copy_(torch.randn_like(tensor) * (2 / fan_in) ** 0.5)
            elif 'num_batches' not in name and 'running' not in name:
                tensor.add_(0.1 * torch.randn_like(tensor))
    torch.save(dict(state_dict=model.state_dict()), path)
    return model


def sample(category='skirt', size=64):
    metainfo = garments.metainfo('fashionai', category)
    names = garments.keypoints('fashionai', category)
    swaps = {
        point['name']: point['swap'] for point in metainfo['keypoint_info'].values()
    }
    flip = [names.index(swaps[name] or name) for name in names]
    data_sample = PoseDataSample(
        metainfo=dict(
            flip_indices=flip,
            input_size=(size, size),
            input_center=np.array([100.0, 80.0]),
            input_scale=np.array([128.0, 128.0]),
        )
    )
    data_sample.gt_instances = InstanceData(
        bboxes=np.array([[36.0, 16.0, 164.0, 144.0]]), bbox_scores=np.ones(1)
    )
    return data_sample


def images(num=2, size=64):
    torch.manual_seed(7)
    return [torch.randint(0, 256, (3, size, size)).byte() for _ in range(num)]


def predict(model, crops, samples=None, **test_cfg):
    """Heatmaps (B, K, H, W) and key points (B, K, 2), in image pixels."""
    model.test_cfg.update(output_heatmaps=True, **test_cfg)
    samples = samples or [sample() for _ in crops]
    results = model.test_step(dict(inputs=crops, data_samples=samples))
    heatmaps = torch.stack([result.pred_fields.heatmaps for result in results])
    # Constant maps would be equal however they were made.
    assert heatmaps.flatten(2).std(-1).min() > 1e-3
    return (
        heatmaps,
        np.concatenate([result.pred_instances.keypoints for result in results]),
    )


@pytest.fixture
def pair(tmp_path):
    """Two configs that normalise differently, their checkpoints and networks."""
    configs = [member_config(mean=0.0), member_config(mean=120.0)]
    paths = [str(tmp_path / f'{i}.pth') for i in range(2)]
    networks = [
        trained(config, path, seed)
        for seed, (config, path) in enumerate(zip(configs, paths))
    ]
    specs = [
        dict(config=config, checkpoint=path) for config, path in zip(configs, paths)
    ]
    return specs, networks


def ensemble(members, **kwargs):
    kwargs.setdefault('decoder', CODEC)
    return HeatmapEnsemble(members=members, **kwargs).eval()


@pytest.mark.slow
def test_a_single_member_predicts_as_it_does_alone(pair):
    specs, networks = pair
    alone = predict(networks[1], images())
    heatmaps, keypoints = predict(ensemble(specs[1:]), images())
    torch.testing.assert_close(heatmaps, alone[0])
    np.testing.assert_allclose(keypoints, alone[1], atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize('weights', [(1.0, 1.0), (3.0, 1.0)])
def test_the_maps_are_averaged_before_they_are_decoded(pair, weights):
    specs, networks = pair
    for spec, weight in zip(specs, weights):
        spec['weight'] = weight
    own = [predict(network, images())[0] for network in networks]
    assert not torch.allclose(*own)
    expected = sum(w * maps for w, maps in zip(weights, own)) / sum(weights)
    heatmaps, keypoints = predict(ensemble(specs), images())
    torch.testing.assert_close(heatmaps, expected)
    points, _ = KEYPOINT_CODECS.build(CODEC).batch_decode(expected)
    np.testing.assert_allclose(keypoints, points[:, 0] * 2 + [36, 16], atol=1e-3)


@pytest.mark.slow
def test_flip_test_can_be_set_for_all(pair):
    specs, networks = pair
    own = [predict(network, images(), flip_test=False)[0] for network in networks]
    model = ensemble(specs, test_cfg=dict(flip_test=False))
    torch.testing.assert_close(predict(model, images())[0], sum(own) / 2)


def test_amplitudes_are_made_equal(tmp_path, pair):
    specs, networks = pair
    other = member_config(amplitude=1.0)
    spec = dict(config=other, checkpoint=specs[0]['checkpoint'])
    alone = predict(networks[0], images())[0]
    torch.testing.assert_close(predict(ensemble([spec]), images())[0], 100 * alone)


@pytest.mark.slow
def test_a_finer_member_is_resampled(tmp_path):
    """A member that draws on twice the grid counts at the same positions."""
    path = str(tmp_path / 'a.pth')
    config = member_config()
    network = trained(config, path, 0)
    wide = dict(CODEC, input_size=(128, 128), heatmap_size=(32, 32))
    model = ensemble(
        [dict(config=member_config(**wide), checkpoint=path)], decoder=dict(CODEC)
    )
    heatmaps, _ = predict(model, images(1))
    assert heatmaps.shape == (1, 4, 16, 16)
    # The member sees the crop at 128x128; its maps are read between their cells.
    large = torch.nn.functional.interpolate(
        images(1)[0][None].float(), (128, 128), mode='bilinear', antialias=True
    )
    direct, _ = predict(network, [large[0]], [sample(size=128)])
    assert direct.shape == (1, 4, 32, 32)
    # Cell c of the ensemble is pixel 4c, pixel 8c + 0.5 of the member, its cell
    # 2c + 0.125.
    rows = 0.875 * direct[:, :, 0:32:2] + 0.125 * direct[:, :, 1:32:2]
    expected = 0.875 * rows[..., 0:32:2] + 0.125 * rows[..., 1:32:2]
    torch.testing.assert_close(heatmaps, expected, rtol=1e-4, atol=1e-3)


@pytest.mark.slow
def test_scales_are_averaged(pair):
    specs, _ = pair
    single = ensemble(specs[:1])
    both = ensemble(specs[:1], scales=(1.0, 2.0))
    twice = ensemble(specs[:1], scales=(2.0,))
    maps = [predict(model, images())[0] for model in (single, twice, both)]
    assert not torch.allclose(maps[0], maps[1])
    torch.testing.assert_close(maps[2], (maps[0] + maps[1]) / 2)


def test_scaled_inputs_are_multiples_of_32(pair):
    specs, _ = pair
    model = ensemble(specs[:1], scales=(0.6,))
    seen = []
    model.members[0].backbone.register_forward_pre_hook(
        lambda module, args: seen.append(tuple(args[0].shape[2:]))
    )
    predict(model, images())
    assert set(seen) == {(32, 32)}


@pytest.mark.slow
def test_a_member_mirrors_as_it_does_alone(tmp_path):
    """A high picture in the upper left corner, whose padding is not mirrored."""
    config = member_config()
    config.model.type = 'PaddedFlipEstimator'
    path = str(tmp_path / 'a.pth')
    network = trained(config, path, 0)
    samples = [sample() for _ in range(2)]
    for data_sample in samples:
        data_sample.set_metainfo(dict(ori_shape=(160, 80)))
        data_sample.gt_instances.bboxes = np.array([[0.0, 0.0, 80.0, 160.0]])
    alone, _ = predict(network, images(), samples)
    heatmaps, _ = predict(
        ensemble([dict(config=config, checkpoint=path)]), images(), samples
    )
    torch.testing.assert_close(heatmaps, alone)
    config.model.type = 'TopdownPoseEstimator'
    whole, _ = predict(
        ensemble([dict(config=config, checkpoint=path)]), images(), samples
    )
    assert not torch.allclose(whole, alone)


def test_members_must_agree(pair):
    specs, _ = pair
    trousers = dict(config=member_config('trousers'), checkpoint=None)
    with pytest.raises(ValueError, match='trousers, 7 key points'):
        ensemble([*specs, trousers])


def test_a_checkpoint_of_another_network_is_refused(tmp_path, pair):
    specs, _ = pair
    path = tmp_path / 'other.pth'
    trained(member_config('trousers'), path, 0)
    with pytest.raises(ValueError, match=r'other\.pth does not fit a loaded config'):
        ensemble([dict(specs[0], checkpoint=str(path))])


def test_a_checkpoint_for_other_garments_is_refused(tmp_path, pair):
    specs, _ = pair
    content = torch.load(specs[0]['checkpoint'], weights_only=True)
    content['meta'] = dict(dataset_meta=dict(dataset_name='fashionai_dress'))
    path = tmp_path / 'dress.pth'
    torch.save(content, path)
    with pytest.raises(ValueError, match=r'dress\.pth was trained for fashionai_dress'):
        ensemble([dict(specs[0], checkpoint=str(path))])


def test_a_head_without_point_heatmap_is_refused():
    config = member_config()
    config.model.backbone.out_indices = (3,)
    config.model.head = dict(
        type='HeatmapHead',
        in_channels=64,
        out_channels=4,
        decoder=dict(
            type='MSRAHeatmap', input_size=(64, 64), heatmap_size=(16, 16), sigma=2
        ),
    )
    with pytest.raises(TypeError, match='has a HeatmapHead'):
        ensemble([dict(config=config, checkpoint=None)])


def test_profiles_are_refused():
    config = member_config()
    config.model.backbone.out_indices = (3,)
    config.model.head = dict(
        type='PointSimCCHead',
        in_channels=64,
        out_channels=4,
        decoder=dict(type='PointSimCC', input_size=(64, 64), sigma=5),
    )
    with pytest.raises(TypeError, match='gives profiles .*leave it out'):
        ensemble([dict(config=config, checkpoint=None)])


@pytest.mark.parametrize('kwargs', [dict(members=[]), dict(scales=())])
def test_nothing_to_average(pair, kwargs):
    kwargs.setdefault('members', pair[0])
    with pytest.raises(ValueError, match='at least one|positive'):
        ensemble(**kwargs)


def test_the_reference_ensemble():
    """The order of operations of the CPN system: sum, blur, second maximum, +2."""
    config = Config.fromfile(find_config('cpn_ensemble_fashionai_blouse'))
    decoder = config.model.decoder
    assert (decoder.decode_mode, decoder.shift) == ('second_max', 2)
    assert (decoder.blur_kernel_size, decoder.blur_sigma) == (5, 1)
    assert decoder.min_variance * 4**2 == 1  # of the sum of four maps
    members = [
        member_spec(member, config.model.category)['config']
        for member in config.model.members
    ]
    assert members == ['cpn_r152_fashionai_blouse', 'cpn_senet154_fashionai_blouse']
    check_members(config)


def test_an_ensemble_is_tested_without_checkpoint_and_not_trained():
    config = load_config('cpn_ensemble_fashionai_blouse')
    set_testing(config)
    assert config.load_from is None
    with pytest.raises(ValueError, match='train its members'):
        set_training(config)
    with pytest.raises(ValueError, match='CHECKPOINT is missing'):
        set_testing(load_config('cpn_r152_fashionai_blouse'))
