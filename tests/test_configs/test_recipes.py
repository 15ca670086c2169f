"""The recipes train and export, each on a small network of its kind."""

import copy

import numpy as np
import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.runner import Runner, set_random_seed
from mmpose.registry import MODELS
from small_networks import make_maxima_distinct

from fashion_mmpose.config.loading import load_config
from fashion_mmpose.export import export_network

pytest.importorskip('timm')
pytest.importorskip('onnxscript')
pytest.importorskip('onnxruntime')

pytestmark = pytest.mark.slow

VIT = dict(depth=1, embed_dim=16, num_heads=2, out_indices=(0,))
STAGE = dict(num_modules=1, block='BASIC')
HRNET = dict(
    stage1=dict(
        num_modules=1,
        num_branches=1,
        block='BOTTLENECK',
        num_blocks=(1,),
        num_channels=(8,),
    ),
    stage2=dict(STAGE, num_branches=2, num_blocks=(1, 1), num_channels=(8, 16)),
    stage3=dict(STAGE, num_branches=2, num_blocks=(1, 1), num_channels=(8, 16)),
    stage4=dict(STAGE, num_branches=3, num_blocks=(1, 1, 1), num_channels=(8, 16, 32)),
)
SMALL = {
    'vit_s_dinov3': dict(backbone=VIT, head=dict(in_channels=16)),
    'vit_s_dinov2': dict(
        backbone=dict(VIT, img_size=(64, 64)), head=dict(in_channels=16)
    ),
    'cpn_vit_s_dinov3': dict(
        backbone=VIT,
        neck=dict(in_channels=16, out_channels=16, scales=(4, 2, 1)),
        head=dict(in_channels=(16, 16, 16), channels=16),
    ),
    'convnextv2_tiny': dict(
        backbone=dict(dims=(8, 16, 8, 8), depths=(1, 1, 1, 1), out_indices=(1,)),
        head=dict(in_channels=16, deconv_out_channels=(16,), deconv_kernel_sizes=(4,)),
    ),
    'swinv2_tiny': dict(
        backbone=dict(
            embed_dim=8,
            depths=(1, 1),
            num_heads=(1, 2),
            window_size=2,
            img_size=(64, 64),
            out_indices=(1,),
        ),
        head=dict(in_channels=16, deconv_out_channels=(16,), deconv_kernel_sizes=(4,)),
    ),
    'lite2': dict(),
    'hrformer_small': dict(
        backbone=dict(
            extra=dict(
                stage2=dict(num_blocks=(1, 1)),
                stage3=dict(num_modules=1, num_blocks=(1, 1, 1)),
                stage4=dict(num_modules=1, num_blocks=(1, 1, 1, 1)),
            )
        )
    ),
    'hrnet_w48': dict(backbone=dict(extra=HRNET), head=dict(in_channels=8)),
    'rtmpose_m': dict(
        backbone=dict(
            widen_factor=0.125,
            deepen_factor=0.1,
            arch_ovewrite=[(64, 128, 3, True, False), (128, 256, 3, False, True)],
            out_indices=(2,),
        ),
        head=dict(in_channels=32, stride=8),
    ),
    'joints': dict(backbone=dict(joints=dict(init_cfg=None))),
    'parsing': dict(
        backbone=dict(joints=dict(init_cfg=None), parsing=dict(init_cfg=None))
    ),
}
CONFIGS = dict(joints='starter/fashionai', parsing='starter/fashionai_parsing')
# Each takes a while, and longer with its flip test, which those of heatmaps and of
# SimCC have in common. EfficientNet is exported with the starter, and so are joints.
EXPORTED = dict(
    vit_s_dinov3='plain',
    cpn_vit_s_dinov3='plain',
    convnextv2_tiny='plain',
    swinv2_tiny='plain',
    hrnet_w48='flipped',
    rtmpose_m='flipped',
)
# Maps are compared by their maxima: what a recipe's decoder does with them is exported
# elsewhere, and every operation makes the graph larger.
SIZES = dict(
    input_size=(64, 64),
    heatmap_size=(16, 16),
    decode_mode='argmax',
    blur_kernel_size=0,
    min_variance=0,
)


