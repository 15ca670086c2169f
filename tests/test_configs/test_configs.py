"""Every config that the package carries is read, checked and built."""

import ast
import re

import pytest
import torch
from config_toolbox import (
    LOADERS,
    differences,
    init_without_checkpoint,
    own_copy,
    shapes_only,
)
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, METRICS, MODELS

from fashion_mmpose import garments
from fashion_mmpose.codecs import PointSimCC
from fashion_mmpose.config.checks import check_codecs, check_members
from fashion_mmpose.config.loading import (
    config_names,
    config_root,
    find_config,
    member_spec,
)
from fashion_mmpose.config.parts import is_ensemble

# Detectors have networks, data and metrics of their own: test_detection_configs.py; so
# have benchmarks that users describe: test_own_configs.py; and so has what makes the
# starter: test_starter.py.
ELSEWHERE = ('detection/', 'own/', 'starter/detector', 'starter/landmarks')
NAMES = [name for name in config_names() if not name.startswith(ELSEWHERE)]
RECIPES = (
    'vit_s_dinov3',
    'vit_s_dinov2',
    'convnextv2_tiny',
    'swinv2_tiny',
    'lite2',
    'hrformer_small',
    'hrnet_w48',
    'cpn_vit_s_dinov3',
    'rtmpose_m',
)


@pytest.fixture(params=NAMES)
def config(request):
    init_default_scope('mmpose')
    return own_copy(request.param)


@pytest.fixture
def network(config):
    """A config whose network can be built as it is."""
    if is_ensemble(config):
        pytest.skip('an ensemble: see test_ensembles_and_members_agree')
    if config.model.head.out_channels is None:
        # A recipe, whose entries set the number: as one network for all categories.
        config.model.head.out_channels = len(garments.keypoints(*layout(config)))
    return config


def layout(config):
    """Benchmark and category that the config's datasets are for."""
    datasets = [config[loader].dataset for loader in LOADERS]
    assert len({dataset.type for dataset in datasets}) == 1
    categories = {dataset.category for dataset in datasets}
    assert len(categories) == 1, f'loaders name different categories: {categories}'
    subsets = {tuple(dataset.get('categories') or ()) for dataset in datasets}
    assert len(subsets) == 1, f'loaders name different categories: {subsets}'
    return DATASETS.get(datasets[0].type).benchmark, categories.pop()


def test_there_are_the_promised_configs():
    categories = garments.categories('fashionai')
    promised = {
        *(f'cpn_r152_fashionai_{name}' for name in categories),
        *(f'cpn_senet154_fashionai_{name}' for name in categories),
        *(f'cpn_ensemble_fashionai_{name}' for name in categories),
        *(f'cpm_fashionai_{name}' for name in categories),
        'cpm_fashionai_all',
        'cpn_r152_fashionai_all',
        'cpn_r50_fashionai_blouse',
        'cpn_r152_fashionai_blouse_gathierry',
        'cpn_senet154_fashionai_blouse_gathierry',
        'cpm_fashionai_blouse_nhy0',
        'cpn_convnext_tiny_fashionai_blouse',
        'hrnet_w48_deepfashion2_384x288',
        'hrnet_w48_deepfashion2_384x288_skirt',
        'hrnet_w48_deepfashion2_384x288_submission',
        'hrnet_w48_deepfashion2_384x288_svip',
        'hrnet_w48_deepfashion2_384x288_tops',
        'res50_deepfashion2_256x192',
        'res50_deepfashion2_256x192_pck',
        'cpn_r50_deepfashion2',
        'res18_deepfashion2_mini',
        'demo/cpn_r18_fashionai_blouse',
        'demo/res18_outfits_deepfashion2',
        'small/cpm',
        'small/cpn_ensemble',
        'small/cpn_r18',
        'small/cpn_se18',
        'small/res18_deepfashion2',
        *(
            f'recipes/{network}_{benchmark}'
            for network in RECIPES
            for benchmark in garments.BENCHMARKS
        ),
        *(f'recipes/hrnet_w48_{name}_finetuned' for name in garments.BENCHMARKS),
        'recipes/vit_s_dinov3_fashionai_blouse',
        'recipes/vit_s_dinov3_deepfashion2_skirt',
    }
    assert promised <= set(NAMES)


def test_flat_entries_are_short():
    for path in config_root().glob('*.py'):
        assert len(path.read_text().splitlines()) <= 15, path.name


def test_an_entry_says_its_category_once():
    num_entries = 0
    for path in config_root().glob('*_fashionai_*.py'):
        named = re.findall(r"'(\w+)'", path.read_text())
        said = [name for name in named if name in garments.categories('fashionai')]
        assert len(said) <= 1, path.name
        num_entries += len(said)
    assert num_entries >= 20


def test_no_pipeline_is_cut_by_position():
    for path in config_root().rglob('*.py'):
        nodes = ast.walk(ast.parse(path.read_text()))
        assert not any(isinstance(node, ast.Slice) for node in nodes), path.name


