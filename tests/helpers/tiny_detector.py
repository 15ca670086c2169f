"""A detector with random weights."""

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from toolbox import ROOT

from fashion_mmpose import garments
from fashion_mmpose.stack import compat

CONFIG = """
_base_ = '{root}/configs/detection/rtmdet_demo_fashionai.py'

size = (64, 64)
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='Resize', scale=size, keep_ratio=False),
    dict(type='PackDetInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=size, keep_ratio=True),
    dict(type='Pad', size=size, pad_val=dict(img=(114, 114, 114))),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'),
    ),
]
norm_cfg = dict(_delete_=True, type='BN')
model = dict(
    backbone=dict(widen_factor=0.0625, norm_cfg=norm_cfg),
    neck=dict(in_channels=[16, 32, 64], out_channels=16, norm_cfg=norm_cfg),
    bbox_head=dict(
        in_channels=16, feat_channels=16, stacked_convs=1, norm_cfg=norm_cfg
    ),
)
part = dict(
    data_root='{data}/', ann_file='annotations/test_all.json', pipeline=test_pipeline
)
train_dataloader = dict(
    batch_size=4, num_workers=0, dataset=dict(part, pipeline=train_pipeline)
)
val_dataloader = dict(num_workers=0, batch_size=3, dataset=part)
test_dataloader = val_dataloader
val_evaluator = dict(ann_file='{data}/annotations/test_all.json')
test_evaluator = val_evaluator
"""


def write_config(path, data='data'):
    """The config of a tiny RTMDet for the drawn data in a folder."""
    path.write_text(CONFIG.format(root=ROOT, data=data))
    return path


CLASSES = garments.categories('fashionai')


def save_detector(config, path, classes=CLASSES):
    """Random weights for a config: scores around a half, boxes of every size."""
    compat.require_mmdet()
    from mmdet.registry import MODELS
    from mmdet.utils import register_all_modules

    register_all_modules(init_default_scope=False)
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = MODELS.build(Config.fromfile(config).model)
    with torch.no_grad():
        for layer, bias in (('rtm_cls', 0), ('rtm_reg', 1)):
            for level in getattr(model.bbox_head, layer):
                level.weight.normal_(std=10)
                level.bias.fill_(bias)
    meta = dict(dataset_meta=dict(classes=classes))
    torch.save(dict(state_dict=model.state_dict(), meta=meta), path)
    return path
