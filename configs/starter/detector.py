# The starter's detector: RTMDet's head on an EfficientNet-Lite0 that has learnt the
# landmarks of drawn garments, trained on drawn pictures only.
_base_ = '../detection/rtmdet_s_deepfashion2.py'

size = (256, 256)
gray = dict(img=(127, 127, 127))
norm = dict(type='GN', num_groups=8)
load_from = None
model = dict(
    data_preprocessor=dict(
        mean=[127.0, 127.0, 127.0], std=[128.0, 128.0, 128.0], bgr_to_rgb=True
    ),
    backbone=dict(
        _delete_=True,
        type='mmpose.TimmFeatures',
        model_name='tf_efficientnet_lite0',
        out_indices=(2, 3, 4),
        frozen_levels=3,
        norm_eval=True,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='starter://landmarks_light',
            prefix='backbone.',
        ),
    ),
    neck=dict(
        _delete_=True,
        type='FPN',
        in_channels=[40, 112, 320],
        out_channels=64,
        num_outs=3,
        norm_cfg=norm,
    ),
    bbox_head=dict(in_channels=64, feat_channels=64, norm_cfg=norm, num_classes=13),
)

# Garments of photographs are of all sizes, cut by the picture's edge, in all colours.
augmentation = [
    dict(
        type='RandomResize',
        scale=size,
        ratio_range=(0.6, 1.6),
        resize_type='Resize',
        keep_ratio=True,
    ),
    dict(type='RandomCrop', crop_size=size, allow_negative_crop=True),
    dict(type='PhotoMetricDistortion'),
    dict(type='RandomFlip', prob=0.5),
    dict(type='Pad', size=size, pad_val=gray),
]
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    *augmentation,
    dict(type='PackDetInputs'),
]
test_size = (320, 320)  # found more in photographs than 256 or 384
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=test_size, keep_ratio=True),
    dict(type='Pad', size=test_size, pad_val=gray),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'),
    ),
]
root = 'data/starter/deepfashion2/'
train_dataloader = dict(
    batch_size=16,
    num_workers=1,
    dataset=dict(data_root=root, pipeline=train_pipeline),
)
val_dataloader = dict(
    num_workers=1, dataset=dict(data_root=root, pipeline=test_pipeline)
)
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=root + 'validation.json')
test_evaluator = dict(ann_file=root + 'validation.json')

max_epochs = 12
train_cfg = dict(max_epochs=max_epochs, val_interval=4)
optim_wrapper = dict(
    optimizer=dict(lr=1e-3),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.4))),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', eta_min=0, convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=16)
default_hooks = dict(
    checkpoint=dict(interval=1, max_keep_ckpts=1), logger=dict(interval=20)
)
custom_hooks = [*_base_.garment_hooks, dict(type='mmpose.ChannelsLastHook')]