@pytest.mark.slow
def test_network_and_data_agree(network):
    keypoints = garments.keypoints(*layout(network))
    assert network.model.head.out_channels == len(keypoints)
    check_codecs(network)


@pytest.mark.parametrize('name', [name for name in NAMES if 'ensemble' in name])
def test_ensembles_and_members_agree(name):
    init_default_scope('mmpose')
    config = Config.fromfile(find_config(name))
    assert is_ensemble(config)
    _, category = layout(config)
    assert config.model.category == category
    if category is None:
        pytest.skip('a recipe: its members are known once it has a category')
    check_members(config)
    for member in config.model.members:
        spec = member_spec(member, category)
        assert layout(Config.fromfile(find_config(spec['config'])))[1] == category


@pytest.mark.slow
def test_loaders_and_metric_build(config):
    benchmark, category = layout(config)
    for loader in LOADERS:
        dataset = DATASETS.build(dict(config[loader].dataset, lazy_init=True))
        assert dataset.metainfo['dataset_name'] == garments.metainfo_name(
            benchmark, category
        )
        assert len(dataset.pipeline.transforms) >= 4
        if config[loader].num_workers and loader == 'train_dataloader':
            # What EpochSeedHook relies on.
            assert config[loader].persistent_workers is False
            assert config[loader].worker_init_fn.type == 'keep_worker_seed'
    for evaluators in (config.val_evaluator, config.test_evaluator):
        if not isinstance(evaluators, list):
            evaluators = [evaluators]
        assert {METRICS.build(entry).prefix for entry in evaluators} == {benchmark}


@pytest.fixture(scope='module')
def features():
    """What backbones give, by their configs: networks of categories share it."""
    return {}


@pytest.mark.slow
def test_network_builds_and_gives_the_codecs_maps(network, features):
    """A network that MMPose's ``init_model`` builds, without a checkpoint."""
    model = init_without_checkpoint(network)
    with torch.device(shapes_only(network)), torch.no_grad():
        codec = model.head.decoder
        width, height = codec.input_size
        key = repr((network.model.backbone, network.model.get('neck'), width, height))
        if key not in features:
            features[key] = model.extract_feat(torch.rand(1, 3, height, width))
        heatmaps = model.head(features[key])
    channels = network.model.head.out_channels + getattr(
        model.head, 'with_background', False
    )
    map_width, map_height = codec.heatmap_size
    is_simcc = isinstance(codec, PointSimCC)
    size = (1, map_width + map_height) if is_simcc else (map_height, map_width)
    expected = (1, channels, *size)
    stages = [heatmaps] if torch.is_tensor(heatmaps) else heatmaps
    assert {tuple(stage.shape) for stage in stages} == {expected}


TIMM = ('vit_s_dinov3', 'vit_s_dinov2', 'convnextv2_tiny', 'swinv2_tiny', 'lite2')


@pytest.mark.parametrize(
    'name',
    [
        *(f'recipes/{net}_{data}' for net in TIMM for data in garments.BENCHMARKS),
        'small/lite0_deepfashion2',
        'starter/fashionai',
        'starter/fashionai_light',
    ],
)
def test_pixels_are_those_that_the_weights_know(name):
    """As timm says of its weights. The CPN system has its own for all networks."""
    timm = pytest.importorskip('timm')
    model = Config.fromfile(find_config(name)).model
    has_joints = name == 'starter/fashionai'
    assert model.backbone.type == (
        'FeaturesWithJoints' if has_joints else 'TimmFeatures'
    )
    known = timm.get_pretrained_cfg(model.backbone.model_name)
    for own, other in (('mean', known.mean), ('std', known.std)):
        expected = [255 * each for each in other]
        assert model.data_preprocessor[own] == pytest.approx(expected, abs=1)


def test_cpn_recipe():
    """The numbers of the FashionAI CPN system."""
    config = Config.fromfile(find_config('cpn_r152_fashionai_blouse'))
    codec = config.codec
    assert codec.input_size == (512, 512) and codec.heatmap_size == (128, 128)
    assert (codec.sigma, codec.amplitude, codec.shift) == (8, 100, 2)
    assert (codec.convention, codec.decode_mode) == ('cpn', 'second_max')
    assert config.model.backbone.depth == 152
    assert config.model.backbone.init_cfg.checkpoint == 'torchvision://resnet152'
    assert config.model.data_preprocessor.mean == [0.65 * 255] * 3
    assert config.model.data_preprocessor.std == [0.25 * 255] * 3
    optimizer = config.optim_wrapper.optimizer
    assert (optimizer.type, optimizer.lr) == ('SGD', 1e-3)
    assert (optimizer.momentum, optimizer.weight_decay) == (0.9, 1e-4)
    assert config.train_cfg.max_epochs == 100
    assert (
        config.train_dataloader.batch_size * 4 == config.auto_scale_lr.base_batch_size
    )
    (plateau,) = config.param_scheduler
    assert (plateau.type, plateau.factor, plateau.patience) == (
        'ReduceOnPlateauLR',
        0.1,
        2,
    )
    assert dict(type='StopAtLRHook', ratio=1e-2) in config.custom_hooks