def resize(settings):
    """Give every crop and codec of a config SIZES, in place."""
    parts = settings.values() if isinstance(settings, dict) else settings
    for part in parts:
        if isinstance(part, dict | list):
            resize(part)
    if isinstance(settings, dict):
        settings.update({key: SIZES[key] for key in SIZES.keys() & settings.keys()})


def small_config(name, folder):
    """A recipe with a narrow network, on four pictures."""
    recipe = CONFIGS.get(name, f'recipes/{name}_fashionai')
    config = load_config(recipe, None, None, 'none')
    resize(config._cfg_dict)
    for part, settings in SMALL[name].items():
        config.merge_from_dict({f'model.{part}': settings})
    if 'pretrained' in config.model.backbone:
        config.model.backbone.pretrained = False
    config.model.backbone.pop('init_cfg', None)
    for loader in ('train_dataloader', 'test_dataloader'):
        config[loader].update(num_workers=0, batch_size=4, drop_last=False)
        config[loader].pop('worker_init_fn', None)
        config[loader].dataset.update(
            data_root=f'{folder}/', ann_file='fashionai.json', bbox_source='annotation'
        )
    return config


def built(config):
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    return model, build_optim_wrapper(model, config.optim_wrapper)


def test_options_of_tests_export_with_equal_points(small, tmp_path):
    """Crops of two sizes, and about points, of which a graph has as many networks."""
    init_default_scope('mmpose')
    config = small_config('vit_s_dinov3', small.folder)
    config.model.update(type='MultiCropEstimator', scales=(0.8, 1.0), point_crop=0.5)
    # What makes the graph larger is left out.
    config.model.backbone = dict(
        type='ResNet',
        depth=18,
        num_stages=1,
        strides=(1,),
        dilations=(1,),
        out_indices=(0,),
        stem_channels=8,
        base_channels=8,
    )
    config.model.head.update(
        in_channels=8, deconv_out_channels=(), deconv_kernel_sizes=()
    )
    config.model.test_cfg.flip_test = False
    model, _ = built(config)
    torch.save(model.state_dict(), tmp_path / 'weights.pth')
    out = tmp_path / 'pose.onnx'
    change = export_network(config, tmp_path / 'weights.pth', out)
    assert change.num_points > 90 and change.largest_score < 1e-4


@pytest.mark.parametrize('name', SMALL)
def test_a_recipe_trains_goes_on_and_exports(small, tmp_path, name):
    init_default_scope('mmpose')
    config = small_config(name, small.folder)
    # Rates that show after a few steps.
    config.optim_wrapper.optimizer.lr = 2e-3
    model, wrapper = built(config)
    set_random_seed(0)  # crops are moved by lot
    batch = next(iter(Runner.build_dataloader(config.train_dataloader, seed=0)))
    losses = [float(model.train_step(batch, wrapper)['loss']) for _ in range(5)]
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]
    still = dict(built(config)[0].named_parameters())
    for key, each in model.named_parameters():
        frozen = key.startswith(('backbone.joints.', 'backbone.parsing.'))
        assert torch.equal(each, still[key]) == frozen, key

    # What a checkpoint keeps goes on to the same weights, to the bit.
    other, its_wrapper = built(config)
    other.load_state_dict(model.state_dict())
    its_wrapper.load_state_dict(copy.deepcopy(wrapper.state_dict()))
    for each, steps in ((model, wrapper), (other, its_wrapper)):
        torch.manual_seed(1)
        each.train_step(batch, steps)
    found = other.state_dict()
    for key, value in model.state_dict().items():
        assert torch.equal(found[key], value), key

    if name not in EXPORTED:
        return
    config.model.test_cfg.flip_test = EXPORTED[name] == 'flipped'
    make_maxima_distinct(model)
    torch.save(model.state_dict(), tmp_path / 'weights.pth')
    weights, out = tmp_path / 'weights.pth', tmp_path / 'pose.onnx'
    change = export_network(config, weights, out)
    assert change.num_points > 90 and change.largest_score < 1e-4
