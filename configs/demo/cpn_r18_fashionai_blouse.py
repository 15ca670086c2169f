# The demo: a narrow ResNet-18 CPN, from scratch on drawn blouses, minutes on a CPU.
_base_ = ['../_base_/default_runtime.py', '../_base_/datasets/fashionai.py']

category = 'blouse'
data_root = 'work_dirs/demo/data/'
max_epochs = 40

codec = dict(
    type='PointHeatmap',
    input_size=(128, 128),
    heatmap_size=(32, 32),
    sigma=1.5,
    decode_mode='dark',
    blur_kernel_size=7,
)
model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor',
        mean=[165.75, 165.75, 165.75],
        std=[63.75, 63.75, 63.75],
        bgr_to_rgb=True,
    ),
    backbone=dict(
        type='ResNet',
        depth=18,
        stem_channels=24,
        base_channels=24,
        out_indices=(0, 1, 2, 3),
    ),
    head=dict(
        type='CPNHead',
        in_channels=(24, 48, 96, 192),
        out_channels=13,
        channels=48,
        loss_global=dict(type='LabelledMSELoss', loss_weight=1000.0),
        loss_refined=dict(type='LabelledMSELoss', loss_weight=1000.0),
        decoder=codec,
    ),
    test_cfg=dict(flip_test=True, shift_heatmap=True),
)

train_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale', padding=1.0),
    dict(type='RandomFlip', direction='horizontal', prob=0.5),
    dict(
        type='RandomBBoxTransform',
        shift_factor=0.1,
        scale_factor=(0.8, 1.2),
        rotate_factor=40,
    ),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
val_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale', padding=1.0),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='PackPoseInputs'),
]
train_dataloader = dict(
    batch_size=16,
    num_workers=2,
    dataset=dict(category=category, data_root=data_root, pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=2,
    dataset=dict(category=category, data_root=data_root, pipeline=val_pipeline),
)
test_dataloader = dict(
    batch_size=32,
    num_workers=2,
    dataset=dict(
        category=category,
        data_root=data_root,
        ann_file='annotations/test_{category}.json',
        pipeline=val_pipeline,
    ),
)

train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=10)
val_cfg = dict()
test_cfg = dict()
optim_wrapper = dict(optimizer=dict(type='AdamW', lr=2e-3, weight_decay=1e-2))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=100),
    dict(
        type='CosineAnnealingLR',
        T_max=max_epochs,
        end=max_epochs,
        convert_to_iter_based=True,
    ),
]
custom_hooks = [
    dict(type='EpochSeedHook'),
    dict(type='ProgressBarHook'),
    dict(type='ChannelsLastHook'),
]
default_hooks = dict(
    checkpoint=dict(max_keep_ckpts=1, save_best='fashionai/NE', rule='less'),
    logger=dict(interval=10),
)
visualizer = dict(
    vis_backends=[dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')]
)