def test_cpm_recipe():
    """The numbers of the FashionAI CPM system."""
    config = Config.fromfile(find_config('cpm_fashionai_blouse'))
    codec = config.codec
    assert codec.input_size == (256, 256) and codec.heatmap_size == (32, 32)
    assert codec.sigma == 1 and codec.get('amplitude', 1) == 1
    head = config.model.head
    assert (head.num_stages, head.with_background, head.out_channels) == (6, True, 13)
    assert config.model.data_preprocessor.mean == [127.5] * 3
    assert config.model.data_preprocessor.std == [127.5] * 3
    optimizer = config.optim_wrapper.optimizer
    assert (optimizer.type, optimizer.lr) == ('Adam', 1e-3)
    assert optimizer.weight_decay == 1e-10
    (scheduler,) = config.param_scheduler
    assert scheduler.type == 'ExponentialLR' and not scheduler.by_epoch
    assert abs(scheduler.gamma**1000 - 0.9) < 1e-9
    assert config.train_dataloader.batch_size == 16
    assert config.train_cfg.max_epochs == 100
    hooks = {hook.type: hook for hook in config.custom_hooks}
    assert hooks['PersistentEarlyStoppingHook'].patience == 10
    assert hooks['StagePictureHook'].stages == (1, 2, 3, 6)
    steps = {step.type: step for step in config.train_dataloader.dataset.pipeline}
    assert steps['RandomMirror'].prob == 0.5
    assert steps['RandomRotation'].max_degrees == 10
    assert steps['RandomShift'].max_share * 256 == 10
    assert steps['TopdownStretch'].border_value == 255


@pytest.mark.parametrize('benchmark', garments.BENCHMARKS)
def test_recipe_of_the_winner(benchmark):
    """The numbers of the team that won in 2020."""
    first, second = (
        Config.fromfile(find_config(f'recipes/hrnet_w48_{benchmark}{step}'))
        for step in ('', '_finetuned')
    )
    codec = first.model.head.decoder
    assert (codec.input_size, codec.heatmap_size) == ((384, 512), (96, 128))
    assert codec.sigma == 3
    assert first.model.head.get('share_places', False) == (benchmark == 'deepfashion2')
    assert '/coco/' in first.model.backbone.init_cfg.checkpoint
    assert first.model.test_cfg.flip_test
    assert first.test_evaluator.get('nms') is None
    changed = differences(first, second)
    assert changed == {
        *('train_cfg.max_epochs', 'train_cfg.val_interval', 'param_scheduler'),
        'optim_wrapper.optimizer.lr',
    }
    assert second.train_cfg.max_epochs == 12 and second.param_scheduler == []
    assert second.optim_wrapper.optimizer.lr == 1e-4


def test_a_new_backbone_is_a_few_lines():
    config = Config.fromfile(find_config('cpn_r50_fashionai_blouse'))
    assert config.model.backbone.depth == 50
    assert config.model.backbone.init_cfg.checkpoint == 'torchvision://resnet50'
    assert config.model.head.out_channels == 13


@pytest.mark.parametrize('category', garments.categories('fashionai'))
def test_the_second_network_has_the_recipe_of_the_first(category):
    first = Config.fromfile(find_config(f'cpn_r152_fashionai_{category}'))
    second = Config.fromfile(find_config(f'cpn_senet154_fashionai_{category}'))
    backbone = second.model.pop('backbone')
    del first.model['backbone']
    assert differences(first, second) == set()
    assert backbone == dict(
        type='TimmFeatures',
        model_name='legacy_senet154',
        out_indices=(1, 2, 3, 4),
        pretrained=True,
    )


@pytest.mark.slow
def test_any_network_of_timm_is_a_few_lines():
    first = Config.fromfile(find_config('cpn_r152_fashionai_blouse'))
    config = Config.fromfile(find_config('cpn_convnext_tiny_fashionai_blouse'))
    backbone = config.model.pop('backbone')
    del first.model['backbone']
    assert differences(first, config) == {'model.head.in_channels'}
    assert backbone.pretrained is True
    with torch.device('meta'):
        features = MODELS.build(backbone)
    assert features.channels == config.model.head.in_channels
    assert features.strides == (4, 8, 16, 32)


@pytest.mark.slow
def test_pretrained_weights_from_a_file(tmp_path):
    """torchvision's file for the backbone, as where there is no network."""
    from torchvision.models import resnet50

    published = resnet50(weights=None)
    torch.save(published.state_dict(), tmp_path / 'resnet50.pth')
    init_default_scope('mmpose')
    config = Config.fromfile(find_config('cpn_r50_fashionai_blouse'))
    config.model.backbone.init_cfg.checkpoint = str(tmp_path / 'resnet50.pth')
    model = MODELS.build(config.model)
    model.init_weights()
    weights = model.backbone.state_dict()
    expected = published.state_dict()
    assert set(expected) - set(weights) == {'fc.weight', 'fc.bias'}
    for name in weights:
        assert torch.equal(weights[name], expected[name]), name
