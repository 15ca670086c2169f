"""Every config that the package carries is read, checked and built."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, METRICS, MODELS

from fashion_mmpose import garments
from fashion_mmpose.config_files import config_names, config_root, find_config
from fashion_mmpose.engine.running import check_codecs

NAMES = config_names()
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


@pytest.fixture(params=NAMES)
def config(request):
    init_default_scope('mmpose')
    return Config.fromfile(find_config(request.param))


def layout(config):
    """Benchmark and category that the config's datasets are for."""
    datasets = [config[loader].dataset for loader in LOADERS]
    assert len({dataset.type for dataset in datasets}) == 1
    categories = {dataset.category for dataset in datasets}
    assert len(categories) == 1, f'loaders name different categories: {categories}'
    return DATASETS.get(datasets[0].type).benchmark, categories.pop()


def test_there_are_the_promised_configs():
    promised = {
        *(f'cpn_r152_fashionai_{name}' for name in garments.categories('fashionai')),
        'cpn_r152_fashionai_all',
        'cpn_r50_fashionai_blouse',
        'demo/cpn_r18_fashionai_blouse',
    }
    assert promised <= set(NAMES)


def test_flat_entries_are_short():
    for path in config_root().glob('*.py'):
        assert len(path.read_text().splitlines()) <= 15, path.name


def test_network_and_data_agree(config):
    if config.model.head.out_channels is None:
        pytest.skip('a recipe: entries set the number of key points')
    keypoints = garments.keypoints(*layout(config))
    assert config.model.head.out_channels == len(keypoints)
    check_codecs(config)


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
    assert METRICS.build(config.val_evaluator).default_prefix == benchmark
    assert METRICS.build(config.test_evaluator).default_prefix == benchmark


def test_network_builds_and_runs(config):
    if config.model.head.out_channels is None:
        pytest.skip('a recipe: entries set the number of key points')
    model = MODELS.build(config.model).eval()
    # A fraction of the input size: the network is fully convolutional.
    size = 64
    with torch.no_grad():
        heatmaps = model(torch.rand(1, 3, size, size), None)
    expected = (1, config.model.head.out_channels, size // 4, size // 4)
    assert {tuple(stage.shape) for stage in heatmaps} == {expected}
    codec = model.head.decoder
    assert [int(s) for s in codec.scale_factor] == [4, 4]


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


def test_a_new_backbone_is_a_few_lines():
    config = Config.fromfile(find_config('cpn_r50_fashionai_blouse'))
    assert config.model.backbone.depth == 50
    assert config.model.backbone.init_cfg.checkpoint == 'torchvision://resnet50'
    assert config.model.head.out_channels == 13


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
