"""The recipes and entries for DeepFashion2 say what they promise."""

import pytest
from config_toolbox import LOADERS, differences, pipeline
from mmengine.config import Config

from fashion_mmpose.config.loading import find_config

SVIP_CODEC = ('unbiased', 'decode_mode', 'blur_kernel_size')


def test_hrnet_recipe():
    """The numbers of the DeepFashion2 HRNet."""
    config = Config.fromfile(find_config('hrnet_w48_deepfashion2_384x288'))
    codec = config.codec
    assert codec.input_size == (288, 384) and codec.heatmap_size == (72, 96)
    assert (codec.sigma, codec.decode_mode) == (2, 'dark')
    model = config.model
    assert model.data_preprocessor.bgr_to_rgb is True
    assert model.data_preprocessor.mean == [123.675, 116.28, 103.53]
    assert model.data_preprocessor.std == [58.395, 57.12, 57.375]
    assert 'hrnet_w48' in model.backbone.init_cfg.checkpoint
    assert model.backbone.extra.stage4.num_channels == (48, 96, 192, 384)
    assert (model.head.out_channels, model.head.loss.type) == (294, 'LabelledMSELoss')
    assert model.test_cfg == dict(flip_test=True, shift_heatmap=True)

    steps = pipeline(config, 'train_dataloader')
    for loader in LOADERS:
        assert pipeline(config, loader)['GetBBoxCenterScale'].padding == 1.25
    assert steps['RandomMirror'].prob == 0.5
    assert steps['RandomScaleRotation'] == dict(
        type='RandomScaleRotation',
        scale_std=0.1,
        max_scale=0.1,
        degrees_std=15,
        max_degrees=30,
        rotation_prob=0.6,
    )
    assert 'RandomHalfBody' not in steps
    loader = config.train_dataloader
    assert loader.batch_size == config.auto_scale_lr.base_batch_size == 8
    assert loader.sampler == dict(type='CategoryBalancedSampler', smoothing=0.02)

    optimizer = config.optim_wrapper.optimizer
    assert (optimizer.type, optimizer.lr) == ('Adam', 1e-3)
    assert optimizer.weight_decay == 0
    assert config.train_cfg.max_epochs == 210
    (scheduler,) = config.param_scheduler
    assert (scheduler.type, scheduler.gamma) == ('MultiStepLR', 0.1)
    assert scheduler.milestones == [170, 200] and scheduler.by_epoch is True
    checkpoint = config.default_hooks.checkpoint
    assert (checkpoint.save_best, checkpoint.rule) == ('deepfashion2/AP', 'greater')


@pytest.mark.parametrize(
    'name, expected',
    [
        pytest.param(
            'hrnet_w48_deepfashion2_384x288_skirt',
            {
                'model.head.out_channels',
                'train_dataloader.sampler.type',
                'train_dataloader.sampler.smoothing',
                'train_dataloader.sampler.shuffle',
                *(f'{loader}.dataset.category' for loader in LOADERS),
            },
            id='one-category',
        ),
        pytest.param(
            'hrnet_w48_deepfashion2_384x288_tops',
            {f'{loader}.dataset.categories' for loader in LOADERS},
            id='some-categories',
        ),
        pytest.param(
            'hrnet_w48_deepfashion2_384x288_svip',
            {
                *(f'codec.{key}' for key in SVIP_CODEC),
                *(f'model.head.decoder.{key}' for key in SVIP_CODEC),
                'model.data_preprocessor.bgr_to_rgb',
                'model.backbone.init_cfg',
                *(f'{loader}.dataset.pipeline' for loader in LOADERS),
                *(
                    f'{each}_evaluator.{key}'
                    for each in ('val', 'test')
                    for key in ('rescore', 'nms', 'nms_thr', 'nms_scope')
                ),
            },
            id='converted-weights',
        ),
        pytest.param(
            'hrnet_w48_deepfashion2_384x288_submission',
            {
                'test_dataloader.dataset.ann_file',
                'test_dataloader.dataset.data_prefix.img',
                'test_dataloader.dataset.bbox_file',
                'test_evaluator.format_only',
                'test_evaluator.out_file',
            },
            id='submission',
        ),
    ],
)
def test_what_makes_the_difference_to_the_recipe(name, expected):
    """And nothing else; `skirts` and the like are names that the entry itself uses."""
    recipe = Config.fromfile(find_config('hrnet_w48_deepfashion2_384x288'))
    config = Config.fromfile(find_config(name))
    found = differences(recipe, config)
    # What the loaders' pipelines are put together from.
    parts = {'train_pipeline', 'val_pipeline', 'load', 'targets'}
    entries = recipe.keys() - parts
    assert {key for key in found if key.partition('.')[0] in entries} == expected


@pytest.mark.parametrize('name', ['res50_deepfashion2_256x192', 'cpn_r50_deepfashion2'])
def test_other_networks_are_trained_like_the_hrnet(name):
    recipe = Config.fromfile(find_config('hrnet_w48_deepfashion2_384x288'))
    config = Config.fromfile(find_config(name))
    for key in ('optim_wrapper', 'param_scheduler', 'train_cfg', 'val_evaluator'):
        assert config[key] == recipe[key]
    size = config.codec.input_size
    for loader in LOADERS:
        steps, theirs = pipeline(config, loader), pipeline(recipe, loader)
        assert list(steps) == list(theirs)
        assert steps['TopdownAffine'].input_size == size
        assert steps['GetBBoxCenterScale'] == theirs['GetBBoxCenterScale']
    assert config.model.backbone.init_cfg.checkpoint == 'torchvision://resnet50'


def test_the_mini_config_learns_its_pictures_by_heart():
    config = Config.fromfile(find_config('res18_deepfashion2_mini'))
    datasets = [config[loader].dataset for loader in LOADERS]
    assert {dataset.ann_file for dataset in datasets} == {'train_32.json'}
    assert {dataset.data_prefix.img for dataset in datasets} == {'train/image/'}
    steps = set(pipeline(config, 'train_dataloader'))
    assert steps - set(pipeline(config, 'test_dataloader')) == {'GenerateTarget'}
    assert config.model.test_cfg.flip_test is False
    assert config.model.backbone.get('init_cfg') is None
